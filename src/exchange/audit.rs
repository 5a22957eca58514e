//! Who did what: every change notes itself, in its own transaction.

use super::Result;
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId, Timestamp, UserName};
use crate::store::{self, Connection};

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
}

impl Action {
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

/// Notes that the caller did it; `detail` is JSON that says more.
pub(super) fn note(
    conn: &mut Connection,
    caller: &Caller,
    action: Action,
    about: About<'_>,
    detail: Option<&serde_json::Value>,
) -> Result<()> {
    let event = store::events::Event {
        at: Timestamp::now().micros(),
        action: action.word(),
        actor: caller.name().as_str(),
        subject: about.subject.map(UserName::as_str),
        course: about.course.map(CourseId::as_str),
        assignment: about.assignment.map(AssignmentId::as_str),
        submission_id: about.submission,
        detail: detail.map(ToString::to_string),
        request_id: caller.request_id(),
    };
    Ok(store::events::record(conn, &event)?)
}
