//! The manifest of a backup.

use super::copy::replace_file;
use super::error::{Error, Result, on};
use nbcourier_domain::Sha256Sum;
use nbcourier_storage::snapshot;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// The name of the manifest's file. It is moved into place last, and that completes the backup.
pub(super) const FILE: &str = "manifest.json";
/// The version of the backup format that this program writes and reads.
pub(super) const VERSION: u32 = 1;

/// The maximum size of a manifest, in bytes. Only the list of damaged contents grows, and 200,000 of them fit.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The manifest of a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the backup format.
    pub backup_version: u32,
    /// The name and version of the program that made it.
    pub made_by: String,
    /// The time of the backup, in RFC 3339. It holds all changes that were confirmed before.
    pub made_at: String,
    /// The ID of the exchange.
    pub exchange: String,
    /// The directory of the database and the key.
    pub state: String,
    /// The files in that directory.
    pub files: Vec<NamedFile>,
    /// The numbers of rows in the database.
    pub counts: RowCounts,
    /// The number of contents that are separate files.
    pub blob_files: u64,
    /// The bytes of these files.
    pub blob_bytes: u64,
    /// The SHA-256 of contents that were already damaged when the backup was made.
    pub damaged: Vec<String>,
}

/// The numbers of rows by kind, including the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Courses.
    pub courses: i64,
    /// Assignments.
    pub assignments: i64,
    /// Released versions of assignments.
    pub releases: i64,
    /// Submissions.
    pub submissions: i64,
    /// Feedback on submissions.
    pub feedback: i64,
}

impl From<snapshot::Counts> for RowCounts {
    fn from(counts: snapshot::Counts) -> Self {
        Self {
            courses: counts.courses,
            assignments: counts.assignments,
            releases: counts.releases,
            submissions: counts.submissions,
            feedback: counts.feedback,
        }
    }
}

/// A file in the directory of the state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedFile {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
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

    /// Whether a file with this checksum and size matches.
    pub(super) fn is(&self, (sum, bytes): (Sha256Sum, u64)) -> bool {
        self.sha256 == sum.to_string() && self.bytes == bytes
    }
}

impl Manifest {
    /// Reads the manifest of the backup in a directory. Returns `None` if no backup was completed there.
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
                "{} is not the manifest of a backup: it has more than {MOST_BYTES} bytes. Nothing was changed",
                path.display()
            )));
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
            Error::Refused(format!(
                "{} is not the manifest of a backup: {error}. Nothing was changed",
                path.display()
            ))
        })?;
        let is_name = |name: &str| !name.contains('/') && !matches!(name, "" | "." | "..");
        if !is_name(&manifest.state) || !manifest.files.iter().all(|file| is_name(&file.name)) {
            return Err(Error::Refused(format!(
                "{} names files outside the backup. Nothing was changed",
                path.display()
            )));
        }
        if manifest.backup_version > VERSION {
            return Err(Error::Refused(format!(
                "A newer nbcourier made {} ({}). Use that version",
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
