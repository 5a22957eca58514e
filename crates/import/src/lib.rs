//! Imports the contents of other exchanges.
//!
//! A source (`ngshare`, `directory`) reads and never writes. It passes its contents to a [`Mover`], which takes in
//! the files, has `exchange::imports` add what is new, and keeps the [`Report`]. A repeated run continues after an
//! interrupted one, since it recognises what is already there.

pub mod directory;
mod kinds;
mod mover;
mod names;
pub mod ngshare;
mod report;
mod source;
mod source_path;
mod table;

pub use kinds::what_a_file_is;
pub use mover::{Mover, Rules};
pub use names::Names;
pub use report::{Counts, Problem, Report, Summary};
pub use source::{Finding, SourceFile, SourceSubmission, SourceTree};
pub use source_path::SourcePath;
pub use table::FirstLine;

use nbcourier_exchange as exchange;
use std::path::PathBuf;

/// The reason why an import cannot start or continue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source is not of the expected kind. The message says what to do.
    #[error("{0}")]
    Source(String),
    /// A path of the source cannot be read.
    #[error("{path} cannot be read: {error}", path = .0.display(), error = .1)]
    Unreadable(PathBuf, std::io::Error),
    /// The exchange refused a change.
    #[error("the exchange refused it: {0}")]
    Exchange(#[from] exchange::Error),
}

/// The result of an operation on a source.
pub type Result<T> = std::result::Result<T, Error>;
