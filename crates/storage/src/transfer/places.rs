//! Opens the databases between which rows are copied, and keeps servers away from them.
//!
//! A destination in PostgreSQL has a table with the description of the unfinished copy, and no program opens a database with
//! that table. A destination in a file is marked by its directory.

use super::complete;
use crate::backend::lock::Lock;
use crate::backend::prelude::*;
use crate::backend::{Postgres, Purpose, READER_SETTINGS, WAIT_FOR_OTHERS};
use crate::migrate::{self, postgres as server};
use crate::presence::{FilePlace, MOVING, Presence, Role};
use crate::{Database, Error, Opening, Result, replicas, snapshot};
use nbcourier_domain::above;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No copy of many rows ends early because it takes long.
const PATIENT: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// The settings of a file that is filled. It is only used once it is whole, and an interrupted copy continues with what is
/// there.
const FILLING: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON";
/// The end of filling: all is in one file.
const FILLED: &str = "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE";

/// The database from which rows are copied.
pub struct Origin;

impl Origin {
    /// Opens a database for copying. Nothing in it is changed. Refuses one that is not of this version.
    pub fn open(database: &Database) -> Result<Connection> {
        let mut conn = match database {
            Database::Sqlite(path) => {
                migrate::inspect(path, Opening::Existing)?;
                open_file(path)?
            }
            Database::Postgres(postgres) => {
                server::inspect(postgres, Opening::Existing)?;
                let mut conn = postgres.connect(Purpose::Read)?;
                conn.batch_execute(PATIENT)?;
                conn
            }
        };
        require_current(&mut conn, database)?;
        Ok(conn)
    }

    /// Opens a database whose large files are moved, and whose rows stay.
    pub fn open_to_change(database: &Database) -> Result<Connection> {
        drop(Self::open(database)?);
        match database {
            Database::Sqlite(path) => {
                let mut conn = Connection::open(&migrate::url(path, "rw")?)?;
                conn.batch_execute(WAIT_FOR_OTHERS)?;
                conn.batch_execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
                Ok(conn)
            }
            Database::Postgres(postgres) => {
                let mut conn = postgres.connect(Purpose::Write)?;
                conn.batch_execute(PATIENT)?;
                Ok(conn)
            }
        }
    }
}

/// Opens a file such that it stays as it is, and so do the files beside it.
fn open_file(path: &Path) -> Result<Connection> {
    use rustix::fs::{Access, access};
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        // A connection that may write would write the log back when it is closed.
        return migrate::read_only(path);
    }
    if access(above(path), Access::WRITE_OK).is_err() {
        // SQLite could not make a log, and so nobody can write to the file.
        return snapshot::open(path);
    }
    // A connection that may not write would leave an empty log behind.
    let mut conn = Connection::open(&migrate::url(path, "rw")?)?;
    conn.batch_execute(WAIT_FOR_OTHERS)?;
    conn.batch_execute(READER_SETTINGS)?;
    Ok(conn)
}

fn require_current(conn: &mut Connection, database: &Database) -> Result<()> {
    let (pending, newer) = migrate::differences(conn)?;
    if let Some(newer) = newer {
        return Err(Error::Unusable(format!(
            "{database} was written by a newer nbcourier (it has migration {newer}, which this one does not know). \
             Nothing was changed. Use that version for this command."
        )));
    }
    if pending.is_empty() {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "{database} is from an older nbcourier and lacks {}. Nothing was changed. Start `nbcourier serve` of this version \
         on it once, which brings it up to date.",
        pending.join(", ")
    )))
}

/// Keeps servers away from a database, for as long as it lives. In PostgreSQL it counts as a server that excludes others. A
/// file is claimed with its data directory.
pub struct Guard(#[allow(dead_code, reason = "what it does is being there")] Option<Presence>);

impl Guard {
    /// Refuses a database that a server uses.
    pub fn new(database: &Database, version: &str) -> Result<Self> {
        let Database::Postgres(postgres) = database else {
            return Ok(Self(None));
        };
        let mut conn = postgres.connect(Purpose::Write)?;
        if let Some(refusal) = server_there(&mut conn, postgres)? {
            return Err(refusal);
        }
        let place = FilePlace::Directory(PathBuf::from(MOVING));
        let presence = Presence::begin(database, version, place, &Arc::new(Role::default()))?;
        Ok(Self(presence))
    }
}

/// Returns the refusal of a database that a server uses.
fn server_there(conn: &mut Connection, postgres: &Postgres) -> Result<Option<Error>> {
    if !server::tables(conn)?.contains("replicas") {
        return Ok(None);
    }
    conn.transaction(|conn| {
        for other in replicas::running(conn)? {
            if !conn.is_free(&Lock::Replica(&other.id))? {
                return Ok(Some(Error::Unusable(if other.place == MOVING {
                    format!(
                        "Another `nbcourier move` is using {postgres}, on {}. Wait until it ends. Nothing was changed.",
                        other.host
                    )
                } else {
                    format!(
                        "{other} is serving {postgres}. Nothing was changed. Stop all its servers first, and repeat the \
                         command."
                    )
                })));
            }
        }
        Ok(None)
    })
}

/// The state of a destination before the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is nothing.
    Empty,
    /// There is an unfinished copy with this description.
    Unfinished(String),
}

/// The database to which rows are copied.
pub struct Destination {
    conn: Connection,
    /// The file, if it is one.
    file: Option<PathBuf>,
}

impl Destination {
    /// Returns the state of a PostgreSQL database. Refuses one that is neither empty nor unfinished.
    pub fn look(postgres: &Postgres) -> Result<State> {
        let mut conn = postgres.connect(Purpose::Write)?;
        postgres.check_server(&mut conn)?;
        state(&mut conn, postgres)
    }

    /// Creates the tables in an empty PostgreSQL database, and marks it as an unfinished copy with this description. One
    /// that is marked so is opened again.
    pub fn on_server(postgres: &Postgres, description: &str) -> Result<Self> {
        let mut conn = postgres.connect(Purpose::Write)?;
        conn.batch_execute(PATIENT)?;
        if !conn.claim(&Lock::Move)? {
            return Err(Error::Unusable(format!(
                "Another `nbcourier move` or `restore` is writing to {postgres}. Wait until it ends. Nothing was changed."
            )));
        }
        conn.transaction(|conn| {
            conn.lock([Lock::Migration])?;
            match state(conn, postgres)? {
                State::Empty => server::mark_unfinished(conn, description)?,
                State::Unfinished(found) if found == description => {}
                State::Unfinished(_) => return Err(not_empty(postgres)),
            }
            server::migrate(conn, postgres, Opening::Migrate)
        })?;
        Ok(Self { conn, file: None })
    }

    /// Creates a database in a file that does not exist, or opens the one of an unfinished copy.
    pub fn in_file(path: &Path) -> Result<Self> {
        let mut conn = Connection::open(
            path.to_str()
                .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))?,
        )?;
        conn.batch_execute(WAIT_FOR_OTHERS)?;
        conn.batch_execute(FILLING)?;
        migrate::migrate(conn.sqlite(), path, Opening::Migrate)?;
        Ok(Self {
            conn,
            file: Some(path.to_owned()),
        })
    }

    /// Returns the connection.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.conn
    }

    /// Returns the connection alone.
    #[cfg(test)]
    pub(super) fn conn(self) -> Connection {
        self.conn
    }

    /// Completes the copy: notes the exchange, the bucket with its large files, and the signing key if the database keeps it.
    /// The last act makes the database usable. A file is complete and flushed.
    pub fn complete(
        mut self,
        exchange: &str,
        bucket: Option<&str>,
        key: Option<&[u8]>,
    ) -> Result<()> {
        let key = key.filter(|_| self.file.is_none());
        if self.file.is_none() {
            // PostgreSQL would plan queries wrongly until its own turn to look at the new tables.
            self.conn.batch_execute("ANALYZE")?;
        }
        self.conn.transaction(|conn| {
            complete(conn, exchange, bucket, key)?;
            if conn.is_postgres() {
                server::unmark(conn)?;
            }
            Ok::<_, Error>(())
        })?;
        let Some(file) = self.file else {
            return Ok(());
        };
        self.conn.batch_execute(FILLED)?;
        drop(self.conn);
        std::fs::File::open(&file)
            .and_then(|file| file.sync_all())
            .map_err(|error| {
                Error::Unusable(format!("{} could not be kept: {error}", file.display()))
            })
    }
}

fn state(conn: &mut Connection, postgres: &Postgres) -> Result<State> {
    let tables = server::tables(conn)?;
    if tables.is_empty() {
        return Ok(State::Empty);
    }
    if let Some(description) = server::unfinished(conn)? {
        return Ok(State::Unfinished(description));
    }
    Err(match server_there(conn, postgres)? {
        Some(refusal) => refusal,
        None => not_empty(postgres),
    })
}

fn not_empty(postgres: &Postgres) -> Error {
    Error::Unusable(format!(
        "{postgres} is not empty. Nothing was changed. Name a new, empty database, or drop this one and create it anew."
    ))
}
