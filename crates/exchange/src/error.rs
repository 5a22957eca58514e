//! The reasons why an operation is refused or fails.

use nbcourier_blobs::Damage;
use nbcourier_domain::{
    AssignmentId, Audience, ByteSize, Count, CourseId, RelativePath, Role, Sha256Sum, Timestamp,
    UserName,
};
use nbcourier_storage as store;
use nbcourier_work::Bug;

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The owner of an exceeded quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuotaOwner {
    /// The student.
    Student(UserName),
    /// The course.
    Course,
    /// The owner of directories.
    Person(UserName),
}

/// Returns the sentence about the conflicts of a change.
fn conflict_sentence(conflicts: &[PathConflict]) -> String {
    let other = conflicts
        .iter()
        .find(|conflict| conflict.reason != ConflictReason::Changed);
    match other.or(conflicts.first().filter(|_| conflicts.len() == 1)) {
        Some(conflict) => format!("{conflict}; nothing was changed"),
        None => format!(
            "{} of the paths changed meanwhile; nothing was changed",
            conflicts.len()
        ),
    }
}

fn rounded(bytes: u64) -> String {
    ByteSize(bytes).rounded()
}

/// The kind of thing that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A course.
    Course,
    /// An assignment that is released.
    Assignment,
    /// An instructor of the course.
    Instructor,
    /// An assistant of the course.
    Assistant,
    /// A student of the course.
    Student,
    /// A version of an assignment.
    Version,
    /// A submission.
    Submission,
    /// The feedback on a submission.
    Feedback,
    /// The extension of a student.
    Extension,
    /// The allowance of a student.
    Allowance,
    /// A directory.
    Directory,
    /// A version of a directory.
    DirectoryVersion,
    /// A file or folder in a directory.
    Path,
    /// The repository that a directory follows.
    Source,
    /// A shared page.
    Share,
}

/// The reason why the link to a shared page has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareEnd {
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
    /// The course does not allow its audience any more.
    SwitchedOff,
}

impl std::fmt::Display for ShareEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Expired => "has expired. Ask its sender for a new one",
            Self::Revoked => "was revoked",
            Self::SwitchedOff => "does not work, because the course does not allow its audience",
        })
    }
}

fn audience_words(audience: Audience) -> &'static str {
    match audience {
        Audience::Course => "its members",
        Audience::Hub => "everybody on the hub",
    }
}

/// The role that the caller lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// An administrator.
    NotAdmin,
    /// An instructor of the course, or an administrator.
    NotInstructor,
    /// A member of the course, or an administrator.
    NotRelated,
    /// A person with a higher level of access to the directory.
    NotGranted,
}

/// A path that a change of a directory meets in another state than it requires.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathConflict {
    /// The path.
    pub path: RelativePath,
    /// The reason.
    pub reason: ConflictReason,
    /// The state of the path now.
    pub now: PathState,
}

/// The reason of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConflictReason {
    /// The path has another content than the change expects.
    Changed,
    /// Nothing has the path.
    Missing,
    /// A folder has the path.
    IsFolder,
    /// A file has the path.
    IsFile,
    /// The folder has entries.
    NotEmpty,
}

/// The state of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathState {
    /// Nothing has it.
    Nothing,
    /// It is a folder.
    Folder,
    /// It is a file.
    File {
        /// The checksum of its bytes.
        sha256: Sha256Sum,
        /// Its size in bytes.
        size: u64,
        /// Whether it can be executed.
        executable: bool,
    },
}

impl std::fmt::Display for PathConflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = &self.path;
        match self.reason {
            ConflictReason::Changed => write!(f, "{path} changed meanwhile"),
            ConflictReason::Missing => write!(f, "Nothing has the path {path}"),
            ConflictReason::IsFolder => write!(f, "{path} is a directory"),
            ConflictReason::IsFile => write!(f, "{path} is a file"),
            ConflictReason::NotEmpty => {
                write!(
                    f,
                    "{path} is a directory with entries. Remove it recursively"
                )
            }
        }
    }
}

/// The reasons why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or the caller may not know of it.
    #[error("{0:?} not found")]
    NotFound(Thing),
    /// The thing exists already.
    #[error("{0:?} already exists")]
    AlreadyExists(Thing),
    /// The caller lacks the permission. The reason is given only if the policy explains refusals.
    #[error("permission denied, reason: {0:?}")]
    Denied(Option<Denial>),
    /// Only administrators may add or change instructors, except that instructors may change their own details.
    #[error("only an administrator may add or change instructors")]
    InstructorsAreForAdmins {
        /// Whether the person is an instructor of the course already.
        is_instructor: bool,
        /// The reason, as of `Denied`.
        reason: Option<Denial>,
    },
    /// A person with this role teaches in the course, and cannot be enrolled as a student.
    #[error("an {0} cannot be a student")]
    TeacherAsStudent(Role),
    /// Somebody changed the thing since the caller looked at it.
    #[error("Somebody else changed it meanwhile; nothing was changed now. Look at it again")]
    ChangedMeanwhile,
    /// The person is a member of the course through a group of the hub.
    #[error(
        "the person is a member through the hub's group {0}: remove them from that group instead"
    )]
    MemberByGroup(String),
    /// The cut-off of the assignment for this student has passed.
    #[error("the cut-off of {assignment} was at {cutoff_at}")]
    TooLate {
        /// The assignment.
        assignment: AssignmentId,
        /// The cut-off.
        cutoff_at: Timestamp,
    },
    /// An assignment cannot be due before it opens, nor cut off before it is due.
    #[error("the dates are out of order: an assignment opens, then is due, then is cut off")]
    DatesOutOfOrder,
    /// A file is larger than this limit, in bytes.
    #[error("a file is larger than the limit of {0} bytes")]
    FileTooLarge(u64),
    /// There are more files than this limit.
    #[error("there are more files than the limit of {0}")]
    TooManyFiles(usize),
    /// The paths of a tree's files together are longer than this limit, in bytes.
    #[error("the paths of the files are longer than the limit of {0} bytes together")]
    PathsTooLong(usize),
    /// The files of a tree together are larger than this limit, in bytes.
    #[error("the files are larger than the limit of {0} bytes together")]
    TreeTooLarge(u64),
    /// The student has the maximum number of submissions to the assignment already.
    #[error("{student} has made {limit} submissions to {assignment}, which is the maximum")]
    TooManySubmissions {
        /// The assignment.
        assignment: AssignmentId,
        /// The student.
        student: UserName,
        /// The maximum number of submissions.
        limit: u64,
    },
    /// The files would exceed the quota of a person or a course.
    #[error("{} are in use, and {} more exceed the quota of {}", rounded(*used), rounded(*added), rounded(*limit))]
    OverQuota {
        /// The owner of the quota.
        whose: QuotaOwner,
        /// The quota in bytes.
        limit: u64,
        /// The bytes in use.
        used: u64,
        /// The bytes of the files that are new to the owner.
        added: u64,
    },
    /// The disk has too little free space to accept files.
    #[error("{} are free, and files are accepted only above {}", rounded(*free), rounded(*floor))]
    NoSpace {
        /// The free bytes.
        free: u64,
        /// The minimum of free bytes.
        floor: u64,
    },
    /// The paths of a directory are not in the state that a change requires. Nothing was changed.
    #[error("{}", conflict_sentence(conflicts))]
    Conflicts {
        /// The paths.
        conflicts: Vec<PathConflict>,
        /// The current version.
        version: i64,
        /// Whether a precondition of the request required it, rather than the change itself.
        by_precondition: bool,
    },
    /// The directory has another current version than the caller expects.
    #[error("the current version is {0}; nothing was changed. Look at it again")]
    OtherVersion(i64),
    /// The directory follows the repository at this address, and only the server writes it.
    #[error(
        "The directory follows {0}; nothing was changed. Push the change there, or make the directory follow nothing with \
         nbcourier materials remove"
    )]
    FromSource(String),
    /// The changes since a version are not known any more.
    #[error("the changes since version {0} are not kept. List all entries instead")]
    ChangesTooOld(i64),
    /// The directory has no such version yet. A client may know it from before the database was restored.
    #[error(
        "version {wanted} does not exist, since the current one is {current}. List all entries instead"
    )]
    NoSuchVersion {
        /// The version.
        wanted: i64,
        /// The current version.
        current: i64,
    },
    /// A folder cannot be moved or copied into itself.
    #[error("{0} cannot be moved or copied into itself")]
    IntoItself(RelativePath),
    /// A directory has too many files and folders.
    #[error("more than {0} files and directories")]
    TooManyEntries(usize),
    /// A batch of changes names, copies, moves or removes too many paths.
    #[error(
        "the changes name, copy, move or remove too many paths for one request; nothing was changed. Send them in parts"
    )]
    TooManyPaths,
    /// A person has too many directories.
    #[error("{person} has {limit} directories, which is the maximum")]
    TooManyDirectories {
        /// The person.
        person: UserName,
        /// The limit.
        limit: usize,
    },
    /// A grant, a name or another fact of a directory cannot be used. The sentence says what to do.
    #[error("{0}")]
    UnusableFact(String),
    /// The course does not allow its members to share pages with this audience.
    #[error(
        "{course} does not allow pages that {} can see. Its instructors can change that in the settings of the course",
        audience_words(*audience)
    )]
    SharingOff {
        /// The course.
        course: CourseId,
        /// The audience.
        audience: Audience,
    },
    /// Students cannot share a notebook of an assignment that is still open.
    #[error(
        "a notebook of the assignment {0} has this name, and its cut-off has not passed for all students. Share it after \
         the cut-off"
    )]
    WorkedOn(AssignmentId),
    /// A person already shares the maximum number of pages.
    #[error("{person} shares {limit} pages, which is the maximum. Revoke one first")]
    TooManyShares {
        /// The person.
        person: UserName,
        /// The limit.
        limit: i64,
    },
    /// The link to a shared page has ended.
    #[error("the link to this page {0}")]
    ShareOver(ShareEnd),
    /// The people who run the exchange have not allowed courses to turn activity on.
    #[error(
        "The operator of this exchange does not let courses count the work on notebooks; nothing was changed. Ask the \
         operator to set --activity"
    )]
    ActivityNotAllowed,
    /// A file's claimed size differs from the size of the bytes with that checksum.
    #[error("the size of {0} differs from that of the bytes with its checksum")]
    WrongSize(RelativePath),
    /// Bytes that were named by checksum only were not sent, and the caller cannot read stored ones.
    #[error("the bytes of {} were not sent and are not stored", Count(.0.len(), "file"))]
    MissingBlobs(Vec<Sha256Sum>),
    /// The course or assignment has no submission with this number.
    #[error("submission {0} not found")]
    NoSuchSubmission(i64),
    /// The caller's account is not the one that has the name now.
    #[error("the token or session belongs to an earlier account of the name {0}")]
    FormerAccount(UserName),
    /// Nothing is stored under this name.
    #[error("Nothing is stored about {0}. Check that the name is spelled as in the hub")]
    NothingStored(UserName),
    /// Nothing was set aside from this name.
    #[error("Nothing is set aside from an earlier account of {0}")]
    NothingSetAside(UserName),
    /// The new name of a person is in use already.
    #[error(
        "Data is stored under the name {0} already. nbcourier user show lists it. If both names belong to one person, \
         use nbcourier user merge"
    )]
    NameInUse(UserName),
    /// A person cannot be merged with themselves.
    #[error("Both names are {0}. Give two different names")]
    SameName(UserName),
    /// No user of the hub can have this name.
    #[error(
        "{0} cannot be the name of a user, because it begins like the names of services, operators or former users"
    )]
    ReservedName(UserName),
    /// Stored bytes have changed or are missing.
    #[error("blob {0} {1}")]
    Damaged(Sha256Sum, Damage),
    /// An operation on the place of the blobs failed: a directory, or an object store.
    #[error("the place of the blobs failed: {0}")]
    Disk(#[from] std::io::Error),
    /// An operation on the database failed.
    #[error(transparent)]
    Store(store::Error),
    /// A state that the code rules out.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Bug(bug) => Self::Bug(bug),
            error => Self::Store(error),
        }
    }
}

impl Error {
    /// Whether the error says that stored data has changed or is missing.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(..) => true,
            Self::Store(error) => error.is_damage(),
            _ => false,
        }
    }

    /// Whether the operation may have been done all the same.
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Store(store::Error::Unanswered))
    }

    /// Whether the disk has no room left, or none that the exchange may use.
    pub fn is_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Disk(error) => matches!(error.kind(), StorageFull | QuotaExceeded),
            Self::Store(error) => matches!(error, store::Error::Full),
            _ => false,
        }
    }
}
