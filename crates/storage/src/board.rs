//! One assignment with everybody's submissions to it, for the page of those who read all work.

use super::backend::prelude::*;
use super::dates::{DATES, DatesRow, dates, extension};
use super::schema::{assignments, events, extensions, feedback, releases, submissions};
use super::{Result, allowances};
use diesel::dsl::{exists, max};
use nbcourier_domain::{AssignmentId, Dates, OwnTime, Timestamp};
use std::collections::HashMap;

/// An assignment, released or not.
#[derive(Debug, Clone)]
pub struct BoardAssignment {
    /// The ID of the row.
    pub id: i64,
    /// The dates for everybody.
    pub dates: Dates,
    /// The current version and the time of its release, if it is released.
    pub release: Option<(i64, Timestamp)>,
    /// The time that students have of their own, by student.
    pub own: HashMap<String, OwnTime>,
}

/// Returns the assignment of that name with all its extensions and the allowances of its course, in two statements.
pub fn assignment(
    conn: &mut Connection,
    course: i64,
    name: &AssignmentId,
) -> Result<Option<BoardAssignment>> {
    type Extended = (Option<String>, (Option<i64>, Option<i64>));
    type Columns = (i64, DatesRow, (Option<i64>, Option<i64>), Extended);
    let rows = assignments::table
        .left_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .left_join(extensions::table.on(extensions::assignment_id.eq(assignments::id)))
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(name.as_str()))
                .and(assignments::deleted_at.is_null()),
        )
        .select((
            assignments::id,
            DATES,
            (
                releases::version.nullable(),
                releases::released_at.nullable(),
            ),
            (
                extensions::student.nullable(),
                (
                    extensions::due_at.nullable(),
                    extensions::cutoff_at.nullable(),
                ),
            ),
        ))
        .load_iter::<Columns>(conn)?;
    let mut found: Option<BoardAssignment> = None;
    for row in rows {
        let (id, of_all, (version, released_at), (student, of_student)) = row?;
        let assignment = found.get_or_insert_with(|| BoardAssignment {
            id,
            dates: dates(of_all),
            release: version.zip(released_at.map(Timestamp::from_micros)),
            own: HashMap::new(),
        });
        if let Some(student) = student {
            let own = assignment.own.entry(student).or_default();
            own.extension = Some(extension(of_student));
        }
    }
    if let Some(assignment) = &mut found {
        for (student, allowance) in allowances::of_course(conn, course)? {
            assignment.own.entry(student).or_default().allowance = Some(allowance);
        }
    }
    Ok(found)
}

/// Passes on the submissions to an assignment, by student and time: student, time, and whether there is feedback.
pub fn each_submission(
    conn: &mut Connection,
    assignment: i64,
    mut take: impl FnMut(String, Timestamp, bool),
) -> Result<()> {
    let shown = feedback::table.filter(
        feedback::submission_id
            .eq(submissions::id)
            .and(feedback::deleted_at.is_null()),
    );
    let rows = submissions::table
        .filter(
            submissions::assignment_id
                .eq(assignment)
                .and(submissions::deleted_at.is_null()),
        )
        .order((submissions::student, submissions::submitted_at))
        .select((
            submissions::student,
            submissions::submitted_at,
            exists(shown),
        ))
        .load_iter::<(String, i64, bool)>(conn)?;
    for row in rows {
        let (student, at, has_feedback) = row?;
        take(student, Timestamp::from_micros(at), has_feedback);
    }
    Ok(())
}

/// Returns the number of the last event of a course. Every change of the course has a larger one.
pub fn last_event(conn: &mut Connection, course: i64) -> Result<i64> {
    let last: Option<i64> = events::table
        .filter(events::course_id.eq(course))
        .select(max(events::id))
        .get_result(conn)?;
    Ok(last.unwrap_or(0))
}
