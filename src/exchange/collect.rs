//! Many trees at once: the work of a class, or the feedback on it.

use super::submissions::require_known;
use super::trees::Part;
use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId, Timestamp, UserName};
use crate::store::submission_pages::{Entry, Wanted};
use crate::store::{self, Connection, Portion};

pub use crate::store::feedback::Shown as Feedback;
pub use crate::store::submission_pages::Entry as Submission;

/// Whose work is collected.
#[derive(Debug, Clone)]
pub struct Question {
    /// In this course,
    pub course: CourseId,
    /// to this assignment,
    pub assignment: AssignmentId,
    /// of this student or of everybody,
    pub student: Option<UserName>,
    /// and what was handed in at this time at the latest.
    pub before: Option<Timestamp>,
}

/// Each student's latest submission that the question leaves, by student.
pub async fn collect(
    exchange: &Exchange,
    caller: &Caller,
    question: Question,
) -> Result<Vec<Submission>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy
                .enter(conn, &caller, &question.course)?
                .require_instructor()?;
            let assignment = standing.released(conn, &question.assignment)?.id;
            if let Some(student) = &question.student {
                require_known(policy, conn, standing, &question.course, student)?;
            }
            let wanted = Wanted {
                assignment: Some(assignment),
                student: question.student,
                latest: Some(question.before.unwrap_or(Timestamp::MAX)),
                ..Wanted::default()
            };
            let mut latest = all(conn, standing.course, &wanted)?;
            latest.sort_by(|one, other| one.student.cmp(&other.student));
            Ok(latest)
        })
        .await
}

/// The feedback shown on each submission that has one, oldest submission first; to one assignment or to any. A student
/// gets their own.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: Option<AssignmentId>,
) -> Result<Vec<(Submission, Feedback)>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_member()?;
            let assignment = match assignment {
                Some(assignment) => Some(standing.released(conn, &assignment)?.id),
                None => None,
            };
            let own = (!standing.is_instructor()).then(|| caller.name().clone());
            let wanted = Wanted {
                assignment,
                student: own,
                open_at: (!standing.is_instructor()).then(Timestamp::now),
                with_feedback: true,
                ..Wanted::default()
            };
            let entries = all(conn, standing.course, &wanted)?;
            let mut feedback =
                store::feedback::current_of_all(conn, entries.iter().map(|entry| entry.id))?;
            let with_feedback = entries.into_iter().filter_map(|entry| {
                let shown = feedback.remove(&entry.id)?;
                Some((entry, shown))
            });
            Ok(with_feedback.collect())
        })
        .await
}

/// All of the submissions: each is a tree in the archive.
fn all(conn: &mut Connection, course: i64, wanted: &Wanted) -> Result<Vec<Entry>> {
    let portion = Portion {
        rows: usize::MAX,
        bytes: usize::MAX,
    };
    let (entries, _) = store::submission_pages::page(conn, course, wanted, portion)?;
    Ok(entries)
}

impl From<&Submission> for Part {
    fn from(submission: &Submission) -> Self {
        Self {
            submission: submission.id,
            tree_id: submission.tree_id,
            files: submission.files,
            time: submission.submitted_at,
        }
    }
}

impl From<&(Submission, Feedback)> for Part {
    fn from((submission, feedback): &(Submission, Feedback)) -> Self {
        Self {
            submission: submission.id,
            tree_id: feedback.tree_id,
            files: feedback.files,
            time: feedback.returned_at,
        }
    }
}
