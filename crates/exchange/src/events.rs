//! Reading the event log.

use super::audit::Action;
use super::op::{CourseOp, Need, Op};
use super::policy::Right;
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection, Portion};

use nbcourier_storage::events::{self as rows, RecordedEvent};

/// A recorded event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number. Later events have larger numbers.
    pub id: i64,
    /// Its time.
    pub at: Timestamp,
    /// The action, in a word or two.
    pub action: String,
    /// The person or service that made the change.
    pub actor: String,
    /// The person whom the change concerns, if that is not the actor.
    pub subject: Option<String>,
    /// The name of the course.
    pub course: Option<String>,
    /// The name of the assignment.
    pub assignment: Option<String>,
    /// The number of the submission.
    pub submission: Option<i64>,
    /// Further details, as JSON.
    pub detail: Option<String>,
    /// The ID of the request in the log.
    pub request_id: Option<String>,
}

impl Event {
    pub(super) fn new(row: RecordedEvent) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_micros(row.at),
            action: row.action,
            actor: row.actor,
            subject: row.subject,
            course: row.course,
            assignment: row.assignment,
            submission: row.submission_id,
            detail: row.detail,
            request_id: row.request_id,
        }
    }
}

/// A page of events.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// The events, newest first.
    pub events: Vec<Event>,
    /// The event after which the next page begins, if there is one.
    pub next: Option<i64>,
}

impl EventPage {
    fn read(
        conn: &mut Connection,
        course: Option<i64>,
        filter: &EventFilter,
        at_most: usize,
    ) -> Result<Self> {
        let actions = filter.kind.map(EventKind::actions).map(words);
        let wanted = rows::EventFilter {
            course,
            before: filter.before,
            since: filter.since,
            until: filter.until,
            person: filter.person.as_ref(),
            assignment: filter.assignment.as_ref().map(AssignmentId::as_str),
            actions: actions.as_deref(),
        };
        let (events, is_more) = store::events::page(conn, wanted, Portion::of(at_most))?;
        let next = events.last().filter(|_| is_more).map(|event| event.id);
        let events = events.into_iter().map(Event::new).collect();
        Ok(Self { events, next })
    }
}

/// A query for events.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// The course, for its instructors. An earlier course of the same name has its own events. Without a course,
    /// administrators get all events, including those of removed courses and of no course.
    pub course: Option<CourseId>,
    /// Only events before the one with this number.
    pub before: Option<i64>,
    /// Only events at this time or later.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
    /// Only events that name this person.
    pub person: Option<UserName>,
    /// Only events about this assignment.
    pub assignment: Option<AssignmentId>,
    /// Only events of this kind.
    pub kind: Option<EventKind>,
}

/// A kind of events, for those who look for some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// Submissions that are events: by another person, refused, deleted or restored.
    Submissions,
    /// Refused submissions.
    Refusals,
    /// Feedback.
    Feedback,
    /// Releases, and assignments in the trash.
    Releases,
    /// Dates and more time.
    Dates,
    /// The roster, and names of people.
    People,
    /// Directories, repositories and shared pages.
    Material,
    /// The course itself.
    Course,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Submissions,
        Self::Refusals,
        Self::Feedback,
        Self::Releases,
        Self::Dates,
        Self::People,
        Self::Material,
        Self::Course,
    ];

    /// Returns the kind with that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Returns the word for the kind in addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Submissions => "submissions",
            Self::Refusals => "refusals",
            Self::Feedback => "feedback",
            Self::Releases => "releases",
            Self::Dates => "dates",
            Self::People => "people",
            Self::Material => "material",
            Self::Course => "course",
        }
    }

    const fn actions(self) -> &'static [Action] {
        use Action as A;
        match self {
            Self::Submissions => &[
                A::Submitted,
                A::SubmissionRefused,
                A::SubmissionDeleted,
                A::SubmissionRestored,
            ],
            Self::Refusals => &[A::SubmissionRefused],
            Self::Feedback => &[A::FeedbackGiven, A::FeedbackDeleted, A::FeedbackRestored],
            Self::Releases => &[
                A::Released,
                A::Unreleased,
                A::AssignmentDeleted,
                A::AssignmentRestored,
            ],
            Self::Dates => &[
                A::DatesSet,
                A::ExtensionSet,
                A::ExtensionRemoved,
                A::AllowanceSet,
                A::AllowanceRemoved,
            ],
            Self::People => &[
                A::RosterChanged,
                A::RosterRemoved,
                A::JoinedByGroup,
                A::LeftByGroup,
                A::UserRenamed,
                A::UserMerged,
                A::UserSetAside,
                A::UserPurged,
            ],
            Self::Material => &[
                A::DirectoryCreated,
                A::DirectoryChanged,
                A::DirectoryShared,
                A::DirectoryWritten,
                A::DirectoryLabelled,
                A::DirectoryReverted,
                A::DirectoryDeleted,
                A::DirectoryRestored,
                A::SourceSet,
                A::SourcePulled,
                A::SourceRemoved,
                A::PageShared,
                A::ShareRevoked,
            ],
            Self::Course => &[
                A::CourseCreated,
                A::CourseDeleted,
                A::CourseRestored,
                A::CourseChanged,
                A::Imported,
                A::TrashEmptied,
                A::EventsForgotten,
                A::ExampleData,
            ],
        }
    }
}

fn words(actions: &[Action]) -> Vec<&'static str> {
    actions.iter().map(|action| action.word()).collect()
}

/// Returns at most `at_most` matching events, newest first. Long events make the page shorter.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    filter: EventFilter,
    at_most: usize,
) -> Result<EventPage> {
    if let Some(course) = filter.course.clone() {
        let read = move |op: &mut CourseOp<'_>| {
            EventPage::read(op.conn, Some(op.standing.course), &filter, at_most)
        };
        exchange
            .read_in(caller, course, Need::May(Right::SeeActivity), read)
            .await
    } else {
        let read = move |op: &mut Op<'_>| EventPage::read(op.conn, None, &filter, at_most);
        exchange.read_as_admin(caller, read).await
    }
}

/// Returns at most `at_most` refusals of the student's submissions in the course, newest first.
pub(super) fn refusals(
    op: &mut CourseOp<'_>,
    student: &UserName,
    at_most: usize,
) -> Result<Vec<Event>> {
    let filter = EventFilter {
        person: Some(student.clone()),
        kind: Some(EventKind::Refusals),
        ..EventFilter::default()
    };
    let page = EventPage::read(op.conn, Some(op.standing.course), &filter, at_most)?;
    Ok(page.events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_word() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.word()), Some(kind));
        }
        assert_eq!(EventKind::parse("everything"), None);
    }
}
