//! What was done in a course, and by whom.

use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::CourseId;
use crate::store;

pub use crate::store::events::Recorded;

/// A page of what was done.
#[derive(Debug, Clone)]
pub struct Page {
    /// The events, newest first.
    pub events: Vec<Recorded>,
    /// The event behind which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// At most so many of the events of a course, newest first, and only those before the event with the number `before`.
/// An earlier course of the same name has events of its own.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    before: Option<i64>,
    at_most: usize,
) -> Result<Page> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let mut events =
                store::events::page(conn, standing.course, before, at_most.saturating_add(1))?;
            let is_more = events.len() > at_most;
            events.truncate(at_most);
            let next = events.last().filter(|_| is_more).map(|event| event.id);
            Ok(Page { events, next })
        })
        .await
}
