//! The blobs of an exchange, wherever they are.

use super::{
    Announcement, Clearing, Damage, Hold, LocalBlobs, ObjectReader, RemoteBlobs, Space, Staged,
};
use nbcourier_domain::BlobRef;
use std::fs::File;
use std::io::{self, Read};
use std::time::SystemTime;

/// The blobs of an exchange. Cheap to clone. Every call may wait for the disk or the network.
#[derive(Debug, Clone)]
pub enum Blobs {
    /// In a directory of this machine.
    Local(LocalBlobs),
    /// In a bucket of an object store.
    Remote(RemoteBlobs),
}

impl From<LocalBlobs> for Blobs {
    fn from(blobs: LocalBlobs) -> Self {
        Self::Local(blobs)
    }
}

impl From<RemoteBlobs> for Blobs {
    fn from(blobs: RemoteBlobs) -> Self {
        Self::Remote(blobs)
    }
}

/// The bytes of a blob. They are not checked.
#[derive(Debug)]
pub enum Reading {
    /// From a file.
    File(File),
    /// From an object.
    Object(ObjectReader),
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Object(object) => object.read(buffer),
        }
    }
}

/// The damage of a blob, and the ID of its row.
#[derive(Debug, Clone, Copy)]
pub struct Damaged {
    /// The ID of the row.
    pub id: i64,
    /// The blob as it should be.
    pub blob: BlobRef,
    /// The fault.
    pub damage: Damage,
}

impl Blobs {
    /// Returns the directory, if the blobs are in one.
    pub fn local(&self) -> Option<&LocalBlobs> {
        match self {
            Self::Local(blobs) => Some(blobs),
            Self::Remote(_) => None,
        }
    }

    /// Returns the bucket, if the blobs are in one.
    pub fn remote(&self) -> Option<&RemoteBlobs> {
        match self {
            Self::Local(_) => None,
            Self::Remote(blobs) => Some(blobs),
        }
    }

    /// The directory in which uploads arrive. Its locks coordinate the processes of this machine.
    fn directory(&self) -> &LocalBlobs {
        match self {
            Self::Local(blobs) => blobs,
            Self::Remote(blobs) => blobs.spool(),
        }
    }

    /// Begins a blob.
    pub fn stage(&self) -> io::Result<Staged> {
        self.directory().stage()
    }

    /// Looks at the blobs that a reply needs, by the IDs of their rows: at all files, or at the first objects. Returns
    /// the first one that is missing or has the wrong length.
    pub fn look_at<'a>(
        &self,
        blobs: impl Iterator<Item = (i64, &'a BlobRef)>,
    ) -> io::Result<Result<(), Damaged>> {
        let directory = match self {
            Self::Remote(remote) => return remote.look_at(blobs),
            Self::Local(directory) => directory,
        };
        for (id, blob) in blobs {
            if let Err(damage) = directory.read(blob) {
                let blob = *blob;
                return Ok(Err(Damaged { id, blob, damage }));
            }
        }
        Ok(Ok(()))
    }

    /// Opens the blob of a row for reading, if it exists and has the expected size. The reader must check its bytes. The
    /// outer error is one of the object store.
    pub fn read(&self, id: i64, blob: &BlobRef) -> io::Result<Result<Reading, Damage>> {
        Ok(match self {
            Self::Local(blobs) => blobs.read(blob).map(Reading::File),
            Self::Remote(blobs) => blobs.read(id, blob)?.map(Reading::Object),
        })
    }

    /// Reads a whole blob and compares its bytes with its name. The outer error is one of the object store.
    pub fn verify(&self, id: i64, blob: &BlobRef) -> io::Result<Result<(), Damage>> {
        match self {
            Self::Local(blobs) => Ok(blobs.verify(blob)),
            Self::Remote(blobs) => blobs.verify(id, blob),
        }
    }

    /// Checks that blobs can be stored.
    pub fn check_writable(&self) -> io::Result<()> {
        match self {
            Self::Local(blobs) => blobs.check_writable(),
            Self::Remote(blobs) => blobs.check_writable(),
        }
    }

    /// Checks that uploads can arrive on this machine.
    pub fn check_local(&self) -> io::Result<()> {
        self.directory().check_writable()
    }

    /// Returns the space for uploads, which stay there if the blobs are in a directory.
    pub fn space(&self) -> io::Result<Space> {
        self.directory().space()
    }

    /// Returns the free bytes for uploads.
    pub fn free_bytes(&self) -> io::Result<u64> {
        self.directory().free_bytes()
    }

    /// Keeps all files where they are, after waiting for a running clean-up.
    pub fn hold(&self) -> io::Result<Hold> {
        self.directory().hold()
    }

    /// Returns permission to remove files, unless somebody holds them.
    pub fn try_clear(&self) -> io::Result<Option<Clearing>> {
        self.directory().try_clear()
    }

    /// Announces an upload. Call it before its first bytes are stored, and keep the guard until a row names them.
    pub fn announce(&self) -> io::Result<Announcement> {
        self.directory().announce()
    }

    /// Returns the number of uploads in progress, in all processes of this machine.
    pub fn announcements(&self) -> io::Result<usize> {
        self.directory().announcements()
    }

    /// Returns the time when the oldest upload in progress began.
    pub fn oldest_upload(&self) -> io::Result<Option<SystemTime>> {
        self.directory().oldest_upload()
    }
}
