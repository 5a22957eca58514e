//! What a backup says of itself.

use super::copy::replace_file;
use super::error::{Error, Result, on};
use nbcourier_domain::Sha256Sum;
use nbcourier_storage::snapshot::Counts;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// The file it stands in. It is the last that comes to its place, and with it the backup counts.
pub(super) const FILE: &str = "manifest.json";
/// The form of a backup that this program makes and knows.
pub(super) const VERSION: u32 = 1;

/// How large a manifest may be, in bytes. Only the list of damaged contents grows, and this is enough for 200,000 of them.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The manifest of a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the backup.
    pub backup_version: u32,
    /// The program that made it.
    pub made_by: String,
    /// When, in RFC 3339: it holds all that was answered before.
    pub made_at: String,
    /// What tells the exchange from others.
    pub exchange: String,
    /// The directory of database and key.
    pub state: String,
    /// The files in it.
    pub files: Vec<NamedFile>,
    /// What the database holds.
    pub counts: Counts,
    /// Contents that are files of their own,
    pub blob_files: u64,
    /// and their bytes.
    pub blob_bytes: u64,
    /// Contents that were damaged already when the backup was made, by their SHA-256.
    pub damaged: Vec<String>,
}

/// A file in the directory of the state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl NamedFile {
    pub(super) fn new(name: &str, (sum, bytes): (Sha256Sum, u64)) -> Self {
        Self {
            name: name.to_owned(),
            bytes,
            sha256: sum.to_string(),
        }
    }

    /// Whether a file with that sum and size is this one.
    pub(super) fn is(&self, (sum, bytes): (Sha256Sum, u64)) -> bool {
        self.sha256 == sum.to_string() && self.bytes == bytes
    }
}

impl Manifest {
    /// That of the backup in a directory; `None` where none was completed.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(FILE);
        let read = || {
            let mut text = Vec::new();
            let file = File::open(&path)?;
            file.take(MOST_BYTES + 1).read_to_end(&mut text)?;
            Ok(text)
        };
        let text = match read() {
            Err::<_, io::Error>(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(on(&path, "read"))?,
        };
        if text.len() as u64 > MOST_BYTES {
            return Err(Error::Refused(format!(
                "{} is no manifest of a backup: it has more than {MOST_BYTES} bytes. Nothing was changed",
                path.display()
            )));
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
            Error::Refused(format!(
                "{} is no manifest of a backup: {error}. Nothing was changed",
                path.display()
            ))
        })?;
        let is_name = |name: &str| !name.contains('/') && !matches!(name, "" | "." | "..");
        if !is_name(&manifest.state) || !manifest.files.iter().all(|file| is_name(&file.name)) {
            return Err(Error::Refused(format!(
                "{} names files outside of the backup. Nothing was changed",
                path.display()
            )));
        }
        if manifest.backup_version > VERSION {
            return Err(Error::Refused(format!(
                "{} was made by a newer nbcourier ({}). Use that one",
                directory.display(),
                manifest.made_by
            )));
        }
        Ok(Some(manifest))
    }

    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(FILE);
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::Refused(format!("{}: {error}", path.display())))?;
        replace_file(&path, &text)
    }
}
