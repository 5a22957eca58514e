//! All courses with their sizes.

use crate::Result;
use crate::backend::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

/// A course in the list of all.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct CourseLine {
    /// The ID of the row.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The title that people see.
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    /// The number of students, by the roster or by a group of the hub.
    #[diesel(sql_type = BigInt)]
    pub students: i64,
    /// The number of submissions.
    #[diesel(sql_type = BigInt)]
    pub submissions: i64,
    /// The time of the last event, in microseconds since 1970.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub used_at: Option<i64>,
    /// The number of all courses that fit.
    #[diesel(sql_type = BigInt)]
    pub found: i64,
}

/// The order of a list of courses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CourseOrder {
    /// By name.
    #[default]
    Name,
    /// Most students first.
    Students,
    /// Most submissions first.
    Submissions,
    /// Used last first.
    Used,
}

/// The courses to list.
#[derive(Debug, Clone, Default)]
pub struct CourseFilter {
    /// A part of the name or of the title. Capital letters do not matter.
    pub find: String,
    /// The order.
    pub order: CourseOrder,
    /// The number of courses before the first one that is listed.
    pub skip: i64,
    /// The maximum number of courses.
    pub at_most: i64,
}

// The courses that fit. `$1` is the part to find, `$2` the same in small letters. SQLite knows only the small letters of
// ASCII.
const FITTING: &str = "
    SELECT c.id, c.name, c.title, count(*) OVER () AS found FROM courses c
    WHERE c.deleted_at IS NULL AND (instr(c.name, $1) > 0 OR instr(lower(c.name), $2) > 0
        OR instr(coalesce(c.title, ''), $1) > 0 OR instr(lower(coalesce(c.title, '')), $2) > 0)";

/// The numbers of the courses `c`.
const NUMBERS: &str = "
    SELECT c.id, c.name, c.title, c.found,
        (SELECT count(*) FROM (SELECT m.username FROM members m WHERE m.course_id = c.id AND m.role = 1
            UNION SELECT h.username FROM hub_members h WHERE h.course = c.name AND h.role = 1) AS enrolled) AS students,
        (SELECT count(*) FROM assignments a JOIN submissions s ON s.assignment_id = a.id
            WHERE a.course_id = c.id AND a.deleted_at IS NULL AND s.deleted_at IS NULL) AS submissions,
        (SELECT e.at FROM events e WHERE e.course_id = c.id ORDER BY e.id DESC LIMIT 1) AS used_at";

/// The part of a list.
const PART: &str = "LIMIT $3 OFFSET $4";

/// Returns courses, in their order. In the order of names, only the numbers of these courses are counted.
pub fn courses(conn: &mut Connection, wanted: &CourseFilter) -> Result<Vec<CourseLine>> {
    let by_number = |order| {
        // PostgreSQL knows the names of results in an order, but not inside an expression.
        format!(
            "SELECT * FROM ({NUMBERS} FROM ({FITTING}) AS c) AS c ORDER BY {order}, c.name {PART}"
        )
    };
    let query = match wanted.order {
        CourseOrder::Name => {
            format!("{NUMBERS} FROM ({FITTING} ORDER BY c.name {PART}) AS c ORDER BY c.name")
        }
        CourseOrder::Students => by_number("students DESC"),
        CourseOrder::Submissions => by_number("submissions DESC"),
        CourseOrder::Used => by_number("coalesce(used_at, 0) DESC"),
    };
    Ok(diesel::sql_query(query)
        .bind::<Text, _>(&wanted.find)
        .bind::<Text, _>(wanted.find.to_lowercase())
        .bind::<BigInt, _>(wanted.at_most)
        .bind::<BigInt, _>(wanted.skip)
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Teacher {
    #[diesel(sql_type = BigInt)]
    course_id: i64,
    #[diesel(sql_type = Text)]
    username: String,
}

/// Returns at most `at_most` instructors of the courses with these rows, by roster or by a group of the hub: the row of the
/// course and the name, sorted.
pub fn teachers(
    conn: &mut Connection,
    courses: impl IntoIterator<Item = i64>,
    at_most: i64,
) -> Result<Vec<(i64, String)>> {
    // Numbers are safe in a statement.
    let ids: Vec<String> = courses.into_iter().map(|id| id.to_string()).collect();
    let ids = if ids.is_empty() {
        "-1".to_owned()
    } else {
        ids.join(",")
    };
    let rows = diesel::sql_query(format!(
        "SELECT m.course_id, m.username FROM members m WHERE m.course_id IN ({ids}) AND m.role = 3
        UNION SELECT c.id, h.username FROM courses c JOIN hub_members h ON h.course = c.name AND h.role = 3
            WHERE c.id IN ({ids}) AND c.deleted_at IS NULL
        ORDER BY course_id, username LIMIT $1"
    ))
    .bind::<BigInt, _>(at_most)
    .load::<Teacher>(conn)?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.course_id, row.username)).collect())
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    username: String,
}

/// Returns at most `at_most` instructors on the roster of the course with this name whom the exchange knows from nothing
/// else: no account, no group, no other roster and no submission.
pub fn unknown_teachers(conn: &mut Connection, course: &str, at_most: i64) -> Result<Vec<String>> {
    let rows = diesel::sql_query(
        "SELECT m.username FROM courses c JOIN members m ON m.course_id = c.id AND m.role = 3
        WHERE c.name = $1 AND c.deleted_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM people p WHERE p.username = m.username)
            AND NOT EXISTS (SELECT 1 FROM hub_members h WHERE h.username = m.username)
            AND NOT EXISTS (SELECT 1 FROM members o WHERE o.username = m.username AND o.course_id <> c.id)
            AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.student = m.username)
        ORDER BY m.username LIMIT $2",
    )
    .bind::<Text, _>(course)
    .bind::<BigInt, _>(at_most)
    .load::<Name>(conn)?;
    Ok(rows.into_iter().map(|row| row.username).collect())
}
