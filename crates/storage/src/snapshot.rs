//! Copies the whole database as it is at one moment, and reads such copies.

use super::backend::WAIT_FOR_OTHERS;
use super::backend::prelude::*;
use super::schema::{assignments, courses, feedback, identity, releases, submissions};
use super::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use nbcourier_domain::above;
use std::path::Path;

/// Copies the database to a new file, even while others use it. The copy is flushed and holds no deleted bytes.
pub fn take(database: &Path, copy: &Path) -> Result<()> {
    let mut conn = Connection::open(text(database)?)?;
    conn.batch_execute(WAIT_FOR_OTHERS)?;
    copy_to(conn.sqlite(), copy)
}

/// Copies the database of a connection that has no open transaction.
pub(super) fn copy_to(conn: &mut SqliteConnection, copy: &Path) -> Result<()> {
    let quoted = text(copy)?.replace('\'', "''");
    conn.batch_execute(&format!("VACUUM INTO '{quoted}'"))?;
    // SQLite does not flush the copy itself (https://sqlite.org/lang_vacuum.html).
    [copy, above(copy)]
        .into_iter()
        .try_for_each(|path| std::fs::File::open(path)?.sync_all())
        .map_err(|error| Error::Unusable(format!("{} could not be kept: {error}", copy.display())))
}

/// Opens a copy that nobody writes to, so that SQLite need not write beside it.
pub fn open(copy: &Path) -> Result<Connection> {
    let escaped =
        percent_encoding::utf8_percent_encode(text(copy)?, percent_encoding::NON_ALPHANUMERIC);
    Connection::open(&format!("file:{escaped}?mode=ro&immutable=1"))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))
}

/// Returns the unique ID of the exchange.
pub fn exchange_id(conn: &mut Connection) -> Result<String> {
    Ok(identity::table.select(identity::id).get_result(conn)?)
}

/// The numbers of rows by kind, including the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Courses.
    pub courses: i64,
    /// Assignments.
    pub assignments: i64,
    /// Released versions of assignments.
    pub releases: i64,
    /// Submissions.
    pub submissions: i64,
    /// Feedback on submissions.
    pub feedback: i64,
}

/// Returns the numbers of rows.
pub fn counts(conn: &mut Connection) -> Result<Counts> {
    Ok(Counts {
        courses: courses::table.count().get_result(conn)?,
        assignments: assignments::table.count().get_result(conn)?,
        releases: releases::table.count().get_result(conn)?,
        submissions: submissions::table.count().get_result(conn)?,
        feedback: feedback::table.count().get_result(conn)?,
    })
}
