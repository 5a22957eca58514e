//! The facts that the gradebook of a course takes from the exchange: dates for late penalties, and names for exports.

use super::op::Need;
use super::policy::Right;
use super::roster;
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, Dates, Extension, Person, Role};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};

/// A page of facts about an assignment and the students of the course.
#[derive(Debug, Clone)]
pub struct GradebookPage {
    /// The dates of the assignment.
    pub dates: Dates,
    /// The extensions that give students their own dates, by name. An allowance counts as one. They come before the students.
    pub extensions: Vec<(String, Extension)>,
    /// The students of the course, in the roster's order.
    pub students: Vec<Person>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// A position in the sequence of extensions and students.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// An extension, by the student.
    Extension(String),
    /// A student of the course. These come after the extensions.
    Student(roster::Position),
}

/// Returns at most `at_most` facts after that position, for instructors. The assignment need not be released.
pub async fn facts(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<Position>,
    at_most: usize,
) -> Result<GradebookPage> {
    exchange
        .read_in(caller, course, Need::May(Right::Collect), move |op| {
            let id = op.assignment(&assignment)?;
            let mut facts = GradebookPage {
                dates: store::dates::of_assignment(op.conn, id)?,
                extensions: Vec::new(),
                students: Vec::new(),
                next: after.clone(),
            };
            let mut portion = Portion::of(at_most);
            let behind = match after {
                Some(Position::Student(position)) => Some(position),
                Some(Position::Extension(_)) | None => {
                    let student = match &after {
                        Some(Position::Extension(student)) => student,
                        _ => "",
                    };
                    let of = (op.standing.course, id);
                    let (own, is_more) =
                        store::allowances::own_times(op.conn, of, student, portion)?;
                    if let Some((student, _)) = own.last() {
                        facts.next = Some(Position::Extension(student.clone()));
                    }
                    portion = portion.without(own.len());
                    let extension =
                        |(student, own)| Some((student, facts.dates.as_extension(own)?));
                    facts.extensions = own.into_iter().filter_map(extension).collect();
                    if is_more || portion.rows == 0 {
                        return Ok(facts);
                    }
                    None
                }
            };
            let wanted = op.members(Some(Role::Student));
            let page = roster::portion(op.conn, wanted, behind.as_ref(), portion)?;
            facts.next = page.next.clone().map(Position::Student);
            facts.students = page.into_persons();
            Ok(facts)
        })
        .await
}
