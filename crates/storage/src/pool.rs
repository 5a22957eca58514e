//! Opens the database and lends connections to it.

use super::{Connection, Error, Result, WriterMetrics, migrate, writer::Writer};
use diesel::connection::InstrumentationEvent;
use diesel::r2d2::{ManageConnection, Pool};
use nbcourier_work::blocking;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The number of connections for reading. Reads in SQLite use the CPU, so slightly more connections than cores are
/// enough.
const READERS: u32 = 4;

/// The settings of every connection. Every commit is durable (`synchronous=FULL` flushes the write-ahead log), and
/// statements wait for other processes.
///
/// The log is written back into the database after 64 MiB rather than 4, so that a rush of submissions rarely waits
/// for it: submissions of 200 KB arrived 1.4 times as fast. Pages of 16 KiB would gain slightly more there, but would
/// double the time of a rush of large files.
const PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 16384; \
     PRAGMA journal_size_limit = 67108864;";
const READER_PRAGMAS: &str =
    "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON;";

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
    readers: Pool<Readers>,
    free_readers: Arc<Semaphore>,
    writer: Writer,
    path: Arc<PathBuf>,
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
    /// Refuses every file that [`Store::open`] would refuse for its contents. Writes nothing.
    pub fn inspect(path: &Path, opening: Opening) -> Result<()> {
        migrate::inspect(path, opening)
    }

    /// Opens the SQLite database at `path` and migrates it if `opening` allows that. Refuses a file of another
    /// program or of a newer nbcourier, without writing to it.
    pub fn open(path: &Path, opening: Opening) -> Result<Self> {
        Self::inspect(path, opening)?;
        let url = path
            .to_str()
            .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))?
            .to_owned();
        let connect = {
            let url = url.clone();
            move || {
                let mut conn = Connection::open(&url)?;
                conn.batch_execute(PRAGMAS)?;
                conn.set_instrumentation(trace);
                Ok(conn)
            }
        };
        migrate::migrate(connect()?.sqlite(), path, opening)?;
        let writer = Writer::start(connect)?;
        let readers = Pool::builder()
            .max_size(READERS)
            .test_on_check_out(false)
            .build(Readers { url })
            .map_err(|error| Error::Connection(error.to_string()))?;
        Ok(Self {
            readers,
            free_readers: Arc::new(Semaphore::new(READERS as usize)),
            writer,
            path: Arc::new(path.to_owned()),
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
        // Waiting for a connection must not occupy a thread.
        let permit = Arc::clone(&self.free_readers).acquire_owned().await;
        let readers = self.readers.clone();
        blocking(move || {
            let _permit = permit;
            let mut conn = readers
                .get()
                .map_err(|error| Error::Connection(error.to_string()))?;
            let conn: &mut Connection = &mut conn;
            conn.transaction(query)
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
        self.writer.run(change).await
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
        self.writer.run_then(change, committed).await
    }

    /// Runs `change` after those that are already waiting. Nobody waits for it, and a failure is only logged.
    pub fn write_later(&self, change: impl FnOnce(&mut Connection) -> Result<()> + Send + 'static) {
        self.writer.run_later(change);
    }

    /// Returns the number of bytes that this account may still use on the file system of the database.
    pub fn free_bytes(&self) -> std::io::Result<u64> {
        let space = rustix::fs::statvfs(self.path.as_path())?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// Returns the sizes of the database's files.
    pub fn files(&self) -> std::io::Result<DatabaseFiles> {
        database_files(&self.path)
    }

    /// Returns the metrics of the writer.
    pub fn metrics(&self) -> &WriterMetrics {
        self.writer.metrics()
    }

    /// Checks that the database accepts a durable change.
    pub async fn check_writable(&self) -> Result<()> {
        self.write(|conn| conn.check_writable().map_err(Error::from))
            .await
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

/// Opens connections for reading.
struct Readers {
    url: String,
}

impl ManageConnection for Readers {
    type Connection = Connection;
    type Error = Error;

    fn connect(&self) -> Result<Connection> {
        let mut conn = Connection::open(&self.url)?;
        conn.batch_execute(READER_PRAGMAS)?;
        conn.set_instrumentation(trace);
        Ok(conn)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, conn: &mut Connection) -> bool {
        // A panic leaves a transaction open.
        conn.depth() != Some(0)
    }
}

/// The log target of statements.
const STATEMENTS: &str = "nbcourier::statements";

/// Logs a statement without its bound values, which are people's data.
#[allow(clippy::needless_pass_by_value, reason = "diesel hands the event over")]
fn trace(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event
        && log::log_enabled!(target: STATEMENTS, log::Level::Trace)
    {
        let text = query.to_string();
        let statement = text.split(" -- binds: ").next().unwrap_or_default();
        log::trace!(target: STATEMENTS, statement; "statement");
    }
}
