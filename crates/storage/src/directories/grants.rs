//! The grants of directories.

use crate::backend::prelude::*;
use crate::courses::{number, role};
use crate::schema::{courses, directory_grants};
use crate::{Error, Result};
use nbcourier_domain::{AccessLevel, CourseId, Principal, Timestamp, UserName};

/// A grant of a directory.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The row of the directory.
    pub directory: i64,
    /// The receiver.
    pub to: Principal,
    /// The row of the receiver's course, if it is a role in a course.
    pub course: Option<i64>,
    /// The granted level.
    pub level: AccessLevel,
    /// The person who granted it.
    pub by: String,
    /// The time.
    pub at: Timestamp,
}

/// Returns the number of a level in rows. A higher level has a greater number.
const fn level_number(level: AccessLevel) -> i16 {
    match level {
        AccessLevel::Read => 1,
        AccessLevel::Write => 2,
        AccessLevel::Admin => 3,
    }
}

fn level(number: i16) -> Result<AccessLevel> {
    AccessLevel::ALL
        .into_iter()
        .find(|level| level_number(*level) == number)
        .ok_or(Error::Damaged("an unknown level of access"))
}

type Row = (
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<i16>,
    i16,
    String,
    i64,
);

/// Returns the grants of these directories in the order in which they were given, without those to members of deleted
/// courses.
pub fn of(conn: &mut Connection, directories: &[i64]) -> Result<Vec<Grant>> {
    let rows = directory_grants::table
        .left_join(courses::table.on(courses::id.nullable().eq(directory_grants::course_id)))
        .filter(among(
            directory_grants::directory_id,
            directories.iter().copied(),
        ))
        .filter(
            directory_grants::course_id
                .is_null()
                .or(courses::deleted_at.is_null()),
        )
        .order(directory_grants::id)
        .select((
            directory_grants::directory_id,
            directory_grants::person,
            directory_grants::hub_group,
            directory_grants::course_id,
            courses::name.nullable(),
            directory_grants::role,
            directory_grants::level,
            directory_grants::granted_by,
            directory_grants::granted_at,
        ))
        .load::<Row>(conn)?;
    rows.into_iter().map(parse).collect()
}

fn parse(row: Row) -> Result<Grant> {
    let (directory, person, group, course, course_name, role_number, number, by, at) = row;
    let to = match (person, group, course_name, role_number) {
        (Some(person), None, None, None) => Principal::Person(
            UserName::parse(person).map_err(|_| Error::Damaged("an illegal user name"))?,
        ),
        (None, Some(group), None, None) => Principal::Group(group),
        (None, None, Some(name), Some(role_number)) => {
            let name =
                CourseId::parse(name).map_err(|_| Error::Damaged("an illegal name of a course"))?;
            Principal::Course(name, role(role_number)?)
        }
        (None, None, None, None) => Principal::Everybody,
        _ => return Err(Error::Damaged("a grant to two receivers")),
    };
    Ok(Grant {
        directory,
        to,
        course,
        level: level(number)?,
        by,
        at: Timestamp::from_micros(at),
    })
}

/// Replaces all grants of a directory.
pub fn replace(conn: &mut Connection, directory: i64, grants: &[Grant]) -> Result<()> {
    diesel::delete(directory_grants::table.filter(directory_grants::directory_id.eq(directory)))
        .execute(conn)?;
    let rows: Vec<_> = grants
        .iter()
        .map(|grant| {
            let (person, group, role) = match &grant.to {
                Principal::Person(person) => (Some(person.as_str()), None, None),
                Principal::Group(group) => (None, Some(group.as_str()), None),
                Principal::Course(_, role) => (None, None, Some(number(*role))),
                Principal::Everybody => (None, None, None),
            };
            (
                directory_grants::directory_id.eq(directory),
                directory_grants::person.eq(person),
                directory_grants::hub_group.eq(group),
                directory_grants::course_id.eq(grant.course),
                directory_grants::role.eq(role),
                directory_grants::level.eq(level_number(grant.level)),
                directory_grants::granted_by.eq(grant.by.as_str()),
                directory_grants::granted_at.eq(grant.at.micros()),
            )
        })
        .collect();
    diesel::insert_into(directory_grants::table)
        .values(rows)
        .execute(conn)?;
    Ok(())
}
