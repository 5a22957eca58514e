//! The errors of the database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use nbcourier_work::Bug;

/// The result of a database operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the database itself. Absence and conflicts are results, not failures.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement or a commit failed.
    #[error("the database failed: {0}")]
    Database(diesel::result::Error),
    /// The disk is full.
    #[error("the disk of the database is full")]
    Full,
    /// No connection could be opened or lent.
    #[error("the database cannot be opened: {0}")]
    Connection(String),
    /// The file cannot be used in its current state. The text says why, and what to do.
    #[error("{0}")]
    Unusable(String),
    /// The writer has stopped, or gave up on this change.
    #[error("the change was not written: the database writer {0}")]
    Writer(&'static str),
    /// The server of the database did not answer a commit. The change may have been made.
    #[error("the database did not answer, so the change may have been made")]
    Unanswered,
    /// A clean-up removed bytes that an upload had stored ahead. Nothing was changed.
    #[error("a clean-up removed bytes of the upload before something referred to them")]
    Overtaken,
    /// A row holds a value that no version of nbcourier writes.
    #[error("the database is damaged: {0}")]
    Damaged(&'static str),
    /// The rows of this table differ in a database and its copy.
    #[error(
        "the rows of the table {0} differ from those that were copied. Repeat the command while nothing else uses the two databases"
    )]
    Differs(&'static str),
    /// A query or a change panicked, or did not find what it had just written.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl Error {
    /// Whether the database holds invalid data, rather than being unreachable.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Database(error) => says(error, "database disk image is malformed"),
            _ => false,
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        if says(&error, "database or disk is full") {
            Self::Full
        } else {
            Self::Database(error)
        }
    }
}

/// Whether the error has this text of SQLite's. Diesel has no kind for these errors. The texts are those of
/// `sqlite3_errstr`.
pub(super) fn says(error: &diesel::result::Error, text: &str) -> bool {
    use diesel::result::Error as E;
    match error {
        E::DatabaseError(_, information) => information.message() == text,
        E::RollbackErrorOnCommit { commit_error, .. } => says(commit_error, text),
        _ => false,
    }
}

/// Turns the violation of a unique index into `None`. `result` is that of a transaction within the open one, which has
/// undone the failed statement.
pub(super) fn unless_taken<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(Error::Database(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
            Ok(None)
        }
        other => Ok(Some(other?)),
    }
}
