//! Why the exchange says no, or can't.

use super::quota::Whose;
use nbcourier_blobs::Damage;
use nbcourier_domain::{AssignmentId, RelativePath, Sha256Sum, Timestamp, UserName};
use nbcourier_storage as store;
use nbcourier_work::Bug;

/// The answer of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A course.
    Course,
    /// An assignment that is released.
    Assignment,
    /// Somebody who teaches the course.
    Instructor,
    /// Somebody who takes the course.
    Student,
    /// A version of an assignment.
    Version,
    /// Something handed in.
    Submission,
    /// What was given back on it.
    Feedback,
    /// A student's own dates.
    Extension,
}

/// What the caller would have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// An admin.
    NotAdmin,
    /// An instructor of the course, or an admin.
    NotInstructor,
    /// Anybody in the course, or an admin.
    NotRelated,
}

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or none the caller may know of.
    #[error("not found: {0:?}")]
    NotFound(Thing),
    /// There is one already.
    #[error("exists already: {0:?}")]
    AlreadyExists(Thing),
    /// The caller may not; the reason is given only where the policy explains itself.
    #[error("denied: {0:?}")]
    Denied(Option<Denial>),
    /// An instructor who is no admin may not make or demote instructors.
    #[error("may not modify instructors")]
    InstructorsAreForAdmins,
    /// An instructor who is no admin may change only their own details.
    #[error("may not modify other instructors")]
    OtherInstructorsAreForAdmins,
    /// An instructor can't be enrolled as a student.
    #[error("an instructor cannot be a student")]
    InstructorAsStudent,
    /// The person is in the course because a group of the hub says so.
    #[error("a member by the hub's group {0}")]
    MemberByGroup(String),
    /// The assignment takes no more of the student's work.
    #[error("the cut-off of {assignment} was {cutoff_at}")]
    TooLate {
        /// The assignment.
        assignment: AssignmentId,
        /// Until when it did.
        cutoff_at: Timestamp,
    },
    /// An assignment can't be due before it opens, nor cut off before it is due.
    #[error("the dates are out of order")]
    DatesOutOfOrder,
    /// One file is larger than the limit, in bytes.
    #[error("a file is larger than {0} bytes")]
    FileTooLarge(u64),
    /// There are more files than the limit.
    #[error("more than {0} files")]
    TooManyFiles(usize),
    /// The paths of the files of a tree are longer together, in bytes.
    #[error("paths of more than {0} bytes in one tree")]
    PathsTooLong(usize),
    /// All files of a tree together are larger than the limit, in bytes.
    #[error("a tree is larger than {0} bytes")]
    TreeTooLarge(u64),
    /// There are as many submissions of the student to the assignment as there may be.
    #[error("{limit} submissions of {student} to {assignment}")]
    TooManySubmissions {
        /// The assignment.
        assignment: AssignmentId,
        /// The student.
        student: UserName,
        /// How many there may be.
        limit: u64,
    },
    /// With these files, somebody or a course would have more bytes than they may.
    #[error("{used} and {added} bytes are more than {limit}")]
    OverQuota {
        /// Who.
        whose: Whose,
        /// How many bytes they may have,
        limit: u64,
        /// how many they have,
        used: u64,
        /// and how many of the files are new to them.
        added: u64,
    },
    /// So little of a disk is free that no more files are taken.
    #[error("only {free} bytes are free; below {floor} no files are taken")]
    NoSpace {
        /// Bytes free.
        free: u64,
        /// Bytes that must be.
        floor: u64,
    },
    /// A file was said to have another size than the bytes named have.
    #[error("{0} has another size")]
    WrongSize(RelativePath),
    /// Bytes that were named only neither came nor are in the caller's reach.
    #[error("{} blobs are missing", .0.len())]
    MissingBlobs(Vec<Sha256Sum>),
    /// There is no submission of this number to what was asked about.
    #[error("no submission {0}")]
    NoSuchSubmission(i64),
    /// The caller's account is not the one that has the name now.
    #[error("an earlier account of the name {0}")]
    FormerAccount(UserName),
    /// Nothing has that name.
    #[error("Nothing is stored of {0}. Is the name spelt as the hub spells it?")]
    NothingStored(UserName),
    /// Nothing was set aside of that name.
    #[error("Nothing of an earlier {0} is set aside")]
    NothingSetAside(UserName),
    /// Somebody who is to get a name finds it in use.
    #[error(
        "Something is stored of {0} already: nbcourier user show tells what. If both are one person, use nbcourier user \
         merge"
    )]
    NameInUse(UserName),
    /// One person cannot be united with themselves.
    #[error("Both names are {0}")]
    SameName(UserName),
    /// No user of the hub has such a name.
    #[error(
        "{0} cannot be the name of a user: it begins as those of services, operators or former users do"
    )]
    ReservedName(UserName),
    /// Stored bytes are not what they were.
    #[error("blob {0} {1}")]
    Damaged(Sha256Sum, Damage),
    /// The disk refused.
    #[error("the blob directory failed: {0}")]
    Disk(#[from] std::io::Error),
    /// The database refused.
    #[error(transparent)]
    Store(store::Error),
    /// Something happened that the code rules out.
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
    /// Whether what is stored is not what it was.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(..) => true,
            Self::Store(error) => error.is_damage(),
            _ => false,
        }
    }

    /// Whether there is no room on the disk, or none that we may use.
    pub fn is_full(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Disk(error) => matches!(error.kind(), StorageFull | QuotaExceeded),
            Self::Store(error) => matches!(error, store::Error::Full),
            _ => false,
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        store::Error::from(error).into()
    }
}

impl Error {
    /// The name of the limit that refused, which is that of its setting.
    pub fn limit(&self) -> Option<&'static str> {
        Some(match self {
            Self::FileTooLarge(_) => "max-file-size",
            Self::TooManyFiles(_) => "max-files",
            Self::PathsTooLong(_) => "paths-size",
            Self::TreeTooLarge(_) => "max-request-size",
            Self::TooManySubmissions { .. } => "max-submissions",
            Self::OverQuota {
                whose: Whose::Student(_),
                ..
            } => "max-user-size",
            Self::OverQuota {
                whose: Whose::Course,
                ..
            } => "max-course-size",
            Self::NoSpace { .. } => "min-free-space",
            full if full.is_full() => "min-free-space",
            _ => return None,
        })
    }
}
