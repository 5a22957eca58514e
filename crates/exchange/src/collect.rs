//! Reading many trees at once: the submissions of a class, or its feedback.

use super::op::Need;
use super::policy::Right;
use super::seen::Seen;
use super::submission_pages::{CurrentFeedback, ListedSubmission, Position};
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::submission_pages::{After, SubmissionFilter};
use nbcourier_storage::{self as store, Portion};

/// A query for the submissions to collect.
#[derive(Debug, Clone)]
pub struct CollectionQuery {
    /// The course.
    pub course: CourseId,
    /// The assignment.
    pub assignment: AssignmentId,
    /// The student, or `None` for all students.
    pub student: Option<UserName>,
    /// The latest submission time to consider.
    pub before: Option<Timestamp>,
    /// Only students whose names sort after this one.
    pub after: Option<String>,
    /// Maximum number of students.
    pub at_most: usize,
}

/// A page of the submissions of a class.
#[derive(Debug, Clone)]
pub struct Collected {
    /// The latest matching submission of each student, sorted by student.
    pub submissions: Vec<ListedSubmission>,
    /// The student after whom the next page begins, if there is one.
    pub next: Option<String>,
}

/// Returns a page with the latest matching submission of each student, sorted by student.
pub async fn collect(
    exchange: &Exchange,
    caller: &Caller,
    query: CollectionQuery,
) -> Result<Collected> {
    exchange
        .read_in(
            caller,
            query.course.clone(),
            Need::May(Right::Collect),
            move |op| {
                let assignment = op.released(&query.assignment)?.id;
                if let Some(student) = &query.student {
                    op.require_known(student)?;
                }
                let wanted = SubmissionFilter {
                    assignment: Some(assignment),
                    student: query.student,
                    latest: Some(query.before.unwrap_or(Timestamp::MAX)),
                    after: Some(After::Student(query.after.unwrap_or_default())),
                    ..SubmissionFilter::default()
                };
                let portion = Portion::of(query.at_most);
                let (submissions, is_more) =
                    store::submission_pages::page(op.conn, op.standing.course, &wanted, portion)?;
                let next = submissions.last().filter(|_| is_more);
                let next = next.map(|last| last.student.clone());
                let submissions = submissions.into_iter().map(ListedSubmission::new);
                let submissions = submissions.collect();
                Ok(Collected { submissions, next })
            },
        )
        .await
}

/// A page of the feedback in a course.
#[derive(Debug, Clone)]
pub struct FeedbackPage {
    /// The current feedback with its submission, oldest submission first.
    pub feedback: Vec<(ListedSubmission, CurrentFeedback)>,
    /// The sight of the feedback that is noted for its reader.
    pub seen: Seen,
    /// The submission after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns at most `at_most` pieces of feedback in a course, after the given submission, for one assignment or for all.
/// A student gets only their own.
pub async fn feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: Option<AssignmentId>,
    after: Option<Position>,
    at_most: usize,
) -> Result<FeedbackPage> {
    exchange
        .read_in(caller, course, Need::May(Right::TakePart), move |op| {
            let assignment = match assignment {
                Some(assignment) => Some(op.released(&assignment)?.id),
                None => None,
            };
            let own = (!op.standing.may(Right::ReadWork)).then(|| op.caller.name().clone());
            let wanted = SubmissionFilter {
                assignment,
                student: own,
                open_at: (!op.standing.may(Right::Preview)).then(Timestamp::now),
                with_feedback: true,
                after: after.map(Position::after),
                ..SubmissionFilter::default()
            };
            let portion = Portion::of(at_most);
            let (entries, is_more) =
                store::submission_pages::page(op.conn, op.standing.course, &wanted, portion)?;
            let next = entries.last().filter(|_| is_more).map(Position::of);
            let mut feedback =
                store::feedback::current_of_all(op.conn, entries.iter().map(|entry| entry.id))?;
            let with_feedback = entries.into_iter().filter_map(|entry| {
                let current = feedback.remove(&entry.id)?;
                Some((ListedSubmission::new(entry), CurrentFeedback::new(current)))
            });
            let feedback: Vec<(ListedSubmission, CurrentFeedback)> = with_feedback.collect();
            let read = feedback.iter();
            let read = read.map(|(submission, given)| (given.id, submission.student.as_str()));
            let seen = op.sees_feedback(read);
            Ok(FeedbackPage {
                feedback,
                seen,
                next,
            })
        })
        .await
}
