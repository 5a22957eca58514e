//! Listing submissions: all of a course with their feedback in pages, and those to one assignment as they are streamed.

use super::op::Need;
use super::trees::{self, Named};
use super::{Exchange, PORTION, Result};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::submission_pages::After;
use nbcourier_storage::{self as store, Portion};
use std::collections::HashMap;

pub use nbcourier_storage::feedback::Shown as Feedback;
pub use nbcourier_storage::submission_pages::{Entry, Place};
pub use nbcourier_storage::submissions::Line;

/// Returns the standing that sees the submissions of the student, or with `all` the submissions of whomever the caller
/// may see.
fn need(student: Option<&UserName>, all: Need) -> Need {
    student.map_or(all, |student| Need::SelfOrInstructor(student.clone()))
}

/// Returns a portion of the submissions to an assignment after a line, oldest first, and whether there are more: those
/// of a student, or all for instructors.
pub async fn lines(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    student: Option<UserName>,
    after: Option<Line>,
) -> Result<(Vec<Line>, bool)> {
    let need = need(student.as_ref(), Need::Instructor);
    exchange
        .read_in(caller, course, need, move |op| {
            let after = after.as_ref();
            let Some(student) = &student else {
                let id = op.released(&assignment)?.id;
                return Ok(store::submissions::list(op.conn, id, after, PORTION)?);
            };
            let id = op.assignment_of(&assignment, student)?;
            Ok(store::submissions::list_of(
                op.conn, id, student, after, PORTION,
            )?)
        })
        .await
}

/// A query for a page of submissions.
#[derive(Debug, Clone)]
pub struct Question {
    /// The course.
    pub course: CourseId,
    /// The assignment, or `None` for all.
    pub assignment: Option<AssignmentId>,
    /// The student, or `None` for all whom the caller may see.
    pub student: Option<UserName>,
    /// The place after which the page begins.
    pub after: Option<Place>,
    /// Maximum number of submissions.
    pub at_most: usize,
    /// Whether to list their files.
    pub with_files: bool,
}

/// A page of the listing.
pub struct Page {
    /// The submissions, oldest first.
    pub entries: Vec<Entry>,
    /// The current feedback on each submission that has some.
    pub feedback: HashMap<i64, Feedback>,
    /// The trees of both, each once. Empty if files were not requested.
    pub trees: Vec<Named>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Place>,
}

/// Returns the requested submissions. A student who names no student gets their own. The number of SQL statements does
/// not depend on the number of submissions. Long names and trees with many files make a page shorter.
pub async fn page(exchange: &Exchange, caller: &Caller, question: Question) -> Result<Page> {
    let need = need(question.student.as_ref(), Need::Member);
    exchange
        .read_in(caller, question.course.clone(), need, move |op| {
            // This check comes before any reply about assignments.
            if !op.standing.is_member()
                && !store::submissions::any_in_course(
                    op.conn,
                    op.standing.course,
                    op.caller.name(),
                )?
            {
                op.standing.require_member()?;
            }
            let assignment = match &question.assignment {
                Some(assignment) => Some(op.released_or_submitted_to(assignment)?),
                None => None,
            };
            if let Some(student) = &question.student {
                op.require_known(student)?;
            }
            let own = (!op.standing.is_instructor()).then(|| op.caller.name().clone());
            let wanted = store::submission_pages::Wanted {
                assignment,
                student: question.student.or(own),
                open_at: (!op.standing.is_instructor()).then(Timestamp::now),
                after: question.after.map(After::Submission),
                ..Default::default()
            };
            let portion = Portion::of(question.at_most);
            let (mut entries, mut is_more) =
                store::submission_pages::page(op.conn, op.standing.course, &wanted, portion)?;
            let feedback =
                store::feedback::current_of_all(op.conn, entries.iter().map(|entry| entry.id))?;
            let mut trees = Vec::new();
            if question.with_files {
                let fitting;
                (trees, fitting) = trees::fitting(&entries, |entry| trees_of(entry, &feedback));
                is_more |= fitting < entries.len();
                entries.truncate(fitting);
            }
            let next = entries.last().filter(|_| is_more).map(Entry::place);
            Ok(Page {
                entries,
                feedback,
                trees,
                next,
            })
        })
        .await
}

/// Returns the trees of a submission and of the current feedback on it.
fn trees_of(entry: &Entry, feedback: &HashMap<i64, Feedback>) -> [Option<Named>; 2] {
    let handed_in = Named {
        digest: entry.digest,
        tree_id: entry.tree_id,
        files: entry.files,
    };
    let returned = feedback.get(&entry.id).map(|feedback| Named {
        digest: feedback.digest,
        tree_id: feedback.tree_id,
        files: feedback.files,
    });
    [Some(handed_in), returned]
}
