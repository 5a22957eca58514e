//! What the gradebook of a course takes over: dates decide late penalties there, and names stand in its exports.

use super::members;
use super::{Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, Dates, Extension, Person, Role};
use nbcourier_identity::Caller;
use nbcourier_storage::members::Wanted;
use nbcourier_storage::{self as store, Portion};

/// A page of what a gradebook knows of an assignment and the people who take it.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The dates of the assignment.
    pub dates: Dates,
    /// The students who have dates of their own, by name. They come before the students.
    pub extensions: Vec<(String, Extension)>,
    /// Those who take the course, in the roster's order.
    pub students: Vec<Person>,
    /// Behind which place the next page begins, if there is one.
    pub next: Option<Place>,
}

/// A place in what a gradebook takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Among the extensions, by the student.
    Extension(String),
    /// Behind them, among those who take the course.
    Student(members::Place),
}

/// Returns at most so much of what a gradebook takes over, behind that place, for instructors. The assignment need not be
/// released.
pub async fn facts(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
    after: Option<Place>,
    at_most: usize,
) -> Result<Facts> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let id = standing.assignment(conn, &assignment)?;
            let mut facts = Facts {
                dates: store::dates::of_assignment(conn, id)?,
                extensions: Vec::new(),
                students: Vec::new(),
                next: after.clone(),
            };
            let mut portion = Portion::of(at_most);
            let behind = match after {
                Some(Place::Student(place)) => Some(place),
                Some(Place::Extension(_)) | None => {
                    let student = match &after {
                        Some(Place::Extension(student)) => student,
                        _ => "",
                    };
                    let (extensions, is_more) =
                        store::dates::extensions(conn, id, student, portion)?;
                    if let Some((student, _)) = extensions.last() {
                        facts.next = Some(Place::Extension(student.clone()));
                    }
                    portion = portion.without(extensions.len());
                    facts.extensions = extensions;
                    if is_more || portion.rows == 0 {
                        return Ok(facts);
                    }
                    None
                }
            };
            let wanted = Wanted {
                course: standing.course,
                group: policy.hub_groups.then_some(&course),
                role: Some(Role::Student),
            };
            let page = members::portion(conn, wanted, behind.as_ref(), portion)?;
            facts.next = page.next.clone().map(Place::Student);
            facts.students = page.into_persons();
            Ok(facts)
        })
        .await
}
