//! Reading the event log.

use super::op::{CourseOp, Need, Op};
use super::policy::Right;
use super::{Exchange, Result};
use nbcourier_domain::{CourseId, Timestamp};
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
    fn read(conn: &mut Connection, wanted: rows::EventFilter, at_most: usize) -> Result<Self> {
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
}

/// Returns at most `at_most` matching events, newest first. Long events make the page shorter.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    filter: EventFilter,
    at_most: usize,
) -> Result<EventPage> {
    let wanted = move |course| rows::EventFilter {
        course,
        before: filter.before,
        since: filter.since,
    };
    if let Some(course) = filter.course {
        let read = move |op: &mut CourseOp<'_>| {
            EventPage::read(op.conn, wanted(Some(op.standing.course)), at_most)
        };
        exchange
            .read_in(caller, course, Need::May(Right::SeeActivity), read)
            .await
    } else {
        let read = move |op: &mut Op<'_>| EventPage::read(op.conn, wanted(None), at_most);
        exchange.read_as_admin(caller, read).await
    }
}
