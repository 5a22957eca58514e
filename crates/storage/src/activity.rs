//! Daily sums of the work on notebooks, as the programs of students report it.

use super::backend::prelude::*;
use super::schema::{activity, courses};
use super::{Portion, Result};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::{BigInt, Text};
use nbcourier_domain::{Day, UserName};
use std::collections::HashSet;

/// A course in which work is counted.
#[derive(Debug, Clone, Queryable)]
pub struct CountingCourse {
    /// The row of the course.
    pub id: i64,
    /// The name of the course.
    pub name: String,
    /// The IANA name of its time zone.
    pub time_zone: Option<String>,
}

/// Returns the courses among these rows in which work is counted, by name.
pub fn counting(conn: &mut Connection, ids: &[i64], at_most: usize) -> Result<Vec<CountingCourse>> {
    let rows = courses::table
        .filter(among(courses::id, ids.iter().copied()))
        .filter(courses::activity)
        .filter(courses::deleted_at.is_null())
        .order(courses::name)
        .select((courses::id, courses::name, courses::time_zone))
        .at_most(at_most)
        .load::<CountingCourse>(conn)?;
    Ok(rows)
}

/// The counts of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of times that a session began.
    pub opens: i64,
    /// The number of times that the notebook was saved.
    pub saves: i64,
    /// The number of minutes in which it was run or saved.
    pub minutes: i64,
}

/// Returns the paths of the rows that a person has for a day.
pub fn paths_of(
    conn: &mut Connection,
    course: i64,
    person: &UserName,
    day: Day,
) -> Result<HashSet<String>> {
    let paths = activity::table
        .filter(activity::course_id.eq(course))
        .filter(activity::person.eq(person.as_str()))
        .filter(activity::day.eq(day.number()))
        .select(activity::path)
        .load::<String>(conn)?;
    Ok(paths.into_iter().collect())
}

/// A row to which work is added.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The row of the course.
    pub course: i64,
    /// The student.
    pub person: &'a UserName,
    /// The day.
    pub day: Day,
    /// The path of the notebook.
    pub path: &'a str,
}

/// Adds work to a row. No count becomes larger than in `limit`.
pub fn add(conn: &mut Connection, place: Place<'_>, work: Counts, limit: Counts) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO activity (course_id, person, day, path, opens, saves, minutes) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (course_id, person, day, path) DO UPDATE SET
                opens = CASE WHEN activity.opens + excluded.opens > $8 THEN $8 ELSE activity.opens + excluded.opens END,
                saves = CASE WHEN activity.saves + excluded.saves > $9 THEN $9 ELSE activity.saves + excluded.saves END,
                minutes = CASE WHEN activity.minutes + excluded.minutes > $10 THEN $10
                    ELSE activity.minutes + excluded.minutes END",
    )
    .bind::<BigInt, _>(place.course)
    .bind::<Text, _>(place.person.as_str())
    .bind::<BigInt, _>(place.day.number())
    .bind::<Text, _>(place.path)
    .bind::<BigInt, _>(work.opens.min(limit.opens))
    .bind::<BigInt, _>(work.saves.min(limit.saves))
    .bind::<BigInt, _>(work.minutes.min(limit.minutes))
    .bind::<BigInt, _>(limit.opens)
    .bind::<BigInt, _>(limit.saves)
    .bind::<BigInt, _>(limit.minutes)
    .execute(conn)?;
    Ok(())
}

/// The rows that are summed up.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The row of the course.
    pub course: i64,
    /// Only those of this student.
    pub student: Option<&'a str>,
    /// Only those of this notebook.
    pub path: Option<&'a str>,
    /// Only those of this day and later ones.
    pub since: Option<Day>,
    /// Only those of this day and earlier ones.
    pub until: Option<Day>,
}

/// Sums of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable)]
pub struct Sums {
    /// The number of students.
    pub students: i64,
    /// The number of notebooks.
    pub notebooks: i64,
    /// The number of days.
    pub days: i64,
    /// The number of times that a session began.
    pub opens: i64,
    /// The number of times that a notebook was saved.
    pub saves: i64,
    /// The number of minutes in which a notebook was run or saved.
    pub minutes: i64,
    /// The last day, in days since 1970-01-01.
    pub last_day: i64,
}

type Number = SqlLiteral<BigInt>;

/// Returns the columns of [`Sums`].
fn sums() -> (Number, Number, Number, Number, Number, Number, Number) {
    (
        sql("count(DISTINCT activity.person)"),
        sql("count(DISTINCT activity.path)"),
        sql("count(DISTINCT activity.day)"),
        sql("CAST(sum(activity.opens) AS BIGINT)"),
        sql("CAST(sum(activity.saves) AS BIGINT)"),
        sql("CAST(sum(activity.minutes) AS BIGINT)"),
        sql("max(activity.day)"),
    )
}

/// Returns the query for the rows of a scope.
macro_rules! rows_of {
    ($scope:expr) => {
        activity::table
            .filter(activity::course_id.eq($scope.course))
            .filter(maybe($scope.student.map(|name| activity::person.eq(name))))
            .filter(maybe($scope.path.map(|path| activity::path.eq(path))))
            .filter(maybe(
                $scope.since.map(|day| activity::day.ge(day.number())),
            ))
            .filter(maybe(
                $scope.until.map(|day| activity::day.le(day.number())),
            ))
    };
}

/// Returns the sums of each of these students. Students without rows are left out.
pub fn by_student(
    conn: &mut Connection,
    scope: Scope<'_>,
    students: &[&str],
) -> Result<Vec<(String, Sums)>> {
    let rows = rows_of!(scope)
        .filter(among_texts(activity::person, students.iter().copied()))
        .group_by(activity::person)
        .select((activity::person, sums()))
        .load::<(String, Sums)>(conn)?;
    Ok(rows)
}

/// Returns a portion of the sums of notebooks after a path, by path, and whether there are more.
pub fn by_path(
    conn: &mut Connection,
    scope: Scope<'_>,
    after: &str,
    portion: Portion,
) -> Result<(Vec<(String, Sums)>, bool)> {
    let rows = rows_of!(scope)
        .filter(activity::path.gt(after))
        .group_by(activity::path)
        .order(activity::path)
        .select((activity::path, sums()))
        .at_most(portion.limit())
        .load_iter::<(String, Sums)>(conn)?;
    portion.take(rows, Ok, |(path, _)| path.len())
}

/// Returns a portion of the sums of days before a day, the last day first, and whether there are more.
pub fn by_day(
    conn: &mut Connection,
    scope: Scope<'_>,
    before: Option<Day>,
    portion: Portion,
) -> Result<(Vec<(Day, Sums)>, bool)> {
    let rows = rows_of!(scope)
        .filter(maybe(before.map(|day| activity::day.lt(day.number()))))
        .group_by(activity::day)
        .order(activity::day.desc())
        .select((activity::day, sums()))
        .at_most(portion.limit())
        .load_iter::<(i64, Sums)>(conn)?;
    let parse = |(day, sums)| Ok((Day::from_number(day), sums));
    portion.take(rows, parse, |_| 0)
}

/// A row, with the name of its course.
#[derive(Debug, Clone, Queryable)]
pub struct DailySum {
    /// The name of the course.
    pub course: String,
    /// The day, in days since 1970-01-01.
    pub day: i64,
    /// The path of the notebook.
    pub path: String,
    /// The number of times that a session began.
    pub opens: i64,
    /// The number of times that the notebook was saved.
    pub saves: i64,
    /// The number of minutes in which it was run or saved.
    pub minutes: i64,
}

/// Returns all rows of a person, by course and day.
pub fn of_person(conn: &mut Connection, person: &UserName) -> Result<Vec<DailySum>> {
    let rows = activity::table
        .inner_join(courses::table)
        .filter(activity::person.eq(person.as_str()))
        .order((activity::course_id, activity::day, activity::path))
        .select((
            courses::name,
            activity::day,
            activity::path,
            activity::opens,
            activity::saves,
            activity::minutes,
        ))
        .load::<DailySum>(conn)?;
    Ok(rows)
}

/// Removes the rows of days before that one. Returns their number.
pub fn purge_before(conn: &mut Connection, day: Day) -> Result<usize> {
    let old = activity::table.filter(activity::day.lt(day.number()));
    Ok(diesel::delete(old).execute(conn)?)
}
