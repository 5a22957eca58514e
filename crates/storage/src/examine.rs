//! Examines a database in any state from outside, without changing it.

use super::backend::prelude::*;
use super::backend::{Postgres, Purpose, apart};
use super::directories::sources;
use super::replicas::Replica;
use super::schema::hub_members;
use super::{Database, Result, migrate, objects, people, replicas, runs, signing_keys, starts};
use nbcourier_domain::UserName;
use std::path::Path;

/// The time to wait for a lock that another process holds.
const PATIENCE: &str = "PRAGMA busy_timeout = 2000";

/// The findings about a database that nbcourier made.
#[derive(Debug, Default)]
pub struct Examined {
    /// The migrations that the database lacks.
    pub pending: Vec<String>,
    /// The last migration of the database that this binary does not know.
    pub newer: Option<String>,
    /// The errors that SQLite finds in the database.
    pub findings: Vec<String>,
    /// The reason why the database cannot be written to, if it cannot.
    pub locked: Option<String>,
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

/// Examines the database. Returns `None` if there is none yet, and `Unusable` if it is not nbcourier's.
pub fn examine(database: &Database) -> Result<Option<Examined>> {
    match database {
        Database::Sqlite(path) => examine_file(path),
        Database::Postgres(postgres) => apart(|| examine_server(postgres)),
    }
}

fn examine_server(postgres: &Postgres) -> Result<Option<Examined>> {
    migrate::postgres::inspect(postgres, super::Opening::AsItIs)?;
    let mut conn = postgres.connect(Purpose::Read)?;
    if !migrate::has_table(&mut conn, migrate::OUR_BOOKS)? {
        return Ok(None);
    }
    let (pending, newer) = migrate::differences(&mut conn)?;
    let writable = postgres
        .connect(Purpose::Write)
        .and_then(|mut conn| Ok(conn.check_writable()?));
    Ok(Some(Examined {
        pending,
        newer,
        findings: Vec::new(),
        locked: writable.err().map(|error| error.to_string()),
    }))
}

fn examine_file(path: &Path) -> Result<Option<Examined>> {
    if std::fs::metadata(path).map_or(true, |file| file.len() == 0) {
        return Ok(None);
    }
    migrate::inspect(path, super::Opening::AsItIs)?;
    let mut conn = migrate::read_only(path)?;
    let (pending, newer) = migrate::differences(&mut conn)?;
    let findings = diesel::sql_query("PRAGMA quick_check(20)").load::<Finding>(&mut conn);
    let findings = match findings {
        Ok(rows) => rows.into_iter().map(|row| row.quick_check).collect(),
        Err(error) => vec![error.to_string()],
    };
    Ok(Some(Examined {
        pending,
        newer,
        findings: findings
            .into_iter()
            .filter(|finding: &String| finding != "ok")
            .collect(),
        locked: try_to_lock(path).err().map(|error| error.to_string()),
    }))
}

/// Runs a query on a connection that cannot change the database.
fn look<T: Send>(
    database: &Database,
    query: impl FnOnce(&mut Connection) -> Result<T> + Send,
) -> Result<T> {
    match database {
        Database::Sqlite(path) => query(&mut migrate::read_only(path)?),
        Database::Postgres(postgres) => apart(|| query(&mut postgres.connect(Purpose::Read)?)),
    }
}

/// Returns the last runs of tasks. Returns `None` if the database is older than their table.
pub fn examine_runs(database: &Database) -> Result<Option<Vec<runs::Run>>> {
    look(database, |conn| {
        if !migrate::has_table(conn, "runs")? {
            return Ok(None);
        }
        runs::list(conn).map(Some)
    })
}

/// Maximum number of directories that are named, of each kind.
const NAMED: usize = 20;

/// The material of courses: the repositories that it comes from, and its delivery at the starts of servers.
#[derive(Debug, Clone, Default)]
pub struct ExaminedMaterial {
    /// The repositories that directories follow. Those whose last three looks failed count as failing.
    pub followed: sources::Followed,
    /// The first directories that members of their courses did not receive whole at their last starts.
    pub undelivered: Vec<starts::Undelivered>,
}

/// Returns the facts about the material of courses.
pub fn material(conn: &mut Connection) -> Result<ExaminedMaterial> {
    Ok(ExaminedMaterial {
        followed: sources::followed(conn, sources::MANY_FAILURES, NAMED)?,
        undelivered: starts::undelivered(conn, NAMED)?,
    })
}

/// Returns the facts about the material of courses. Returns `None` if the database is older than their tables.
pub fn examine_material(database: &Database) -> Result<Option<ExaminedMaterial>> {
    look(database, |conn| {
        for table in ["sources", "starts"] {
            if !migrate::has_table(conn, table)? {
                return Ok(None);
            }
        }
        material(conn).map(Some)
    })
}

/// Returns the signing key in the database. Returns `None` if there is none yet.
pub fn examine_signing_key(database: &Database) -> Result<Option<Vec<u8>>> {
    look(database, |conn| {
        if !migrate::has_table(conn, "signing_keys")? {
            return Ok(None);
        }
        signing_keys::find(conn)
    })
}

/// Returns the servers that run on a database of PostgreSQL, or have ended a moment ago. Returns `None` for a file, and if
/// the database is older than their table.
pub fn examine_replicas(database: &Database) -> Result<Option<Vec<Replica>>> {
    if database.file().is_some() {
        return Ok(None);
    }
    look(database, |conn| {
        if !migrate::has_table(conn, "replicas")? {
            return Ok(None);
        }
        replicas::running(conn).map(Some)
    })
}

/// Returns what the database knows about the place of its large contents. Returns `None` if it is older than that.
pub fn examine_place(database: &Database) -> Result<Option<objects::Place>> {
    look(database, |conn| {
        if !migrate::has_table(conn, "removed_objects")? {
            return Ok(None);
        }
        objects::place(conn).map(Some)
    })
}

/// A name under which the data of a former account is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The name.
    pub name: UserName,
    /// Whether the hub has reported an account that has the name now.
    pub reused: bool,
}

/// Returns all names under which the data of a former account is set aside, sorted.
pub fn examine_set_aside(database: &Database) -> Result<Vec<SetAside>> {
    look(database, |conn| {
        let former = people::former(conn, UserName::FORMER_PREFIX)?;
        let mut names: Vec<UserName> = former.iter().filter_map(UserName::name_before).collect();
        names.sort();
        names.dedup();
        let mut set_aside = Vec::new();
        for name in names {
            let reused = people::account(conn, &name)?.is_some();
            set_aside.push(SetAside { name, reused });
        }
        Ok(set_aside)
    })
}

/// Returns the existing courses, and the courses in whose groups of the hub somebody was seen. Returns `None` if the
/// database is older than their tables.
pub fn examine_courses(database: &Database) -> Result<Option<(Vec<String>, Vec<String>)>> {
    look(database, |conn| {
        for table in ["courses", "hub_members"] {
            if !migrate::has_table(conn, table)? {
                return Ok(None);
            }
        }
        let courses = super::courses::all(conn)?;
        let by_group = hub_members::table
            .select(hub_members::course)
            .distinct()
            .order(hub_members::course)
            .load(conn)?;
        Ok(Some((courses, by_group)))
    })
}

/// Acquires the write lock and releases it without writing.
fn try_to_lock(path: &Path) -> Result<()> {
    let url = migrate::url(path, "rw")?;
    let mut conn = Connection::open(&url)?;
    conn.batch_execute(PATIENCE)?;
    conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK")?;
    Ok(())
}
