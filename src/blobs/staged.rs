//! Bytes on their way in.

use super::LocalBlobs;
use crate::domain::Sha256Sum;
use std::io::{self, Write};
use tempfile::NamedTempFile;

/// A temporary file that becomes a blob once its name is known, or is removed when dropped.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
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

    /// Puts the bytes in their place in `blobs`; durable once `blobs.flush_names` has been called for the sum.
    pub fn keep(self, blobs: &LocalBlobs, sha256: Sha256Sum) -> io::Result<()> {
        let place = blobs.path(sha256);
        if blobs.has(sha256, self.size) {
            // Young again, so that a clean-up that looks for forgotten files passes it by.
            return std::fs::File::options()
                .write(true)
                .open(&place)?
                .set_modified(std::time::SystemTime::now());
        }
        self.file.as_file().sync_all()?;
        self.file
            .persist(place)
            .map(drop)
            .map_err(|failed| failed.error)
    }
}
