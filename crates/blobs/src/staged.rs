//! Bytes on their way in.

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

/// A staged file with all its bytes and its name, which waits to be flushed together with others. Removed when dropped.
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

    /// Adds bytes at the end.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Ends the file; these are its bytes' SHA-256. It holds no file descriptor from here on.
    pub fn complete(self, sha256: Sha256Sum) -> Complete {
        Complete {
            path: self.file.into_temp_path(),
            sha256,
            size: self.size,
        }
    }
}

impl Complete {
    /// The name of its bytes.
    pub fn sha256(&self) -> Sha256Sum {
        self.sha256
    }

    /// Puts the bytes in their place; the name there is durable once `blobs` has flushed its directory.
    pub(super) fn keep(self, blobs: &LocalBlobs) -> io::Result<Sha256Sum> {
        let place = blobs.path(self.sha256);
        // Young again, so that a clean-up that looks for forgotten files passes it by; or removed by one just now. What
        // changed on the disk since it came in is replaced by those who bring it again.
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

/// Whether there was such a file.
fn make_young(path: &Path) -> io::Result<bool> {
    match File::options().write(true).open(path) {
        Ok(file) => file.set_modified(SystemTime::now()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
