//! Restores a backup to an empty place.
//!
//! During a restore, a mark in the data directory makes every program refuse to open it. The database is moved into
//! place last. So an interrupted restore is never served and can be repeated. A repeated restore reads the files that
//! are already there, and copies those that differ again.

use super::ProgressEvent;
use super::backup::{BLOBS, DATABASE};
use super::copy::{
    self, CopyReport, Present, names_in, private_directory, private_file, replace_file,
    sync_directory,
};
use super::error::{Error, Result, on};
use super::manifest::Manifest;
use nbcourier_blobs::LocalBlobs;
use nbcourier_domain::above;
use nbcourier_storage::{self as store, snapshot};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that marks the data directory of an unfinished restore.
pub const MARK: &str = "restore-unfinished";
/// A file that another program may have created there before.
const LOCK: &str = "nbcourier.lock";

/// The destination of a restore.
#[derive(Debug, Clone)]
pub struct Target {
    /// The data directory, which this process has claimed.
    pub data_dir: PathBuf,
    /// The database.
    pub database: PathBuf,
    /// The directory of the large files.
    pub blobs: PathBuf,
}

/// The result of a restore.
#[derive(Debug)]
pub struct RestoreReport {
    /// The manifest of the backup.
    pub manifest: Manifest,
    /// The result of copying the contents.
    pub contents: CopyReport,
}

impl Target {
    /// Refuses a directory without a backup, and a destination that is not empty, before anything is created there.
    /// Then makes the data directory, accessible only to its owner.
    pub fn prepare(&self, directory: &Path) -> Result<()> {
        find(directory)?;
        self.require_empty()?;
        private_directory(&self.data_dir)
    }

    /// Refuses a destination that is not empty. Files of an interrupted restore do not count.
    fn require_empty(&self) -> Result<()> {
        if self.data_dir.join(MARK).exists() {
            return Ok(());
        }
        let taken = |path: &Path| {
            Err(Error::Refused(format!(
                "{} exists already. Nothing was changed. A backup is restored only to an empty place: name an empty \
                 directory with --data-dir, or move the existing files away",
                path.display()
            )))
        };
        let mut log = self.database.as_os_str().to_owned();
        log.push("-wal");
        for path in [self.database.as_path(), Path::new(&log)] {
            if path.exists() {
                return taken(path);
            }
        }
        for directory in [&self.blobs, &self.data_dir] {
            if let Some(name) = names_in(directory)?.iter().find(|name| *name != LOCK) {
                return taken(&directory.join(name));
            }
        }
        Ok(())
    }
}

/// Restores the backup in a directory. With `incomplete`, also restores a damaged backup, without the damaged
/// contents.
pub fn restore(
    directory: &Path,
    target: &Target,
    incomplete: bool,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<RestoreReport> {
    let manifest = find(directory)?;
    target.require_empty()?;
    let mark = target.data_dir.join(MARK);
    replace_file(&mark, manifest.made_at.as_bytes())?;

    let state = directory.join(&manifest.state);
    let blobs = directory.join(BLOBS);
    let from = LocalBlobs::open_existing(&blobs).map_err(on(&blobs, "read"))?;
    private_directory(&target.blobs)?;
    let to = LocalBlobs::open(&target.blobs).map_err(on(&target.blobs, "written"))?;
    let database = state.join(DATABASE);
    let mut conn = snapshot::open(&database)?;
    watch(ProgressEvent::Begin(
        "Restoring",
        store::blobs::total_bytes(&mut conn)?,
    ));
    let contents = copy::contents(&mut conn, &from, &to, Present::Doubted, watch)?;
    if !contents.damaged.is_empty() && !incomplete {
        let which: Vec<String> = contents
            .damaged
            .iter()
            .map(|(blob, damage)| format!("{} {damage}", blob.sha256))
            .collect();
        return Err(Error::Refused(format!(
            "The backup in {} has {} damaged contents:\n{}\nEverything else is copied. No server uses {} until the \
             restore is repeated: from another backup, or with --incomplete to continue without these",
            directory.display(),
            which.len(),
            which.join("\n"),
            target.data_dir.display()
        )));
    }
    sync_directory(&target.blobs)?;
    for file in manifest.files.iter().filter(|file| file.name != DATABASE) {
        bring(&state, file, &target.data_dir.join(&file.name))?;
    }
    // The database comes last, and gets its name only when it is whole.
    let arriving = arriving(&target.database);
    for file in manifest.files.iter().filter(|file| file.name == DATABASE) {
        bring(&state, file, &arriving)?;
    }
    fs::rename(&arriving, &target.database).map_err(on(&target.database, "written"))?;
    sync_directory(above(&target.database))?;
    sync_directory(&target.data_dir)?;
    fs::remove_file(&mark).map_err(on(&mark, "removed"))?;
    sync_directory(&target.data_dir)?;
    Ok(RestoreReport { manifest, contents })
}

pub(super) fn find(directory: &Path) -> Result<Manifest> {
    let manifest = Manifest::read(directory)?.ok_or_else(|| {
        Error::Refused(format!(
            "{} contains no complete backup (there is no manifest.json in it). Name the directory that was given to \
             `nbcourier backup`",
            directory.display()
        ))
    })?;
    if manifest.files.iter().any(|file| file.name == DATABASE) {
        return Ok(manifest);
    }
    Err(Error::Refused(format!(
        "The manifest in {} names no database",
        directory.display()
    )))
}

fn arriving(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".arriving");
    PathBuf::from(name)
}

fn bring(state: &Path, file: &super::manifest::NamedFile, to: &Path) -> Result<()> {
    let from = state.join(&file.name);
    if file.is(private_file(&from, to)?) {
        return Ok(());
    }
    Err(Error::Damaged {
        path: from,
        remedy: "The restore was stopped, and no server uses its files. Repeat it from another backup",
    })
}
