//! Checks whether a PostgreSQL database is usable, and migrates it.

use super::{OUR_BOOKS, differences, maker};
use crate::backend::lock::Lock;
use crate::backend::prelude::*;
use crate::backend::{Postgres, Purpose, load_rows};
use crate::{Error, Opening, Result};
use diesel::migration::{Migration, MigrationConnection as _, MigrationSource};
use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use std::collections::BTreeSet;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The settings of the transaction that migrates. A migration may take long, and others wait for it.
const PATIENCE: &str = "SET LOCAL lock_timeout = '10min'; SET LOCAL statement_timeout = 0";

/// Refuses every database that [`open`] would refuse for its contents. Writes nothing.
pub fn inspect(postgres: &Postgres, opening: Opening) -> Result<()> {
    let mut conn = postgres.connect(Purpose::Read)?;
    postgres.check_server(&mut conn)?;
    let tables = tables(&mut conn)?;
    if tables.contains(OUR_BOOKS) {
        return Ok(());
    }
    if tables.is_empty() && opening == Opening::Existing {
        return Err(Error::Unusable(format!(
            "There is no exchange in {postgres} yet. Start `nbcourier serve` with this database first.",
        )));
    }
    if tables.is_empty() {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "{postgres} was made by {}, not by nbcourier. Nothing was changed. Give nbcourier a database of its own.",
        maker(&tables)
    )))
}

/// Applies the migrations that the database lacks. Of several replicas that start at the same time, one applies them,
/// and the others wait for it.
pub fn open(postgres: &Postgres, opening: Opening) -> Result<()> {
    inspect(postgres, opening)?;
    let mut conn = postgres.connect(Purpose::Write)?;
    conn.transaction(|conn| {
        conn.batch_execute(PATIENCE)?;
        conn.lock([Lock::Migration])?;
        migrate(conn, postgres, opening)
    })
}

fn migrate(conn: &mut Connection, postgres: &Postgres, opening: Opening) -> Result<()> {
    let unusable = |why: String| {
        Error::Unusable(format!(
            "{postgres} could not be migrated: {why}. If a permission is missing, make the user of --database the owner of the database."
        ))
    };
    let mut pending: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS
        .migrations()
        .map_err(|error| unusable(error.to_string()))?;
    let is_new = !tables(conn)?.contains(OUR_BOOKS);
    conn.with_postgres(|conn| conn.setup().map_err(|error| unusable(error.to_string())))?;
    let (missing, newer) = differences(conn)?;
    if let Some(newer) = newer {
        return Err(Error::Unusable(format!(
            "{postgres} was written by a newer nbcourier (it has migration {newer}, which this one does not know). \
             Nothing was changed. Install that version again.",
        )));
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !is_new && opening != Opening::Migrate {
        return Err(Error::Unusable(format!(
            "{postgres} is from an older nbcourier and lacks {}. Nothing was changed. Start `nbcourier serve` without \
             --no-upgrade-db to bring it up to date.",
            missing.join(", ")
        )));
    }
    if !is_new {
        log::info!("Migrating {postgres}. No copy is set aside: a failed migration is undone");
    }
    pending.retain(|migration| missing.contains(&migration.name().version().to_string()));
    pending.sort_by_key(|migration| migration.name().version().to_string());
    conn.with_postgres(|conn| {
        let applied = conn.run_migrations(&pending);
        applied
            .map(drop)
            .map_err(|error| unusable(error.to_string()))
    })
}

/// Returns the tables in the schema of the connection.
pub fn tables(conn: &mut Connection) -> Result<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Table {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let query = diesel::sql_query(
        "SELECT tablename::text AS name FROM pg_catalog.pg_tables WHERE schemaname = current_schema()",
    );
    let tables = load_rows::<Table>(query, conn)?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::{Column, in_rust, tables_in_rust};
    use super::*;
    use nbcourier_testdb::shared;

    fn new_database() -> Postgres {
        let url = shared().url(&shared().create());
        let postgres = Postgres::parse(&url, None, None).unwrap();
        open(&postgres, Opening::Migrate).unwrap();
        postgres
    }

    #[test]
    fn the_tables_in_rust_are_those_of_the_database() {
        let mut conn = new_database().connect(Purpose::Read).unwrap();
        let mut there = tables(&mut conn).unwrap();
        there.remove(OUR_BOOKS);
        let described = tables_in_rust(include_str!("../schema.rs"));
        assert_eq!(described.keys().cloned().collect::<BTreeSet<_>>(), there);
        for (table, expected) in &described {
            let columns = load_rows::<Column>(
                diesel::sql_query(format!(
                    "SELECT attname::text AS name, upper(typname::text) AS kind, attnotnull AS filled,
                            coalesce(array_position(indkey::int2[], attnum), -1)::int + 1 AS key
                        FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
                            JOIN pg_index ON indrelid = attrelid AND indisprimary
                        WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"
                )),
                &mut conn,
            );
            let found: Vec<String> = columns.unwrap().iter().map(in_rust).collect();
            assert_eq!(&found, expected, "{table}");
        }
    }

    #[test]
    fn both_databases_have_migrations_of_the_same_names() {
        let names = |directory: &str| {
            let entries = std::fs::read_dir(format!("../../migrations/{directory}")).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<BTreeSet<_>>()
        };
        assert_eq!(names("postgres"), names("sqlite"));
    }

    #[test]
    fn texts_are_compared_byte_by_byte() {
        let mut conn = new_database().connect(Purpose::Read).unwrap();
        let others = load_rows::<Name>(
            diesel::sql_query(
                "SELECT attrelid::regclass::text || '.' || attname::text AS name
                    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                        JOIN pg_collation ON pg_collation.oid = attcollation
                    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND collname <> 'C'",
            ),
            &mut conn,
        );
        let others: Vec<String> = others.unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(others, [format!("{OUR_BOOKS}.version")]);
    }

    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
}
