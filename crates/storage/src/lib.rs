//! The database: all rows and queries. The bytes of large files are stored elsewhere.
//!
//! The functions of the entity files take a connection first, and run inside any transaction that it has open.
//! [`Store`] lends connections. Readers see a snapshot. All writes go through one thread (see `writer`).

pub mod archive;
pub mod assignments;
mod backend;
pub mod blobs;
pub mod courses;
pub mod dates;
pub mod demo;
pub mod dossier;
mod error;
pub mod events;
mod examine;
pub mod feedback;
pub mod history;
pub mod hub_members;
pub mod members;
mod metrics;
mod migrate;
pub mod overview;
pub mod people;
mod pool;
mod portion;
pub mod reach;
pub mod receipts;
pub mod renaming;
pub mod runs;
mod schema;
pub mod snapshot;
pub mod submission_pages;
pub mod submissions;
pub mod trash;
pub mod trees;
pub mod usage;
mod writer;

pub use backend::Connection;
pub use error::{Error, Result};
pub use examine::{Examined, SetAside, examine, examine_courses, examine_runs, examine_set_aside};
pub use metrics::WriterMetrics;
pub use migrate::migrate_with;
pub use pool::{DatabaseFiles, Opening, Store, database_files};
pub use portion::Portion;

/// Returns the first row of a query without reading the others.
///
/// This replaces `LIMIT`, whose value diesel binds. SQLite plans by that value, and so plans the statement anew each
/// time (observed with SQLite 3.47 and later, where it doubled the cost of small queries). Unique rows are queried
/// with `get_result` for the same reason.
fn first_row<T>(mut rows: impl Iterator<Item = diesel::QueryResult<T>>) -> Result<Option<T>> {
    Ok(rows.next().transpose()?)
}

/// Returns the condition that the column, given as `table.column`, is one of the IDs. It is one statement with one
/// value for any number of IDs.
fn among(column: &str, ids: impl IntoIterator<Item = i64>) -> Among {
    use diesel::dsl::sql;
    let ids: std::collections::BTreeSet<i64> = ids.into_iter().collect();
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    sql::<diesel::sql_types::Bool>(&format!("{column} IN (SELECT value FROM json_each("))
        .bind::<diesel::sql_types::Text, _>(format!("[{list}]"))
        .sql("))")
}

/// The type that [`among`] returns.
type Among = diesel::expression::SqlLiteral<
    diesel::sql_types::Bool,
    diesel::expression::UncheckedBind<
        diesel::expression::SqlLiteral<diesel::sql_types::Bool>,
        diesel::dsl::AsExprOf<String, diesel::sql_types::Text>,
    >,
>;

/// Returns the errors that the database itself finds in its files, and rows that point nowhere. The list is empty if
/// there are none.
pub fn check_integrity(conn: &mut Connection) -> Result<Vec<String>> {
    conn.check_integrity()
}
