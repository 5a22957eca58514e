//! Assignments and their releases.

use super::schema::{assignments, releases};
use super::{Connection, Result};
use crate::domain::{AssignmentId, Timestamp, UserName};
use diesel::prelude::*;

/// An assignment that is released now.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct Released {
    /// The row's id.
    pub id: i64,
    /// The tree students fetch.
    pub tree_id: i64,
}

/// The assignment of that name, if it is released.
pub fn find_released(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
) -> Result<Option<Released>> {
    let row = assignments::table
        .inner_join(releases::table.on(assignments::current_release.eq(releases::id.nullable())))
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str())),
        )
        .select((assignments::id, releases::tree_id))
        .get_result(conn)
        .optional()?;
    Ok(row)
}

/// The names of the released assignments, in order of release.
pub fn list_released(conn: &mut Connection, course: i64) -> Result<Vec<String>> {
    let names = assignments::table
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::current_release.is_not_null()),
        )
        .order(assignments::current_release)
        .select(assignments::name)
        .load(conn)?;
    Ok(names)
}

/// Shows `tree` as the next version of the assignment; `None` when a version of it is shown already.
pub fn release(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
    tree: i64,
    by: &UserName,
    now: Timestamp,
) -> Result<Option<()>> {
    diesel::insert_or_ignore_into(assignments::table)
        .values((
            assignments::course_id.eq(course),
            assignments::name.eq(assignment.as_str()),
        ))
        .execute(conn)?;
    let (id, current): (i64, Option<i64>) = assignments::table
        .filter(
            assignments::course_id
                .eq(course)
                .and(assignments::name.eq(assignment.as_str())),
        )
        .select((assignments::id, assignments::current_release))
        .get_result(conn)?;
    if current.is_some() {
        return Ok(None);
    }
    let last: Option<i64> = releases::table
        .filter(releases::assignment_id.eq(id))
        .select(diesel::dsl::max(releases::version))
        .get_result(conn)?;
    let release: i64 = diesel::insert_into(releases::table)
        .values((
            releases::assignment_id.eq(id),
            releases::version.eq(last.unwrap_or(0) + 1),
            releases::tree_id.eq(tree),
            releases::released_by.eq(by.as_str()),
            releases::released_at.eq(now.micros()),
        ))
        .returning(releases::id)
        .get_result(conn)?;
    diesel::update(assignments::table.find(id))
        .set(assignments::current_release.eq(release))
        .execute(conn)?;
    Ok(Some(()))
}

/// Takes the assignment out of every listing; its versions, submissions and feedback stay.
pub fn unrelease(conn: &mut Connection, assignment: i64) -> Result<()> {
    diesel::update(assignments::table.find(assignment))
        .set(assignments::current_release.eq(None::<i64>))
        .execute(conn)?;
    Ok(())
}
