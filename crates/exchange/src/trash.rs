//! The trash of a course: deleted items leave every listing at once, and can be restored until [`crate::upkeep::gc`] removes
//! them.

use super::audit::{About, Action};
use super::op::{CourseOp, Need};
use super::policy::Right;
use super::upkeep::gc::limit;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::trash::{self as rows, TrashFilter, TrashPosition};
use nbcourier_storage::{self as store, Connection, Portion};
use serde_json::json;
use std::time::Duration;

/// A position in a trash, whose order is last deleted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The time of deletion.
    pub deleted_at: Timestamp,
    /// The number of the deleted item.
    pub id: i64,
}

impl Position {
    fn of(place: TrashPosition) -> Self {
        Self {
            deleted_at: place.deleted_at,
            id: place.id,
        }
    }

    pub(super) fn place(self) -> TrashPosition {
        TrashPosition {
            deleted_at: self.deleted_at,
            id: self.id,
        }
    }
}

/// An assignment in the trash.
#[derive(Debug, Clone)]
pub struct DeletedAssignment {
    /// The number by which the assignment can be restored.
    pub id: i64,
    /// The name of the assignment when it was deleted.
    pub name: String,
    /// The time of deletion.
    pub deleted_at: Timestamp,
    /// The number of submissions that are restored with it.
    pub submissions: i64,
}

impl DeletedAssignment {
    fn new(row: rows::DeletedAssignment) -> Self {
        Self {
            id: row.id,
            name: row.name,
            deleted_at: row.deleted_at,
            submissions: row.submissions,
        }
    }
}

/// A submission in the trash, or one whose feedback is in the trash.
#[derive(Debug, Clone)]
pub struct DeletedSubmission {
    /// The number of the submission.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The student.
    pub student: String,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The time at which the submission or its feedback was deleted.
    pub deleted_at: Timestamp,
}

impl DeletedSubmission {
    fn new(row: rows::DeletedSubmission) -> Self {
        Self {
            id: row.id,
            assignment: row.assignment,
            student: row.student,
            submitted_at: row.submitted_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// A page of the items that can be restored in a course.
#[derive(Debug, Clone, Default)]
pub struct Trash {
    /// Assignments with their submissions.
    pub assignments: Vec<DeletedAssignment>,
    /// Submissions with their feedback.
    pub submissions: Vec<DeletedSubmission>,
    /// Submissions whose feedback was deleted.
    pub feedback: Vec<DeletedSubmission>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<(Kind, Position)>,
}

/// The kind of an item in the trash, in the order of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An assignment.
    Assignment,
    /// A submission.
    Submission,
    /// The feedback on a submission.
    Feedback,
}

/// Moves an assignment, released or not, with all its submissions to the trash. Its name is free at once.
pub async fn delete_assignment(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Trash), move |op| {
            op.lock_assignment(&assignment)?;
            delete_assignment_in(op, &assignment)
        })
        .await
}

/// Moves an assignment to the trash, within an operation of a caller who may.
pub(super) fn delete_assignment_in(op: &mut CourseOp<'_>, assignment: &AssignmentId) -> Result<()> {
    let id = op.assignment(assignment)?;
    store::trash::put_assignment(op.conn, id, Timestamp::now())?;
    let about = About::assignment(assignment);
    op.note(Action::AssignmentDeleted, about, Some(&json!({ "id": id })))?;
    op.exchange.quota.shrunk();
    Ok(())
}

/// Moves a submission to the trash.
pub async fn delete_submission(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Trash), move |op| {
            delete_submission_in(op, id)
        })
        .await
}

/// Moves a submission to the trash, within an operation of a caller who may.
pub(super) fn delete_submission_in(op: &mut CourseOp<'_>, id: Option<i64>) -> Result<()> {
    let submission = op.submission(id)?;
    let id = submission.id;
    store::trash::put_submission(op.conn, id, Timestamp::now())?;
    let about = About::submission(&submission.assignment, &submission.student, id);
    op.note(Action::SubmissionDeleted, about, None)?;
    op.exchange.quota.shrunk();
    Ok(())
}

/// Moves all feedback on a submission to the trash.
pub async fn delete_feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Trash), move |op| {
            let of = op.submission(submission)?;
            let submission = of.id;
            let rows = store::trash::put_feedback(op.conn, submission, Timestamp::now())?;
            if rows.is_empty() {
                return Err(Error::NotFound(Thing::Feedback));
            }
            let about = About::submission(&of.assignment, &of.student, submission);
            let detail = json!({ "feedback": rows });
            op.note(Action::FeedbackDeleted, about, Some(&detail))?;
            op.exchange.quota.shrunk();
            Ok(())
        })
        .await
}

/// Returns at most `at_most` restorable items of the course after that place: assignments, then submissions, then
/// feedback, each last deleted first.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    retention: Duration,
    after: Option<(Kind, Position)>,
    at_most: usize,
) -> Result<Trash> {
    exchange
        .read_in(caller, course, Need::May(Right::Trash), move |op| {
            let (course, lately) = (op.standing.course, TrashFilter::Since(limit(retention)));
            let after = after.map(|(kind, position)| (kind, position.place()));
            let mut page = Filling::new(after, Portion::of(at_most));
            let assignments = page.take(
                Kind::Assignment,
                rows::DeletedAssignment::place,
                |after, portion| store::trash::assignments(op.conn, course, lately, after, portion),
            )?;
            let submissions = page.take(
                Kind::Submission,
                rows::DeletedSubmission::place,
                |after, portion| store::trash::submissions(op.conn, course, lately, after, portion),
            )?;
            let feedback = page.take(
                Kind::Feedback,
                rows::DeletedSubmission::place,
                |after, portion| store::trash::feedback(op.conn, course, lately, after, portion),
            )?;
            let next = page.last.filter(|_| page.is_full);
            Ok(Trash {
                assignments: assignments
                    .into_iter()
                    .map(DeletedAssignment::new)
                    .collect(),
                submissions: submissions
                    .into_iter()
                    .map(DeletedSubmission::new)
                    .collect(),
                feedback: feedback.into_iter().map(DeletedSubmission::new).collect(),
                next: next.map(|(kind, place)| (kind, Position::of(place))),
            })
        })
        .await
}

/// A page that is filled with one kind of item after another.
struct Filling {
    after: (Kind, TrashPosition),
    left: Portion,
    last: Option<(Kind, TrashPosition)>,
    is_full: bool,
}

impl Filling {
    fn new(after: Option<(Kind, TrashPosition)>, portion: Portion) -> Self {
        Self {
            after: after.unwrap_or((Kind::Assignment, TrashPosition::FIRST)),
            left: portion,
            last: after,
            is_full: false,
        }
    }

    /// Returns the items of a kind that fit on the page.
    fn take<T>(
        &mut self,
        kind: Kind,
        place: impl Fn(&T) -> TrashPosition,
        read: impl FnOnce(TrashPosition, Portion) -> store::Result<(Vec<T>, bool)>,
    ) -> Result<Vec<T>> {
        let (begun, after) = self.after;
        if self.is_full || kind < begun {
            return Ok(Vec::new());
        }
        let after = if kind == begun {
            after
        } else {
            TrashPosition::FIRST
        };
        let (listed, is_more) = read(after, self.left)?;
        self.left = self.left.without(listed.len());
        self.last = listed.last().map(|last| (kind, place(last))).or(self.last);
        self.is_full = is_more;
        Ok(listed)
    }
}

/// Restores an assignment with all its submissions. It is released if it was.
pub async fn restore_assignment(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Trash), move |op| {
            restore_assignment_in(op, id)
        })
        .await
}

/// Restores an assignment, within an operation of a caller who may.
pub(super) fn restore_assignment_in(op: &mut CourseOp<'_>, id: Option<i64>) -> Result<()> {
    let id = id.ok_or(Error::NotFound(Thing::Assignment))?;
    let assignment = only(op, store::trash::assignments, id, Thing::Assignment)?;
    store::trash::restore_assignment(op.conn, id)?
        .ok_or(Error::AlreadyExists(Thing::Assignment))?;
    let name = stored_assignment(assignment.name)?;
    let about = About::assignment(&name);
    op.note(
        Action::AssignmentRestored,
        about,
        Some(&json!({ "id": id })),
    )?;
    op.exchange.quota.grown();
    Ok(())
}

/// Restores a submission with its feedback.
pub async fn restore_submission(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Trash), move |op| {
            restore_submission_in(op, id)
        })
        .await
}

/// Restores a submission, within an operation of a caller who may.
pub(super) fn restore_submission_in(op: &mut CourseOp<'_>, id: Option<i64>) -> Result<()> {
    let id = id.ok_or(Error::NotFound(Thing::Submission))?;
    let work = only(op, store::trash::submissions, id, Thing::Submission)?;
    store::trash::restore_submission(op.conn, id)?;
    let (assignment, student) = stored_names(work)?;
    let about = About::submission(&assignment, &student, id);
    op.note(Action::SubmissionRestored, about, None)?;
    op.exchange.quota.grown();
    Ok(())
}

/// Moves these pieces of feedback on a submission to the trash, or restores them, within an operation of a caller who
/// may.
pub(super) fn mark_feedback_in(
    op: &mut CourseOp<'_>,
    submission: Option<i64>,
    rows: &[i64],
    is_deleted: bool,
) -> Result<()> {
    let of = op.submission(submission)?;
    let deleted_at = is_deleted.then(Timestamp::now);
    store::trash::mark_feedback(op.conn, of.id, rows, deleted_at)?;
    let about = About::submission(&of.assignment, &of.student, of.id);
    let detail = json!({ "feedback": rows });
    let action = if is_deleted {
        op.exchange.quota.shrunk();
        Action::FeedbackDeleted
    } else {
        op.exchange.quota.grown();
        Action::FeedbackRestored
    };
    op.note(action, about, Some(&detail))
}

/// Restores the feedback on a submission. Feedback that was given since the deletion remains the current one.
pub async fn restore_feedback(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    submission: Option<i64>,
) -> Result<()> {
    exchange
        .write_in(caller, course, Need::May(Right::Trash), move |op| {
            let submission = submission.ok_or(Error::NotFound(Thing::Feedback))?;
            let work = only(op, store::trash::feedback, submission, Thing::Feedback)?;
            let rows = store::trash::restore_feedback(op.conn, submission)?;
            let (assignment, student) = stored_names(work)?;
            let about = About::submission(&assignment, &student, submission);
            let detail = json!({ "feedback": rows });
            op.note(Action::FeedbackRestored, about, Some(&detail))?;
            op.exchange.quota.grown();
            Ok(())
        })
        .await
}

/// A query of the trash: its rows, and whether there are more.
type Listing<T> =
    fn(&mut Connection, i64, TrashFilter, TrashPosition, Portion) -> store::Result<(Vec<T>, bool)>;

/// Returns the deleted thing with this number, from a listing of such things.
fn only<T>(op: &mut CourseOp<'_>, list: Listing<T>, id: i64, thing: Thing) -> Result<T> {
    let (course, which) = (op.standing.course, TrashFilter::Row(id));
    let (mut deleted, _) = list(op.conn, course, which, TrashPosition::FIRST, Portion::of(1))?;
    deleted.pop().ok_or(Error::NotFound(thing))
}

fn stored_names(work: rows::DeletedSubmission) -> Result<(AssignmentId, UserName)> {
    Ok((
        stored_assignment(work.assignment)?,
        stored_student(work.student)?,
    ))
}

fn stored_assignment(name: String) -> Result<AssignmentId> {
    Ok(AssignmentId::parse(name).map_err(|_| store::Error::Damaged("an illegal assignment id"))?)
}

fn stored_student(name: String) -> Result<UserName> {
    Ok(UserName::parse(name).map_err(|_| store::Error::Damaged("an illegal user name"))?)
}
