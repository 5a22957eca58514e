//! What happened: a row for every change, written in the transaction that makes it.

use super::schema::events;
use super::{Connection, Result};
use crate::domain::Timestamp;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

/// Something somebody did. Names rather than rows, since an event outlives what it tells of.
#[derive(Debug, Clone, Default, Insertable)]
#[diesel(table_name = events)]
pub struct Event<'a> {
    /// Microseconds since 1970.
    pub at: i64,
    /// What was done, in a word or two.
    pub action: &'a str,
    /// Who did it.
    pub actor: &'a str,
    /// For or to whom, where that is not the actor.
    pub subject: Option<&'a str>,
    /// In which course.
    pub course: Option<&'a str>,
    /// With which assignment.
    pub assignment: Option<&'a str>,
    /// With which submission, by its row.
    pub submission_id: Option<i64>,
    /// More about it, as JSON.
    pub detail: Option<String>,
    /// The id of the request in the log.
    pub request_id: Option<&'a str>,
}

/// Writes an event down, as one of the course that has the name now, or else had it last.
pub fn record(conn: &mut Connection, event: &Event<'_>) -> Result<()> {
    let course_id = sql::<Nullable<BigInt>>(
        "coalesce((SELECT id FROM courses WHERE deleted_at IS NULL AND name = ",
    )
    .bind::<Nullable<Text>, _>(event.course)
    .sql("), (SELECT id FROM courses WHERE name = ")
    .bind::<Nullable<Text>, _>(event.course)
    .sql(" ORDER BY deleted_at DESC, id DESC LIMIT 1))");
    diesel::insert_into(events::table)
        .values((event, events::course_id.eq(course_id)))
        .execute(conn)?;
    Ok(())
}

/// An event as it was written down.
#[derive(Debug, Clone, Queryable)]
pub struct Recorded {
    /// The row's id, growing.
    pub id: i64,
    /// Microseconds since 1970.
    pub at: i64,
    /// What was done, in a word or two.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// For or to whom, where that is not the actor.
    pub subject: Option<String>,
    /// With which assignment.
    pub assignment: Option<String>,
    /// With which submission, by its row.
    pub submission_id: Option<i64>,
    /// More about it, as JSON.
    pub detail: Option<String>,
    /// The id of the request in the log.
    pub request_id: Option<String>,
}

/// At most so many of the events of a course, the last one first, and only those before the event with that row.
pub fn page(
    conn: &mut Connection,
    course: i64,
    before: Option<i64>,
    at_most: usize,
) -> Result<Vec<Recorded>> {
    let events = events::table
        .filter(
            events::course_id
                .eq(course)
                .and(events::id.lt(before.unwrap_or(i64::MAX))),
        )
        .order(events::id.desc())
        .select((
            events::id,
            events::at,
            events::action,
            events::actor,
            events::subject,
            events::assignment,
            events::submission_id,
            events::detail,
            events::request_id,
        ))
        .load_iter::<Recorded, _>(conn)?;
    // Rather than by LIMIT: see `first_row`.
    Ok(events.take(at_most).collect::<QueryResult<_>>()?)
}

/// Forgets what happened before `limit`; the number of events.
pub fn purge_before(conn: &mut Connection, limit: Timestamp) -> Result<usize> {
    let purged =
        diesel::delete(events::table.filter(events::at.lt(limit.micros()))).execute(conn)?;
    Ok(purged)
}
