//! The connection to a database, and diesel's query methods for it.
//!
//! A query is a value that knows no database until it runs. The functions of the entity files therefore name none:
//! they import [`prelude`] in place of diesel's.

pub(crate) mod lock;
mod postgres;
mod sqlite;

pub use postgres::{Postgres, PostgresError};
pub(crate) use postgres::{Purpose, apart, load_rows};
pub(crate) use sqlite::{READER_SETTINGS, WAIT_FOR_OTHERS, check_integrity, is_setting};

use super::{Error, Result};
use diesel::QueryResult;
use diesel::connection::{Instrumentation, SimpleConnection as _, TransactionManager as _};
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sqlite::SqliteConnection;
use nbcourier_work::Bug;
use postgres::PgConnection;

/// The prelude of files with queries: that of diesel, with our connection and our [`RunQueryDsl`].
pub mod prelude {
    pub use super::{Connection, RunQueryDsl};
    pub use crate::conditions::{AtMostDsl, Either, among, among_sums, among_texts, maybe};
    pub use diesel::prelude::*;
}

/// A connection to the database.
///
/// It refuses to commit a transaction in which a statement failed, even if the code that ran the statement passed over
/// the failure. PostgreSQL undoes such a transaction, and answers the commit without an error: a change would be
/// reported as done that was never written. Code that expects a failure runs the statement in a transaction of its own
/// within the open one.
pub struct Connection {
    backend: Backend,
    /// The failure of a statement of the open transaction or savepoint.
    failed: Option<Failure>,
}

enum Backend {
    Sqlite(SqliteConnection),
    // Boxed, since it is many times as large.
    Postgres(Box<PgConnection>),
}

/// The kind of a failed statement. The later kinds weigh more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// The change would fail again.
    Lasting,
    /// Another transaction was quicker, or the two waited for each other. The change may succeed if it begins anew.
    Conflict,
    /// The connection is lost, or leads to a server that accepts no changes any more.
    Disconnected,
}

impl Failure {
    fn of(error: &DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        match error {
            DieselError::DatabaseError(kind, _) => match kind {
                // PostgreSQL's deadlocks have no kind of their own.
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::SerializationFailure
                | Kind::Unknown => Self::Conflict,
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction => {
                    Self::Disconnected
                }
                _ => Self::Lasting,
            },
            DieselError::BrokenTransactionManager => Self::Disconnected,
            _ => Self::Lasting,
        }
    }
}

/// The transaction manager that diesel has for a connection.
type Manager<C> = <C as diesel::Connection>::TransactionManager;

/// Runs the same code with the connection of either database. `Diesel` is its type.
macro_rules! with_either {
    ($backend:expr, $conn:ident => $code:expr) => {
        match $backend {
            Backend::Sqlite($conn) => {
                #[allow(dead_code, reason = "not all code names the type")]
                type Diesel = SqliteConnection;
                $code
            }
            Backend::Postgres($conn) => {
                #[allow(dead_code, reason = "not all code names the type")]
                type Diesel = PgConnection;
                let $conn = &mut **$conn;
                $code
            }
        }
    };
}

impl From<SqliteConnection> for Connection {
    fn from(conn: SqliteConnection) -> Self {
        Self {
            backend: Backend::Sqlite(conn),
            failed: None,
        }
    }
}

impl Connection {
    /// Runs `work` in a transaction, or in a savepoint of the open one. An `Err` undoes it. A failed statement also
    /// undoes it, even if `work` returns `Ok`.
    pub fn transaction<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        // A failure in the open transaction still counts after a savepoint in it, whatever becomes of the savepoint.
        let failed_before = self.failed.filter(|_| self.depth() != Some(0));
        self.begin().map_err(Error::from)?;
        let result = self.finish(work);
        self.failed = self.failed.max(failed_before);
        result
    }

    /// Runs `work` in the transaction or savepoint that was just begun, and ends it.
    pub(crate) fn finish<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = self.run_begun(work);
        match result {
            Ok(done) => {
                self.commit().map_err(Error::from)?;
                Ok(done)
            }
            Err(error) => match self.rollback() {
                // The first error is likely the reason why the connection is broken.
                Ok(()) | Err(DieselError::BrokenTransactionManager) => Err(error),
                Err(error) => Err(Error::from(error).into()),
            },
        }
    }

    /// Begins a transaction for reading.
    pub(crate) fn begin_reading(&mut self) -> QueryResult<()> {
        match &mut self.backend {
            Backend::Sqlite(conn) => {
                sqlite::begin_reading(conn)?;
                self.failed = None;
                Ok(())
            }
            Backend::Postgres(_) => self.begin(),
        }
    }

    /// Runs `query` in the transaction for reading that was just begun, and ends it. What was read stays true even if
    /// the end fails.
    pub(crate) fn finish_reading<T, E: From<Error>>(
        &mut self,
        query: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let found = self.run_begun(query);
        let lost = self.failed == Some(Failure::Disconnected);
        if lost || self.end_reading().is_err() {
            self.give_up();
        }
        found
    }

    fn end_reading(&mut self) -> QueryResult<()> {
        match &mut self.backend {
            Backend::Sqlite(conn) => sqlite::end_reading(conn),
            Backend::Postgres(_) => self.rollback(),
        }
    }

    /// Runs `work` in the transaction or savepoint that was just begun. Returns an error if a statement failed.
    pub(crate) fn run_begun<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(self)?;
        if self.failed.is_some() {
            let bug = Bug::new("a change passed over the failure of one of its statements");
            return Err(Error::Bug(bug).into());
        }
        Ok(done)
    }

    /// Whether the database is one of a PostgreSQL server.
    pub fn is_postgres(&self) -> bool {
        matches!(self.backend, Backend::Postgres(_))
    }

    /// Returns the failure of a statement of the open transaction or savepoint.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failed
    }

    /// Runs statements without values and without rows.
    pub(crate) fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
        let done = with_either!(&mut self.backend, conn => conn.batch_execute(statements));
        noted(&mut self.failed, done)
    }

    /// Passes each later statement to `instrumentation`.
    pub(crate) fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        with_either!(&mut self.backend, conn => diesel::Connection::set_instrumentation(conn, instrumentation));
    }

    pub(crate) fn begin(&mut self) -> QueryResult<()> {
        with_either!(&mut self.backend, conn => Manager::<Diesel>::begin_transaction(conn))?;
        self.failed = None;
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> QueryResult<()> {
        with_either!(&mut self.backend, conn => Manager::<Diesel>::commit_transaction(conn))
    }

    /// Undoes the transaction or savepoint that was begun last, and with it the failure of a statement in it.
    pub(crate) fn rollback(&mut self) -> QueryResult<()> {
        with_either!(&mut self.backend, conn => Manager::<Diesel>::rollback_transaction(conn))?;
        self.failed = None;
        Ok(())
    }

    /// Returns the number of open transactions and savepoints. Returns `None` if the connection is no longer usable.
    pub(crate) fn depth(&mut self) -> Option<u32> {
        let depth = with_either!(&mut self.backend, conn => {
            Manager::<Diesel>::transaction_manager_status_mut(conn).transaction_depth()
        });
        Some(depth.ok()?.map_or(0, u32::from))
    }

    /// Marks the connection as broken, so that nothing more is committed on it.
    pub(crate) fn give_up(&mut self) {
        with_either!(&mut self.backend, conn => {
            Manager::<Diesel>::transaction_manager_status_mut(conn).set_in_error();
        });
    }

    /// Makes a change without effect, which fails if the database accepts no change.
    pub(crate) fn check_writable(&mut self) -> QueryResult<()> {
        let change = match &self.backend {
            // Nothing else uses this version. Writing the same value again is a change without effect.
            Backend::Sqlite(_) => "PRAGMA user_version = 1",
            Backend::Postgres(_) => "UPDATE identity SET id = id",
        };
        self.batch_execute(change)
    }

    /// Returns the errors that the database itself finds in its files, and rows that point nowhere. PostgreSQL checks
    /// references by itself, and has programs of its own for its files.
    pub(crate) fn check_integrity(&mut self) -> Result<Vec<String>> {
        let findings = match &mut self.backend {
            Backend::Sqlite(conn) => check_integrity(conn),
            Backend::Postgres(_) => Ok(Vec::new()),
        };
        if findings.is_err() {
            self.failed = self.failed.max(Some(Failure::Lasting));
        }
        findings
    }
}

/// Notes in `failed` whether the result of a statement is a failure.
fn noted<T>(failed: &mut Option<Failure>, result: QueryResult<T>) -> QueryResult<T> {
    match &result {
        // The absence of rows is not a failure of the statement.
        Ok(_) | Err(DieselError::NotFound) => {}
        Err(error) => *failed = (*failed).max(Some(Failure::of(error))),
    }
    result
}

/// The rows of a running query.
struct Rows<'c, R> {
    rows: R,
    failed: &'c mut Option<Failure>,
}

impl<T, R: Iterator<Item = QueryResult<T>>> Iterator for Rows<'_, R> {
    type Item = QueryResult<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next().map(|row| noted(self.failed, row))
    }
}

/// The rows of a query in the one database or the other.
enum RowsOf<S, P> {
    Sqlite(S),
    Postgres(P),
}

impl<T, S: Iterator<Item = T>, P: Iterator<Item = T>> Iterator for RowsOf<S, P> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Self::Sqlite(rows) => rows.next(),
            Self::Postgres(rows) => rows.next(),
        }
    }
}

/// Diesel's methods that run a query, for a [`Connection`].
pub trait RunQueryDsl: Sized {
    /// Runs a statement. Returns the number of changed rows.
    fn execute(self, conn: &mut Connection) -> QueryResult<usize>
    where
        Self: ExecuteDsl<SqliteConnection> + ExecuteDsl<PgConnection>,
    {
        let done = with_either!(&mut conn.backend, conn => ExecuteDsl::execute(self, conn));
        noted(&mut conn.failed, done)
    }

    /// Returns all rows.
    fn load<'q, U>(self, conn: &mut Connection) -> QueryResult<Vec<U>>
    where
        Self: LoadQuery<'q, SqliteConnection, U> + LoadQuery<'q, PgConnection, U>,
    {
        let rows = with_either!(&mut conn.backend, conn => diesel::RunQueryDsl::load(self, conn));
        noted(&mut conn.failed, rows)
    }

    /// Returns the rows one after the other.
    fn load_iter<'c, 'q: 'c, U>(
        self,
        conn: &'c mut Connection,
    ) -> QueryResult<impl Iterator<Item = QueryResult<U>>>
    where
        U: 'c,
        Self: LoadQuery<'q, SqliteConnection, U> + LoadQuery<'q, PgConnection, U> + 'c,
    {
        let failed = &mut conn.failed;
        let rows = match &mut conn.backend {
            Backend::Sqlite(conn) => diesel::RunQueryDsl::load_iter(self, conn).map(RowsOf::Sqlite),
            Backend::Postgres(conn) => {
                diesel::RunQueryDsl::load_iter(self, &mut **conn).map(RowsOf::Postgres)
            }
        };
        let rows = noted(failed, rows)?;
        Ok(Rows { rows, failed })
    }

    /// Returns the first row, or the error `NotFound`.
    fn get_result<'q, U>(self, conn: &mut Connection) -> QueryResult<U>
    where
        Self: LoadQuery<'q, SqliteConnection, U> + LoadQuery<'q, PgConnection, U>,
    {
        let row =
            with_either!(&mut conn.backend, conn => diesel::RunQueryDsl::get_result(self, conn));
        noted(&mut conn.failed, row)
    }
}

impl<Q> RunQueryDsl for Q {}

#[cfg(test)]
mod tests {
    use super::prelude::*;
    use super::{Error, Postgres, Purpose, Result};
    use diesel::sql_types::BigInt;

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    /// Returns a connection to each database, with an empty table.
    fn connections() -> [Connection; 2] {
        let cluster = nbcourier_testdb::shared();
        let postgres = Postgres::parse(&cluster.url(&cluster.create()), None, None).unwrap();
        let mut both = [
            Connection::open(":memory:").unwrap(),
            postgres.connect(Purpose::Write).unwrap(),
        ];
        for conn in &mut both {
            let table = "CREATE TABLE numbers (number BIGINT PRIMARY KEY NOT NULL)";
            conn.batch_execute(table).unwrap();
        }
        both
    }

    fn insert(conn: &mut Connection, number: i64) -> QueryResult<usize> {
        diesel::sql_query("INSERT INTO numbers (number) VALUES ($1)")
            .bind::<BigInt, _>(number)
            .execute(conn)
    }

    fn numbers(conn: &mut Connection) -> Vec<i64> {
        let rows = diesel::sql_query("SELECT number FROM numbers ORDER BY number");
        let rows: Vec<Number> = rows.load(conn).unwrap();
        rows.into_iter().map(|row| row.number).collect()
    }

    fn is_refused<T>(result: &Result<T>) -> bool {
        matches!(result, Err(Error::Bug(bug)) if bug.to_string().contains("passed over"))
    }

    #[test]
    fn a_failure_that_a_change_passes_over_is_not_committed() {
        for mut conn in connections() {
            let change = conn.transaction(|conn| {
                insert(conn, 1)?;
                assert!(insert(conn, 1).is_err(), "the number is taken");
                // PostgreSQL refuses it, too.
                drop(insert(conn, 2));
                Ok::<_, Error>("handed in")
            });
            assert!(is_refused(&change), "{change:?}");
            assert_eq!(numbers(&mut conn), [0; 0]);
            // The connection is as good as before.
            conn.transaction(|conn| Ok::<_, Error>(insert(conn, 3)?))
                .unwrap();
            assert_eq!(numbers(&mut conn), [3]);
        }
    }

    #[test]
    fn every_way_to_run_a_statement_notes_its_failure() {
        use diesel::query_builder::SqlQuery;
        type Run = fn(&mut Connection);
        fn nonsense() -> SqlQuery {
            diesel::sql_query("SELECT number FROM nowhere")
        }
        /// The first row can be read, and the second cannot.
        fn overflow() -> SqlQuery {
            let rows = "VALUES (1), (-9223372036854775808)";
            let number = "abs(CAST(column1 AS BIGINT)) AS number";
            diesel::sql_query(format!("SELECT {number} FROM ({rows}) AS numbers"))
        }
        let ways: [(&str, Run); 7] = [
            ("execute", |conn| drop(insert(conn, 1))),
            ("batch", |conn| drop(conn.batch_execute("nonsense"))),
            ("load", |conn| drop(nonsense().load::<Number>(conn))),
            ("get_result", |conn| {
                drop(nonsense().get_result::<Number>(conn));
            }),
            ("load_iter", |conn| {
                assert!(nonsense().load_iter::<Number>(conn).is_err());
            }),
            ("a row", |conn| {
                let mut rows = overflow().load_iter::<Number>(conn).unwrap();
                assert_eq!(rows.next().unwrap().unwrap().number, 1);
                assert!(rows.next().unwrap().is_err());
            }),
            ("a row of all", |conn| {
                assert!(overflow().load::<Number>(conn).is_err());
            }),
        ];
        for mut conn in connections() {
            insert(&mut conn, 1).unwrap();
            for (way, run) in ways {
                let change = conn.transaction(|conn| {
                    run(conn);
                    Ok::<_, Error>(())
                });
                assert!(is_refused(&change), "{way}: {change:?}");
            }
        }
    }

    #[test]
    fn the_absence_of_a_row_is_no_failure() {
        for mut conn in connections() {
            conn.transaction(|conn| {
                let none =
                    diesel::sql_query("SELECT number FROM numbers").get_result::<Number>(conn);
                assert!(none.optional()?.is_none());
                Ok::<_, Error>(insert(conn, 1)?)
            })
            .unwrap();
            assert_eq!(numbers(&mut conn), [1]);
        }
    }

    #[test]
    fn a_failure_in_a_transaction_within_the_transaction_is_undone_with_it() {
        for mut conn in connections() {
            conn.transaction(|conn| {
                insert(conn, 1)?;
                let expected = conn.transaction(|conn| {
                    insert(conn, 2)?;
                    Ok::<_, Error>(insert(conn, 1)?)
                });
                assert!(matches!(expected, Err(Error::Database(_))), "{expected:?}");
                let passed_over = conn.transaction(|conn| {
                    drop(insert(conn, 1));
                    Ok::<_, Error>(())
                });
                assert!(is_refused(&passed_over), "{passed_over:?}");
                Ok::<_, Error>(insert(conn, 3)?)
            })
            .unwrap();
            assert_eq!(numbers(&mut conn), [1, 3]);
        }
    }

    #[test]
    fn a_failure_before_a_transaction_within_the_transaction_still_counts_after_it() {
        for mut conn in connections() {
            insert(&mut conn, 1).unwrap();
            for within in [
                (|conn| Ok(insert(conn, 2)?)) as fn(&mut Connection) -> Result<usize>,
                |conn| Ok(insert(conn, 1)?),
                |conn| {
                    drop(insert(conn, 1));
                    Ok(0)
                },
            ] {
                let change = conn.transaction(|conn| {
                    drop(insert(conn, 1));
                    drop(conn.transaction(within));
                    drop(insert(conn, 3));
                    Ok::<_, Error>(())
                });
                assert!(is_refused(&change), "{change:?}");
                assert_eq!(numbers(&mut conn), [1]);
            }
        }
    }

    #[test]
    fn a_failure_before_a_transaction_does_not_count_in_it() {
        for mut conn in connections() {
            assert!(conn.batch_execute("nonsense").is_err());
            conn.transaction(|conn| Ok::<_, Error>(insert(conn, 1)?))
                .unwrap();
            assert_eq!(numbers(&mut conn), [1]);
        }
    }

    /// Returns the lines of code in the files with queries, each with its place.
    fn lines_of_code() -> Vec<(String, String)> {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut lines = Vec::new();
        for entry in std::fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // These files are about SQLite's files and connections.
            let of_sqlite = [
                "examine.rs",
                "migrate.rs",
                "pool.rs",
                "snapshot.rs",
                "writer.rs",
            ];
            if !path.is_file() || of_sqlite.contains(&name.as_str()) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for (number, line) in (1..).zip(code.lines()) {
                if !line.trim_start().starts_with("//") {
                    lines.push((format!("{name}:{number}"), line.to_owned()));
                }
            }
        }
        assert!(lines.len() > 2000, "{}", lines.len());
        lines
    }

    /// Forms of queries that only SQLite understands, or that are for one database only.
    #[test]
    fn queries_are_written_for_every_database() {
        let forms = [
            // A boxed query names its database.
            "into_boxed",
            "replace_into(",
            "insert_or_ignore_into(",
            "OR IGNORE",
            "OR REPLACE",
            "INDEXED BY",
            "randomblob",
            "json_each",
            "PRAGMA",
            "sqlite_master",
            // The values and quotes of SQLite. `$1` and names without quotes serve all.
            "?1",
            "?2",
            "`",
            "SqliteConnection",
            "diesel::prelude",
        ];
        for (place, line) in lines_of_code() {
            for form in forms {
                // The one node with a form for each database.
                let is_expected = place.starts_with("conditions.rs") && form == "json_each";
                assert!(is_expected || !line.contains(form), "{place}: {line}");
            }
        }
    }
}
