//! Checks whether a database is usable, and migrates an older one to the schema of this binary.

pub mod postgres;

use super::backend::{check_integrity, prelude::*};
use super::{Error, Opening, Result};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use nbcourier_domain::Timestamp;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
pub(super) const OUR_BOOKS: &str = "__diesel_schema_migrations";

diesel::table! {
    sqlite_master (name) {
        name -> Text,
        #[sql_name = "type"]
        kind -> Text,
    }
}

/// Inspects the file without being able to change it. The error `Unusable` says what to do.
pub fn inspect(path: &Path, opening: Opening) -> Result<()> {
    let empty = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    if empty && opening == Opening::Existing {
        return Err(Error::Unusable(format!(
            "There is no database at {}. Name the data directory of a running exchange with --data-dir.",
            path.display()
        )));
    }
    if empty {
        return Ok(());
    }
    let tables = tables(path).map_err(|error| {
        Error::Unusable(format!(
            "{} is there but cannot be read as a SQLite database ({error}). Nothing was changed. Choose another place \
             with --data-dir or --database, or bring the file back from a backup.",
            path.display()
        ))
    })?;
    if tables.is_empty() || tables.contains(OUR_BOOKS) {
        return Ok(());
    }
    let maker = maker(&tables);
    Err(Error::Unusable(format!(
        "{} was made by {maker}, not by nbcourier. Nothing was changed. Give nbcourier a database of its own: \
         --data-dir DIR, or --database sqlite:////ABSOLUTE/PATH of a file that does not exist yet. What ngshare has is \
         brought over by `nbcourier import ngshare`.",
        path.display()
    )))
}

/// Returns the program that made these tables.
fn maker(tables: &BTreeSet<String>) -> &'static str {
    if tables.contains("alembic_version") || tables.contains("assignment_files") {
        "ngshare"
    } else {
        "another program"
    }
}

/// Returns a URL with which SQLite opens the file in this mode and never creates it.
pub(super) fn url(path: &Path, mode: &str) -> Result<String> {
    let text = path
        .to_str()
        .ok_or_else(|| Error::Unusable(format!("{} is not UTF-8", path.display())))?;
    let escaped = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
    Ok(format!("file:{escaped}?mode={mode}"))
}

/// Opens a connection that cannot change the file.
pub(super) fn read_only(path: &Path) -> Result<Connection> {
    Connection::open(&url(path, "ro")?)
}

/// Returns the migrations that the database lacks, and its last migration that this binary does not know. Both databases
/// have migrations of the same names.
pub(super) fn differences(conn: &mut Connection) -> Result<(Vec<String>, Option<String>)> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let known = versions(&migrations(&MIGRATIONS)?);
    let applied = diesel::sql_query(format!("SELECT version FROM {OUR_BOOKS}"))
        .load::<Applied>(conn)?
        .into_iter();
    let applied: BTreeSet<String> = applied.map(|row| row.version).collect();
    let pending = known.difference(&applied).cloned().collect();
    Ok((pending, newer(&known, &applied).cloned()))
}

/// Returns the last applied migration that is newer than all known ones. Older unknown ones are part of the first known
/// migration: the migrations from before the first release were joined into one.
fn newer<'a>(known: &BTreeSet<String>, applied: &'a BTreeSet<String>) -> Option<&'a String> {
    applied.last().filter(|last| known.last() < Some(*last))
}

/// Returns the refusal of a database that has none of the known migrations, but earlier ones.
fn of_development(database: &dyn Display) -> Error {
    Error::Unusable(format!(
        "{database} was written by a development version of nbcourier from before 0.1.0. Nothing was changed. \
         Export its courses with that version (nbcourier export), and import them into a new exchange."
    ))
}

fn tables(path: &Path) -> std::result::Result<BTreeSet<String>, Box<dyn std::error::Error>> {
    let mut conn = read_only(path)?;
    let names = diesel::RunQueryDsl::load::<String>(
        sqlite_master::table
            .filter(sqlite_master::kind.eq("table"))
            .select(sqlite_master::name),
        conn.sqlite(),
    )?;
    Ok(names.into_iter().collect())
}

/// Whether the database has a table of that name.
pub fn has_table(conn: &mut Connection, name: &str) -> Result<bool> {
    if conn.is_postgres() {
        return Ok(postgres::tables(conn)?.contains(name));
    }
    let table = sqlite_master::table
        .filter(sqlite_master::kind.eq("table"))
        .filter(sqlite_master::name.eq(name));
    Ok(diesel::select(diesel::dsl::exists(table)).get_result(conn)?)
}

/// Applies the migrations that the database lacks, after setting a copy of it aside.
pub fn migrate(conn: &mut SqliteConnection, path: &Path, opening: Opening) -> Result<()> {
    migrate_with(&MIGRATIONS, conn, path, opening)
}

/// Applies the migrations of the source that the database lacks, after setting a copy of it aside. The source of this
/// binary is the one of [`Store::open`](super::Store::open). Tests use those of later versions.
pub fn migrate_with(
    source: &impl MigrationSource<Sqlite>,
    conn: &mut SqliteConnection,
    path: &Path,
    opening: Opening,
) -> Result<()> {
    let mut pending = migrations(source)?;
    let known = versions(&pending);
    let applied: BTreeSet<String> = conn
        .applied_migrations()
        .map_err(|error| Error::Connection(error.to_string()))?
        .iter()
        .map(ToString::to_string)
        .collect();
    if let Some(newer) = newer(&known, &applied) {
        return Err(Error::Unusable(format!(
            "{} was written by a newer nbcourier (it has migration {newer}, which this one does not know). Nothing was \
             changed. Install that version again, or restore the copy it set aside beside the database.",
            path.display()
        )));
    }
    let missing: Vec<_> = known.difference(&applied).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !applied.is_empty() && known.is_disjoint(&applied) {
        return Err(of_development(&path.display()));
    }
    if !applied.is_empty() {
        if opening != Opening::Migrate {
            return Err(Error::Unusable(format!(
                "{} is from an older nbcourier and lacks {}. Nothing was changed. Start `nbcourier serve` without \
                 --no-upgrade-db to bring it up to date.",
                path.display(),
                missing.join(", ")
            )));
        }
        let copy = set_aside(conn, path)?;
        log::info!(
            "Migrating {}; a copy as it was is in {}",
            path.display(),
            copy.display()
        );
    }
    pending.retain(|migration| missing.contains(&migration.name().version().to_string()));
    pending.sort_by_key(|migration| migration.name().version().to_string());
    apply(&pending, conn, path)
}

/// Applies all migrations in one transaction. A migration may recreate a table. With enforced foreign keys, dropping
/// the old table would also drop the rows that point to it (<https://sqlite.org/lang_altertable.html#otheralter>). So
/// the foreign keys are checked at the end instead.
fn apply(
    migrations: &[Box<dyn Migration<Sqlite>>],
    conn: &mut SqliteConnection,
    path: &Path,
) -> Result<()> {
    let unusable =
        |why: String| Error::Unusable(format!("{} could not be migrated: {why}", path.display()));
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    let applied = conn.exclusive_transaction(|conn| {
        conn.run_migrations(migrations)
            .map_err(|error| unusable(error.to_string()))?;
        let findings = check_integrity(conn)?;
        if findings.is_empty() {
            Ok(())
        } else {
            Err(unusable(findings.join("; ")))
        }
    });
    conn.batch_execute("PRAGMA foreign_keys = ON")?;
    applied
}

fn migrations(source: &impl MigrationSource<Sqlite>) -> Result<Vec<Box<dyn Migration<Sqlite>>>> {
    source
        .migrations()
        .map_err(|error| Error::Connection(error.to_string()))
}

fn versions<D: diesel::backend::Backend>(migrations: &[Box<dyn Migration<D>>]) -> BTreeSet<String> {
    migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect()
}

fn set_aside(conn: &mut SqliteConnection, path: &Path) -> Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(
        ".before-{}",
        Timestamp::now().to_rfc3339().replace([':', '.'], "-")
    ));
    let copy = PathBuf::from(name);
    super::snapshot::copy_to(conn, &copy)?;
    Ok(copy)
}

#[cfg(test)]
pub(super) use tests::tables_in_rust;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use diesel::RunQueryDsl;
    use diesel::connection::Connection as _;
    use diesel_migrations::FileBasedMigrations;
    use std::collections::BTreeMap;

    fn connect(path: &Path) -> SqliteConnection {
        SqliteConnection::establish(path.to_str().unwrap()).unwrap()
    }

    /// Migrations that create two tables, and then recreate the one that the other points to.
    fn migrations_of_a_later_version(place: &Path) -> FileBasedMigrations {
        let first =
            "CREATE TABLE courses (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE);
                     CREATE TABLE work (
                         id INTEGER PRIMARY KEY NOT NULL,
                         course_id INTEGER NOT NULL REFERENCES courses (id) ON DELETE CASCADE
                     );";
        let second =
            "CREATE TABLE courses_new (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
                      INSERT INTO courses_new SELECT id, name FROM courses;
                      DROP TABLE courses;
                      ALTER TABLE courses_new RENAME TO courses;";
        for (name, up) in [
            ("2026-01-30-000000_first", first),
            ("2026-01-31-000000_second", second),
        ] {
            let directory = place.join("migrations").join(name);
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join("up.sql"), up).unwrap();
        }
        FileBasedMigrations::from_path(place.join("migrations")).unwrap()
    }

    fn count(conn: &mut SqliteConnection, table: &str) -> i64 {
        let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
        query.get_result::<Count>(conn).unwrap().count
    }

    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }

    #[test]
    fn an_older_database_is_copied_and_then_migrated() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let source = migrations_of_a_later_version(place.path());
        let mut conn = connect(&path);
        conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        let mut all = migrations(&source).unwrap();
        all.sort_by_key(|migration| migration.name().version().to_string());
        assert!(conn.applied_migrations().unwrap().is_empty());
        conn.run_migration(&all[0]).unwrap();
        conn.batch_execute(
            "INSERT INTO courses (id, name) VALUES (7, 'algebra');
             INSERT INTO work (id, course_id) VALUES (5, 7);",
        )
        .unwrap();

        assert!(migrate_with(&source, &mut conn, &path, Opening::AsItIs).is_err());
        migrate_with(&source, &mut conn, &path, Opening::Migrate).unwrap();

        assert_eq!(conn.applied_migrations().unwrap().len(), all.len());
        // The rows that point to the recreated table are still there, and the foreign keys are enforced again.
        assert_eq!(count(&mut conn, "work WHERE course_id = 7"), 1);
        let orphan = conn.batch_execute("INSERT INTO work (id, course_id) VALUES (6, 8)");
        assert!(orphan.is_err(), "the foreign keys hold again");
        let copies: Vec<_> = std::fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().contains(".before-"))
            .collect();
        assert_eq!(copies.len(), 1);
        assert_eq!(count(&mut connect(&copies[0]), "courses"), 1);
        let applied = connect(&copies[0]).applied_migrations().unwrap().len();
        assert_eq!(applied, 1);
    }

    #[test]
    fn a_database_of_the_last_development_version_is_up_to_date_and_an_earlier_one_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = connect(&path);
        migrate(&mut conn, &path, Opening::Migrate).unwrap();
        let earlier = format!("INSERT INTO {OUR_BOOKS} (version) VALUES ('20261121000000')");
        conn.batch_execute(&earlier).unwrap();
        migrate(&mut conn, &path, Opening::AsItIs).unwrap();
        assert_eq!(
            differences(&mut connect(&path).into()).unwrap(),
            (Vec::new(), None)
        );
        let only_earlier = format!("DELETE FROM {OUR_BOOKS} WHERE version <> '20261121000000'");
        conn.batch_execute(&only_earlier).unwrap();
        let error = migrate(&mut conn, &path, Opening::Migrate).unwrap_err();
        assert!(error.to_string().contains("before 0.1.0"), "{error}");
    }

    #[test]
    fn the_tables_in_rust_are_those_of_the_database() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = connect(&path);
        migrate(&mut conn, &path, Opening::Migrate).unwrap();
        let columns = |conn: &mut SqliteConnection, table: &str| -> Vec<Column> {
            diesel::sql_query(
                "SELECT name, type AS kind, \"notnull\" AS filled, pk AS key FROM pragma_table_info(?) ORDER BY cid",
            )
            .bind::<diesel::sql_types::Text, _>(table)
            .load(conn)
            .unwrap()
        };
        let described = tables_in_rust(include_str!("schema.rs"));
        let mut there = tables(&path).unwrap();
        there.retain(|table| table != OUR_BOOKS && !table.starts_with("sqlite_"));
        assert_eq!(described.keys().cloned().collect::<BTreeSet<_>>(), there);
        for (table, expected) in &described {
            let found: Vec<String> = columns(&mut conn, table).iter().map(in_rust).collect();
            assert_eq!(&found, expected, "{table}");
        }
    }

    /// A column as SQLite describes it (<https://sqlite.org/pragma.html#pragma_table_info>).
    #[derive(QueryableByName)]
    pub(super) struct Column {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        kind: String,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        filled: bool,
        #[diesel(sql_type = diesel::sql_types::Integer)]
        key: i32,
    }

    /// Returns the column as a line of `diesel::table!`, with `*` before the columns of the primary key.
    pub(super) fn in_rust(column: &Column) -> String {
        let kind = match column.kind.as_str() {
            "INTEGER" | "BIGINT" | "INT8" => "BigInt",
            "SMALLINT" | "INT2" => "SmallInt",
            "TEXT" => "Text",
            "BOOLEAN" | "BOOL" => "Bool",
            "BLOB" | "BYTEA" => "Binary",
            other => other,
        };
        let kind = if column.filled {
            kind.to_owned()
        } else {
            format!("Nullable<{kind}>")
        };
        let mark = if column.key > 0 { "*" } else { "" };
        format!("{mark}{} -> {kind}", column.name)
    }

    /// Returns the columns of each `diesel::table!` in this source, in the form of [`in_rust`].
    pub(crate) fn tables_in_rust(source: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for table in source.split("diesel::table! {").skip(1) {
            let (head, rest) = table.split_once(") {").unwrap();
            let (name, keys) = head.split_once('(').unwrap();
            let keys: Vec<&str> = keys.split(',').map(str::trim).collect();
            let (columns, _) = rest.split_once('}').unwrap();
            let columns = columns
                .lines()
                .map(str::trim)
                .filter(|line| line.contains("->"));
            let columns = columns.map(|line| {
                let line = line.trim_end_matches(',');
                let (column, _) = line.split_once(" -> ").unwrap();
                let mark = if keys.contains(&column) { "*" } else { "" };
                format!("{mark}{line}")
            });
            found.insert(name.trim().to_owned(), columns.collect());
        }
        found
    }

    #[test]
    fn a_newer_database_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = connect(&path);
        migrate(&mut conn, &path, Opening::Migrate).unwrap();
        conn.batch_execute(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
        )
        .unwrap();
        let error = migrate(&mut conn, &path, Opening::Migrate).unwrap_err();
        assert!(error.to_string().contains("newer nbcourier"), "{error}");
    }

    #[test]
    fn a_foreign_database_is_refused_and_unchanged() {
        let place = tempfile::tempdir().unwrap();
        for (tables, maker) in [
            ("CREATE TABLE alembic_version (x)", "ngshare"),
            ("CREATE TABLE x (y)", "another program"),
        ] {
            let path = place.path().join(maker);
            connect(&path).batch_execute(tables).unwrap();
            let before = std::fs::read(&path).unwrap();
            let error = inspect(&path, Opening::Migrate).unwrap_err();
            assert!(error.to_string().contains(maker), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), before);
        }
        let path = place.path().join("text");
        std::fs::write(
            &path,
            "not a database at all, but long enough to be looked at",
        )
        .unwrap();
        assert!(inspect(&path, Opening::Migrate).is_err());
    }
}
