//! What an assignment and the feedback on a submission were before.

use super::submissions::by_number;
use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId};
use crate::store;

pub use crate::store::history::{Feedback, Release};

/// Every version of an assignment, released now or not, the first one first.
pub async fn releases(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<Vec<Release>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let id = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .assignment(conn, &assignment)?;
            Ok(store::history::releases(conn, id)?)
        })
        .await
}

/// A feedback of a submission.
#[derive(Debug, Clone)]
pub struct Given {
    /// 1 for the first, growing.
    pub number: usize,
    /// What was given.
    pub feedback: Feedback,
    /// Whether it is what is shown.
    pub is_current: bool,
}

/// Every feedback of the submission with that number, the first one first; for instructors, and, of what is not in the
/// trash, for the student themselves.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
) -> Result<Vec<Given>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            let submission = by_number(conn, standing, &caller, submission)?;
            if !standing.is_instructor() {
                standing.released(conn, &submission.assignment)?;
            }
            let all = store::history::feedback(conn, submission.id)?;
            let current = all.iter().rposition(|feedback| !feedback.is_deleted);
            let given = all.into_iter().enumerate().map(|(place, feedback)| Given {
                number: place + 1,
                is_current: current == Some(place),
                feedback,
            });
            let is_shown = |given: &Given| standing.is_instructor() || !given.feedback.is_deleted;
            Ok(given.filter(is_shown).collect())
        })
        .await
}
