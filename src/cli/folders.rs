//! Folders that commands make on this machine. Their names survive a power cut once they are flushed.

use nbcourier_blobs::sync_directory;
use nbcourier_domain::above;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folders with names that may not be durable yet.
#[derive(Debug, Default)]
pub struct Changed(BTreeSet<PathBuf>);

impl Changed {
    /// Makes a missing folder and those above it.
    pub fn make(&mut self, folder: &Path) -> io::Result<()> {
        let parts = folder.ancestors();
        let missing = parts.take_while(|part| !part.as_os_str().is_empty() && !part.exists());
        self.0.extend(missing.map(|part| above(part).to_owned()));
        fs::create_dir_all(folder)
    }

    /// Notes that a folder has got a name.
    pub fn note(&mut self, folder: &Path) {
        self.0.insert(folder.to_owned());
    }

    /// Makes all names durable.
    pub fn flush(self) -> io::Result<()> {
        self.0.iter().try_for_each(|folder| sync_directory(folder))
    }
}
