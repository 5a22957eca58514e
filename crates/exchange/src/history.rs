//! What an assignment and the feedback on a submission were before.

use super::submissions::by_number;
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};

pub use nbcourier_storage::history::{Feedback, Release};

/// A page of the versions of an assignment, released now or not, the first one first.
#[derive(Debug, Clone)]
pub struct Releases {
    /// The versions.
    pub releases: Vec<Release>,
    /// Behind which version the next page begins, if there is one.
    pub next: Option<i64>,
}

/// At most so many versions of an assignment behind that one.
pub async fn releases(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<i64>,
    at_most: usize,
) -> Result<Releases> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let id = policy
                .enter(conn, &caller, &course)?
                .require_instructor()?
                .assignment(conn, &assignment)?;
            let (after, portion) = (after.unwrap_or(0), Portion::of(at_most));
            let (releases, is_more) = store::history::releases(conn, id, after, portion)?;
            let next = releases.last().filter(|_| is_more);
            let next = next.map(|release| release.version);
            Ok(Releases { releases, next })
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

/// Where a feedback stands among all on its submission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// 1 for the first, growing.
    pub number: usize,
    /// The row's id.
    pub id: i64,
}

/// A page of the feedback on a submission, the first one first.
#[derive(Debug, Clone)]
pub struct AllGiven {
    /// The feedback.
    pub given: Vec<Given>,
    /// Behind which place the next page begins, if there is one.
    pub next: Option<Place>,
}

/// At most so many of the feedback of the submission with that number behind that place; for instructors, and, of what
/// is not in the trash, for the student themselves.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
    after: Option<Place>,
    at_most: usize,
) -> Result<AllGiven> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            let submission = by_number(conn, standing, &caller, submission)?;
            if !standing.is_instructor() {
                standing.released(conn, &submission.assignment)?;
            }
            let after = after.unwrap_or_default();
            let shown = store::history::shown_feedback(conn, submission.id)?;
            let (all, is_more) =
                store::history::feedback(conn, submission.id, after.id, Portion::of(at_most))?;
            let next = all.last().filter(|_| is_more).map(|last| Place {
                number: after.number + all.len(),
                id: last.id,
            });
            let given = (after.number + 1..)
                .zip(all)
                .map(|(number, feedback)| Given {
                    number,
                    is_current: shown == Some(feedback.id),
                    feedback,
                });
            let is_shown = |given: &Given| standing.is_instructor() || !given.feedback.is_deleted;
            let given = given.filter(is_shown).collect();
            Ok(AllGiven { given, next })
        })
        .await
}
