//! The entry of a path on one side.

use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::BTreeMap;

/// The paths of one side, with what each has.
pub type Listing = BTreeMap<RelativePath, Item>;

/// The content of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A folder.
    Folder,
    /// A file.
    File(Content),
    /// Something that is neither sent nor replaced: a link, a device, an unreadable folder, or another file system.
    Other,
}

/// The content of a file.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// The SHA-256 of its bytes.
    pub sum: Sha256Sum,
    /// The size in bytes.
    pub size: u64,
    /// Whether it can be executed.
    pub executable: bool,
    /// The source sum of a notebook, where it is known. See [`crate::source`].
    pub source: Option<Sha256Sum>,
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        // The source sum follows from the bytes, and is not always known.
        (self.sum, self.executable) == (other.sum, other.executable)
    }
}

impl Eq for Content {}

impl Content {
    /// Whether both are the same notebook but for what running it changes.
    pub fn has_same_source(&self, other: &Self) -> bool {
        self.executable == other.executable && self.source.is_some() && self.source == other.source
    }
}

impl Item {
    /// Returns the content of a file.
    pub fn content(&self) -> Option<Content> {
        match self {
            Self::File(content) => Some(*content),
            Self::Folder | Self::Other => None,
        }
    }

    /// Whether it is the same, or the same notebook but for what running it changes.
    pub fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other || one.has_same_source(other),
            _ => self == other,
        }
    }
}
