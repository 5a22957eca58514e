//! The servers of a PostgreSQL database, as rows. All times are those of the database's clock.

use super::Result;
use super::backend::lock::Lock;
use super::backend::prelude::*;
use super::schema::replicas;
use diesel::sql_types::{BigInt, Bool, Text};
use std::fmt;
use std::time::Duration;

/// The time for which a server counts as running after it renewed its row.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// The database's clock in microseconds since 1970.
const NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)";

/// A server of the database.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = replicas)]
pub struct Replica {
    /// The ID of the row.
    pub id: String,
    /// The version of the program.
    pub version: String,
    /// The name of its machine.
    pub host: String,
    /// The bucket of its files, or its data directory.
    pub place: String,
    /// Whether no other server may run beside it, since its files are in a directory of its own.
    pub alone: bool,
    /// The time of its start, in microseconds since 1970.
    pub started_at: i64,
    /// The time at which it renewed its row, in microseconds since 1970.
    pub seen_at: i64,
    /// The time by which its clock is ahead of the database's, in microseconds.
    pub clock_ahead: i64,
}

/// Such as `nbcourier 0.1.0 on host7`.
impl fmt::Display for Replica {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "nbcourier {} on {}", self.version, self.host)
    }
}

impl Replica {
    /// Whether the two cannot run beside each other.
    fn excludes(&self, other: &Self) -> bool {
        self.alone || other.alone || self.place != other.place
    }

    /// Whether the other one ran with the data directory that this one has locked, and so has ended.
    fn succeeds(&self, other: &Self) -> bool {
        self.alone && other.alone && self.host == other.host && self.place == other.place
    }
}

/// The outcome of an attempt to join the servers of a database.
#[derive(Debug)]
pub(crate) enum Joining {
    /// The row is there.
    Joined,
    /// This server, which excludes the new one, has ended or lost its connection a moment ago.
    Wait(Replica),
    /// This server excludes the new one, and is running.
    Refused(Replica),
}

/// A row that was just renewed.
#[derive(Debug, QueryableByName)]
pub(crate) struct Renewed {
    /// The database's time.
    #[diesel(sql_type = BigInt)]
    pub now: i64,
    /// Whether no running server has started earlier.
    #[diesel(sql_type = Bool)]
    pub is_first: bool,
}

/// Inserts the row of a server, unless a running server excludes it.
pub(crate) fn join(conn: &mut Connection, new: &Replica) -> Result<Joining> {
    conn.transaction(|conn| {
        conn.lock([Lock::Replicas])?;
        let now = now(conn)?;
        let others = living(conn, now)?;
        let others = others
            .into_iter()
            .filter(|other| other.id != new.id && new.excludes(other));
        let mut ended = None;
        for other in others {
            if !conn.is_free(&Lock::Replica(&other.id))? {
                return Ok(Joining::Refused(other));
            }
            if !new.succeeds(&other) {
                ended = Some(other);
            }
        }
        if let Some(other) = ended {
            return Ok(Joining::Wait(other));
        }
        let is_over = replicas::seen_at.lt(now - micros(LEASE));
        let is_mine = replicas::id.eq(&new.id);
        let is_former = replicas::host
            .eq(&new.host)
            .and(replicas::place.eq(&new.place))
            .and(replicas::alone);
        diesel::delete(replicas::table.filter(is_over.or(is_mine).or(is_former))).execute(conn)?;
        let row = Replica {
            seen_at: now,
            ..new.clone()
        };
        diesel::insert_into(replicas::table)
            .values(row)
            .execute(conn)?;
        Ok(Joining::Joined)
    })
}

/// Renews the row of a server. Returns `None` if it is gone, because it was not renewed for too long.
pub(crate) fn renew(conn: &mut Connection, id: &str, clock_ahead: i64) -> Result<Option<Renewed>> {
    let lease = micros(LEASE);
    let renewed = diesel::sql_query(format!(
        "UPDATE replicas SET seen_at = {NOW}, clock_ahead = $1 WHERE id = $2
            RETURNING seen_at AS now, id = (
                SELECT first.id FROM replicas AS first WHERE first.id = $2 OR first.seen_at > {NOW} - {lease}
                    ORDER BY first.started_at, first.id LIMIT 1
            ) AS is_first"
    ));
    let renewed = renewed.bind::<BigInt, _>(clock_ahead).bind::<Text, _>(id);
    Ok(renewed.get_result(conn).optional()?)
}

/// Removes the row of a server that ends.
pub(crate) fn leave(conn: &mut Connection, id: &str) -> Result<()> {
    diesel::delete(replicas::table.filter(replicas::id.eq(id))).execute(conn)?;
    Ok(())
}

/// Returns a new ID, and the database's time.
pub(crate) fn new_id(conn: &mut Connection) -> Result<(String, i64)> {
    #[derive(QueryableByName)]
    struct New {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let new: New =
        diesel::sql_query("SELECT CAST(gen_random_uuid() AS text) AS id").get_result(conn)?;
    Ok((new.id, now(conn)?))
}

/// Returns the servers that run, or have ended within the time of a lease, by the time of their start.
pub fn running(conn: &mut Connection) -> Result<Vec<Replica>> {
    let now = now(conn)?;
    living(conn, now)
}

fn living(conn: &mut Connection, now: i64) -> Result<Vec<Replica>> {
    let rows = replicas::table
        .filter(replicas::seen_at.ge(now - micros(LEASE)))
        .order((replicas::started_at, replicas::id));
    Ok(rows.load(conn)?)
}

fn now(conn: &mut Connection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Now {
        #[diesel(sql_type = BigInt)]
        now: i64,
    }
    let now: Now = diesel::sql_query(format!("SELECT {NOW} AS now")).get_result(conn)?;
    Ok(now.now)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
