//! The highest IDs that were ever given. No ID is used again, also not after a copy: receipts and the names of objects hold
//! them.

use crate::Result;
use crate::backend::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// The tables whose IDs grow.
const NUMBERED: [&str; 16] = [
    "courses",
    "members",
    "people",
    "blobs",
    "trees",
    "assignments",
    "releases",
    "submissions",
    "feedback",
    "directories",
    "directory_entries",
    "directory_grants",
    "source_runs",
    "starts",
    "shares",
    "events",
];

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Makes the destination continue after the highest IDs of both.
pub(super) fn copy(from: &mut Connection, to: &mut Connection) -> Result<()> {
    for table in NUMBERED {
        let highest = highest_given(from, table)?.max(highest_given(to, table)?);
        let highest = highest.max(highest_there(to, table)?);
        if highest > 0 {
            raise(to, table, highest)?;
        }
    }
    Ok(())
}

/// Returns the highest ID that the database has given to a row of its own.
fn highest_given(conn: &mut Connection, table: &str) -> Result<i64> {
    let query = if conn.is_postgres() {
        "SELECT coalesce(pg_sequence_last_value(CAST(pg_get_serial_sequence($1, 'id') AS regclass)), 0) AS number"
    } else {
        "SELECT coalesce(max(seq), 0) AS number FROM sqlite_sequence WHERE name = $1"
    };
    let number: Number = diesel::sql_query(query)
        .bind::<Text, _>(table)
        .get_result(conn)?;
    Ok(number.number)
}

fn highest_there(conn: &mut Connection, table: &str) -> Result<i64> {
    let query = format!("SELECT coalesce(max(id), 0) AS number FROM {table}");
    let number: Number = diesel::sql_query(query).get_result(conn)?;
    Ok(number.number)
}

fn raise(conn: &mut Connection, table: &str, highest: i64) -> Result<()> {
    let statements: &[&str] = if conn.is_postgres() {
        &["SELECT setval(pg_get_serial_sequence($2, 'id'), $1)"]
    } else {
        // The table of SQLite's own (https://sqlite.org/autoinc.html) has a row once a row was inserted.
        &[
            "INSERT INTO sqlite_sequence (seq, name) SELECT $1, $2
                WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $2)",
            "UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = $2",
        ]
    };
    for statement in statements {
        diesel::sql_query(*statement)
            .bind::<BigInt, _>(highest)
            .bind::<Text, _>(table)
            .execute(conn)?;
    }
    Ok(())
}
