//! The courses and work of a person, and names that contain a text.

use crate::Result;
use crate::backend::prelude::*;
use crate::courses::role;
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};
use nbcourier_domain::{Role, UserName};

/// A course in which a person is, or for which they submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPlace {
    /// The name of the course.
    pub course: String,
    /// Whether the course is in the trash.
    pub is_deleted: bool,
    /// The role on the roster.
    pub role: Option<Role>,
    /// The role in which the person was last seen in the hub's groups.
    pub by_group: Option<Role>,
    /// First and last name on the roster, and the address.
    pub details: [Option<String>; 3],
    /// The number of submissions that are not in the trash.
    pub submissions: i64,
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_deleted: bool,
    #[diesel(sql_type = Nullable<SmallInt>)]
    role: Option<i16>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    by_group: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = BigInt)]
    submissions: i64,
}

const PLACES: &str = "
    WITH mine AS (SELECT course_id AS id FROM members WHERE username = $1
        UNION SELECT c.id FROM hub_members h JOIN courses c ON c.name = h.course AND c.deleted_at IS NULL
            WHERE h.username = $1
        UNION SELECT a.course_id FROM submissions s JOIN assignments a ON a.id = s.assignment_id WHERE s.student = $1)
    SELECT c.name, c.deleted_at IS NOT NULL AS is_deleted, m.role, h.role AS by_group, m.first_name, m.last_name, m.email,
        (SELECT count(*) FROM submissions s JOIN assignments a ON a.id = s.assignment_id
            WHERE s.student = $1 AND a.course_id = c.id AND s.deleted_at IS NULL AND a.deleted_at IS NULL) AS submissions
    FROM mine JOIN courses c ON c.id = mine.id
        LEFT JOIN members m ON m.course_id = c.id AND m.username = $1
        LEFT JOIN hub_members h ON h.course = c.name AND c.deleted_at IS NULL AND h.username = $1
    ORDER BY c.name, c.id LIMIT $2";

/// Returns at most `at_most` courses of the person, by name.
pub fn places_of(
    conn: &mut Connection,
    person: &UserName,
    at_most: i64,
) -> Result<Vec<PersonPlace>> {
    let rows = diesel::sql_query(PLACES)
        .bind::<Text, _>(person.as_str())
        .bind::<BigInt, _>(at_most)
        .load::<PlaceRow>(conn)?;
    let place = |row: PlaceRow| {
        Ok(PersonPlace {
            course: row.name,
            is_deleted: row.is_deleted,
            role: row.role.map(role).transpose()?,
            by_group: row.by_group.map(role).transpose()?,
            details: [row.first_name, row.last_name, row.email],
            submissions: row.submissions,
        })
    };
    rows.into_iter().map(place).collect()
}

/// A person on a roster.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PersonLine {
    /// The user name.
    #[diesel(sql_type = Text)]
    pub username: String,
    /// The first name on one of the rosters.
    #[diesel(sql_type = Nullable<Text>)]
    pub first_name: Option<String>,
    /// The last name on one of the rosters.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_name: Option<String>,
}

/// Returns at most `at_most` people on rosters whose user name, names or address contain the text, by user name. Capital
/// letters do not matter. It reads all rosters.
pub fn people_like(conn: &mut Connection, text: &str, at_most: i64) -> Result<Vec<PersonLine>> {
    Ok(diesel::sql_query(
        "SELECT username, max(first_name) AS first_name, max(last_name) AS last_name
        FROM (SELECT username, first_name, last_name, username || ' ' || coalesce(first_name, '') || ' '
            || coalesce(last_name, '') || ' ' || coalesce(email, '') AS whole FROM members) AS m
        WHERE instr(whole, $1) > 0 OR instr(lower(whole), $2) > 0
        GROUP BY username ORDER BY username LIMIT $3",
    )
    .bind::<Text, _>(text)
    .bind::<Text, _>(text.to_lowercase())
    .bind::<BigInt, _>(at_most)
    .load(conn)?)
}
