//! Checks whether a database is usable, and migrates an older one to the schema of this binary.

use super::{Connection, Error, Opening, Result};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::migration::{Migration as _, MigrationSource};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use nbcourier_domain::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const OUR_BOOKS: &str = "__diesel_schema_migrations";

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
    let maker = if tables.contains("alembic_version") || tables.contains("assignment_files") {
        "ngshare"
    } else {
        "another program"
    };
    Err(Error::Unusable(format!(
        "{} was made by {maker}, not by nbcourier. Nothing was changed. Give nbcourier a database of its own: \
         --data-dir DIR, or --database sqlite:////ABSOLUTE/PATH of a file that does not exist yet. What ngshare has is \
         brought over by `nbcourier import ngshare`.",
        path.display()
    )))
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
    Connection::establish(&url(path, "ro")?).map_err(|error| Error::Connection(error.to_string()))
}

/// Returns the migrations that the database lacks, and its last migration that this binary does not know.
pub(super) fn differences(conn: &mut Connection) -> Result<(Vec<String>, Option<String>)> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let known = versions_in_binary()?;
    let applied = diesel::sql_query(format!("SELECT version FROM {OUR_BOOKS}"))
        .load::<Applied>(conn)?
        .into_iter();
    let applied: BTreeSet<String> = applied.map(|row| row.version).collect();
    let pending = known.difference(&applied).cloned().collect();
    Ok((pending, applied.difference(&known).last().cloned()))
}

fn tables(path: &Path) -> std::result::Result<BTreeSet<String>, Box<dyn std::error::Error>> {
    let mut conn = read_only(path)?;
    let names = sqlite_master::table
        .filter(sqlite_master::kind.eq("table"))
        .select(sqlite_master::name)
        .load::<String>(&mut conn)?;
    Ok(names.into_iter().collect())
}

/// Whether the database has a table of that name.
pub fn has_table(conn: &mut Connection, name: &str) -> Result<bool> {
    let table = sqlite_master::table
        .filter(sqlite_master::kind.eq("table"))
        .filter(sqlite_master::name.eq(name));
    Ok(diesel::select(diesel::dsl::exists(table)).get_result(conn)?)
}

/// Applies the migrations that the database lacks, after setting a copy of it aside.
pub fn migrate(conn: &mut Connection, path: &Path, opening: Opening) -> Result<()> {
    let known: BTreeSet<String> = versions_in_binary()?;
    let applied: BTreeSet<String> = conn
        .applied_migrations()
        .map_err(|error| Error::Connection(error.to_string()))?
        .iter()
        .map(ToString::to_string)
        .collect();
    if let Some(newer) = applied.difference(&known).last() {
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
    apply(conn, path)
}

/// Applies all migrations in one transaction. A migration may recreate a table. With enforced foreign keys, dropping
/// the old table would also drop the rows that point to it (<https://sqlite.org/lang_altertable.html#otheralter>). So
/// the foreign keys are checked at the end instead.
fn apply(conn: &mut Connection, path: &Path) -> Result<()> {
    let unusable =
        |why: String| Error::Unusable(format!("{} could not be migrated: {why}", path.display()));
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    let applied = conn.exclusive_transaction(|conn| {
        conn.run_pending_migrations(MIGRATIONS)
            .map_err(|error| unusable(error.to_string()))?;
        let findings = super::check_integrity(conn)?;
        if findings.is_empty() {
            Ok(())
        } else {
            Err(unusable(findings.join("; ")))
        }
    });
    conn.batch_execute("PRAGMA foreign_keys = ON")?;
    applied
}

fn versions_in_binary() -> Result<BTreeSet<String>> {
    let migrations = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)
        .map_err(|error| Error::Connection(error.to_string()))?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

fn set_aside(conn: &mut Connection, path: &Path) -> Result<PathBuf> {
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn connect(path: &Path) -> Connection {
        Connection::establish(path.to_str().unwrap()).unwrap()
    }

    #[test]
    fn an_older_database_is_copied_and_then_migrated() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = connect(&path);
        let all = MigrationSource::<Sqlite>::migrations(&MIGRATIONS).unwrap();
        assert!(conn.applied_migrations().unwrap().is_empty());
        conn.run_migration(&all[0]).unwrap();
        conn.batch_execute("INSERT INTO courses (name, created_at) VALUES ('algebra', 0)")
            .unwrap();

        assert!(migrate(&mut conn, &path, Opening::AsItIs).is_err());
        migrate(&mut conn, &path, Opening::Migrate).unwrap();

        assert_eq!(conn.applied_migrations().unwrap().len(), all.len());
        let copies: Vec<_> = std::fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().contains(".before-"))
            .collect();
        assert_eq!(copies.len(), 1);
        let names = super::super::schema::courses::table
            .select(super::super::schema::courses::name)
            .load::<String>(&mut connect(&copies[0]));
        assert_eq!(names.unwrap(), ["algebra"]);
    }

    #[test]
    fn submissions_survive_the_recreation_of_tables() {
        use super::super::schema::{assignments, feedback, submissions};

        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("nbcourier.db");
        let mut conn = connect(&path);
        conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        let all = MigrationSource::<Sqlite>::migrations(&MIGRATIONS).unwrap();
        assert!(conn.applied_migrations().unwrap().is_empty());
        for migration in &all[..2] {
            conn.run_migration(migration).unwrap();
        }
        conn.batch_execute(
            "INSERT INTO courses (id, name, created_at) VALUES (1, 'algebra', 0);
             INSERT INTO trees (id, digest, files, bytes) VALUES (1, x'00', 0, 0);
             INSERT INTO assignments (id, course_id, name) VALUES (7, 1, 'ps1');
             INSERT INTO releases VALUES (3, 7, 1, 1, 'teacher', 0);
             UPDATE assignments SET current_release = 3;
             INSERT INTO submissions VALUES (5, 7, 'sam', 42, 1);
             INSERT INTO feedback VALUES (9, 5, 1, 'teacher', 43);",
        )
        .unwrap();
        migrate(&mut conn, &path, Opening::Migrate).unwrap();
        let assignment = assignments::table
            .select((assignments::id, assignments::current_release))
            .load::<(i64, Option<i64>)>(&mut conn);
        assert_eq!(assignment.unwrap(), [(7, Some(3))]);
        let submission = submissions::table
            .inner_join(assignments::table)
            .select((submissions::submitted_at, assignments::name))
            .load::<(i64, String)>(&mut conn);
        assert_eq!(submission.unwrap(), [(42, "ps1".to_owned())]);
        let given = feedback::table.select(feedback::id).load::<i64>(&mut conn);
        assert_eq!(given.unwrap(), [9]);
        let orphan = conn.batch_execute("INSERT INTO releases VALUES (4, 8, 1, 1, 'teacher', 0)");
        assert!(orphan.is_err(), "the foreign keys hold again");
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
