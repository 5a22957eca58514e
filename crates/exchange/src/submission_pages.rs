//! Listing submissions: all of a course with their feedback in pages, and those to one assignment as they are streamed.

use super::files::trees::{self, ListedTree, SubmissionTree, TreeId};
use super::op::Need;
use super::policy::Right;
use super::seen::Times;
use super::{Exchange, PORTION, Result};
use nbcourier_domain::{AssignmentId, CourseId, Sha256Sum, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::submission_pages::{self as rows, After};
use nbcourier_storage::submissions::ListedSubmission as ListedRow;
use nbcourier_storage::{self as store, Portion};
use std::collections::HashMap;

/// A submission in a listing.
#[derive(Debug, Clone)]
pub struct ListedSubmission {
    /// Its number.
    pub id: i64,
    /// The name of the assignment.
    pub assignment: String,
    /// The student.
    pub student: String,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// Whether it is late, with regard to the student's extension.
    pub late: bool,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
    tree: TreeId,
}

impl ListedSubmission {
    pub(super) fn new(row: rows::SubmissionRow) -> Self {
        Self {
            id: row.id,
            assignment: row.assignment,
            student: row.student,
            submitted_by: row.submitted_by,
            submitted_at: row.submitted_at,
            late: row.late,
            digest: row.digest,
            files: row.files,
            bytes: row.bytes,
            tree: TreeId(row.tree_id),
        }
    }

    /// Returns its tree.
    pub fn tree(&self) -> SubmissionTree {
        SubmissionTree {
            submission: self.id,
            time: self.submitted_at,
            id: self.tree,
            files: self.files,
        }
    }
}

/// The current feedback on a submission.
#[derive(Debug, Clone, Copy)]
pub struct CurrentFeedback {
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
    /// The times at which the student has read it.
    pub read: Option<Times>,
    pub(super) id: i64,
    tree: TreeId,
}

impl CurrentFeedback {
    pub(super) fn new(row: store::feedback::CurrentFeedback) -> Self {
        Self {
            returned_at: row.returned_at,
            digest: row.digest,
            files: row.files,
            bytes: row.bytes,
            read: row.read.map(Times::new),
            id: row.id,
            tree: TreeId(row.tree_id),
        }
    }

    /// Returns its tree, as that of feedback on the submission with this number.
    pub fn tree(&self, submission: i64) -> SubmissionTree {
        SubmissionTree {
            submission,
            time: self.returned_at,
            id: self.tree,
            files: self.files,
        }
    }
}

/// The position of a submission among all of a course: by its time, then by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The number of the submission.
    pub id: i64,
}

impl Position {
    pub(super) fn of(row: &rows::SubmissionRow) -> Self {
        Self {
            submitted_at: row.submitted_at,
            id: row.id,
        }
    }

    pub(super) fn after(self) -> After {
        After::Submission(rows::SubmissionPosition {
            submitted_at: self.submitted_at,
            id: self.id,
        })
    }
}

/// A submission to one assignment, as it is streamed.
#[derive(Debug, Clone)]
pub struct StreamedSubmission(ListedRow);

impl StreamedSubmission {
    /// Returns the student.
    pub fn into_student(self) -> String {
        self.0.student_id
    }

    /// Returns the time of submission.
    pub fn submitted_at(&self) -> Timestamp {
        self.0.timestamp
    }
}

/// Returns the standing that sees the submissions of the student, or with `all` the submissions of whomever the caller
/// may see.
fn need(student: Option<&UserName>, all: Need) -> Need {
    student.map_or(all, |student| {
        Need::SelfOr(student.clone(), Right::ReadWork)
    })
}

/// Returns a portion of the submissions to an assignment after one of them, oldest first, and whether there are more: those
/// of a student, or all for instructors.
pub async fn stream(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    student: Option<UserName>,
    after: Option<StreamedSubmission>,
) -> Result<(Vec<StreamedSubmission>, bool)> {
    let need = need(student.as_ref(), Need::May(Right::ReadWork));
    exchange
        .read_in(caller, course, need, move |op| {
            let after = after.as_ref().map(|last| &last.0);
            let (rows, is_more) = if let Some(student) = &student {
                let id = op.assignment_of(&assignment, student)?;
                store::submissions::list_of(op.conn, id, student, after, PORTION)?
            } else {
                let id = op.released(&assignment)?.id;
                store::submissions::list(op.conn, id, after, PORTION)?
            };
            Ok((rows.into_iter().map(StreamedSubmission).collect(), is_more))
        })
        .await
}

/// A query for a page of submissions.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// The course.
    pub course: CourseId,
    /// The assignment, or `None` for all.
    pub assignment: Option<AssignmentId>,
    /// The student, or `None` for all whom the caller may see.
    pub student: Option<UserName>,
    /// The place after which the page begins.
    pub after: Option<Position>,
    /// Maximum number of submissions.
    pub at_most: usize,
    /// Whether to list their files.
    pub with_files: bool,
}

/// A page of the listing.
pub struct SubmissionPage {
    /// The submissions, oldest first.
    pub submissions: Vec<ListedSubmission>,
    /// The current feedback on each submission that has some.
    pub feedback: HashMap<i64, CurrentFeedback>,
    /// The trees of both, each once. Empty if files were not requested.
    pub trees: Vec<ListedTree>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns the requested submissions. A student who names no student gets their own. The number of SQL statements does
/// not depend on the number of submissions. Long names and trees with many files make a page shorter.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    query: PageQuery,
) -> Result<SubmissionPage> {
    let need = need(query.student.as_ref(), Need::May(Right::TakePart));
    exchange
        .read_in(caller, query.course.clone(), need, move |op| {
            // This check comes before any reply about assignments.
            if !op.standing.may(Right::TakePart)
                && !store::submissions::any_in_course(
                    op.conn,
                    op.standing.course,
                    op.caller.name(),
                )?
            {
                op.standing.require(Right::TakePart)?;
            }
            let assignment = match &query.assignment {
                Some(assignment) => Some(op.released_or_submitted_to(assignment)?),
                None => None,
            };
            if let Some(student) = &query.student {
                op.require_known(student)?;
            }
            let own = (!op.standing.may(Right::ReadWork)).then(|| op.caller.name().clone());
            let wanted = rows::SubmissionFilter {
                assignment,
                student: query.student.or(own),
                open_at: (!op.standing.may(Right::Preview)).then(Timestamp::now),
                after: query.after.map(Position::after),
                ..Default::default()
            };
            let portion = Portion::of(query.at_most);
            let (mut entries, mut is_more) =
                rows::page(op.conn, op.standing.course, &wanted, portion)?;
            let feedback =
                store::feedback::current_of_all(op.conn, entries.iter().map(|entry| entry.id))?;
            let mut trees = Vec::new();
            if query.with_files {
                let fitting;
                (trees, fitting) = trees::fitting(&entries, |entry| trees_of(entry, &feedback));
                is_more |= fitting < entries.len();
                entries.truncate(fitting);
            }
            let next = entries.last().filter(|_| is_more).map(Position::of);
            let feedback = feedback.into_iter();
            Ok(SubmissionPage {
                submissions: entries.into_iter().map(ListedSubmission::new).collect(),
                feedback: feedback
                    .map(|(id, row)| (id, CurrentFeedback::new(row)))
                    .collect(),
                trees,
                next,
            })
        })
        .await
}

/// Returns the trees of a submission and of the current feedback on it.
fn trees_of(
    entry: &rows::SubmissionRow,
    feedback: &HashMap<i64, store::feedback::CurrentFeedback>,
) -> [Option<ListedTree>; 2] {
    let submitted = ListedTree {
        digest: entry.digest,
        id: TreeId(entry.tree_id),
        files: entry.files,
    };
    let returned = feedback.get(&entry.id).map(|feedback| ListedTree {
        digest: feedback.digest,
        id: TreeId(feedback.tree_id),
        files: feedback.files,
    });
    [Some(submitted), returned]
}
