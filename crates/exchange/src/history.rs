//! The earlier versions of an assignment, and the earlier feedback on a submission.

use super::op::Need;
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};

pub use nbcourier_storage::history::{Feedback, Release};

/// A page of the versions of an assignment, oldest first. The assignment need not be released.
#[derive(Debug, Clone)]
pub struct Releases {
    /// The versions.
    pub releases: Vec<Release>,
    /// The version after which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Returns at most `at_most` versions of an assignment after that one.
pub async fn releases(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<i64>,
    at_most: usize,
) -> Result<Releases> {
    exchange
        .read_in(caller, course, Need::Instructor, move |op| {
            let id = op.assignment(&assignment)?;
            let (after, portion) = (after.unwrap_or(0), Portion::of(at_most));
            let (releases, is_more) = store::history::releases(op.conn, id, after, portion)?;
            let next = releases.last().filter(|_| is_more);
            let next = next.map(|release| release.version);
            Ok(Releases { releases, next })
        })
        .await
}

/// One piece of feedback on a submission.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its number. The first is 1.
    pub number: usize,
    /// The feedback.
    pub feedback: Feedback,
    /// Whether it is the current feedback.
    pub is_current: bool,
}

/// The place of a piece of feedback among all on its submission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Its number. The first is 1.
    pub number: usize,
    /// The ID of its row.
    pub id: i64,
}

/// A page of the feedback on a submission, oldest first.
#[derive(Debug, Clone)]
pub struct AllGiven {
    /// The feedback.
    pub given: Vec<Given>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Place>,
}

/// Returns at most `at_most` pieces of feedback on the submission with that number, after that place. Instructors get
/// all feedback. The student gets feedback that is not in the trash.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
    after: Option<Place>,
    at_most: usize,
) -> Result<AllGiven> {
    exchange
        .read_in(caller, course, Need::Course, move |op| {
            let submission = op.submission(submission)?;
            if !op.standing.is_instructor() {
                op.released(&submission.assignment)?;
            }
            let after = after.unwrap_or_default();
            let shown = store::history::shown_feedback(op.conn, submission.id)?;
            let (all, is_more) =
                store::history::feedback(op.conn, submission.id, after.id, Portion::of(at_most))?;
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
            let is_shown =
                |given: &Given| op.standing.is_instructor() || !given.feedback.is_deleted;
            let given = given.filter(is_shown).collect();
            Ok(AllGiven { given, next })
        })
        .await
}
