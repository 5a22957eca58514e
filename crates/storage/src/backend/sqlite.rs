//! The parts of a connection that are particular to SQLite.

use super::{Backend, Connection, noted};
use crate::{Error, Result};
use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, Connection as _, Instrumentation, SimpleConnection, TransactionManager,
};
use diesel::sqlite::SqliteConnection;

impl Connection {
    /// Opens the SQLite database with this name or URL.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let conn = SqliteConnection::establish(url);
        Ok(conn
            .map_err(|error| Error::Connection(error.to_string()))?
            .into())
    }

    /// Returns the connection of diesel.
    pub(crate) fn sqlite(&mut self) -> &mut SqliteConnection {
        match &mut self.backend {
            Backend::Sqlite(conn) => conn,
        }
    }

    /// Runs statements without values and without rows.
    pub(crate) fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
        let done = self.sqlite().batch_execute(statements);
        noted(&mut self.failed, done)
    }

    /// Passes each later statement to `instrumentation`.
    pub(crate) fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.sqlite().set_instrumentation(instrumentation);
    }

    /// Runs `work` in a transaction that has the write lock from the beginning.
    pub(crate) fn immediate_transaction<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        AnsiTransactionManager::begin_transaction_sql(self.sqlite(), "BEGIN IMMEDIATE")
            .map_err(Error::from)?;
        self.failed = false;
        self.finish(work)
    }

    pub(super) fn begin(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(self.sqlite())?;
        self.failed = false;
        Ok(())
    }

    pub(super) fn commit(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::commit_transaction(self.sqlite())
    }

    /// Undoes the transaction or savepoint that was begun last, and with it the failure of a statement in it.
    pub(crate) fn rollback(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::rollback_transaction(self.sqlite())?;
        self.failed = false;
        Ok(())
    }

    /// Returns the number of open transactions and savepoints. Returns `None` if the connection is no longer usable.
    pub(crate) fn depth(&mut self) -> Option<u32> {
        let status = AnsiTransactionManager::transaction_manager_status_mut(self.sqlite());
        let depth = status.transaction_depth().ok()?;
        Some(depth.map_or(0, u32::from))
    }

    /// Marks the connection as broken, so that nothing more is committed on it.
    pub(crate) fn give_up(&mut self) {
        AnsiTransactionManager::transaction_manager_status_mut(self.sqlite()).set_in_error();
    }

    /// Makes a change without effect, which fails if the database accepts no change.
    pub(crate) fn check_writable(&mut self) -> QueryResult<()> {
        // Nothing else uses this version. Writing the same value again is a change without effect.
        self.batch_execute("PRAGMA user_version = 1")
    }

    /// Returns the errors that SQLite itself finds in the database, and rows that point nowhere.
    pub(crate) fn check_integrity(&mut self) -> Result<Vec<String>> {
        let findings = check_integrity(self.sqlite());
        self.failed |= findings.is_err();
        findings
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
