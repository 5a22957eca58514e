//! The errors of backups, restores, repairs and archives.

use nbcourier_codec::{NotPacked, TarError};
use nbcourier_exchange as exchange;
use nbcourier_exchange::upkeep::blob_place::Mismatch;
use nbcourier_storage as store;
use std::io;
use std::path::{Path, PathBuf};

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error, with a message for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operation would do harm. The message says why, and what to do.
    #[error("{0}")]
    Refused(String),
    /// A file or directory cannot be used.
    #[error("{} cannot be {doing}: {source}", path.display())]
    File {
        /// The path of the file or directory.
        path: PathBuf,
        /// The failed action, as a participle: `read`, `written`.
        doing: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file differs from its entry in the manifest.
    #[error("{} is damaged: its bytes differ from those that were backed up. {remedy}", path.display())]
    Damaged {
        /// The path of the file.
        path: PathBuf,
        /// The advice.
        remedy: &'static str,
    },
    /// The input is not an archive, or an incomplete one.
    #[error("{0}. Nothing was changed")]
    Archive(#[from] TarError),
    /// The compression is invalid.
    #[error("{0}. Nothing was changed")]
    Packed(#[from] NotPacked),
    /// An object store failed.
    #[error("{0}. Repeat the command, which continues where it stopped")]
    Objects(io::Error),
    /// The database and its large files do not belong together, or a bucket cannot be used.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The exchange refused.
    #[error("the exchange failed: {0}")]
    Exchange(#[from] exchange::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Returns a function for `map_err` that adds the path and the failed action, such as `read`.
pub(super) fn on<'a>(path: &'a Path, doing: &'static str) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::File {
        path: path.to_owned(),
        doing,
        source,
    }
}
