//! The roster kept by hand.

use super::schema::members;
use super::{Connection, Error, Result};
use crate::domain::{Person, Role, UserName};
use diesel::prelude::*;
use diesel::upsert::excluded;

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
    row.map(|(instructor, row)| Ok((super::courses::role(instructor), parse(row)?)))
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
        .map(|(id, instructor, row)| Ok((id, super::courses::role(instructor), parse(row)?)))
        .collect()
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
