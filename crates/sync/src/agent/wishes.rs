//! Wishes of the owner of a folder. The commands write them into files of their own, since the agent holds the lock of the
//! folder.

use crate::folder::{Root, text_of, write_beside};
use serde::{Deserialize, Serialize};
use std::io;

/// The folder of the wishes.
pub const FOLDER: &str = "wishes";
const PAUSED: &str = "paused";
const CONFIRMED: &str = "confirmed.json";
/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The removals that were confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The maximum number of files.
    pub files: usize,
    /// Whether they are in the folder.
    pub are_here: bool,
}

/// The wishes for a folder.
#[derive(Debug)]
pub struct Wishes {
    folder: Root,
}

impl Wishes {
    /// Opens the wishes in the folder of the state.
    pub fn open(own: &Root) -> io::Result<Self> {
        Ok(Self {
            folder: own.make_folder(FOLDER)?,
        })
    }

    /// Whether the pair rests.
    pub fn is_paused(&self) -> io::Result<bool> {
        Ok(self.folder.stat(PAUSED)?.is_some())
    }

    /// Lets the pair rest, or go on.
    pub fn pause(&self, is_paused: bool) -> io::Result<()> {
        if is_paused {
            return write_beside(&self.folder, PAUSED, b"");
        }
        self.forget(PAUSED)
    }

    /// Returns the removals that were confirmed.
    pub fn confirmed(&self) -> io::Result<Option<Confirmed>> {
        let text = text_of(&self.folder, CONFIRMED, MAX_BYTES)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Confirms removals.
    pub fn confirm(&self, confirmed: Confirmed) -> io::Result<()> {
        write_beside(&self.folder, CONFIRMED, &serde_json::to_vec(&confirmed)?)
    }

    /// Forgets the confirmation, whose removals were made.
    pub fn use_up(&self) -> io::Result<()> {
        self.forget(CONFIRMED)
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        match self.folder.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.folder.flush(),
        }
    }
}
