//! The roster kept by hand.

use super::courses::role;
use super::schema::{courses, hub_members, members};
use super::{Connection, Error, Portion, Result};
use diesel::prelude::*;
use diesel::upsert::excluded;
use nbcourier_domain::{CourseId, Person, Role, UserName};
use std::collections::BTreeSet;

type Row = (String, Option<String>, Option<String>, Option<String>);
const COLUMNS: (
    members::username,
    members::first_name,
    members::last_name,
    members::email,
) = (
    members::username,
    members::first_name,
    members::last_name,
    members::email,
);

/// People put into one statement; SQLite takes 32,766 values in one.
const CHUNK: usize = 1000;

/// Adds the people to the course or updates them, as `role`, whatever they were before. Nobody may be named twice.
pub fn put(conn: &mut Connection, course: i64, role: Role, people: &[Person]) -> Result<()> {
    for chunk in people.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|person| {
                (
                    members::course_id.eq(course),
                    members::username.eq(person.username.as_str()),
                    members::instructor.eq(role == Role::Instructor),
                    members::first_name.eq(person.first_name.as_deref()),
                    members::last_name.eq(person.last_name.as_deref()),
                    members::email.eq(person.email.as_deref()),
                )
            })
            .collect();
        diesel::insert_into(members::table)
            .values(&rows)
            .on_conflict((members::course_id, members::username))
            .do_update()
            .set((
                members::instructor.eq(excluded(members::instructor)),
                members::first_name.eq(excluded(members::first_name)),
                members::last_name.eq(excluded(members::last_name)),
                members::email.eq(excluded(members::email)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// One line of the roster, with the role.
pub fn find(
    conn: &mut Connection,
    course: i64,
    person: &UserName,
) -> Result<Option<(Role, Person)>> {
    let row = members::table
        .filter(
            members::course_id
                .eq(course)
                .and(members::username.eq(person.as_str())),
        )
        .select((members::instructor, COLUMNS))
        .get_result::<(bool, Row)>(conn)
        .optional()?;
    row.map(|(instructor, row)| Ok((role(instructor), parse(row)?)))
        .transpose()
}

/// The roster, in the order in which people were added, each with the row's id.
pub fn list(conn: &mut Connection, course: i64) -> Result<Vec<(i64, Role, Person)>> {
    let rows = members::table
        .filter(members::course_id.eq(course))
        .order(members::id)
        .select((members::id, members::instructor, COLUMNS))
        .load::<(i64, bool, Row)>(conn)?;
    rows.into_iter()
        .map(|(id, instructor, row)| Ok((id, role(instructor), parse(row)?)))
        .collect()
}

/// The names of all who are on any roster kept by hand, of courses that are there.
pub fn everybody(conn: &mut Connection) -> Result<BTreeSet<String>> {
    let names = members::table
        .inner_join(courses::table)
        .filter(courses::deleted_at.is_null())
        .select(members::username)
        .distinct()
        .load_iter::<String, _>(conn)?;
    Ok(names.collect::<QueryResult<_>>()?)
}

/// The names of all who are on the roster kept by hand.
pub fn names(conn: &mut Connection, course: i64) -> Result<BTreeSet<String>> {
    let names = members::table
        .filter(members::course_id.eq(course))
        .select(members::username)
        .load_iter::<String, _>(conn)?;
    Ok(names.collect::<QueryResult<_>>()?)
}

/// Which of the people in a course are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The course's row.
    pub course: i64,
    /// The name by which the hub's groups know it, where they count.
    pub group: Option<&'a CourseId>,
    /// Only those who are this in the course, by hand and group together.
    pub role: Option<Role>,
}

/// Somebody on the roster kept by hand.
#[derive(Debug, Clone)]
pub struct ByHand {
    /// The row's id.
    pub row: i64,
    /// What they are by hand.
    pub role: Role,
    /// What a group of the hub makes them.
    pub by_group: Option<Role>,
    /// Who they are.
    pub person: Person,
}

/// A portion of those on the roster kept by hand, behind a row, in the order in which they were added; whether there are
/// more.
pub fn by_hand(
    conn: &mut Connection,
    wanted: Wanted<'_>,
    after: i64,
    portion: Portion,
) -> Result<(Vec<ByHand>, bool)> {
    type Columns = (i64, bool, Option<bool>, Row);
    let mut query = members::table
        .left_join(
            hub_members::table.on(hub_members::username
                .eq(members::username)
                .and(hub_members::course.eq(group(wanted)))),
        )
        .filter(members::course_id.eq(wanted.course))
        .filter(is_somebody())
        .filter(members::id.gt(after))
        .order(members::id)
        .select((
            members::id,
            members::instructor,
            hub_members::instructor.nullable(),
            COLUMNS,
        ))
        .into_boxed();
    if let Some(role) = wanted.role {
        query = query.filter(teaches().eq(role == Role::Instructor));
    }
    let parse = |(row, by_hand, by_group, person): Columns| {
        Ok(ByHand {
            row,
            role: role(by_hand),
            by_group: by_group.map(role),
            person: parse(person)?,
        })
    };
    let size = |line: &ByHand| text(&line.person);
    portion.take(query.load_iter::<Columns, _>(conn)?, parse, size)
}

/// A portion of those whom only the hub knows, behind a name, by name; whether there are more.
pub fn by_group(
    conn: &mut Connection,
    wanted: Wanted<'_>,
    after: &str,
    portion: Portion,
) -> Result<(Vec<(UserName, Role)>, bool)> {
    let mut query = hub_members::table
        .left_join(
            members::table.on(members::course_id
                .eq(wanted.course)
                .and(members::username.eq(hub_members::username))),
        )
        .filter(hub_members::course.eq(group(wanted)))
        .filter(hub_members::username.gt(after))
        .filter(members::id.nullable().is_null())
        .order(hub_members::username)
        .select((hub_members::username, hub_members::instructor))
        .into_boxed();
    if let Some(role) = wanted.role {
        query = query.filter(hub_members::instructor.eq(role == Role::Instructor));
    }
    let parse = |(name, teaches): (String, bool)| {
        let name = UserName::parse(name).map_err(|_| Error::Damaged("an illegal user name"))?;
        Ok((name, role(teaches)))
    };
    let size = |(name, _): &(UserName, Role)| name.as_str().len();
    portion.take(query.load_iter::<(String, bool), _>(conn)?, parse, size)
}

/// How many they are.
pub fn count(conn: &mut Connection, wanted: Wanted<'_>) -> Result<usize> {
    let mut by_hand = members::table
        .left_join(
            hub_members::table.on(hub_members::username
                .eq(members::username)
                .and(hub_members::course.eq(group(wanted)))),
        )
        .filter(members::course_id.eq(wanted.course))
        .filter(is_somebody())
        .select(diesel::dsl::count_star())
        .into_boxed();
    if let Some(role) = wanted.role {
        by_hand = by_hand.filter(teaches().eq(role == Role::Instructor));
    }
    let by_hand: i64 = by_hand.get_result(conn)?;
    let mut by_group = hub_members::table
        .left_join(
            members::table.on(members::course_id
                .eq(wanted.course)
                .and(members::username.eq(hub_members::username))),
        )
        .filter(hub_members::course.eq(group(wanted)))
        .filter(members::id.nullable().is_null())
        .select(diesel::dsl::count_star())
        .into_boxed();
    if let Some(role) = wanted.role {
        by_group = by_group.filter(hub_members::instructor.eq(role == Role::Instructor));
    }
    let by_group: i64 = by_group.get_result(conn)?;
    usize::try_from(by_hand + by_group).map_err(|_| Error::Damaged("a negative number of people"))
}

/// The place of somebody whose account was made anew is kept for when they are the same person, and is nobody's until
/// then.
fn is_somebody() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    let prefix = UserName::FORMER_PREFIX;
    diesel::dsl::sql(&format!(
        "(substr(`members`.`username`, 1, {}) <> '{prefix}')",
        prefix.len()
    ))
}

/// Whether somebody teaches, by hand or by a group of the hub.
fn teaches() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    diesel::dsl::sql("(`members`.`instructor` OR coalesce(`hub_members`.`instructor`, 0))")
}

/// The course that groups name; no course has the empty name.
fn group(wanted: Wanted<'_>) -> &str {
    wanted.group.map_or("", CourseId::as_str)
}

/// Bytes of text in a line of the roster.
fn text(person: &Person) -> usize {
    let details = [&person.first_name, &person.last_name, &person.email];
    let details = details.into_iter().flatten().map(String::len);
    person.username.as_str().len() + details.sum::<usize>()
}

/// Those of the named people who are on the roster kept by hand.
pub fn named(conn: &mut Connection, course: i64, names: &[&str]) -> Result<Vec<(Role, Person)>> {
    let mut found = Vec::new();
    for chunk in names.chunks(CHUNK) {
        let rows = members::table
            .filter(members::course_id.eq(course))
            .filter(members::username.eq_any(chunk))
            .select((members::instructor, COLUMNS))
            .load_iter::<(bool, Row), _>(conn)?;
        for row in rows {
            let (instructor, row) = row?;
            found.push((role(instructor), parse(row)?));
        }
    }
    Ok(found)
}

/// Takes somebody off the roster; whether they were there as `role`.
pub fn remove(conn: &mut Connection, course: i64, role: Role, person: &UserName) -> Result<bool> {
    let removed = diesel::delete(
        members::table.filter(
            members::course_id
                .eq(course)
                .and(members::username.eq(person.as_str()))
                .and(members::instructor.eq(role == Role::Instructor)),
        ),
    )
    .execute(conn)?;
    Ok(removed > 0)
}

fn parse((username, first_name, last_name, email): Row) -> Result<Person> {
    let username = UserName::parse(username)
        .map_err(|_| Error::Damaged("an illegal user name in a roster"))?;
    Ok(Person {
        username,
        first_name,
        last_name,
        email,
    })
}
