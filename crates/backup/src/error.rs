//! Why something was not kept, or not brought back.

use nbcourier_codec::{NotPacked, TarError};
use nbcourier_exchange as exchange;
use nbcourier_storage as store;
use std::io;
use std::path::{Path, PathBuf};

/// The answer of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It would harm something; the sentence says what, and what to do.
    #[error("{0}")]
    Refused(String),
    /// A file or directory can't be used.
    #[error("{} cannot be {doing}: {source}", path.display())]
    File {
        /// Which,
        path: PathBuf,
        /// for what: `read`, `written`;
        doing: &'static str,
        /// and what the system says.
        source: io::Error,
    },
    /// A file is not what the manifest says.
    #[error("{} is damaged: its bytes are not those that were backed up. {remedy}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// What was to be unpacked is no archive, or not all of one.
    #[error("{0}. Nothing was changed")]
    Archive(#[from] TarError),
    /// It is not packed as it seems to be.
    #[error("{0}. Nothing was changed")]
    Packed(#[from] NotPacked),
    /// The exchange refused.
    #[error("the exchange could not do it: {0}")]
    Exchange(#[from] exchange::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What `map_err` takes for a file that could not be read, written or whatever.
pub(super) fn on<'a>(path: &'a Path, doing: &'static str) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::File {
        path: path.to_owned(),
        doing,
        source,
    }
}
