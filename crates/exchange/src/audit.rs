//! The event log: every change records an event in its own transaction.

use super::Result;
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection};

/// The kinds of change that events record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A course was created.
    CourseCreated,
    /// A course was put into the trash.
    CourseDeleted,
    /// A course was restored from the trash.
    CourseRestored,
    /// The settings of a course were changed.
    CourseChanged,
    /// People were added to a roster, or their details changed.
    RosterChanged,
    /// A person was removed from a roster.
    RosterRemoved,
    /// A version of an assignment was released.
    Released,
    /// The release of an assignment was withdrawn.
    Unreleased,
    /// An assignment was put into the trash.
    AssignmentDeleted,
    /// An assignment was restored from the trash.
    AssignmentRestored,
    /// The dates of an assignment were set.
    DatesSet,
    /// A student was given an extension.
    ExtensionSet,
    /// A student's extension was removed.
    ExtensionRemoved,
    /// A student was given an allowance in the course.
    AllowanceSet,
    /// A student's allowance was removed.
    AllowanceRemoved,
    /// A submission was made. The subject is the student if another person submitted for them.
    Submitted,
    /// A submission was refused. The subject is the student if another person submitted for them.
    SubmissionRefused,
    /// A submission was put into the trash.
    SubmissionDeleted,
    /// A submission was restored from the trash.
    SubmissionRestored,
    /// Feedback was given.
    FeedbackGiven,
    /// Feedback was put into the trash.
    FeedbackDeleted,
    /// Feedback was restored from the trash.
    FeedbackRestored,
    /// A directory was created. The detail says which one it is a copy of.
    DirectoryCreated,
    /// The name or another fact of a directory was changed.
    DirectoryChanged,
    /// The grants of a directory were replaced.
    DirectoryShared,
    /// Files of a directory were changed. The detail has the version. Further changes by the same person within an hour
    /// record no event, since the versions tell them.
    DirectoryWritten,
    /// A version of a directory got a label, or lost it.
    DirectoryLabelled,
    /// An earlier version of a directory became its current one again.
    DirectoryReverted,
    /// A directory was put into the trash.
    DirectoryDeleted,
    /// A directory was restored from the trash.
    DirectoryRestored,
    /// A directory was made to follow a repository. The detail says which one.
    SourceSet,
    /// The server was asked to look at the repository that a directory follows.
    SourcePulled,
    /// A directory was made to follow nothing.
    SourceRemoved,
    /// A page was shared. The detail has its number and its audience.
    PageShared,
    /// The link to a shared page was revoked. The subject is the person who shared it, if another person revoked it.
    ShareRevoked,
    /// Something was imported. The detail says what it was and where it came from.
    Imported,
    /// A group of the hub put the actor into the course or changed their role.
    JoinedByGroup,
    /// The actor is no longer in the course through a group of the hub.
    LeftByGroup,
    /// Items whose retention time had passed were removed from the trash.
    TrashEmptied,
    /// Events older than the retention time were removed.
    EventsForgotten,
    /// All data was replaced by example data, or removed.
    ExampleData,
    /// A person was given another name.
    UserRenamed,
    /// Everything of one person was given to another name of the same person.
    UserMerged,
    /// The data of the former owner of a name was set aside under another name.
    UserSetAside,
    /// A person's name, and possibly their submissions, were removed.
    UserPurged,
}

impl Action {
    /// The actions whose events contain other names of the subject.
    pub const ABOUT_NAMES: [Self; 3] = [Self::UserRenamed, Self::UserMerged, Self::UserSetAside];

    /// The actions whose events contain notes about the subject.
    pub const WITH_NOTES: [Self; 4] = [
        Self::ExtensionSet,
        Self::ExtensionRemoved,
        Self::AllowanceSet,
        Self::AllowanceRemoved,
    ];

    /// Returns the text of the action, as stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CourseCreated => "course created",
            Self::CourseDeleted => "course deleted",
            Self::CourseRestored => "course restored",
            Self::CourseChanged => "course changed",
            Self::RosterChanged => "roster changed",
            Self::RosterRemoved => "roster removed",
            Self::Released => "released",
            Self::Unreleased => "unreleased",
            Self::AssignmentDeleted => "assignment deleted",
            Self::AssignmentRestored => "assignment restored",
            Self::DatesSet => "dates set",
            Self::ExtensionSet => "extension set",
            Self::ExtensionRemoved => "extension removed",
            Self::AllowanceSet => "allowance set",
            Self::AllowanceRemoved => "allowance removed",
            Self::Submitted => "submitted",
            Self::SubmissionRefused => "submission refused",
            Self::SubmissionDeleted => "submission deleted",
            Self::SubmissionRestored => "submission restored",
            Self::FeedbackGiven => "feedback given",
            Self::FeedbackDeleted => "feedback deleted",
            Self::FeedbackRestored => "feedback restored",
            Self::DirectoryCreated => "directory created",
            Self::DirectoryChanged => "directory changed",
            Self::DirectoryShared => "directory shared",
            Self::DirectoryWritten => "directory written",
            Self::DirectoryLabelled => "directory labelled",
            Self::DirectoryReverted => "directory reverted",
            Self::DirectoryDeleted => "directory deleted",
            Self::DirectoryRestored => "directory restored",
            Self::SourceSet => "source set",
            Self::SourcePulled => "source pulled",
            Self::SourceRemoved => "source removed",
            Self::PageShared => "page shared",
            Self::ShareRevoked => "share revoked",
            Self::Imported => "imported",
            Self::JoinedByGroup => "joined by group",
            Self::LeftByGroup => "left by group",
            Self::TrashEmptied => "trash emptied",
            Self::EventsForgotten => "events forgotten",
            Self::ExampleData => "example data",
            Self::UserRenamed => "user renamed",
            Self::UserMerged => "user merged",
            Self::UserSetAside => "user set aside",
            Self::UserPurged => "user purged",
        }
    }
}

/// The object of an action.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    /// The course.
    pub course: Option<&'a CourseId>,
    /// The assignment.
    pub assignment: Option<&'a AssignmentId>,
    /// The person the action concerns, if that is not the caller.
    pub subject: Option<&'a UserName>,
    /// The row of the submission.
    pub submission: Option<i64>,
}

impl<'a> About<'a> {
    /// Names only the course.
    pub fn course(course: &'a CourseId) -> Self {
        Self {
            course: Some(course),
            ..Self::default()
        }
    }

    /// Names an assignment.
    pub fn assignment(assignment: &'a AssignmentId) -> Self {
        Self {
            assignment: Some(assignment),
            ..Self::default()
        }
    }

    /// Names a student in an assignment.
    pub fn student(assignment: &'a AssignmentId, student: &'a UserName) -> Self {
        Self {
            subject: Some(student),
            ..Self::assignment(assignment)
        }
    }

    /// Names a submission.
    pub fn submission(
        assignment: &'a AssignmentId,
        student: &'a UserName,
        submission: i64,
    ) -> Self {
        Self {
            submission: Some(submission),
            ..Self::student(assignment, student)
        }
    }
}

/// Records an event by the caller. `detail` is JSON with further facts. It may hold names of people only under
/// `instructors`, `assistants`, `students`, `people` and `added`, and as `username` in the list `before`, because those are
/// changed when a person is renamed.
pub(super) fn note(
    conn: &mut Connection,
    caller: &Caller,
    action: Action,
    about: About<'_>,
    detail: Option<&serde_json::Value>,
) -> Result<()> {
    let event = event(caller, action, about, detail);
    Ok(store::events::record(conn, &event)?)
}

/// Records an event about a person. `course` is the row and name of a course, which may be in the trash, or `None`.
pub(super) fn note_person(
    conn: &mut Connection,
    caller: &Caller,
    action: Action,
    subject: &UserName,
    course: Option<(i64, &str)>,
    detail: &serde_json::Value,
) -> Result<()> {
    let about = About {
        subject: Some(subject),
        ..About::default()
    };
    note_in(conn, caller, action, about, course, detail)
}

/// Records an event about any object. `course` is as in `note_person`.
pub(super) fn note_in(
    conn: &mut Connection,
    caller: &Caller,
    action: Action,
    about: About<'_>,
    course: Option<(i64, &str)>,
    detail: &serde_json::Value,
) -> Result<()> {
    let mut event = event(caller, action, about, Some(detail));
    match course {
        Some((row, name)) => {
            event.course = Some(name);
            store::events::record_in(conn, row, &event)?;
        }
        None => store::events::record(conn, &event)?,
    }
    Ok(())
}

fn event<'a>(
    caller: &'a Caller,
    action: Action,
    about: About<'a>,
    detail: Option<&serde_json::Value>,
) -> store::events::Event<'a> {
    store::events::Event {
        at: Timestamp::now().micros(),
        action: action.word(),
        actor: caller.name().as_str(),
        subject: about.subject.map(UserName::as_str),
        course: about.course.map(CourseId::as_str),
        assignment: about.assignment.map(AssignmentId::as_str),
        submission_id: about.submission,
        detail: detail.map(ToString::to_string),
        request_id: caller.request_id(),
    }
}
