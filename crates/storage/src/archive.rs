//! Everything a course holds, read for its archive, and put into an exchange out of one. What is in the trash is left out.

use super::dates::{DATES, DatesRow, dates};
use super::schema::{assignments, courses, events, feedback, releases, submissions};
use super::{Connection, Portion, Result, events::Recorded, history};
use diesel::prelude::*;
use nbcourier_domain::{AssignmentId, CourseId, Dates, Timestamp, UserName};

/// A course that is not deleted: its row, and when it was made.
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
    /// The row's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its dates.
    pub dates: Dates,
}

/// The assignments of a course, in the order in which they were made.
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

/// The versions of an assignment, each with the row of its tree, the first one first.
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
    /// The row's id.
    pub id: i64,
    /// Who handed it in.
    pub student: String,
    /// Microseconds since 1970.
    pub submitted_at: i64,
    /// Who did that for them, where it was not themselves.
    pub submitted_by: Option<String>,
    /// The row of its tree.
    pub tree_id: i64,
}

/// What was handed in to an assignment, oldest first.
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

/// What was given back on a submission once.
#[derive(Debug, Clone, Queryable)]
pub struct Feedback {
    /// The submission's row.
    pub submission_id: i64,
    /// Microseconds since 1970.
    pub returned_at: i64,
    /// By whom.
    pub returned_by: String,
    /// The row of its tree.
    pub tree_id: i64,
}

/// All that was given back on what was handed in to an assignment, the first one first.
pub fn feedback(conn: &mut Connection, assignment: i64) -> Result<Vec<Feedback>> {
    let rows = feedback::table
        .inner_join(submissions::table)
        .filter(submissions::assignment_id.eq(assignment))
        .filter(submissions::deleted_at.is_null())
        .filter(feedback::deleted_at.is_null())
        .order(feedback::id)
        .select((
            feedback::submission_id,
            feedback::returned_at,
            feedback::returned_by,
            feedback::tree_id,
        ))
        .load(conn)?;
    Ok(rows)
}

/// What happened in a course, in order.
pub fn events(conn: &mut Connection, course: i64) -> Result<Vec<Recorded>> {
    let rows = events::table
        .filter(events::course_id.eq(course))
        .order(events::id)
        .select(super::events::COLUMNS)
        .load(conn)?;
    Ok(rows)
}

/// Makes an assignment with its dates; the row's id.
pub fn add_assignment(
    conn: &mut Connection,
    course: i64,
    name: &AssignmentId,
    dates: Dates,
) -> Result<i64> {
    super::dates::set(conn, course, name, dates)?;
    super::assignments::obtain(conn, course, name)
}

/// Adds a version of that number to an assignment, as it was released once; `is_shown` where it is now.
pub fn add_release(
    conn: &mut Connection,
    assignment: i64,
    (version, tree): (i64, i64),
    (by, at): (&UserName, Timestamp),
    is_shown: bool,
) -> Result<()> {
    let release = super::assignments::add_release(conn, assignment, (version, tree), (by, at))?;
    if is_shown {
        diesel::update(assignments::table.find(assignment))
            .set(assignments::current_release.eq(release))
            .execute(conn)?;
    }
    Ok(())
}
