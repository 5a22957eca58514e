//! The parts of a connection that are particular to SQLite.

use super::{Backend, Connection};
use crate::{Error, Result};
use diesel::connection::{AnsiTransactionManager, Connection as _, SimpleConnection as _};
use diesel::sqlite::SqliteConnection;

/// How long a statement waits for other connections to the file.
pub(crate) const WAIT_FOR_OTHERS: &str = "PRAGMA busy_timeout = 10000;";

/// The settings of a connection for reading.
pub(crate) const READER_SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA query_only = ON;";

/// Whether a statement is a setting of the connection, or a step of maintenance between the requests.
pub(crate) fn is_setting(statement: &str) -> bool {
    statement.starts_with("PRAGMA")
}

impl Connection {
    /// Opens the SQLite database with this name or URL.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let conn = SqliteConnection::establish(url);
        Ok(conn
            .map_err(|error| Error::Connection(error.to_string()))?
            .into())
    }

    /// Returns the connection of diesel. It panics for a connection to another database, which the callers never have.
    pub(crate) fn sqlite(&mut self) -> &mut SqliteConnection {
        match &mut self.backend {
            Backend::Sqlite(conn) => conn,
            Backend::Postgres(_) => unreachable!("only the code for SQLite's files asks for it"),
        }
    }

    /// Runs `work` in a transaction that has the write lock from the beginning.
    pub(crate) fn immediate_transaction<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        AnsiTransactionManager::begin_transaction_sql(self.sqlite(), "BEGIN IMMEDIATE")
            .map_err(Error::from)?;
        self.failed = None;
        self.finish(work)
    }

    /// Writes the log back into the database and empties it. Waits for nobody: returns `false` if a reader of an older
    /// state, or another program, prevents it.
    pub(crate) fn write_log_back(&mut self) -> Result<bool> {
        use diesel::prelude::*;

        /// The reply of <https://sqlite.org/pragma.html#pragma_wal_checkpoint>.
        #[derive(QueryableByName)]
        struct Reply {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            busy: i32,
        }
        let conn = self.sqlite();
        conn.batch_execute("PRAGMA busy_timeout = 0")?;
        let reply = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Reply>(conn);
        conn.batch_execute(WAIT_FOR_OTHERS)?;
        Ok(reply?.busy == 0)
    }
}

/// Returns the errors that SQLite itself finds in the database, and rows that point nowhere. The list is empty if
/// there are none.
pub(crate) fn check_integrity(conn: &mut SqliteConnection) -> Result<Vec<String>> {
    use diesel::prelude::*;

    #[derive(QueryableByName)]
    struct Finding {
        #[diesel(sql_type = diesel::sql_types::Text)]
        integrity_check: String,
    }
    #[derive(QueryableByName)]
    struct Dangling {
        #[diesel(sql_type = diesel::sql_types::Text)]
        table: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        parent: String,
    }
    let mut findings: Vec<String> = diesel::sql_query("PRAGMA integrity_check(20)")
        .load::<Finding>(conn)?
        .into_iter()
        .map(|finding| finding.integrity_check)
        .filter(|finding| finding != "ok")
        .collect();
    let dangling = diesel::sql_query("PRAGMA foreign_key_check").load::<Dangling>(conn)?;
    findings.extend(
        dangling
            .iter()
            .take(20)
            .map(|row| format!("a row of {} names none of {}", row.table, row.parent)),
    );
    Ok(findings)
}
