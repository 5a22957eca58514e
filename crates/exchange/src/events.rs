//! What was done, and by whom.

use super::{Exchange, Result};
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};

pub use nbcourier_storage::events::Recorded;
use nbcourier_storage::events::Wanted;

/// A page of what was done.
#[derive(Debug, Clone)]
pub struct Page {
    /// The events, newest first.
    pub events: Vec<Recorded>,
    /// The event behind which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Which events are asked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Of this course, for its instructors; an earlier course of the same name has events of its own. Without one, all
    /// there are, of courses that are gone and of none, for admins.
    pub course: Option<CourseId>,
    /// Before the event with this number.
    pub before: Option<i64>,
    /// Then or later.
    pub since: Option<Timestamp>,
}

/// At most so many of the events asked for, the last one first; fewer where they are long.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    question: Question,
    at_most: usize,
) -> Result<Page> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let course = if let Some(course) = &question.course {
                let standing = policy.enter(conn, &caller, course)?.require_instructor()?;
                Some(standing.course)
            } else {
                policy.require_admin(&caller)?;
                None
            };
            let wanted = Wanted {
                course,
                before: question.before,
                since: question.since,
            };
            let (events, is_more) = store::events::page(conn, wanted, Portion::of(at_most))?;
            let next = events.last().filter(|_| is_more).map(|event| event.id);
            Ok(Page { events, next })
        })
        .await
}
