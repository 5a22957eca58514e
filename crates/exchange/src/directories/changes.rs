//! Batches of operations on the paths of a directory.

use crate::{Error, Result};
use nbcourier_domain::{RelativePath, Sha256Sum};

/// Maximum length of a message in bytes.
const LONGEST_MESSAGE: usize = 1000;
/// Maximum length of the name of a device in letters.
const LONGEST_DEVICE: usize = 64;

/// The content that a path must have before an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Any, or none.
    Any,
    /// Nothing may have the path.
    Absent,
    /// A file with these bytes.
    Is(Sha256Sum),
}

/// An operation on paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Gives a path a file with these bytes. The folders above it are made.
    Put {
        /// The path.
        path: RelativePath,
        /// The checksum of the bytes.
        sha256: Sha256Sum,
        /// Whether it can be executed. `None` keeps what the path has.
        executable: Option<bool>,
        /// The condition on the path.
        condition: Condition,
    },
    /// Makes a folder, with those above it.
    MakeFolder {
        /// The path.
        path: RelativePath,
    },
    /// Moves a file, or a folder with everything in it.
    Move {
        /// The old path.
        from: RelativePath,
        /// The new path.
        to: RelativePath,
        /// The condition on the new path.
        condition: Condition,
    },
    /// Copies a file, or a folder with everything in it.
    Copy {
        /// The path of the original.
        from: RelativePath,
        /// The path of the copy.
        to: RelativePath,
        /// The condition on the path of the copy.
        condition: Condition,
    },
    /// Removes a file or folder. Removing nothing succeeds.
    Remove {
        /// The path.
        path: RelativePath,
        /// Whether a folder may have entries.
        recursive: bool,
        /// The condition on the path.
        condition: Condition,
    },
}

impl Operation {
    /// Returns the paths that the operation names.
    pub(super) fn paths(&self) -> impl Iterator<Item = &RelativePath> {
        let (one, other) = match self {
            Self::Put { path, .. } | Self::MakeFolder { path } | Self::Remove { path, .. } => {
                (path, None)
            }
            Self::Move { from, to, .. } | Self::Copy { from, to, .. } => (from, Some(to)),
        };
        std::iter::once(one).chain(other)
    }

    /// Returns the path below which the operation reaches everything, if it is a folder.
    pub(super) fn root(&self) -> Option<&RelativePath> {
        match self {
            Self::Move { from, .. } | Self::Copy { from, .. } => Some(from),
            Self::Remove { path, .. } => Some(path),
            Self::Put { .. } | Self::MakeFolder { .. } => None,
        }
    }
}

/// Operations that are applied one after the other, all or none, and make one version.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The operations.
    pub operations: Vec<Operation>,
    /// A message for those who read the list of versions.
    pub message: Option<String>,
    /// The device on which the changes were made.
    pub device: Option<String>,
    /// Whether the conditions come from headers of the request.
    pub by_precondition: bool,
}

impl Batch {
    /// Returns a batch of one operation, whose condition comes from headers of the request.
    pub fn of(operation: Operation) -> Self {
        let condition = match &operation {
            Operation::Put { condition, .. }
            | Operation::Move { condition, .. }
            | Operation::Copy { condition, .. }
            | Operation::Remove { condition, .. } => *condition,
            Operation::MakeFolder { .. } => Condition::Any,
        };
        Self {
            operations: vec![operation],
            by_precondition: condition != Condition::Any,
            ..Self::default()
        }
    }

    /// Checks the message and the name of the device.
    pub(crate) fn check(&self) -> Result<()> {
        let message = self.message.as_deref().unwrap_or_default();
        let is_illegal = |letter: char| letter.is_control() && letter != '\n';
        if message.len() > LONGEST_MESSAGE || message.contains(is_illegal) {
            return Err(Error::UnusableFact(format!(
                "A message has at most {LONGEST_MESSAGE} bytes and no control characters"
            )));
        }
        if let Some(device) = &self.device {
            let letters = device.chars().count();
            let is_legal = |letter: char| letter.is_alphanumeric() || " -_.".contains(letter);
            if !(1..=LONGEST_DEVICE).contains(&letters) || !device.chars().all(is_legal) {
                return Err(Error::UnusableFact(format!(
                    "The name of a device has 1 to {LONGEST_DEVICE} letters, digits, blanks, hyphens, dots or underscores"
                )));
            }
        }
        Ok(())
    }
}
