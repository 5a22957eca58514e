//! What can go wrong between the exchange and its database.

use nbcourier_work::Bug;

/// The answer of a database operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the database itself; absence and conflicts are answers, not failures.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement or a commit failed.
    #[error("the database failed: {0}")]
    Database(diesel::result::Error),
    /// There is no room on the disk.
    #[error("the disk of the database is full")]
    Full,
    /// No connection could be made or lent.
    #[error("the database cannot be opened: {0}")]
    Connection(String),
    /// The file can't be used as it is; the text says why and what to do.
    #[error("{0}")]
    Unusable(String),
    /// The writer has stopped or gave up on this change.
    #[error("the change was not written: the database writer {0}")]
    Writer(&'static str),
    /// A row holds what no version of nbcourier writes.
    #[error("the database is damaged: {0}")]
    Damaged(&'static str),
    /// A query or a change panicked, or something that it had just written was not there.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl Error {
    /// Whether the database holds what it should not, rather than being out of reach.
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

/// Whether SQLite said so; diesel has no kind for it. The texts are those of `sqlite3_errstr`.
pub(super) fn says(error: &diesel::result::Error, text: &str) -> bool {
    use diesel::result::Error as E;
    match error {
        E::DatabaseError(_, information) => information.message() == text,
        E::RollbackErrorOnCommit { commit_error, .. } => says(commit_error, text),
        _ => false,
    }
}
