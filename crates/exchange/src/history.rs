//! The earlier versions of an assignment, and the earlier feedback on a submission.

use super::op::{CourseOp, Need};
use super::policy::Right;
use super::seen::Times;
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};

/// A version of an assignment.
#[derive(Debug, Clone)]
pub struct PastRelease {
    /// The number of the version, starting at 1.
    pub version: i64,
    /// The time of the release.
    pub released_at: Timestamp,
    /// The person who released it.
    pub released_by: String,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// Whether it is the current version.
    pub is_current: bool,
}

impl PastRelease {
    pub(super) fn new(row: store::history::Release) -> Self {
        Self {
            version: row.version,
            released_at: row.released_at,
            released_by: row.released_by,
            digest: row.digest,
            is_current: row.is_current,
        }
    }
}

/// A page of the versions of an assignment, oldest first. The assignment need not be released.
#[derive(Debug, Clone)]
pub struct ReleaseHistory {
    /// The versions.
    pub releases: Vec<PastRelease>,
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
) -> Result<ReleaseHistory> {
    exchange
        .read_in(caller, course, Need::May(Right::Preview), move |op| {
            let id = op.assignment(&assignment)?;
            let (after, portion) = (after.unwrap_or(0), Portion::of(at_most));
            let (releases, is_more) = store::history::releases(op.conn, id, after, portion)?;
            let next = releases.last().filter(|_| is_more);
            let next = next.map(|release| release.version);
            let releases = releases.into_iter().map(PastRelease::new).collect();
            Ok(ReleaseHistory { releases, next })
        })
        .await
}

/// One piece of feedback on a submission.
#[derive(Debug, Clone)]
pub struct PastFeedback {
    /// Its number. The first is 1.
    pub number: usize,
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The person who gave it.
    pub returned_by: String,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// Whether it is in the trash.
    pub is_deleted: bool,
    /// Whether it is the current feedback.
    pub is_current: bool,
    /// The times at which the student has read it.
    pub read: Option<Times>,
}

/// The position of a piece of feedback among all on its submission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Its number. The first is 1.
    pub number: usize,
    /// The ID of its row.
    pub id: i64,
}

/// A page of the feedback on a submission, oldest first.
#[derive(Debug, Clone)]
pub struct FeedbackHistory {
    /// The feedback.
    pub feedback: Vec<PastFeedback>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns at most `at_most` pieces of feedback on the submission with that number, after that position. Instructors get
/// all feedback. The student gets feedback that is not in the trash.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
    after: Option<Position>,
    at_most: usize,
) -> Result<FeedbackHistory> {
    exchange
        .read_in(caller, course, Need::Course, move |op| {
            let submission = op.submission(submission)?;
            if !op.standing.may(Right::ReadWork) {
                op.released(&submission.assignment)?;
            }
            let current = store::history::shown_feedback(op.conn, submission.id)?;
            past_feedback(
                op,
                submission.id,
                current,
                after.unwrap_or_default(),
                at_most,
            )
        })
        .await
}

/// Returns at most `at_most` pieces of feedback on a submission after that position, as far as the caller may see them.
/// `current` is the row of the current one.
pub(super) fn past_feedback(
    op: &mut CourseOp<'_>,
    submission: i64,
    current: Option<i64>,
    after: Position,
    at_most: usize,
) -> Result<FeedbackHistory> {
    let (all, is_more) =
        store::history::feedback(op.conn, submission, after.id, Portion::of(at_most))?;
    let next = all.last().filter(|_| is_more).map(|last| Position {
        number: after.number + all.len(),
        id: last.id,
    });
    let feedback = (after.number + 1..)
        .zip(all)
        .map(|(number, row)| PastFeedback {
            number,
            returned_at: row.returned_at,
            returned_by: row.returned_by,
            digest: row.digest,
            is_deleted: row.is_deleted,
            is_current: current == Some(row.id),
            read: row.read.map(Times::new),
        });
    let is_visible = |past: &PastFeedback| op.standing.may(Right::Trash) || !past.is_deleted;
    let feedback = feedback.filter(is_visible).collect();
    Ok(FeedbackHistory { feedback, next })
}
