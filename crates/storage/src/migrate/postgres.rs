//! Checks whether a PostgreSQL database is usable, and migrates it.

use super::{OUR_BOOKS, differences, maker, of_development};
use crate::backend::lock::Lock;
use crate::backend::prelude::*;
use crate::backend::{Postgres, Purpose, load_rows};
use crate::{Error, Opening, Result, replicas};
use diesel::migration::{Migration, MigrationConnection as _, MigrationSource};
use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use std::collections::BTreeSet;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The versions of migrations that servers of earlier versions do not survive, such as those that remove a column. Others
/// only add something, so that servers can be updated one after the other.
const BREAKING: [&str; 0] = [];

/// The settings of the transaction that migrates. A migration may take long, and others wait for it.
const PATIENCE: &str = "SET LOCAL lock_timeout = '10min'; SET LOCAL statement_timeout = 0";

/// The table of a database to which an unfinished copy goes.
const UNFINISHED: &str = "unfinished_copy";

/// Refuses every database that [`open`] would refuse for its contents. Writes nothing.
pub fn inspect(postgres: &Postgres, opening: Opening) -> Result<()> {
    let mut conn = postgres.connect(Purpose::Read)?;
    postgres.check_server(&mut conn)?;
    let tables = tables(&mut conn)?;
    refuse_unfinished(&tables, postgres)?;
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
        // A copy to the database may have begun since the inspection.
        refuse_unfinished(&tables(conn)?, postgres)?;
        migrate(conn, postgres, opening)
    })
}

/// Refuses a database that is not whole.
fn refuse_unfinished(tables: &BTreeSet<String>, postgres: &Postgres) -> Result<()> {
    if !tables.contains(UNFINISHED) {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "A restore or a move to {postgres} was interrupted or is in progress. Repeat `nbcourier restore` or `nbcourier \
         move` until it succeeds."
    )))
}

/// Marks the database as one to which an unfinished copy with this description goes.
pub fn mark_unfinished(conn: &mut Connection, description: &str) -> Result<()> {
    conn.batch_execute(&format!(
        "CREATE TABLE {UNFINISHED} (description TEXT COLLATE \"C\" PRIMARY KEY NOT NULL)"
    ))?;
    diesel::sql_query(format!(
        "INSERT INTO {UNFINISHED} (description) VALUES ($1)"
    ))
    .bind::<diesel::sql_types::Text, _>(description)
    .execute(conn)?;
    Ok(())
}

/// Returns the description of the unfinished copy to the database, if there is one.
pub fn unfinished(conn: &mut Connection) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Mark {
        #[diesel(sql_type = diesel::sql_types::Text)]
        description: String,
    }
    if !tables(conn)?.contains(UNFINISHED) {
        return Ok(None);
    }
    let marks = diesel::sql_query(format!("SELECT description FROM {UNFINISHED}"));
    let marks: Vec<Mark> = load_rows(marks, conn)?;
    Ok(marks.into_iter().next().map(|mark| mark.description))
}

/// Removes the mark of an unfinished copy.
pub fn unmark(conn: &mut Connection) -> Result<()> {
    Ok(conn.batch_execute(&format!("DROP TABLE {UNFINISHED}"))?)
}

/// Applies the migrations that the database lacks. The caller has the lock for it.
pub fn migrate(conn: &mut Connection, postgres: &Postgres, opening: Opening) -> Result<()> {
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
    if !is_new && missing.len() == pending.len() {
        return Err(of_development(postgres));
    }
    if !is_new && opening != Opening::Migrate {
        return Err(Error::Unusable(format!(
            "{postgres} is from an older nbcourier and lacks {}. Nothing was changed. Start `nbcourier serve` without \
             --no-upgrade-db to bring it up to date.",
            missing.join(", ")
        )));
    }
    refuse_beside_servers(conn, postgres, &missing, &BREAKING)?;
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

/// Refuses migrations that a running server would not survive. Other ones are applied beside servers of earlier versions.
fn refuse_beside_servers(
    conn: &mut Connection,
    postgres: &Postgres,
    missing: &[String],
    breaking: &[&str],
) -> Result<()> {
    if !tables(conn)?.contains("replicas") {
        return Ok(());
    }
    let is_breaking = missing
        .iter()
        .any(|version| breaking.contains(&version.as_str()));
    for other in replicas::running(conn)? {
        if (is_breaking || other.alone) && !conn.is_free(&Lock::Replica(&other.id))? {
            return Err(Error::Unusable(format!(
                "{postgres} needs a migration that {other} does not understand, and that one is running. Nothing was \
                 changed. Stop all servers of earlier versions first."
            )));
        }
    }
    Ok(())
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
    fn a_migration_that_breaks_servers_waits_until_they_have_stopped() {
        use crate::{FilePlace, Store};
        let postgres = new_database();
        let store = Store::open(
            &crate::Database::Postgres(Box::new(postgres.clone())),
            Opening::Existing,
        )
        .unwrap();
        let mut conn = postgres.connect(Purpose::Write).unwrap();
        let mut is_refused = |breaking: &[&str]| {
            let missing = ["20300101000000".to_owned()];
            let refused =
                conn.transaction(|conn| refuse_beside_servers(conn, &postgres, &missing, breaking));
            refused.is_err_and(|error| error.to_string().contains("nbcourier 0.0.1 on"))
        };
        let breaking = ["20300101000000"];
        assert!(!is_refused(&breaking));
        let shared = FilePlace::Shared("s3://bucket".into());
        let presence = store.begin_presence("0.0.1", shared).unwrap();
        assert!(is_refused(&breaking));
        assert!(!is_refused(&["20300202000000"]));
        drop(presence);
        assert!(!is_refused(&breaking));
        // A server with files of its own does not expect another server at all.
        let directory = FilePlace::Directory("/srv".into());
        let _presence = store.begin_presence("0.0.1", directory).unwrap();
        assert!(is_refused(&[]));
    }

    #[test]
    fn a_database_of_an_earlier_development_version_is_refused() {
        let postgres = new_database();
        let mut conn = postgres.connect(Purpose::Write).unwrap();
        let earlier = format!("UPDATE {OUR_BOOKS} SET version = '20261121000000'");
        conn.batch_execute(&earlier).unwrap();
        let error = open(&postgres, Opening::Migrate).unwrap_err();
        assert!(error.to_string().contains("before 0.1.0"), "{error}");
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
