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

/// Forgets what happened before `limit`; the number of events.
pub fn purge_before(conn: &mut Connection, limit: Timestamp) -> Result<usize> {
    let purged =
        diesel::delete(events::table.filter(events::at.lt(limit.micros()))).execute(conn)?;
    Ok(purged)
}
