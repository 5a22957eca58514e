//! Reads a whole course for its archive, and writes the contents of an archive. The trash is left out.

use super::backend::prelude::*;
use super::dates::{DATES, DatesRow, dates};
use super::schema::{
    assignments, courses, events, feedback, feedback_readings, releases, submissions,
};
use super::seen::{ReadingRow, Times, reading, times_read};
use super::{Portion, Result, events::RecordedEvent, history};
use nbcourier_domain::{AssignmentId, CourseId, Dates, Timestamp, UserName};

/// Returns the row of a course that is not deleted, and the time of its creation.
pub fn course(conn: &mut Connection, name: &CourseId) -> Result<Option<(i64, Timestamp)>> {
    let row = courses::table
        .filter(courses::name.eq(name.as_str()))
        .filter(courses::deleted_at.is_null())
        .select((courses::id, courses::created_at))
        .get_result::<(i64, i64)>(conn)
        .optional()?;
    Ok(row.map(|(id, made)| (id, Timestamp::from_micros(made))))
}

/// An assignment, released or not.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The ID of the row.
    pub id: i64,
    /// The name of the assignment.
    pub name: String,
    /// The dates of the assignment.
    pub dates: Dates,
}

/// Returns the assignments of a course, in the order of their creation.
pub fn assignments(conn: &mut Connection, course: i64) -> Result<Vec<Assignment>> {
    let rows = assignments::table
        .filter(assignments::course_id.eq(course))
        .filter(assignments::deleted_at.is_null())
        .order(assignments::id)
        .select((assignments::id, assignments::name, DATES))
        .load::<(i64, String, DatesRow)>(conn)?;
    let assignment = |(id, name, row)| Assignment {
        id,
        name,
        dates: dates(row),
    };
    Ok(rows.into_iter().map(assignment).collect())
}

/// Returns the versions of an assignment, each with the row of its tree, oldest first.
pub fn releases(conn: &mut Connection, assignment: i64) -> Result<Vec<(history::Release, i64)>> {
    let trees = releases::table
        .filter(releases::assignment_id.eq(assignment))
        .order(releases::version)
        .select(releases::tree_id)
        .load::<i64>(conn)?;
    let (released, _) = history::releases(conn, assignment, 0, Portion::ALL)?;
    Ok(released.into_iter().zip(trees).collect())
}

/// A submission.
#[derive(Debug, Clone, Queryable)]
pub struct Submission {
    /// The ID of the row.
    pub id: i64,
    /// The student.
    pub student: String,
    /// The time of submission, in microseconds since 1970.
    pub submitted_at: i64,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// The row of the tree.
    pub tree_id: i64,
}

/// Returns the submissions to an assignment, oldest first.
pub fn submissions(conn: &mut Connection, assignment: i64) -> Result<Vec<Submission>> {
    let rows = submissions::table
        .filter(submissions::assignment_id.eq(assignment))
        .filter(submissions::deleted_at.is_null())
        .order((submissions::submitted_at, submissions::student))
        .select((
            submissions::id,
            submissions::student,
            submissions::submitted_at,
            submissions::submitted_by,
            submissions::tree_id,
        ))
        .load(conn)?;
    Ok(rows)
}

/// Feedback on a submission.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The row of the submission.
    pub submission_id: i64,
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The person who gave it.
    pub returned_by: String,
    /// The row of the tree.
    pub tree_id: i64,
    /// The times at which the student has read it.
    pub read: Option<Times>,
}

/// Returns all feedback on the submissions to an assignment, oldest first.
pub fn feedback(conn: &mut Connection, assignment: i64) -> Result<Vec<Feedback>> {
    let rows = feedback::table
        .inner_join(submissions::table)
        .left_join(feedback_readings::table)
        .filter(submissions::assignment_id.eq(assignment))
        .filter(submissions::deleted_at.is_null())
        .filter(feedback::deleted_at.is_null())
        .order(feedback::id)
        .select((
            feedback::submission_id,
            feedback::returned_at,
            feedback::returned_by,
            feedback::tree_id,
            reading(),
        ))
        .load::<(i64, i64, String, i64, ReadingRow)>(conn)?;
    let feedback = |(submission_id, returned_at, returned_by, tree_id, read)| Feedback {
        submission_id,
        returned_at: Timestamp::from_micros(returned_at),
        returned_by,
        tree_id,
        read: times_read(read),
    };
    Ok(rows.into_iter().map(feedback).collect())
}

/// Returns the events of a course, in order.
pub fn events(conn: &mut Connection, course: i64) -> Result<Vec<RecordedEvent>> {
    let rows = events::table
        .filter(events::course_id.eq(course))
        .order(events::id)
        .select(super::events::COLUMNS)
        .load(conn)?;
    Ok(rows)
}

/// Creates an assignment with its dates. Returns the ID of its row.
pub fn add_assignment(
    conn: &mut Connection,
    course: i64,
    name: &AssignmentId,
    dates: Dates,
) -> Result<i64> {
    super::dates::set(conn, course, name, dates)?;
    super::assignments::obtain(conn, course, name)
}

/// Adds a version with this number to an assignment, as it was once released. `is_shown` makes it the current
/// version. Returns the ID of its row.
pub fn add_release(
    conn: &mut Connection,
    assignment: i64,
    (version, tree): (i64, i64),
    (by, at): (&UserName, Timestamp),
    is_shown: bool,
) -> Result<i64> {
    let release = super::assignments::add_release(conn, assignment, (version, tree), (by, at))?;
    if is_shown {
        diesel::update(assignments::table.find(assignment))
            .set(assignments::current_release.eq(release))
            .execute(conn)?;
    }
    Ok(release)
}
