//! What can go wrong between the exchange and its database.

/// The answer of a database operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the database itself; absence and conflicts are answers, not failures.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement or a commit failed.
    #[error("the database failed: {0}")]
    Database(#[from] diesel::result::Error),
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
}
