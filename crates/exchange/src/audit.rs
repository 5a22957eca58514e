//! Who did what: every change notes itself, in its own transaction.

use super::Result;
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection};

/// What can be done to an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A course was made.
    CourseCreated,
    /// A course was put into the trash.
    CourseDeleted,
    /// A course was taken out of it.
    CourseRestored,
    /// People were added to a roster, or what is known of them changed.
    RosterChanged,
    /// Somebody was taken off a roster.
    RosterRemoved,
    /// A version of an assignment was released.
    Released,
    /// An assignment was taken back.
    Unreleased,
    /// An assignment was put into the trash.
    AssignmentDeleted,
    /// An assignment was taken out of it.
    AssignmentRestored,
    /// The dates of an assignment were set.
    DatesSet,
    /// A student was given other dates.
    ExtensionSet,
    /// A student's own dates were taken back.
    ExtensionRemoved,
    /// Work was handed in; the subject is the student where somebody else did it.
    Submitted,
    /// A submission was put into the trash.
    SubmissionDeleted,
    /// A submission was taken out of it.
    SubmissionRestored,
    /// Feedback was given.
    FeedbackGiven,
    /// Feedback was put into the trash.
    FeedbackDeleted,
    /// Feedback was taken out of it.
    FeedbackRestored,
    /// Something was brought in from elsewhere; the detail says what, and from where.
    Imported,
    /// A group of the hub put the actor into the course, or into another role.
    JoinedByGroup,
    /// No group of the hub puts the actor into the course any more.
    LeftByGroup,
    /// What was in the trash for too long is gone for good.
    TrashEmptied,
    /// What happened longer ago than the retention time is forgotten.
    EventsForgotten,
    /// Everything was replaced by example data, or by nothing.
    ExampleData,
    /// Somebody has another name.
    UserRenamed,
    /// What was somebody's is somebody else's, since they are one person.
    UserMerged,
    /// What the former owner of a name left is kept under another one.
    UserSetAside,
    /// Somebody's work and name were removed.
    UserPurged,
}

impl Action {
    /// Those whose events tell other names that the subject had.
    pub const ABOUT_NAMES: [Self; 3] = [Self::UserRenamed, Self::UserMerged, Self::UserSetAside];

    /// The word for it, as stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CourseCreated => "course created",
            Self::CourseDeleted => "course deleted",
            Self::CourseRestored => "course restored",
            Self::RosterChanged => "roster changed",
            Self::RosterRemoved => "roster removed",
            Self::Released => "released",
            Self::Unreleased => "unreleased",
            Self::AssignmentDeleted => "assignment deleted",
            Self::AssignmentRestored => "assignment restored",
            Self::DatesSet => "dates set",
            Self::ExtensionSet => "extension set",
            Self::ExtensionRemoved => "extension removed",
            Self::Submitted => "submitted",
            Self::SubmissionDeleted => "submission deleted",
            Self::SubmissionRestored => "submission restored",
            Self::FeedbackGiven => "feedback given",
            Self::FeedbackDeleted => "feedback deleted",
            Self::FeedbackRestored => "feedback restored",
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

/// What it was done to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    /// In which course.
    pub course: Option<&'a CourseId>,
    /// With which assignment.
    pub assignment: Option<&'a AssignmentId>,
    /// For or to whom, where that is not the caller.
    pub subject: Option<&'a UserName>,
    /// With which submission, by its row.
    pub submission: Option<i64>,
}

impl<'a> About<'a> {
    /// Nothing more than the course.
    pub fn course(course: &'a CourseId) -> Self {
        Self {
            course: Some(course),
            ..Self::default()
        }
    }
}

/// Notes that the caller did it; `detail` is JSON that says more. Names of people stand in it under `instructors`,
/// `students` and `people` only, since there they change with a person's name.
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

/// Notes what was done to somebody, in a course by its row and name, which may be in the trash, or in none.
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

/// The same about anything.
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
