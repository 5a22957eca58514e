//! Courses: made, listed, deleted, restored.

use super::schema::{courses, members};
use super::{Connection, Result};
use crate::domain::{CourseId, Role, Timestamp, UserName};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A course that is not deleted, and what the person asked for is in its manual roster.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// The row's id.
    pub id: i64,
    /// The person's place in the manual roster.
    pub role: Option<Role>,
}

/// A deleted course.
#[derive(Debug, Clone, Queryable)]
pub struct Deleted {
    /// The row's id, by which it can be restored.
    pub id: i64,
    /// The name it had.
    pub name: String,
    /// Microseconds since 1970.
    pub deleted_at: Option<i64>,
}

/// The course of that name, with `person`'s place in it; `None` when there is none or it is deleted.
pub fn find(conn: &mut Connection, course: &CourseId, person: &UserName) -> Result<Option<Found>> {
    let row = courses::table
        .left_join(
            members::table.on(members::course_id
                .eq(courses::id)
                .and(members::username.eq(person.as_str()))),
        )
        .filter(
            courses::name
                .eq(course.as_str())
                .and(courses::deleted_at.is_null()),
        )
        .select((courses::id, members::instructor.nullable()))
        .get_result::<(i64, Option<bool>)>(conn)
        .optional()?;
    Ok(row.map(|(id, instructor)| Found {
        id,
        role: instructor.map(role),
    }))
}

/// The row of the course of that name; `None` when there is none or it is deleted.
pub fn row(conn: &mut Connection, course: &CourseId) -> Result<Option<i64>> {
    Ok(courses::table
        .filter(
            courses::name
                .eq(course.as_str())
                .and(courses::deleted_at.is_null()),
        )
        .select(courses::id)
        .get_result(conn)
        .optional()?)
}

/// The role a flag of a row stands for.
pub(super) fn role(instructor: bool) -> Role {
    if instructor {
        Role::Instructor
    } else {
        Role::Student
    }
}

/// The names of all courses, sorted.
pub fn all(conn: &mut Connection) -> Result<Vec<String>> {
    let names = courses::table
        .filter(courses::deleted_at.is_null())
        .order(courses::name)
        .select(courses::name)
        .load(conn)?;
    Ok(names)
}

/// The courses `person` is in, by name, with their role: by the manual roster, and as `groups` of the hub say.
pub fn of_person(
    conn: &mut Connection,
    person: &UserName,
    groups: &[(CourseId, Role)],
) -> Result<Vec<(String, Role)>> {
    let manual = courses::table
        .inner_join(members::table)
        .filter(
            courses::deleted_at
                .is_null()
                .and(members::username.eq(person.as_str())),
        )
        .select((courses::name, members::instructor))
        .load::<(String, bool)>(conn)?;
    let mut found: std::collections::BTreeMap<String, Role> = manual
        .into_iter()
        .map(|(name, instructor)| (name, role(instructor)))
        .collect();
    if !groups.is_empty() {
        let existing = courses::table
            .filter(courses::deleted_at.is_null())
            .filter(courses::name.eq_any(groups.iter().map(|(course, _)| course.as_str())))
            .select(courses::name)
            .load::<String>(conn)?;
        for name in existing {
            for (_, role) in groups.iter().filter(|(course, _)| course.as_str() == name) {
                let best = found.entry(name.clone()).or_insert(*role);
                *best = (*best).max(*role);
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Makes a course; `None` when one of that name is there.
pub fn create(conn: &mut Connection, course: &CourseId, now: Timestamp) -> Result<Option<i64>> {
    unless_taken(
        diesel::insert_into(courses::table)
            .values((
                courses::name.eq(course.as_str()),
                courses::created_at.eq(now.micros()),
            ))
            .returning(courses::id)
            .get_result(conn),
    )
}

/// Marks a course as deleted.
pub fn mark_deleted(conn: &mut Connection, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(courses::table.find(id))
        .set(courses::deleted_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// All deleted courses, the last deleted first.
pub fn deleted(conn: &mut Connection) -> Result<Vec<Deleted>> {
    let rows = courses::table
        .filter(courses::deleted_at.is_not_null())
        .order(courses::deleted_at.desc())
        .select((courses::id, courses::name, courses::deleted_at))
        .load(conn)?;
    Ok(rows)
}

/// Takes the mark off again; `None` when another course has the name by now.
pub fn restore(conn: &mut Connection, id: i64) -> Result<Option<()>> {
    unless_taken(
        diesel::update(courses::table.find(id))
            .set(courses::deleted_at.eq(None::<i64>))
            .execute(conn)
            .map(drop),
    )
}

/// Removes the rows of courses deleted before `limit`, and all that hangs on them; their number.
pub fn purge_deleted_before(conn: &mut Connection, limit: Timestamp) -> Result<usize> {
    let purged = diesel::delete(courses::table.filter(courses::deleted_at.lt(limit.micros())))
        .execute(conn)?;
    Ok(purged)
}

/// Turns the violation of a unique index into `None`.
pub(super) fn unless_taken<T>(result: QueryResult<T>) -> Result<Option<T>> {
    match result {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(None),
        other => Ok(Some(other?)),
    }
}
