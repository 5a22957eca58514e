//! The groups of the hub in which people were last seen.

use super::backend::prelude::*;
use super::courses::{number, role};
use super::schema::hub_members;
use super::{Error, Result};
use nbcourier_domain::{CourseId, Role, UserName};
use std::collections::HashMap;

/// The maximum number of names per statement.
const CHUNK: usize = 1000;

/// Replaces the groups of `person` with those that the hub reports now. Each course may occur only once.
pub fn replace(
    conn: &mut Connection,
    person: &UserName,
    groups: &[(CourseId, Role)],
) -> Result<()> {
    diesel::delete(hub_members::table.filter(hub_members::username.eq(person.as_str())))
        .execute(conn)?;
    for (course, role) in groups {
        diesel::insert_into(hub_members::table)
            .values((
                hub_members::username.eq(person.as_str()),
                hub_members::course.eq(course.as_str()),
                hub_members::role.eq(number(*role)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Returns the courses in whose groups `person` was seen, by name.
pub fn of_person(conn: &mut Connection, person: &UserName) -> Result<Vec<(CourseId, Role)>> {
    let rows = hub_members::table
        .filter(hub_members::username.eq(person.as_str()))
        .order(hub_members::course)
        .select((hub_members::course, hub_members::role))
        .load::<(String, i16)>(conn)?;
    rows.into_iter()
        .map(|(course, number)| {
            let course = CourseId::parse(course)
                .map_err(|_| Error::Damaged("an illegal name of a course"))?;
            Ok((course, role(number)?))
        })
        .collect()
}

/// Returns everybody who was seen in a group, each with their courses by name.
pub fn all(conn: &mut Connection) -> Result<HashMap<UserName, Vec<(CourseId, Role)>>> {
    let rows = hub_members::table
        .order((hub_members::username, hub_members::course))
        .select((
            hub_members::username,
            hub_members::course,
            hub_members::role,
        ))
        .load::<(String, String, i16)>(conn)?;
    let mut people: HashMap<UserName, Vec<(CourseId, Role)>> = HashMap::new();
    for (name, course, number) in rows {
        let person = UserName::parse(name).map_err(|_| Error::Damaged("an illegal user name"))?;
        let course =
            CourseId::parse(course).map_err(|_| Error::Damaged("an illegal name of a course"))?;
        people
            .entry(person)
            .or_default()
            .push((course, role(number)?));
    }
    Ok(people)
}

/// Returns the role of `person` in the groups for `course`.
pub fn find(conn: &mut Connection, course: &CourseId, person: &UserName) -> Result<Option<Role>> {
    let number = hub_members::table
        .find((person.as_str(), course.as_str()))
        .select(hub_members::role)
        .get_result(conn)
        .optional()?;
    number.map(role).transpose()
}

/// Returns those of the named people who were seen in a group for `course`.
pub fn named(
    conn: &mut Connection,
    course: &CourseId,
    names: &[&str],
) -> Result<Vec<(String, Role)>> {
    let mut found = Vec::new();
    for chunk in names.chunks(CHUNK) {
        let rows = hub_members::table
            .filter(hub_members::course.eq(course.as_str()))
            .filter(hub_members::username.eq_any(chunk))
            .select((hub_members::username, hub_members::role))
            .load::<(String, i16)>(conn)?;
        for (name, number) in rows {
            found.push((name, role(number)?));
        }
    }
    Ok(found)
}

/// Returns everybody who was seen in a group for `course`, by name.
pub fn list(conn: &mut Connection, course: &CourseId) -> Result<Vec<(String, Role)>> {
    let rows = hub_members::table
        .filter(hub_members::course.eq(course.as_str()))
        .order(hub_members::username)
        .select((hub_members::username, hub_members::role))
        .load::<(String, i16)>(conn)?;
    rows.into_iter()
        .map(|(name, number)| Ok((name, role(number)?)))
        .collect()
}
