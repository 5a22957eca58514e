//! The connections that a pool opens and lends.

use super::backend::{Failure, Postgres, Purpose, READER_SETTINGS, WAIT_FOR_OTHERS, is_setting};
use super::turns::Turns;
use super::{Connection, Error, Result};
use diesel::connection::InstrumentationEvent;
use diesel::r2d2::{HandleError, ManageConnection, Pool, PooledConnection};
use std::time::Duration;

/// The time to wait for a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Opens connections and lends them.
#[derive(Debug)]
pub enum Lender {
    /// Connections for reading to the SQLite database with this URL.
    File(String),
    /// Connections to a PostgreSQL database.
    Server(Box<Postgres>, Purpose),
}

impl ManageConnection for Lender {
    type Connection = Connection;
    type Error = Error;

    fn connect(&self) -> Result<Connection> {
        let mut conn = match self {
            Self::File(url) => {
                let mut conn = Connection::open(url)?;
                conn.batch_execute(WAIT_FOR_OTHERS)?;
                conn.batch_execute(READER_SETTINGS)?;
                conn
            }
            Self::Server(postgres, purpose) => postgres.connect(*purpose)?,
        };
        conn.set_instrumentation(trace);
        Ok(conn)
    }

    fn is_valid(&self, _: &mut Connection) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, conn: &mut Connection) -> bool {
        // A panic leaves a transaction open.
        conn.depth() != Some(0) || conn.failure() == Some(Failure::Disconnected)
    }
}

/// Logs that a connection could not be opened. Its user gets the error too, but only after some attempts.
#[derive(Debug)]
struct LogConnections;

impl HandleError<Error> for LogConnections {
    fn handle_error(&self, error: Error) {
        log::warn!("{error}");
    }
}

/// Creates a pool of up to `size` connections, which keeps `at_least` of them open.
pub(super) fn pool(lender: Lender, size: u32, at_least: u32) -> Result<Pool<Lender>> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(at_least))
        .connection_timeout(PATIENCE)
        .test_on_check_out(false)
        .error_handler(Box::new(LogConnections))
        .build(lender)
        .map_err(|error| Error::Connection(error.to_string()))
}

/// Returns a connection of the pool, which waits for a while.
pub(super) fn lend(pool: &Pool<Lender>, turns: &Turns) -> Result<PooledConnection<Lender>> {
    pool.get().map_err(|error| {
        turns.note_outage();
        Error::Connection(error.to_string())
    })
}

/// The log target of statements.
const STATEMENTS: &str = "nbcourier::statements";

/// Logs a statement without its bound values, which are people's data.
#[allow(clippy::needless_pass_by_value, reason = "diesel hands the event over")]
pub(super) fn trace(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event
        && log::log_enabled!(target: STATEMENTS, log::Level::Trace)
    {
        let text = query.to_string();
        if is_setting(&text) {
            return;
        }
        let statement = text.split(" -- binds: ").next().unwrap_or_default();
        log::trace!(target: STATEMENTS, statement; "statement");
    }
}
