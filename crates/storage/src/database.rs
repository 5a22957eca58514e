//! The place of a database.

use super::Postgres;
use std::fmt;
use std::path::{Path, PathBuf};

/// The place of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server. Boxed, since it is many times as large.
    Postgres(Box<Postgres>),
}

impl Database {
    /// Returns the SQLite file. Returns `None` for a database of a server.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl From<&Path> for Database {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

/// The path, or the address without the password.
impl fmt::Display for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(out),
            Self::Postgres(postgres) => postgres.fmt(out),
        }
    }
}
