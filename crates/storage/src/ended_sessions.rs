//! Sessions and logins that ended before they expired, where several servers share the database.

use super::backend::prelude::*;
use super::schema::ended_sessions;
use super::{Result, Store};
use nbcourier_domain::Timestamp;

/// The time for which an ID is kept after its session has expired, in microseconds. The clocks of servers differ.
const SPARE: i64 = 600_000_000;

impl Store {
    /// Whether the session or login with this ID has ended.
    pub async fn has_ended(&self, id: String) -> Result<bool> {
        self.read(move |conn| has(conn, &id)).await
    }

    /// Ends a session or login, which expires in this second since 1970. Returns whether it had not ended before.
    pub async fn end_session(&self, id: String, expires: u64) -> Result<bool> {
        let micros = i64::try_from(expires).map_or(i64::MAX, |end| end.saturating_mul(1_000_000));
        let expires = Timestamp::from_micros(micros);
        self.write(move |conn| end(conn, &id, expires)).await
    }

    /// Makes a session or login valid again.
    pub async fn reopen_session(&self, id: String) -> Result<()> {
        self.write(move |conn| reopen(conn, &id)).await
    }
}

fn has(conn: &mut Connection, id: &str) -> Result<bool> {
    let found = ended_sessions::table
        .filter(ended_sessions::id.eq(id))
        .select(ended_sessions::expires_at)
        .get_result::<i64>(conn);
    Ok(found.optional()?.is_some())
}

fn end(conn: &mut Connection, id: &str, expires: Timestamp) -> Result<bool> {
    let row = (
        ended_sessions::id.eq(id),
        ended_sessions::expires_at.eq(expires.micros()),
    );
    let inserted = diesel::insert_into(ended_sessions::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted > 0)
}

fn reopen(conn: &mut Connection, id: &str) -> Result<()> {
    diesel::delete(ended_sessions::table.filter(ended_sessions::id.eq(id))).execute(conn)?;
    Ok(())
}

/// Removes the sessions and logins that have expired on every server by now.
pub fn purge_expired(conn: &mut Connection, now: Timestamp) -> Result<()> {
    let limit = now.micros().saturating_sub(SPARE);
    let expired = ended_sessions::table.filter(ended_sessions::expires_at.lt(limit));
    diesel::delete(expired).execute(conn)?;
    Ok(())
}
