//! Opens ngshare's database without being able to change it.

use super::super::{Error, Result};
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The first bytes of an SQLite file; the place of the read version in its header; and the read version of a file
/// with a write-ahead log (<https://sqlite.org/fileformat.html#the_database_header>).
const MAGIC: &[u8] = b"SQLite format 3\0";
const READ_VERSION: usize = 19;
const WITH_WAL: u8 = 2;

/// The tables of ngshare 0.5 and 0.6 that are read.
const TABLES: [&str; 9] = [
    "assignment_files_assoc_table",
    "assignments",
    "courses",
    "feedback_files_assoc_table",
    "files",
    "instructor_assoc_table",
    "student_assoc_table",
    "submission_files_assoc_table",
    "submissions",
];

/// A database that is only read.
pub struct Database {
    /// The connection.
    pub conn: SqliteConnection,
    /// The column with the size of a file. Databases of ngshare 0.5.0 and older have none.
    pub size_column: &'static str,
    // The directory of the copy that is read, if there is one. It is removed when this is dropped.
    _copy: Option<TempDir>,
}

impl Database {
    /// Opens the database at `path`. SQLite would have to write beside a database with a write-ahead log or an
    /// unfinished change. So a copy of such a database is read instead.
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |error| Error::Unreadable(path.to_owned(), error);
        let mut header = Vec::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(100)
            .read_to_end(&mut header)
            .map_err(unreadable)?;
        if !header.starts_with(MAGIC) {
            return Err(not_ngshare(path, "it is not an SQLite database"));
        }
        let has_wal = header.get(READ_VERSION) == Some(&WITH_WAL);
        let is_mid_change = fs::metadata(beside(path, "-journal")).is_ok_and(|file| file.len() > 0);
        let (url, copy) = if has_wal || is_mid_change {
            let copy = tempfile::tempdir().map_err(unreadable)?;
            let place = copy.path().join("ngshare.db");
            private_copy(path, &place).map_err(unreadable)?;
            for suffix in ["-wal", "-journal"] {
                let companion = beside(path, suffix);
                if companion.exists() {
                    private_copy(&companion, &beside(&place, suffix)).map_err(unreadable)?;
                }
            }
            (place.display().to_string(), Some(copy))
        } else {
            let text = path
                .to_str()
                .ok_or_else(|| not_ngshare(path, "its path is not UTF-8"))?;
            let escaped =
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
            (format!("file:{escaped}?mode=ro"), None)
        };
        let mut conn = SqliteConnection::establish(&url)
            .map_err(|error| not_ngshare(path, &error.to_string()))?;
        conn.batch_execute("PRAGMA busy_timeout = 10000")
            .map_err(|error| not_ngshare(path, &error.to_string()))?;
        let mut opened = Self {
            conn,
            size_column: "size",
            _copy: copy,
        };
        opened.check(path)?;
        Ok(opened)
    }

    fn check(&mut self, path: &Path) -> Result<()> {
        #[derive(QueryableByName)]
        struct Name {
            #[diesel(sql_type = diesel::sql_types::Text)]
            name: String,
        }
        let mut names = |query: &str| {
            let rows = diesel::sql_query(query).load::<Name>(&mut self.conn);
            let rows = rows.map_err(|error| not_ngshare(path, &error.to_string()))?;
            Ok::<Vec<String>, Error>(rows.into_iter().map(|row| row.name).collect())
        };
        let tables = names("SELECT name FROM sqlite_master WHERE type = 'table'")?;
        if let Some(missing) = TABLES
            .iter()
            .find(|table| !tables.iter().any(|name| name == *table))
        {
            let is_ours = tables
                .iter()
                .any(|name| name == "__diesel_schema_migrations");
            let why = if is_ours {
                "it is nbcourier's own database".to_owned()
            } else {
                format!("it has no table {missing}")
            };
            return Err(not_ngshare(path, &why));
        }
        let columns = names("SELECT name FROM pragma_table_info('files')")?;
        if !columns.iter().any(|name| name == "size") {
            self.size_column = "NULL";
        }
        Ok(())
    }
}

/// Copies the bytes, but not the permissions.
fn private_copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    io::copy(&mut fs::File::open(from)?, &mut copy).map(drop)
}

/// Returns the path of a file that SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn not_ngshare(path: &Path, why: &str) -> Error {
    Error::Source(format!(
        "{} cannot be read as a database of ngshare 0.5 or 0.6: {why}. Nothing was changed. Name the file of \
         ngshare's --database",
        path.display()
    ))
}
