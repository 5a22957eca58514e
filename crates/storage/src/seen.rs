//! The sights that are noted for students: the versions of assignments that they have fetched, and the feedback that they have read.

use super::backend::prelude::*;
use super::schema::{feedback_readings, fetches, releases};
use super::{Portion, Result};
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::{Timestamp, UserName};

/// A thing that a student sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sight {
    /// The version of an assignment with this row.
    Release(i64),
    /// The feedback with this row, on a submission of the student.
    Feedback(i64),
}

/// The times at which a student saw something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The first time.
    pub first_at: Timestamp,
    /// The last time that was noted.
    pub last_at: Timestamp,
    /// The number of times that were noted.
    pub number: i64,
}

/// The values of the columns with [`Times`].
pub(super) type TimesRow = (i64, i64, i64);

pub(super) fn times((first_at, last_at, number): TimesRow) -> Times {
    Times {
        first_at: Timestamp::from_micros(first_at),
        last_at: Timestamp::from_micros(last_at),
        number,
    }
}

/// The columns with the times of a reading, in a query that finds feedback without one, too.
pub(super) type ReadingColumns = (
    diesel::dsl::Nullable<feedback_readings::first_at>,
    diesel::dsl::Nullable<feedback_readings::last_at>,
    diesel::dsl::Nullable<feedback_readings::times>,
);

/// Returns [`ReadingColumns`].
pub(super) fn reading() -> ReadingColumns {
    (
        feedback_readings::first_at.nullable(),
        feedback_readings::last_at.nullable(),
        feedback_readings::times.nullable(),
    )
}

/// The values of [`ReadingColumns`].
pub(super) type ReadingRow = (Option<i64>, Option<i64>, Option<i64>);

/// Returns the times of a reading, if there was one.
pub(super) fn times_read((first_at, last_at, number): ReadingRow) -> Option<Times> {
    Some(times((first_at?, last_at?, number?)))
}

// The values are numbered in the order in which they occur first, as SQLite does it by itself.
const FETCHED: &str = "
    INSERT INTO fetches (release_id, student, first_at, last_at, times)
        SELECT r.id, $1, $2, $2, 1 FROM releases r
            JOIN assignments a ON a.id = r.assignment_id JOIN courses c ON c.id = a.course_id
        WHERE r.id = $3 AND a.deleted_at IS NULL AND c.deleted_at IS NULL
            AND (EXISTS (SELECT 1 FROM members m WHERE m.course_id = c.id AND m.username = $1)
                OR EXISTS (SELECT 1 FROM hub_members h WHERE h.username = $1 AND h.course = c.name))
        ON CONFLICT (release_id, student) DO UPDATE SET last_at = excluded.last_at, times = fetches.times + 1
            WHERE fetches.last_at <= excluded.last_at - $4";

const READ: &str = "
    INSERT INTO feedback_readings (feedback_id, first_at, last_at, times)
        SELECT f.id, $1, $1, 1 FROM feedback f JOIN submissions s ON s.id = f.submission_id
        WHERE f.id = $2 AND f.deleted_at IS NULL AND s.deleted_at IS NULL AND s.student = $3
        ON CONFLICT (feedback_id) DO UPDATE SET last_at = excluded.last_at, times = feedback_readings.times + 1
            WHERE feedback_readings.last_at <= excluded.last_at - $4";

/// Notes that a student has seen something at that time, unless that was noted within `pause` microseconds before. A
/// student who was renamed or removed meanwhile leaves nothing.
pub fn note(
    conn: &mut Connection,
    student: &UserName,
    sight: Sight,
    at: Timestamp,
    pause: i64,
) -> Result<()> {
    match sight {
        Sight::Release(release) => diesel::sql_query(FETCHED)
            .bind::<Text, _>(student.as_str())
            .bind::<BigInt, _>(at.micros())
            .bind::<BigInt, _>(release)
            .bind::<BigInt, _>(pause)
            .execute(conn)?,
        Sight::Feedback(feedback) => diesel::sql_query(READ)
            .bind::<BigInt, _>(at.micros())
            .bind::<BigInt, _>(feedback)
            .bind::<Text, _>(student.as_str())
            .bind::<BigInt, _>(pause)
            .execute(conn)?,
    };
    Ok(())
}

/// Adds the times at which a version was fetched, as an archive has them.
pub fn add_fetch(
    conn: &mut Connection,
    release: i64,
    student: &UserName,
    times: Times,
) -> Result<()> {
    diesel::insert_into(fetches::table)
        .values((
            fetches::release_id.eq(release),
            fetches::student.eq(student.as_str()),
            fetches::first_at.eq(times.first_at.micros()),
            fetches::last_at.eq(times.last_at.micros()),
            fetches::times.eq(times.number),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds the times at which feedback was read, as an archive has them.
pub fn add_reading(conn: &mut Connection, feedback: i64, times: Times) -> Result<()> {
    diesel::insert_into(feedback_readings::table)
        .values((
            feedback_readings::feedback_id.eq(feedback),
            feedback_readings::first_at.eq(times.first_at.micros()),
            feedback_readings::last_at.eq(times.last_at.micros()),
            feedback_readings::times.eq(times.number),
        ))
        .execute(conn)?;
    Ok(())
}

/// A version that a student has fetched.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The student.
    pub student: String,
    /// The number of the version.
    pub version: i64,
    /// The times.
    pub times: Times,
}

/// Returns a portion of the fetches of an assignment after a student and a version, in this order, and whether there
/// are more.
pub fn fetches(
    conn: &mut Connection,
    assignment: i64,
    (student, version): (&str, i64),
    portion: Portion,
) -> Result<(Vec<Fetch>, bool)> {
    let behind = sql::<Bool>("(fetches.student, releases.version) > (")
        .bind::<Text, _>(student)
        .sql(", ")
        .bind::<BigInt, _>(version)
        .sql(")");
    let rows = fetches::table
        .inner_join(releases::table)
        .filter(releases::assignment_id.eq(assignment))
        .filter(behind)
        .order((fetches::student, releases::version))
        .select((
            fetches::student,
            releases::version,
            (fetches::first_at, fetches::last_at, fetches::times),
        ))
        .at_most(portion.limit())
        .load_iter::<(String, i64, TimesRow)>(conn)?;
    let parse = |(student, version, row)| {
        Ok(Fetch {
            student,
            version,
            times: times(row),
        })
    };
    portion.take(rows, parse, |fetch| fetch.student.len())
}
