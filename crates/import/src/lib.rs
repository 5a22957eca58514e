//! Moving in: what other exchanges have, brought into this one.
//!
//! A source (`ngshare`, `directory`) reads and never writes; it hands what it finds to a [`Mover`], which takes the files
//! in, has `exchange::imports` add what is new, and keeps the [`Report`]. A run that was broken off goes on where it was,
//! since what is there already is recognised.

pub mod directory;
mod kinds;
mod mover;
mod names;
pub mod ngshare;
mod place;
mod report;
mod source;

pub use kinds::what_a_file_is;
pub use mover::{Mover, Rules};
pub use names::Names;
pub use place::Place;
pub use report::{Counts, Problem, Report, Summary};
pub use source::{Finding, SourceFile, SourceSubmission, SourceTree};

use nbcourier_exchange as exchange;
use std::path::PathBuf;

/// Why nothing can be brought over, or no more.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source is not what it was said to be; the sentence says what to do.
    #[error("{0}")]
    Source(String),
    /// The source cannot be read there.
    #[error("{path} cannot be read: {error}", path = .0.display(), error = .1)]
    Unreadable(PathBuf, std::io::Error),
    /// The exchange refused.
    #[error("the exchange could not take it: {0}")]
    Exchange(#[from] exchange::Error),
}

/// The answer of a source.
pub type Result<T> = std::result::Result<T, Error>;
