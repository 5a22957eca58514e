//! The blobs of an exchange, wherever they are.

use super::{
    Announcement, Clearing, Complete, Damage, Hold, LocalBlobs, Space, Staged, StoredFile,
};
use nbcourier_domain::{BlobRef, Sha256Sum};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// The blobs of an exchange. Cheap to clone. Every call may wait for the disk.
#[derive(Debug, Clone)]
pub enum Blobs {
    /// In a directory of this machine.
    Local(LocalBlobs),
}

impl From<LocalBlobs> for Blobs {
    fn from(blobs: LocalBlobs) -> Self {
        Self::Local(blobs)
    }
}

impl Blobs {
    /// Begins a blob.
    pub fn stage(&self) -> io::Result<Staged> {
        match self {
            Self::Local(blobs) => blobs.stage(),
        }
    }

    /// Moves files to their places. All of them are durable when this returns.
    pub fn keep(&self, files: impl IntoIterator<Item = Complete>) -> io::Result<()> {
        match self {
            Self::Local(blobs) => blobs.keep(files),
        }
    }

    /// Whether a blob of that name and size is in its place.
    pub fn has(&self, sha256: Sha256Sum, size: u64) -> bool {
        match self {
            Self::Local(blobs) => blobs.has(sha256, size),
        }
    }

    /// Opens a blob for reading, if it exists and has the expected size. The reader must check its bytes.
    pub fn read(&self, blob: &BlobRef) -> Result<File, Damage> {
        match self {
            Self::Local(blobs) => blobs.read(blob),
        }
    }

    /// Reads a whole blob and compares its bytes with its name.
    pub fn verify(&self, blob: &BlobRef) -> Result<(), Damage> {
        match self {
            Self::Local(blobs) => blobs.verify(blob),
        }
    }

    /// Removes a blob. Returns whether it existed.
    pub fn remove(&self, sha256: Sha256Sum) -> io::Result<bool> {
        match self {
            Self::Local(blobs) => blobs.remove(sha256),
        }
    }

    /// Returns what is known of the file of that name, if it exists.
    pub fn look(&self, sha256: Sha256Sum) -> io::Result<Option<StoredFile>> {
        match self {
            Self::Local(blobs) => blobs.look(sha256),
        }
    }

    /// Calls `visit` for every file in the place of a blob.
    pub fn walk(&self, visit: impl FnMut(StoredFile)) -> io::Result<()> {
        match self {
            Self::Local(blobs) => blobs.walk(visit),
        }
    }

    /// Returns the files that are not in the place of a blob.
    pub fn strays(&self) -> io::Result<Vec<PathBuf>> {
        match self {
            Self::Local(blobs) => blobs.strays(),
        }
    }

    /// Checks that blobs can be stored.
    pub fn check_writable(&self) -> io::Result<()> {
        match self {
            Self::Local(blobs) => blobs.check_writable(),
        }
    }

    /// Returns the space for blobs.
    pub fn space(&self) -> io::Result<Space> {
        match self {
            Self::Local(blobs) => blobs.space(),
        }
    }

    /// Returns the free bytes for blobs.
    pub fn free_bytes(&self) -> io::Result<u64> {
        match self {
            Self::Local(blobs) => blobs.free_bytes(),
        }
    }

    /// Keeps all files where they are, after waiting for a running clean-up.
    pub fn hold(&self) -> io::Result<Hold> {
        match self {
            Self::Local(blobs) => blobs.hold(),
        }
    }

    /// Returns permission to remove files, unless somebody holds them.
    pub fn try_clear(&self) -> io::Result<Option<Clearing>> {
        match self {
            Self::Local(blobs) => blobs.try_clear(),
        }
    }

    /// Announces an upload. Call it before its first bytes are stored, and keep the guard until a row names them.
    pub fn announce(&self) -> io::Result<Announcement> {
        match self {
            Self::Local(blobs) => blobs.announce(),
        }
    }

    /// Returns the number of uploads in progress, in all processes.
    pub fn announcements(&self) -> io::Result<usize> {
        match self {
            Self::Local(blobs) => blobs.announcements(),
        }
    }

    /// Returns the time when the oldest upload in progress began.
    pub fn oldest_upload(&self) -> io::Result<Option<SystemTime>> {
        match self {
            Self::Local(blobs) => blobs.oldest_upload(),
        }
    }
}
