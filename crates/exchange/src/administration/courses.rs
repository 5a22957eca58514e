//! The list of all courses.

use super::sizes::{self, Sizes};
use crate::{Exchange, Result};
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use std::collections::HashMap;
use std::sync::Arc;

pub use nbcourier_storage::administration::{CourseFilter, CourseOrder};

/// Maximum number of instructors that are read for a list.
const TEACHERS: i64 = 2000;
/// Maximum number of unknown names in a warning.
const UNKNOWN: i64 = 20;

/// A course in the list.
#[derive(Debug, Clone)]
pub struct ListedCourse {
    /// The row of the course, by which sizes are found.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The title that people see.
    pub title: Option<String>,
    /// The instructors, sorted.
    pub teachers: Vec<String>,
    /// The number of students.
    pub students: i64,
    /// The number of submissions.
    pub submissions: i64,
    /// The time of the last event.
    pub used_at: Option<Timestamp>,
}

/// A part of the list.
#[derive(Debug, Clone)]
pub struct CourseList {
    /// The courses, in the order that was asked for.
    pub courses: Vec<ListedCourse>,
    /// The number of courses that fit, before and after this part, too.
    pub found: i64,
    /// Maximum bytes of a course, if there is a limit.
    pub quota: Option<u64>,
    /// The bytes of the courses, if they were counted.
    pub sizes: Option<Arc<Sizes>>,
}

/// Returns a part of the list of all courses, for administrators.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    wanted: CourseFilter,
) -> Result<CourseList> {
    let sizes = sizes::last(exchange, caller)?;
    exchange
        .read_as_admin(caller, move |op| {
            let lines = store::administration::courses(op.conn, &wanted)?;
            let ids = lines.iter().map(|line| line.id);
            let mut teachers: HashMap<i64, Vec<String>> = HashMap::new();
            for (course, name) in store::administration::teachers(op.conn, ids, TEACHERS)? {
                teachers.entry(course).or_default().push(name);
            }
            let found = lines.first().map_or(0, |line| line.found);
            let courses = lines.into_iter().map(|line| ListedCourse {
                teachers: teachers.remove(&line.id).unwrap_or_default(),
                id: line.id,
                name: line.name,
                title: line.title,
                students: line.students,
                submissions: line.submissions,
                used_at: line.used_at.map(Timestamp::from_micros),
            });
            Ok(CourseList {
                courses: courses.collect(),
                found,
                quota: op.exchange.quota.limits().course_bytes,
                sizes,
            })
        })
        .await
}

/// Returns some instructors of the course whom the exchange knows from nothing else. Their names may be misspelt.
pub async fn unknown_teachers(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
) -> Result<Vec<String>> {
    let read = exchange.read_as_admin(caller, move |op| {
        let course = course.as_str();
        Ok(store::administration::unknown_teachers(
            op.conn, course, UNKNOWN,
        )?)
    });
    read.await
}
