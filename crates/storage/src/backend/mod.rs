//! The connection to a database, and diesel's query methods for it.
//!
//! A query is a value that knows no database until it runs. The functions of the entity files therefore name none:
//! they import [`prelude`] in place of diesel's.

mod sqlite;

pub(crate) use sqlite::check_integrity;

use super::{Error, Result};
use diesel::QueryResult;
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};
use diesel::sqlite::SqliteConnection;
use nbcourier_work::Bug;

/// The prelude of files with queries: that of diesel, with our connection and our [`RunQueryDsl`].
pub mod prelude {
    pub use super::{Connection, RunQueryDsl};
    pub use crate::conditions::{AtMostDsl, Either, among, among_sums, maybe};
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
    /// Whether a statement of the open transaction or savepoint failed.
    failed: bool,
}

enum Backend {
    Sqlite(SqliteConnection),
}

impl From<SqliteConnection> for Connection {
    fn from(conn: SqliteConnection) -> Self {
        Self {
            backend: Backend::Sqlite(conn),
            failed: false,
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
        let has_failed_before = self.depth() != Some(0) && self.failed;
        self.begin().map_err(Error::from)?;
        let result = self.finish(work);
        self.failed |= has_failed_before;
        result
    }

    /// Runs `work` in the transaction or savepoint that was just begun, and ends it.
    fn finish<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = match work(self) {
            Ok(done) if !self.failed => {
                self.commit().map_err(Error::from)?;
                return Ok(done);
            }
            Ok(_) => {
                let bug = Bug::new("a change passed over the failure of one of its statements");
                Err(Error::Bug(bug).into())
            }
            Err(error) => Err(error),
        };
        match self.rollback() {
            // The first error is likely the reason why the connection is broken.
            Ok(()) | Err(diesel::result::Error::BrokenTransactionManager) => result,
            Err(error) => Err(Error::from(error).into()),
        }
    }
}

/// Notes in `failed` whether the result of a statement is a failure.
fn noted<T>(failed: &mut bool, result: QueryResult<T>) -> QueryResult<T> {
    // The absence of rows is not a failure of the statement.
    *failed |= !matches!(&result, Ok(_) | Err(diesel::result::Error::NotFound));
    result
}

/// The rows of a running query.
struct Rows<'c, R> {
    rows: R,
    failed: &'c mut bool,
}

impl<T, R: Iterator<Item = QueryResult<T>>> Iterator for Rows<'_, R> {
    type Item = QueryResult<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next().map(|row| noted(self.failed, row))
    }
}

/// Diesel's methods that run a query, for a [`Connection`].
pub trait RunQueryDsl: Sized {
    /// Runs a statement. Returns the number of changed rows.
    fn execute(self, conn: &mut Connection) -> QueryResult<usize>
    where
        Self: ExecuteDsl<SqliteConnection>,
    {
        let done = match &mut conn.backend {
            Backend::Sqlite(conn) => ExecuteDsl::execute(self, conn),
        };
        noted(&mut conn.failed, done)
    }

    /// Returns all rows.
    fn load<'q, U>(self, conn: &mut Connection) -> QueryResult<Vec<U>>
    where
        Self: LoadQuery<'q, SqliteConnection, U>,
    {
        let rows = match &mut conn.backend {
            Backend::Sqlite(conn) => diesel::RunQueryDsl::load(self, conn),
        };
        noted(&mut conn.failed, rows)
    }

    /// Returns the rows one after the other.
    fn load_iter<'c, 'q: 'c, U>(
        self,
        conn: &'c mut Connection,
    ) -> QueryResult<impl Iterator<Item = QueryResult<U>>>
    where
        U: 'c,
        Self: LoadQuery<'q, SqliteConnection, U> + 'c,
    {
        let failed = &mut conn.failed;
        let rows = match &mut conn.backend {
            Backend::Sqlite(conn) => diesel::RunQueryDsl::load_iter(self, conn),
        };
        let rows = noted(failed, rows)?;
        Ok(Rows { rows, failed })
    }

    /// Returns the first row, or the error `NotFound`.
    fn get_result<'q, U>(self, conn: &mut Connection) -> QueryResult<U>
    where
        Self: LoadQuery<'q, SqliteConnection, U>,
    {
        let row = match &mut conn.backend {
            Backend::Sqlite(conn) => diesel::RunQueryDsl::get_result(self, conn),
        };
        noted(&mut conn.failed, row)
    }
}

impl<Q> RunQueryDsl for Q {}

#[cfg(test)]
mod tests {
    use super::prelude::*;
    use super::{Error, Result};
    use diesel::sql_types::BigInt;

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    fn connection() -> Connection {
        let mut conn = Connection::open(":memory:").unwrap();
        let table = "CREATE TABLE numbers (number BIGINT PRIMARY KEY NOT NULL)";
        conn.batch_execute(table).unwrap();
        conn
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
        let mut conn = connection();
        let change = conn.transaction(|conn| {
            insert(conn, 1)?;
            assert!(insert(conn, 1).is_err(), "the number is taken");
            insert(conn, 2)?;
            Ok::<_, Error>("handed in")
        });
        assert!(is_refused(&change), "{change:?}");
        assert_eq!(numbers(&mut conn), [0; 0]);
        // The connection is as good as before.
        conn.transaction(|conn| Ok::<_, Error>(insert(conn, 3)?))
            .unwrap();
        assert_eq!(numbers(&mut conn), [3]);
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
            diesel::sql_query(format!("SELECT abs(column1) AS number FROM ({rows})"))
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
        let mut conn = connection();
        insert(&mut conn, 1).unwrap();
        for (way, run) in ways {
            let change = conn.transaction(|conn| {
                run(conn);
                Ok::<_, Error>(())
            });
            assert!(is_refused(&change), "{way}: {change:?}");
        }
    }

    #[test]
    fn the_absence_of_a_row_is_no_failure() {
        let mut conn = connection();
        conn.transaction(|conn| {
            let none = diesel::sql_query("SELECT number FROM numbers").get_result::<Number>(conn);
            assert!(none.optional()?.is_none());
            Ok::<_, Error>(insert(conn, 1)?)
        })
        .unwrap();
        assert_eq!(numbers(&mut conn), [1]);
    }

    #[test]
    fn a_failure_in_a_transaction_within_the_transaction_is_undone_with_it() {
        let mut conn = connection();
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

    #[test]
    fn a_failure_before_a_transaction_within_the_transaction_still_counts_after_it() {
        let mut conn = connection();
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
                Ok::<_, Error>(insert(conn, 3)?)
            });
            assert!(is_refused(&change), "{change:?}");
            assert_eq!(numbers(&mut conn), [1]);
        }
    }

    #[test]
    fn a_failure_before_a_transaction_does_not_count_in_it() {
        let mut conn = connection();
        assert!(conn.batch_execute("nonsense").is_err());
        conn.transaction(|conn| Ok::<_, Error>(insert(conn, 1)?))
            .unwrap();
        assert_eq!(numbers(&mut conn), [1]);
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
