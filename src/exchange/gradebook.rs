//! What the gradebook of a course takes over: dates decide late penalties there, and names stand in its exports.

use super::roster::everybody;
use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::{AssignmentId, CourseId, Dates, Extension, Person, Role};
use crate::store;

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
            let members = everybody(conn, standing.course, &course, policy.hub_groups)?;
            let students = members
                .into_iter()
                .filter(|member| member.role == Role::Student)
                .map(|member| member.person);
            Ok(Facts {
                dates: store::dates::of_assignment(conn, id)?,
                extensions: store::dates::extensions(conn, id)?,
                students: students.collect(),
            })
        })
        .await
}
