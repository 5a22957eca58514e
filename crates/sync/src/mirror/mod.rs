//! Mirrors of the directories of courses, for all users of a machine.
//!
//! Each version is a folder of its own, made under a hidden name. Files that did not change are hard links to those of
//! the version before. Then a link with the name of the directory points to the new version, in one step.

mod access;
mod build;
mod fetch;
mod gone;
mod manifest;
mod names;
mod place;
mod report;
mod round;
mod update;

pub use place::Place;
pub use report::{Outcome, Report};
pub use round::mirror;

use crate::words::reason;
use nbcourier_client::Error;
use nbcourier_domain::CourseId;
use std::collections::BTreeMap;
use std::io;

/// The wishes for a mirror.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Only these courses. Without any, all.
    pub courses: Vec<CourseId>,
    /// The Unix groups that may enter the directories of courses, by their numbers.
    pub groups: BTreeMap<CourseId, u32>,
    /// Whether directories are removed that would not be mirrored any more.
    pub is_pruning: bool,
}

/// A step of long work.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// So many bytes will be received.
    Begin(u64),
    /// So many bytes were received.
    Received(u64),
}

/// The reason why a directory is not mirrored.
#[derive(Debug)]
enum Failure {
    Disk(io::Error),
    Exchange(Error),
    Sentence(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Exchange(error)
    }
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Sentence(sentence)
    }
}

impl Failure {
    fn sentence(self) -> String {
        match self {
            Self::Disk(error) => format!("Nothing was changed: {}", reason(&error)),
            Self::Exchange(error) => error.to_string(),
            Self::Sentence(sentence) => sentence,
        }
    }
}
