//! The manual roster of a course.

use super::backend::prelude::*;
use super::courses::{number, role};
use super::schema::{courses, hub_members, members};
use super::{Error, Portion, Result};
use diesel::sql_types::{BigInt, Nullable, Text};
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

/// The maximum number of people per statement. SQLite accepts 32,766 values in one statement.
const CHUNK: usize = 1000;

/// Adds the people to the course as `role`, or updates them, whatever their role was. No name may occur twice.
pub fn put(conn: &mut Connection, course: i64, role: Role, people: &[Person]) -> Result<()> {
    for chunk in people.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|person| {
                (
                    members::course_id.eq(course),
                    members::username.eq(person.username.as_str()),
                    members::role.eq(number(role)),
                    members::first_name.eq(storable(person.first_name.as_deref())),
                    members::last_name.eq(storable(person.last_name.as_deref())),
                    members::email.eq(storable(person.email.as_deref())),
                )
            })
            .collect();
        diesel::insert_into(members::table)
            .values(&rows)
            .on_conflict((members::course_id, members::username))
            .do_update()
            .set((
                members::role.eq(excluded(members::role)),
                members::first_name.eq(excluded(members::first_name)),
                members::last_name.eq(excluded(members::last_name)),
                members::email.eq(excluded(members::email)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Returns the detail without the character U+0000, which PostgreSQL cannot store. Requests with it are refused, but
/// imports may bring it.
fn storable(detail: Option<&str>) -> Option<String> {
    detail.map(|detail| detail.replace('\0', ""))
}

/// Returns a person's role and details on the roster.
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
        .select((members::role, COLUMNS))
        .get_result::<(i16, Row)>(conn)
        .optional()?;
    row.map(|(number, row)| Ok((role(number)?, parse(row)?)))
        .transpose()
}

/// Returns the roster in the order in which people were added, each with the ID of the row.
pub fn list(conn: &mut Connection, course: i64) -> Result<Vec<(i64, Role, Person)>> {
    let rows = members::table
        .filter(members::course_id.eq(course))
        .order(members::id)
        .select((members::id, members::role, COLUMNS))
        .load::<(i64, i16, Row)>(conn)?;
    rows.into_iter()
        .map(|(id, number, row)| Ok((id, role(number)?, parse(row)?)))
        .collect()
}

/// Returns the names of all people on the manual rosters of courses that are not deleted.
pub fn everybody(conn: &mut Connection) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    each_of_all(conn, |name| {
        names.insert(name.to_owned());
    })?;
    Ok(names)
}

/// Passes on the names of all people on the manual rosters of courses that are not deleted, without holding them.
pub fn each_of_all(conn: &mut Connection, mut take: impl FnMut(&str)) -> Result<()> {
    let names = members::table
        .inner_join(courses::table)
        .filter(courses::deleted_at.is_null())
        .select(members::username)
        .load_iter::<String>(conn)?;
    for name in names {
        take(&name?);
    }
    Ok(())
}

/// Passes on the names of all people on the manual roster and in the groups of the hub for `group`, without holding
/// them. A name may come twice.
pub fn each(
    conn: &mut Connection,
    course: i64,
    group: Option<&CourseId>,
    mut take: impl FnMut(&str),
) -> Result<()> {
    let by_hand = members::table
        .filter(members::course_id.eq(course))
        .select(members::username)
        .load_iter::<String>(conn)?;
    for name in by_hand {
        take(&name?);
    }
    let Some(group) = group else {
        return Ok(());
    };
    let by_group = hub_members::table
        .filter(hub_members::course.eq(group.as_str()))
        .select(hub_members::username)
        .load_iter::<String>(conn)?;
    for name in by_group {
        take(&name?);
    }
    Ok(())
}

/// A filter for the members of a course.
#[derive(Debug, Clone, Copy)]
pub struct MemberFilter<'a> {
    /// The row of the course.
    pub course: i64,
    /// The name of the course in the hub's groups, if these count.
    pub group: Option<&'a CourseId>,
    /// Only members with this role, by manual roster and group together.
    pub role: Option<Role>,
}

/// A member on the manual roster.
#[derive(Debug, Clone)]
pub struct ByHand {
    /// The ID of the row.
    pub row: i64,
    /// The role on the manual roster.
    pub role: Role,
    /// The role by a group of the hub.
    pub by_group: Option<Role>,
    /// The name and details of the person.
    pub person: Person,
}

/// Returns a portion of the members on the manual roster after a row, in the order in which they were added, and
/// whether there are more.
pub fn by_hand(
    conn: &mut Connection,
    wanted: MemberFilter<'_>,
    after: i64,
    portion: Portion,
) -> Result<(Vec<ByHand>, bool)> {
    type Columns = (i64, i16, Option<i16>, Row);
    let of_role = wanted.role.map(|role| greater_role().eq(number(role)));
    let rows = members::table
        .left_join(
            hub_members::table.on(hub_members::username
                .eq(members::username)
                .and(hub_members::course.eq(group(wanted)))),
        )
        .filter(members::course_id.eq(wanted.course))
        .filter(is_somebody())
        .filter(members::id.gt(after))
        .filter(maybe(of_role))
        .order(members::id)
        .select((
            members::id,
            members::role,
            hub_members::role.nullable(),
            COLUMNS,
        ))
        .at_most(portion.limit())
        .load_iter::<Columns>(conn)?;
    let parse = |(row, by_hand, by_group, person): Columns| {
        Ok(ByHand {
            row,
            role: role(by_hand)?,
            by_group: by_group.map(role).transpose()?,
            person: parse(person)?,
        })
    };
    let size = |line: &ByHand| text(&line.person);
    portion.take(rows, parse, size)
}

/// Returns a portion of the members who are only in the hub's groups, after a name, by name, and whether there are
/// more.
pub fn by_group(
    conn: &mut Connection,
    wanted: MemberFilter<'_>,
    after: &str,
    portion: Portion,
) -> Result<(Vec<(UserName, Role)>, bool)> {
    let of_role = wanted.role.map(|role| hub_members::role.eq(number(role)));
    let rows = hub_members::table
        .left_join(
            members::table.on(members::course_id
                .eq(wanted.course)
                .and(members::username.eq(hub_members::username))),
        )
        .filter(hub_members::course.eq(group(wanted)))
        .filter(hub_members::username.gt(after))
        .filter(members::id.nullable().is_null())
        .filter(maybe(of_role))
        .order(hub_members::username)
        .select((hub_members::username, hub_members::role))
        .at_most(portion.limit())
        .load_iter::<(String, i16)>(conn)?;
    let parse = |(name, number): (String, i16)| {
        let name = UserName::parse(name).map_err(|_| Error::Damaged("an illegal user name"))?;
        Ok((name, role(number)?))
    };
    let size = |(name, _): &(UserName, Role)| name.as_str().len();
    portion.take(rows, parse, size)
}

/// Returns the SQL of the members of a course with that role, by manual roster and group together. `of_roster` are the
/// columns of `members AS m`, and `of_group` those of `hub_members AS h`, for members who are only in a group. `$1` is the name
/// of the course in groups, or empty, and `$2` the row of the course.
fn with_role(role: Role, of_roster: &str, of_group: &str) -> String {
    let (role, prefix) = (number(role), UserName::FORMER_PREFIX);
    let length = prefix.len();
    format!(
        "SELECT {of_roster} FROM members m
                LEFT JOIN hub_members h ON h.course = $1 AND h.username = m.username
                WHERE m.course_id = $2 AND substr(m.username, 1, {length}) <> '{prefix}'
                    AND CASE WHEN h.role > m.role THEN h.role ELSE m.role END = {role}
            UNION ALL
            SELECT {of_group} FROM hub_members h
                WHERE h.course = $1 AND h.role = {role}
                    AND NOT EXISTS (SELECT 1 FROM members m WHERE m.course_id = $2 AND m.username = h.username)"
    )
}

/// Returns the SQL of the names of a course's students in the column `student`, with the values of [`with_role`].
pub(super) fn students() -> String {
    with_role(Role::Student, "m.username AS student", "h.username")
}

/// The name of a member.
#[derive(Debug, Clone, QueryableByName)]
pub struct MemberName {
    /// The name at the hub.
    #[diesel(sql_type = Text)]
    pub username: String,
    /// First name, as the roster knows it.
    #[diesel(sql_type = Nullable<Text>)]
    pub first_name: Option<String>,
    /// Last name, as the roster knows it.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_name: Option<String>,
}

/// Returns the first instructors of a course: those on the manual roster as they were added, then the others by name.
pub fn instructors(
    conn: &mut Connection,
    of_course: MemberFilter<'_>,
    at_most: usize,
) -> Result<Vec<MemberName>> {
    let instructors = with_role(
        Role::Instructor,
        "m.id AS place, m.username, m.first_name, m.last_name",
        "9223372036854775807, h.username, NULL, NULL",
    );
    let rows = diesel::sql_query(format!("{instructors} ORDER BY place, username LIMIT $3"))
        .bind::<Text, _>(group(of_course))
        .bind::<BigInt, _>(of_course.course)
        .bind::<BigInt, _>(i64::try_from(at_most).unwrap_or(i64::MAX))
        .load::<MemberName>(conn)?;
    Ok(rows)
}

/// The condition that a row belongs to somebody. When an account was created anew, the former owner's row is kept in
/// case they are the same person. Until then it belongs to nobody.
fn is_somebody() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    let prefix = UserName::FORMER_PREFIX;
    diesel::dsl::sql(&format!(
        "(substr(members.username, 1, {}) <> '{prefix}')",
        prefix.len()
    ))
}

/// The greater of the roles by manual roster and by a group of the hub.
fn greater_role() -> diesel::expression::SqlLiteral<diesel::sql_types::SmallInt> {
    diesel::dsl::sql(
        "(CASE WHEN hub_members.role > members.role THEN hub_members.role ELSE members.role END)",
    )
}

/// Returns the name of the course in groups. Without groups it is empty, which no course's name is.
pub(super) fn group(wanted: MemberFilter<'_>) -> &str {
    wanted.group.map_or("", CourseId::as_str)
}

/// Returns the number of bytes of a person's text.
fn text(person: &Person) -> usize {
    let details = [&person.first_name, &person.last_name, &person.email];
    let details = details.into_iter().flatten().map(String::len);
    person.username.as_str().len() + details.sum::<usize>()
}

/// Returns those of the named people who are on the manual roster.
pub fn named(conn: &mut Connection, course: i64, names: &[&str]) -> Result<Vec<(Role, Person)>> {
    let mut found = Vec::new();
    for chunk in names.chunks(CHUNK) {
        let rows = members::table
            .filter(members::course_id.eq(course))
            .filter(members::username.eq_any(chunk))
            .select((members::role, COLUMNS))
            .load_iter::<(i16, Row)>(conn)?;
        for row in rows {
            let (number, row) = row?;
            found.push((role(number)?, parse(row)?));
        }
    }
    Ok(found)
}

/// Removes these people from the roster, whatever their role is.
pub fn remove_all(conn: &mut Connection, course: i64, names: &[String]) -> Result<()> {
    for chunk in names.chunks(CHUNK) {
        let rows = members::table
            .filter(members::course_id.eq(course))
            .filter(members::username.eq_any(chunk));
        diesel::delete(rows).execute(conn)?;
    }
    Ok(())
}

/// Removes a person from the roster. Returns whether they were there as `role`.
pub fn remove(conn: &mut Connection, course: i64, role: Role, person: &UserName) -> Result<bool> {
    let removed = diesel::delete(
        members::table.filter(
            members::course_id
                .eq(course)
                .and(members::username.eq(person.as_str()))
                .and(members::role.eq(number(role))),
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
