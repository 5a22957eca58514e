//! Paths that a round does not touch, and the reasons.

use crate::item::{Item, Listing};
use nbcourier_domain::{ByteSize, RelativePath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The reason why a round does not touch a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It was written just now, or while it was read.
    BeingWritten,
    /// It was there a moment ago. Programs save by removing and making anew.
    JustMissing,
    /// It has the content or the place of what was there a moment ago, so both are one change.
    Renamed,
    /// It is larger than files may be.
    Large {
        /// Its size.
        size: u64,
        /// The maximum size.
        most: u64,
    },
    /// It cannot be read or written.
    Unusable(String),
    /// It is a link, another file system, or a folder that belongs to another directory.
    Odd,
    /// The file system here takes its name for that of another one.
    Clash(RelativePath),
    /// The file system here cannot have its name.
    Unfit,
    /// A directory cannot have its name.
    Unnamable,
    /// The exchange refuses it.
    Refused(String),
    /// It is open in the Jupyter server beside the agent.
    Open,
}

/// A path that is left out, and the reason in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The path.
    pub path: String,
    /// The reason.
    pub why: String,
}

impl Held {
    /// Whether it ends by itself in a moment.
    pub fn is_short(&self) -> bool {
        matches!(self, Self::BeingWritten | Self::JustMissing | Self::Renamed)
    }

    /// Returns the reason in words, and what to do.
    pub fn words(&self) -> String {
        match self {
            Self::BeingWritten => "is being written, and waits until that ends".to_owned(),
            Self::JustMissing => {
                "is gone, which counts if it is still so in a moment".to_owned()
            }
            Self::Renamed => "is new, which counts in a moment".to_owned(),
            Self::Large { size, most } => format!(
                "is left out: it has {}, and files have at most {} here. `nbcourier sync add --max-file` changes that",
                ByteSize(*size).rounded(),
                ByteSize(*most).rounded()
            ),
            Self::Unusable(why) | Self::Refused(why) => format!("is left out: {why}"),
            Self::Odd => "is left alone: it is a link or no usual file, lies on another file system, cannot be read, or \
                          belongs to another directory. Move it away if it is in the way"
                .to_owned(),
            Self::Clash(other) => format!(
                "stays in the directory only: the file system here takes its name for that of {other}. Rename one of them"
            ),
            Self::Unfit => "stays in the directory only: the file system here cannot have this name. Rename it there"
                .to_owned(),
            Self::Open => {
                "is open in JupyterLab, and a change from elsewhere waits. Close the notebook to receive it".to_owned()
            }
            Self::Unnamable => {
                "is left out: a directory cannot have this name. Give it another one".to_owned()
            }
        }
    }
}

/// The paths that a round does not touch.
#[derive(Debug, Default)]
pub struct AllHeld {
    /// The reasons by path.
    pub paths: BTreeMap<RelativePath, Held>,
    /// Entries of the folder whose names no path can have.
    pub unnamable: Vec<String>,
}

impl AllHeld {
    /// Takes paths out of a listing: it says of them only that something is there.
    pub fn hide_in(&self, listing: &mut Listing) {
        for path in self.paths.keys() {
            listing.insert(path.clone(), Item::Other);
        }
    }

    /// Holds a path. An earlier reason stays.
    pub fn hold(&mut self, path: &RelativePath, why: Held) {
        self.paths.entry(path.clone()).or_insert(why);
    }

    /// Returns the reason for a path or for a folder above it.
    pub fn about(&self, path: &RelativePath) -> Option<&Held> {
        let above = path.directories().filter_map(|folder| {
            let folder = RelativePath::parse_stored(folder).ok()?;
            self.paths.get(&folder)
        });
        self.paths.get(path).or_else(|| above.into_iter().next())
    }

    /// Returns the paths with their reasons in words. `is_short` chooses those that end by themselves, or the others.
    pub fn told(&self, is_short: bool) -> Vec<LeftOut> {
        let paths = self.paths.iter();
        let told = paths.filter(|(_, why)| why.is_short() == is_short);
        let mut told: Vec<LeftOut> = told
            .map(|(path, why)| LeftOut {
                path: path.as_str().to_owned(),
                why: why.words(),
            })
            .collect();
        if !is_short {
            told.extend(self.unnamable.iter().map(|path| LeftOut {
                path: path.clone(),
                why: Held::Unnamable.words(),
            }));
        }
        told
    }
}
