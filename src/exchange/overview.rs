//! A course at a glance: who has handed in what, who has not, what is late, what was given back.

use super::roster::everybody;
use super::{Exchange, Result};
use crate::auth::Caller;
use crate::domain::{CourseId, Role};
use crate::store;
use std::collections::{BTreeMap, HashMap};

pub use crate::store::overview::{Assignment, Feedback, Work};

/// The course.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Its assignments, released or not, in the order in which they were made.
    pub assignments: Vec<(Assignment, Counts)>,
    /// Those who take it, in the roster's order, and then whoever else has handed something in, by name.
    pub students: Vec<Student>,
}

/// How many people did what with an assignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Who handed it in,
    pub submitted: usize,
    /// who takes the course and did not,
    pub missing: usize,
    /// whose latest submission is late,
    pub late: usize,
    /// whose latest submission has feedback.
    pub feedback: usize,
}

/// Somebody, and what they handed in.
#[derive(Debug, Clone)]
pub struct Student {
    /// The name by which the hub knows them.
    pub username: String,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// Whether they take the course.
    pub enrolled: bool,
    /// What they handed in, by assignment's row.
    pub work: BTreeMap<i64, Work>,
}

/// The course as its instructors want to see it. The number of statements does not depend on how many take it.
pub async fn of_course(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<Overview> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let assignments = store::overview::assignments(conn, standing.course)?;
            let members = everybody(conn, standing.course, &course, policy.hub_groups)?;
            let mut work = store::overview::work(conn, standing.course)?;
            let mut details = HashMap::new();
            let mut students = Vec::new();
            for member in members {
                let person = member.person;
                let username = person.username.to_string();
                if member.role != Role::Student {
                    details.insert(username, (person.first_name, person.last_name));
                    continue;
                }
                students.push(Student {
                    work: work.remove(&username).unwrap_or_default(),
                    username,
                    first_name: person.first_name,
                    last_name: person.last_name,
                    enrolled: true,
                });
            }
            students.extend(work.into_iter().map(|(username, work)| {
                let (first_name, last_name) = details.remove(&username).unwrap_or_default();
                Student {
                    username,
                    first_name,
                    last_name,
                    enrolled: false,
                    work,
                }
            }));
            let assignments = assignments.into_iter().map(|assignment| {
                let counts = count(assignment.id, &students);
                (assignment, counts)
            });
            Ok(Overview {
                assignments: assignments.collect(),
                students,
            })
        })
        .await
}

fn count(assignment: i64, students: &[Student]) -> Counts {
    let mut counts = Counts::default();
    for student in students {
        if let Some(work) = student.work.get(&assignment) {
            counts.submitted += 1;
            counts.late += usize::from(work.late);
            counts.feedback += usize::from(work.feedback == Feedback::Returned);
        } else if student.enrolled {
            counts.missing += 1;
        }
    }
    counts
}
