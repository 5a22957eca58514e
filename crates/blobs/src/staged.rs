//! Files that are being received and are not blobs yet.

use super::LocalBlobs;
use nbcourier_domain::Sha256Sum;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;
use tempfile::{NamedTempFile, TempPath};

/// A temporary file that becomes a blob once its name is known, or is removed when dropped.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    size: u64,
}

/// A complete staged file with its checksum. It waits to be flushed together with others, and is removed when dropped.
#[derive(Debug)]
pub struct Complete {
    path: TempPath,
    sha256: Sha256Sum,
    size: u64,
}

impl Staged {
    pub(super) fn new(file: NamedTempFile) -> Self {
        Self { file, size: 0 }
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Completes the file. `sha256` is the checksum of its bytes. The file descriptor is closed.
    pub fn complete(self, sha256: Sha256Sum) -> Complete {
        Complete {
            path: self.file.into_temp_path(),
            sha256,
            size: self.size,
        }
    }
}

impl Complete {
    /// Returns the checksum, under which the file will be stored.
    pub fn sha256(&self) -> Sha256Sum {
        self.sha256
    }

    /// Returns the length in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the file to its place. Its name is durable after `blobs` has flushed the directory.
    pub(super) fn keep(self, blobs: &LocalBlobs) -> io::Result<Sha256Sum> {
        let place = blobs.path(self.sha256);
        // A new modification time keeps a clean-up from removing the existing file as forgotten. If a clean-up has just
        // removed it, or its bytes changed on the disk, the new file takes its place.
        if blobs.check(self.sha256, self.size).is_ok() && make_young(&place)? {
            return Ok(self.sha256);
        }
        let file = File::open(&self.path)?;
        file.set_modified(SystemTime::now())?;
        file.sync_all()?;
        self.path.persist(place).map_err(|failed| failed.error)?;
        Ok(self.sha256)
    }
}

/// Sets the modification time of a file to now. Returns whether the file exists.
fn make_young(path: &Path) -> io::Result<bool> {
    match File::options().write(true).open(path) {
        Ok(file) => file.set_modified(SystemTime::now()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
