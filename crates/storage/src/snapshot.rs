//! A copy of the whole database as it is at one moment, and reading such a copy.

use super::schema::{assignments, courses, feedback, identity, releases, submissions};
use super::{Connection, Error, Result};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::*;
use nbcourier_domain::above;
use std::path::Path;

/// Copies the database, which others may be using, into a file that is not there yet. It is flushed, and holds nothing
/// that was deleted.
pub fn take(database: &Path, copy: &Path) -> Result<()> {
    let mut conn = Connection::establish(text(database)?)
        .map_err(|error| Error::Connection(error.to_string()))?;
    conn.batch_execute("PRAGMA busy_timeout = 10000")?;
    copy_to(&mut conn, copy)
}

/// The same for a connection that is in no transaction.
pub(super) fn copy_to(conn: &mut Connection, copy: &Path) -> Result<()> {
    let quoted = text(copy)?.replace('\'', "''");
    conn.batch_execute(&format!("VACUUM INTO '{quoted}'"))?;
    // SQLite leaves this to whoever wants it (https://sqlite.org/lang_vacuum.html).
    [copy, above(copy)]
        .into_iter()
        .try_for_each(|path| std::fs::File::open(path)?.sync_all())
        .map_err(|error| Error::Unusable(format!("{} could not be kept: {error}", copy.display())))
}

/// Opens a copy that nobody writes to, so that nothing need be written beside it.
pub fn open(copy: &Path) -> Result<Connection> {
    let escaped =
        percent_encoding::utf8_percent_encode(text(copy)?, percent_encoding::NON_ALPHANUMERIC);
    Connection::establish(&format!("file:{escaped}?mode=ro&immutable=1"))
        .map_err(|error| Error::Connection(error.to_string()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))
}

/// What tells the exchange of this database from all others.
pub fn exchange_id(conn: &mut Connection) -> Result<String> {
    Ok(identity::table.select(identity::id).first(conn)?)
}

/// How much of each kind there is, what is in the trash included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Courses.
    pub courses: i64,
    /// Assignments.
    pub assignments: i64,
    /// Versions of them that were released.
    pub releases: i64,
    /// Submissions.
    pub submissions: i64,
    /// Feedback on those.
    pub feedback: i64,
}

/// Counts them.
pub fn counts(conn: &mut Connection) -> Result<Counts> {
    Ok(Counts {
        courses: courses::table.count().get_result(conn)?,
        assignments: assignments::table.count().get_result(conn)?,
        releases: releases::table.count().get_result(conn)?,
        submissions: submissions::table.count().get_result(conn)?,
        feedback: feedback::table.count().get_result(conn)?,
    })
}
