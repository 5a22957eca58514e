//! Opens the database, and runs queries and changes on it.

use super::backend::lock::{Held, Lock};
use super::backend::{Postgres, Purpose, WAIT_FOR_OTHERS, apart};
use super::lender::{Lender, PATIENCE, lend, pool, trace};
use super::presence::{FilePlace, Presence, Role};
use super::turns::Turns;
use super::writer::Writer;
use super::writers::Writers;
use super::{Connection, Database, Error, Result, WriterMetrics, migrate, signing_keys};
use diesel::r2d2::{Pool, PooledConnection};
use nbcourier_work::blocking;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The number of connections for reading. Reads in SQLite use the CPU, so slightly more connections than cores are
/// enough.
const READERS: u32 = 4;

/// The settings of every connection. Every commit is durable (`synchronous=FULL` flushes the write-ahead log), and
/// statements wait for other processes.
///
/// The log is written back into the database after 64 MiB rather than 4, so that a rush of submissions rarely waits
/// for it: submissions of 200 KB arrived 1.4 times as fast. Pages of 16 KiB would gain slightly more there, but would
/// double the time of a rush of large files.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 67108864;";

/// The permitted changes to a database while it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Create it if it does not exist. Migrate it if it is older than this binary.
    Migrate,
    /// Create it if it does not exist. Refuse it if it is older than this binary.
    AsItIs,
    /// Refuse it if it does not exist or is older than this binary.
    Existing,
}

/// The database of one exchange. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    readers: Pool<Lender>,
    free_readers: Turns,
    writing: Writing,
    database: Arc<Database>,
    role: Arc<Role>,
}

/// The way in which changes are made.
#[derive(Clone)]
enum Writing {
    /// Through one thread, which commits several changes together.
    Together(Writer),
    /// Each on a connection of its own.
    Apart(Writers),
}

/// The sizes of the database's files, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseFiles {
    /// The size of the database itself.
    pub database: u64,
    /// The size of the write-ahead log, whose changes go into the database later.
    pub write_ahead_log: u64,
}

impl Store {
    /// Refuses every database that [`Store::open`] would refuse for its contents. Writes nothing.
    pub fn inspect(database: &Database, opening: Opening) -> Result<()> {
        match database {
            Database::Sqlite(path) => migrate::inspect(path, opening),
            Database::Postgres(postgres) => apart(|| migrate::postgres::inspect(postgres, opening)),
        }
    }

    /// Opens the database and migrates it if `opening` allows that. Refuses a database of another program or of a newer
    /// nbcourier, without writing to it.
    pub fn open(database: &Database, opening: Opening) -> Result<Self> {
        match database {
            Database::Sqlite(path) => Self::open_file(path, database, opening),
            Database::Postgres(postgres) => apart(|| Self::connect(postgres, database, opening)),
        }
    }

    /// Makes this process a server of its database. Fails if a running server excludes it. Returns `None` for a file, which
    /// is claimed with its data directory.
    pub fn begin_presence(&self, version: &str, place: FilePlace) -> Result<Option<Presence>> {
        Presence::begin(&self.database, version, place, &self.role)
    }

    /// Returns the position of this process among the servers of its database.
    pub fn role(&self) -> &Role {
        &self.role
    }

    fn open_file(path: &Path, database: &Database, opening: Opening) -> Result<Self> {
        migrate::inspect(path, opening)?;
        let url = path
            .to_str()
            .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))?
            .to_owned();
        let connect = {
            let url = url.clone();
            move || {
                let mut conn = Connection::open(&url)?;
                conn.batch_execute(WAIT_FOR_OTHERS)?;
                conn.batch_execute(PRAGMAS)?;
                conn.set_instrumentation(trace);
                Ok(conn)
            }
        };
        // The last connection that closes writes the log back and removes it. So this one stays until there are others.
        let mut first = connect()?;
        migrate::migrate(first.sqlite(), path, opening)?;
        Ok(Self {
            writing: Writing::Together(Writer::start(connect)?),
            readers: pool(Lender::File(url), READERS, 1)?,
            free_readers: Turns::new(READERS as usize),
            database: Arc::new(database.clone()),
            role: Arc::default(),
        })
    }

    fn connect(postgres: &Postgres, database: &Database, opening: Opening) -> Result<Self> {
        migrate::postgres::open(postgres, opening)?;
        // Readers never take a connection from writers, nor the other way round.
        let writers = (postgres.connections() * 3).div_ceil(5);
        let readers = postgres.connections().saturating_sub(writers).max(1);
        let lender = |purpose| Lender::Server(Box::new(postgres.clone()), purpose);
        let writing = pool(lender(Purpose::Write), writers, 1)?;
        Ok(Self {
            writing: Writing::Apart(Writers::new(writing, writers as usize)?),
            readers: pool(lender(Purpose::Read), readers, 1)?,
            free_readers: Turns::new(readers as usize),
            database: Arc::new(database.clone()),
            role: Arc::default(),
        })
    }

    /// Runs `query` on one snapshot of the database, off the async threads.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let turn = self.free_readers.wait().await?;
        let (readers, turns) = (self.readers.clone(), self.free_readers.clone());
        blocking(move || {
            let _turn = turn;
            let mut lent = begin_reading(&readers, &turns)?;
            lent.finish_reading(query)
        })
        .await
        .unwrap_or_else(|bug| Err(Error::Bug(bug).into()))
    }

    /// Runs `change` in a transaction. Returns once the change is durable. An `Err` undoes the change.
    ///
    /// A database with several writers may have to begin a change anew. A change therefore keeps nothing from a run
    /// that was undone: it returns what it found out, or notes it in `committed` of [`Store::write_then`].
    pub async fn write<T, E>(
        &self,
        change: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_then(change, |_| ()).await
    }

    /// Runs `change` in a transaction and calls `committed` once it is durable, even if the caller no longer waits
    /// for the result.
    pub async fn write_then<T, E>(
        &self,
        change: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.writing {
            Writing::Together(writer) => writer.run_then(change, committed).await,
            Writing::Apart(writers) => writers.run_then(change, committed).await,
        }
    }

    /// Runs `change` after those that are already waiting. Nobody waits for it, and a failure is only logged.
    pub fn write_later(&self, change: impl FnOnce(&mut Connection) -> Result<()> + Send + 'static) {
        match &self.writing {
            Writing::Together(writer) => writer.run_later(change),
            Writing::Apart(writers) => writers.run_later(change),
        }
    }

    /// Returns the signing key in the database, if there is one yet.
    pub async fn signing_key(&self) -> Result<Option<Vec<u8>>> {
        self.read(signing_keys::find).await
    }

    /// Stores the signing key if there is none yet. Returns the stored key.
    pub async fn keep_signing_key(&self, key: [u8; 32]) -> Result<Vec<u8>> {
        self.write(move |conn| signing_keys::keep(conn, &key)).await
    }

    /// Returns the number of bytes that this account may still use on the file system of the database. Returns `None`
    /// for a database of a server, whose disk is not known.
    pub fn free_bytes(&self) -> std::io::Result<Option<u64>> {
        let Some(path) = self.database.file() else {
            return Ok(None);
        };
        let space = rustix::fs::statvfs(path)?;
        Ok(Some(space.f_bavail.saturating_mul(space.f_frsize)))
    }

    /// Takes the lock for work that spans several transactions. Returns `None` if another process has it. A file needs no
    /// lock.
    pub async fn hold(&self, lock: Lock<'static>) -> Result<Option<Held>> {
        let database = Arc::clone(&self.database);
        let held = blocking(move || {
            let Database::Postgres(postgres) = &*database else {
                return Ok(Some(Held::nothing()));
            };
            Held::take(postgres.connect(Purpose::Write)?, lock)
        });
        held.await.unwrap_or_else(|bug| Err(Error::Bug(bug)))
    }

    /// Whether other servers may change the database at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.writing, Writing::Apart(_))
    }

    /// Returns the sizes of the database's files. Returns `None` for a database of a server.
    pub fn files(&self) -> std::io::Result<Option<DatabaseFiles>> {
        let files = self.database.file().map(database_files);
        files.transpose()
    }

    /// Returns the metrics of the writer.
    pub fn metrics(&self) -> &WriterMetrics {
        match &self.writing {
            Writing::Together(writer) => writer.metrics(),
            Writing::Apart(writers) => writers.metrics(),
        }
    }

    /// Checks that the database accepts a durable change.
    pub async fn check_writable(&self) -> Result<()> {
        self.write(|conn| conn.check_writable().map_err(Error::from))
            .await
    }
}

/// Begins a transaction on a connection for reading. An idle connection to a server may have been lost. A beginning
/// that failed did nothing, so another connection takes over.
fn begin_reading(readers: &Pool<Lender>, turns: &Turns) -> Result<PooledConnection<Lender>> {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut lent = lend(readers, turns)?;
        match lent.begin_reading() {
            Ok(()) => return Ok(lent),
            Err(error) => {
                lent.give_up();
                if Instant::now() > until {
                    return Err(error.into());
                }
            }
        }
    }
}

/// Returns the sizes of the files of the database at `path`.
pub fn database_files(path: &Path) -> std::io::Result<DatabaseFiles> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(DatabaseFiles {
        database: std::fs::metadata(path)?.len(),
        // SQLite removes the log when the last connection is closed.
        write_ahead_log: std::fs::metadata(log).map_or(0, |file| file.len()),
    })
}
