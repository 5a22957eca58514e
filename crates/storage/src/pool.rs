//! Opening the database and lending connections to it.

use super::{Connection, Error, Result, WriterTally, migrate, writer::Writer};
use diesel::Connection as _;
use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use nbcourier_work::blocking;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Connections for reading. SQLite reads run on the cores, so a few more than cores are enough.
const READERS: u32 = 4;

/// Durable at every commit (`synchronous=FULL` flushes the write-ahead log), and patient with other processes.
///
/// The log goes back into the database after 64 MiB rather than 4, so that a rush of submissions seldom waits for that:
/// 200 KB submissions came in 1.4 times as fast. Pages of 16 KiB would bring a little more there, but cost a rush of
/// large files twice the time.
const PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 16384; \
     PRAGMA journal_size_limit = 67108864;";
const READER_PRAGMAS: &str =
    "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON;";

/// What opening a database may do to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Make it when it is not there; migrate it when it is older than this binary.
    Migrate,
    /// Make it when it is not there; refuse it when it is older than this binary.
    AsItIs,
    /// Refuse it when it is not there or older than this binary.
    Existing,
}

/// The database of one exchange. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    readers: Pool<ConnectionManager<Connection>>,
    free_readers: Arc<Semaphore>,
    writer: Writer,
    path: Arc<PathBuf>,
}

/// The sizes of the database's files, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseFiles {
    /// The database itself.
    pub database: u64,
    /// The log of changes that go into it later.
    pub write_ahead_log: u64,
}

impl Store {
    /// Refuses a file that [`Store::open`] would refuse for what it is, without writing anything anywhere.
    pub fn inspect(path: &Path, opening: Opening) -> Result<()> {
        migrate::inspect(path, opening)
    }

    /// Opens the SQLite database at `path`, migrated as `opening` allows; refuses, without writing to it, whatever
    /// nbcourier did not make or a newer nbcourier did.
    pub fn open(path: &Path, opening: Opening) -> Result<Self> {
        Self::inspect(path, opening)?;
        let url = path
            .to_str()
            .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))?
            .to_owned();
        let connect = {
            let url = url.clone();
            move || {
                let mut conn =
                    Connection::establish(&url).map_err(|e| Error::Connection(e.to_string()))?;
                conn.batch_execute(PRAGMAS)?;
                conn.set_instrumentation(trace);
                Ok(conn)
            }
        };
        migrate::migrate(&mut connect()?, path, opening)?;
        let writer = Writer::start(connect)?;
        let readers = Pool::builder()
            .max_size(READERS)
            .test_on_check_out(false)
            .connection_customizer(Box::new(ReadOnly))
            .build(ConnectionManager::new(url))
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
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        // Waiting for a connection holds no thread.
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

    /// Runs `change` in a transaction; the answer comes once it is durable, an `Err` undoes it.
    pub async fn write<T, E>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        self.writer.run(change).await
    }

    /// The same, and calls `committed` once the change is durable, also when nobody waits for the answer any more.
    pub async fn write_then<T, E>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        committed: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        self.writer.run_then(change, committed).await
    }

    /// Runs `change` after those that wait already. Nobody waits for it, and a failure is only logged.
    pub fn write_later(&self, change: impl FnOnce(&mut Connection) -> Result<()> + Send + 'static) {
        self.writer.run_later(change);
    }

    /// Bytes free for us on the file system of the database.
    pub fn free_bytes(&self) -> std::io::Result<u64> {
        let space = rustix::fs::statvfs(self.path.as_path())?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// How large the database's files are.
    pub fn files(&self) -> std::io::Result<DatabaseFiles> {
        database_files(&self.path)
    }

    /// What was written so far.
    pub fn tally(&self) -> &WriterTally {
        self.writer.tally()
    }

    /// Shows that the database takes a durable change.
    pub async fn check_writable(&self) -> Result<()> {
        self.write(|conn| {
            // The version is nobody's; writing it back is a change that changes nothing.
            conn.batch_execute("PRAGMA user_version = 1")
                .map_err(Error::from)
        })
        .await
    }
}

/// How large the files of the database at `path` are.
pub fn database_files(path: &Path) -> std::io::Result<DatabaseFiles> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(DatabaseFiles {
        database: std::fs::metadata(path)?.len(),
        // SQLite removes it when the last connection is closed.
        write_ahead_log: std::fs::metadata(log).map_or(0, |file| file.len()),
    })
}

#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<Connection, diesel::r2d2::Error> for ReadOnly {
    fn on_acquire(&self, conn: &mut Connection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(READER_PRAGMAS)
            .map_err(diesel::r2d2::Error::QueryError)?;
        conn.set_instrumentation(trace);
        Ok(())
    }
}

/// The log target of the statements that run.
const STATEMENTS: &str = "nbcourier::statements";

/// Logs a statement, without the values bound to it: those are what people handed in.
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
