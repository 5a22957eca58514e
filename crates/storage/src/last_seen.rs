//! The last time at which the exchange noted something of students in a course.

use super::Result;
use super::backend::prelude::*;
use super::schema::{assignments, feedback, feedback_readings, fetches, releases, submissions};
use diesel::dsl::max;
use nbcourier_domain::Timestamp;
use std::collections::HashMap;

/// Returns the last time at which each of these students fetched, submitted or read feedback in a course, as far as it is
/// noted. What is in the trash counts, too.
pub fn in_course(
    conn: &mut Connection,
    course: i64,
    students: &[&str],
) -> Result<HashMap<String, Timestamp>> {
    let fetched = fetches::table
        .inner_join(releases::table)
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .filter(assignments::course_id.eq(course))
        .filter(among_texts(fetches::student, students.iter().copied()))
        .group_by(fetches::student)
        .select((fetches::student, max(fetches::last_at)))
        .load::<(String, Option<i64>)>(conn)?;
    let submitted = submissions::table
        .inner_join(assignments::table)
        .filter(assignments::course_id.eq(course))
        .filter(among_texts(submissions::student, students.iter().copied()))
        .group_by(submissions::student)
        .select((submissions::student, max(submissions::submitted_at)))
        .load::<(String, Option<i64>)>(conn)?;
    let read = feedback_readings::table
        .inner_join(feedback::table)
        .inner_join(submissions::table.on(submissions::id.eq(feedback::submission_id)))
        .inner_join(assignments::table.on(assignments::id.eq(submissions::assignment_id)))
        .filter(assignments::course_id.eq(course))
        .filter(among_texts(submissions::student, students.iter().copied()))
        .group_by(submissions::student)
        .select((submissions::student, max(feedback_readings::last_at)))
        .load::<(String, Option<i64>)>(conn)?;
    let mut last: HashMap<String, Timestamp> = HashMap::new();
    for (student, at) in fetched.into_iter().chain(submitted).chain(read) {
        let Some(at) = at.map(Timestamp::from_micros) else {
            continue;
        };
        let known = last.entry(student).or_insert(at);
        *known = at.max(*known);
    }
    Ok(last)
}
