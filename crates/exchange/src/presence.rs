//! The last time at which students of a course were seen here.

use super::op::Need;
use super::policy::Right;
use super::roster::{self, Position};
use super::{Exchange, Result};
use nbcourier_domain::{CourseId, Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{Portion, last_seen};

/// A student of a course.
#[derive(Debug, Clone)]
pub struct Presence {
    /// The student.
    pub student: UserName,
    /// The last time at which they fetched, submitted or read feedback in the course.
    pub seen_at: Option<Timestamp>,
}

/// A page of the students of a course.
#[derive(Debug, Clone)]
pub struct PresencePage {
    /// The students, in the order of the roster.
    pub students: Vec<Presence>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns at most `at_most` students of the course after that position, for those who read all work.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Position>,
    at_most: usize,
) -> Result<PresencePage> {
    exchange
        .read_in(caller, course, Need::May(Right::SeeActivity), move |op| {
            let wanted = op.members(Some(Role::Student));
            let found = roster::portion(op.conn, wanted, after.as_ref(), Portion::of(at_most))?;
            let next = found.next.clone();
            let people = found.into_persons();
            let names: Vec<&str> = people
                .iter()
                .map(|person| person.username.as_str())
                .collect();
            let mut seen = last_seen::in_course(op.conn, op.standing.course, &names)?;
            let students = people.iter().map(|person| Presence {
                seen_at: seen.remove(person.username.as_str()),
                student: person.username.clone(),
            });
            Ok(PresencePage {
                students: students.collect(),
                next,
            })
        })
        .await
}
