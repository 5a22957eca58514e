//! The parts of a connection that are particular to SQLite.

use super::{Backend, Connection};
use crate::{Error, Result};
use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, Connection as _, SimpleConnection as _, TransactionDepthChange,
    TransactionManager as _, TransactionManagerStatus,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::result::Error as DieselError;
use diesel::sqlite::{Sqlite, SqliteConnection};

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

/// The statement that begins a transaction.
#[derive(QueryId)]
struct Begin;

/// The statement that ends a transaction.
#[derive(QueryId)]
struct Commit;

impl QueryFragment<Sqlite> for Begin {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("BEGIN");
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Commit {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("COMMIT");
        Ok(())
    }
}

/// Begins a transaction by a statement that the connection prepares once. SQLite parses those of diesel's transaction
/// manager each time, which takes as long as a short query.
pub(super) fn begin_reading(conn: &mut SqliteConnection) -> QueryResult<()> {
    ExecuteDsl::execute(Begin, conn)?;
    note_depth(conn, TransactionDepthChange::IncreaseDepth)
}

/// Ends a transaction that changed nothing, by a statement that the connection prepares once.
pub(super) fn end_reading(conn: &mut SqliteConnection) -> QueryResult<()> {
    ExecuteDsl::execute(Commit, conn)?;
    note_depth(conn, TransactionDepthChange::DecreaseDepth)
}

/// Keeps the transaction manager of diesel informed.
fn note_depth(conn: &mut SqliteConnection, change: TransactionDepthChange) -> QueryResult<()> {
    match AnsiTransactionManager::transaction_manager_status_mut(conn) {
        TransactionManagerStatus::Valid(status) => status.change_transaction_depth(change),
        TransactionManagerStatus::InError => Err(DieselError::BrokenTransactionManager),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::prelude::*;
    use diesel::connection::InstrumentationEvent;
    use std::sync::{Arc, Mutex};

    #[test]
    fn reads_prepare_their_statements_once() {
        let mut conn = Connection::open(":memory:").unwrap();
        let prepared = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&prepared);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { sql, .. } = event {
                noted.lock().unwrap().push(sql.to_owned());
            }
        });
        for _ in 0..3 {
            conn.begin_reading().unwrap();
            assert_eq!(conn.depth(), Some(1));
            let read = conn.finish_reading(|conn| {
                let one = diesel::select(1_i32.into_sql::<diesel::sql_types::Integer>());
                Ok::<i32, Error>(one.get_result(conn)?)
            });
            assert_eq!(read.unwrap(), 1);
            assert_eq!(conn.depth(), Some(0));
        }
        assert_eq!(*prepared.lock().unwrap(), ["BEGIN", "SELECT ?", "COMMIT"]);
    }

    #[test]
    fn a_connection_whose_transaction_ended_by_itself_is_given_up() {
        let mut conn = Connection::open(":memory:").unwrap();
        conn.begin_reading().unwrap();
        let read = conn.finish_reading(|conn| Ok::<_, Error>(conn.batch_execute("ROLLBACK")?));
        assert!(read.is_ok());
        assert_ne!(conn.depth(), Some(0));
    }
}
