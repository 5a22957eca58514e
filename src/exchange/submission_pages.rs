//! Everything handed in, with files and feedback, in one listing.

use super::submissions::{assignment_of, require_known};
use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId, Timestamp, UserName};
use crate::store;
use std::collections::HashMap;

pub use crate::store::feedback::Shown as Feedback;
pub use crate::store::submission_pages::{Entry, Place};
pub use crate::store::trees::FilesOfTrees;

/// Which submissions are asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// Those of this course,
    pub course: CourseId,
    /// to this assignment or to any,
    pub assignment: Option<AssignmentId>,
    /// of this student or of everybody the caller may see,
    pub student: Option<UserName>,
    /// that come behind this place,
    pub after: Option<Place>,
    /// and so many of them at most.
    pub at_most: usize,
}

/// A page of the listing.
pub struct Page {
    /// The submissions, oldest first.
    pub entries: Vec<Entry>,
    /// The feedback shown on each that has one.
    pub feedback: HashMap<i64, Feedback>,
    /// The files of all trees that are named.
    pub files: FilesOfTrees,
    /// Behind which place the next page begins, if there is one.
    pub next: Option<Place>,
}

/// The submissions asked for; a student who names nobody gets their own. The number of statements does not depend on
/// how many there are.
pub async fn page(exchange: &Exchange, caller: &Caller, question: Question) -> Result<Page> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &question.course)?;
            let standing = match &question.student {
                Some(student) => standing.require_self_or_instructor(&caller, student)?,
                None => standing.require_member()?,
            };
            // Before anything is said of assignments.
            if !standing.is_member()
                && !store::submissions::any_in_course(conn, standing.course, caller.name())?
            {
                standing.require_member()?;
            }
            let assignment = match &question.assignment {
                Some(assignment) => Some(assignment_of(conn, standing, &caller, assignment)?),
                None => None,
            };
            if let Some(student) = &question.student {
                require_known(policy, conn, standing, &question.course, student)?;
            }
            let own = (!standing.is_instructor()).then(|| caller.name().clone());
            let wanted = store::submission_pages::Wanted {
                assignment,
                student: question.student.or(own),
                open_at: (!standing.is_instructor()).then(Timestamp::now),
                after: question.after,
            };
            let ahead = question.at_most + 1;
            let mut entries = store::submission_pages::page(conn, standing.course, &wanted, ahead)?;
            let is_more = entries.len() == ahead;
            entries.truncate(question.at_most);
            let next = entries.last().filter(|_| is_more).map(Entry::place);
            let feedback =
                store::feedback::current_of_all(conn, entries.iter().map(|entry| entry.id))?;
            let handed_in = entries.iter().map(|entry| entry.tree_id);
            let returned = feedback.values().map(|feedback| feedback.tree_id);
            let files = store::trees::files_of_all(conn, handed_in.chain(returned))?;
            Ok(Page {
                entries,
                feedback,
                files,
                next,
            })
        })
        .await
}
