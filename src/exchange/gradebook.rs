//! What the gradebook of a course takes over: dates decide late penalties there, and names stand in its exports.

use super::members;
use super::roster::PORTION;
use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId, Dates, Extension, Person, Role};
use crate::store;
use crate::store::members::Wanted;

/// An assignment and the people who take it, as a gradebook knows them.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The dates of the assignment.
    pub dates: Dates,
    /// The students who have dates of their own, by name.
    pub extensions: Vec<(String, Extension)>,
    /// Everybody who takes the course, in the roster's order.
    pub students: Vec<Person>,
}

/// Returns what a gradebook takes over, for instructors. The assignment need not be released.
pub async fn facts(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    assignment: AssignmentId,
) -> Result<Facts> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let id = standing.assignment(conn, &assignment)?;
            let wanted = Wanted {
                course: standing.course,
                group: policy.hub_groups.then_some(&course),
                role: Some(Role::Student),
            };
            let mut students = Vec::new();
            let mut after = None;
            loop {
                let page = members::portion(conn, wanted, after.as_ref(), PORTION)?;
                students.extend(page.people.into_iter().map(|member| member.person));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            Ok(Facts {
                dates: store::dates::of_assignment(conn, id)?,
                extensions: store::dates::extensions(conn, id)?,
                students,
            })
        })
        .await
}
