//! Makes a backup: a consistent copy of the database, all files that it names, and the signing key.
//!
//! ```text
//! DEST/
//!   manifest.json       names the current state, with the checksums of its files
//!   STATE/              nbcourier.db and the key, as they were at one moment
//!   blobs/ab/abcdef…    large files by their SHA-256, as in a data directory
//!   exchange            the ID of the exchange; locked while a backup is made
//! ```
//!
//! Each backup writes its state to a new directory and only adds files. Then the new manifest atomically replaces the
//! former one. Only after that are the former state and the files that only it named removed. So an interrupted
//! backup leaves the former one whole.
//!
//! The backup of an exchange on PostgreSQL or with a bucket looks the same: its rows are copied to a SQLite database within
//! one transaction, and its objects to files. So it can be restored to any place.
//!
//! The server may continue to run, and to clean up. A file that the copy of the database names must not be removed
//! before it is copied. So the blobs are held (`blobs/in_use.rs`) from before that copy is made until all files are
//! copied. Meanwhile a clean-up leaves files in place until its next run. It may remove rows, since the copy has
//! them. Nothing else can interfere, since files never change. Servers on other machines do not see that hold, so the caller
//! also takes the turn to clean up.

use super::ProgressEvent;
use super::copy::{
    self, CopyReport, Place, Present, names_in, private_directory, private_file, replace_file,
    sync_directory,
};
use super::error::{Error, Result, on};
use super::fill::KEY_FILE;
use super::manifest::{self, Manifest, NamedFile};
use nbcourier_blobs::{Blobs, LocalBlobs};
use nbcourier_domain::Timestamp;
use nbcourier_storage::transfer::{self, Destination, Files};
use nbcourier_storage::{self as store, Connection, Database, snapshot};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The name of the database file in a state.
pub(super) const DATABASE: &str = "nbcourier.db";
/// The directory of the large files.
pub(super) const BLOBS: &str = "blobs";
/// The file that holds the ID of the exchange.
const EXCHANGE: &str = "exchange";
/// The prefix of the names of states.
const STATE: &str = "state-";

/// The source of a backup.
#[derive(Debug, Clone)]
pub struct Source {
    /// The ID of the exchange.
    pub exchange: String,
    /// The data directory. It need not exist.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// The large files.
    pub blobs: Blobs,
    /// The signing key in the database. Without one, that of the data directory is backed up, if there is one.
    pub key: Option<Vec<u8>>,
}

/// A backup that was made.
#[derive(Debug)]
pub struct BackupReport {
    /// The manifest of the backup.
    pub manifest: Manifest,
    /// The result of copying the contents.
    pub contents: CopyReport,
    /// The bytes of the database and the key.
    pub state_bytes: u64,
    /// The number of removed files, which only the former backup named.
    pub removed_files: u64,
    /// The bytes of the removed files.
    pub removed_bytes: u64,
    /// The number of files that were read again; `None` without verification.
    pub verified: Option<u64>,
}

/// Makes a backup in a directory that does not exist, is empty, or holds an earlier backup of the same exchange.
pub fn back_up(
    source: &Source,
    directory: &Path,
    verify: bool,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<BackupReport> {
    refuse_inside(source, directory)?;
    let hold = source.blobs.hold();
    let hold = hold.map_err(on(&source.data_dir, "held"))?;
    let _lock = claim(directory, &source.exchange)?;
    let former = Manifest::read(directory)?;
    remove_states(directory, former.as_ref())?;
    let made = copy_state(source, directory, verify, watch);
    drop(hold);
    if made.is_err() {
        // On a full disk, half a copy would take space that everything else needs.
        remove_states(directory, Manifest::read(directory)?.as_ref())?;
    }
    made
}

fn copy_state(
    source: &Source,
    directory: &Path,
    verify: bool,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<BackupReport> {
    let made_at = Timestamp::now();
    let name = format!("{STATE}{}", made_at.to_rfc3339().replace(':', "-"));
    let state = directory.join(&name);
    private_directory(&state)?;
    let database = state.join(DATABASE);
    copy_database(source, &database, watch)?;
    let mut files = vec![NamedFile::new(DATABASE, copy::sum(&database)?)];
    let (key, in_directory) = (state.join(KEY_FILE), source.data_dir.join(KEY_FILE));
    if let Some(bytes) = &source.key {
        replace_file(&key, bytes)?;
        files.push(NamedFile::new(KEY_FILE, copy::sum(&key)?));
    } else if in_directory.exists() {
        files.push(NamedFile::new(KEY_FILE, private_file(&in_directory, &key)?));
    }
    sync_directory(&state)?;

    let mut conn = snapshot::open(&database)?;
    let blobs = directory.join(BLOBS);
    let to = LocalBlobs::open(&blobs).map_err(on(&blobs, "written"))?;
    watch(ProgressEvent::Begin(
        "Copying",
        store::blobs::total_bytes(&mut conn)?,
    ));
    let place = Place::Directory(&to);
    let contents = copy::contents(&mut conn, &source.blobs, place, Present::Trusted, watch)?;
    sync_directory(&blobs)?;
    let manifest = Manifest {
        backup_version: manifest::VERSION,
        made_by: concat!("nbcourier ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_at: made_at.to_rfc3339(),
        exchange: source.exchange.clone(),
        state: name,
        counts: snapshot::counts(&mut conn)?.into(),
        blob_files: contents.files + contents.present_files,
        blob_bytes: contents.bytes + contents.present_bytes,
        damaged: contents
            .damaged
            .iter()
            .map(|(blob, _)| blob.sha256.to_string())
            .collect(),
        files,
    };
    manifest.write(directory)?;

    remove_states(directory, Some(&manifest))?;
    let (removed_files, removed_bytes) = remove_unnamed(&mut conn, &to)?;
    let verified = if verify {
        Some(read_again(directory, &manifest, &mut conn, &to, watch)?)
    } else {
        None
    };
    Ok(BackupReport {
        state_bytes: manifest.files.iter().map(|file| file.bytes).sum(),
        manifest,
        contents,
        removed_files,
        removed_bytes,
        verified,
    })
}

/// Copies the database as it is at one moment to a file, as that of an exchange whose large files are in a directory.
fn copy_database(source: &Source, to: &Path, watch: &mut dyn FnMut(ProgressEvent)) -> Result<()> {
    // The file is created first, since SQLite would let other accounts read it.
    private_file(Path::new("/dev/null"), to)?;
    match &source.database {
        Database::Sqlite(path) => {
            watch(ProgressEvent::Begin("Copying the database", 0));
            snapshot::take(path, to)?;
            if source.blobs.local().is_some() {
                return Ok(());
            }
            let mut copy = Destination::in_file(to)?;
            transfer::embed(copy.connection())?;
            copy.complete(&source.exchange, None, None)?;
        }
        Database::Postgres(_) => {
            let mut from = transfer::Origin::open(&source.database)?;
            let mut copy = Destination::in_file(to)?;
            let rows = transfer::count(&mut from)?;
            watch(ProgressEvent::BeginRows("Copying the database", rows));
            let mut done = |rows| watch(ProgressEvent::Done(rows));
            transfer::copy(&mut from, copy.connection(), Files::ToDirectory, &mut done)?;
            copy.complete(&source.exchange, None, None)?;
        }
    }
    Ok(())
}

/// Refuses a backup inside the data directory, which would be lost with it.
fn refuse_inside(source: &Source, directory: &Path) -> Result<()> {
    let place = resolved(directory)?;
    let blobs = source.blobs.local().map(LocalBlobs::root);
    for outer in [Some(source.data_dir.as_path()), blobs]
        .into_iter()
        .flatten()
    {
        if !outer.exists() {
            continue;
        }
        let outer = fs::canonicalize(outer).map_err(on(outer, "read"))?;
        if place.starts_with(&outer) {
            return Err(Error::Refused(format!(
                "{} is inside {} and would be lost with it. Name a directory elsewhere, preferably on another disk",
                directory.display(),
                outer.display()
            )));
        }
    }
    Ok(())
}

/// Returns the path without links. Its last components need not exist yet.
pub fn resolved(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).map_err(on(path, "used"))?;
    let existing = absolute.ancestors().find(|part| part.exists());
    let Some(existing) = existing else {
        return Ok(absolute);
    };
    let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
    let mut found = fs::canonicalize(existing).map_err(on(existing, "read"))?;
    // Joining nothing would add a slash.
    found.extend(rest);
    Ok(found)
}

/// Marks the directory as one for backups of this exchange. Locks it against other backups at the same time.
fn claim(directory: &Path, exchange: &str) -> Result<File> {
    private_directory(directory)?;
    let path = directory.join(EXCHANGE);
    let names = names_in(directory)?;
    let is_ours = names.iter().any(|name| name == EXCHANGE);
    if !names.is_empty() && !is_ours {
        return Err(Error::Refused(format!(
            "{} contains other files than a backup of nbcourier. Nothing was changed. Name an empty directory or one \
             that does not exist yet",
            directory.display()
        )));
    }
    let lock = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(on(&path, "written"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            return Err(Error::Refused(format!(
                "Another backup to {} is in progress. Wait until it ends",
                directory.display()
            )));
        }
        Err(fs::TryLockError::Error(error)) => return Err(on(&path, "locked")(error)),
    }
    let whose = fs::read_to_string(&path).map_err(on(&path, "read"))?;
    // An earlier backup was interrupted before it wrote the ID.
    if whose.is_empty() && names.iter().all(|name| name == EXCHANGE) {
        fs::write(&path, exchange).map_err(on(&path, "written"))?;
        lock.sync_all().map_err(on(&path, "flushed"))?;
        sync_directory(directory)?;
    } else if whose.trim() != exchange {
        return Err(Error::Refused(format!(
            "{} contains the backup of another exchange. Nothing was changed. Name an empty directory or one that \
             does not exist yet",
            directory.display()
        )));
    }
    Ok(lock)
}

/// Removes all states except the current one.
fn remove_states(directory: &Path, counting: Option<&Manifest>) -> Result<()> {
    for name in names_in(directory)? {
        let counts = counting.is_some_and(|manifest| manifest.state == name);
        if name.starts_with(STATE) && !counts {
            let path = directory.join(name);
            fs::remove_dir_all(&path).map_err(on(&path, "removed"))?;
        }
    }
    Ok(())
}

/// Removes the files that the database does not name. Returns their number and bytes.
fn remove_unnamed(conn: &mut Connection, blobs: &LocalBlobs) -> Result<(u64, u64)> {
    let mut files = Vec::new();
    blobs
        .walk(|file| files.push(file))
        .map_err(on(blobs.root(), "read"))?;
    let named = store::blobs::ids(conn, files.iter().map(|file| file.sha256))?;
    let (mut count, mut bytes) = (0, 0);
    for file in files
        .iter()
        .filter(|file| !named.contains_key(&file.sha256))
    {
        blobs
            .remove(file.sha256)
            .map_err(on(blobs.root(), "cleared"))?;
        count += 1;
        bytes += file.size;
    }
    Ok((count, bytes))
}

/// Reads the whole backup. Returns the number of its contents.
fn read_again(
    directory: &Path,
    manifest: &Manifest,
    conn: &mut Connection,
    blobs: &LocalBlobs,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<u64> {
    const REMEDY: &str =
        "Remove the file and make the backup again. If this happens again, use another disk";
    for file in &manifest.files {
        let path = directory.join(&manifest.state).join(&file.name);
        if !file.is(copy::sum(&path)?) {
            return Err(Error::Damaged {
                path,
                remedy: REMEDY,
            });
        }
    }
    watch(ProgressEvent::Begin(
        "Reading again",
        store::blobs::total_bytes(conn)?,
    ));
    let (mut after, mut count) = (0, 0);
    loop {
        let rows = store::blobs::page(conn, after, 256)?;
        let Some(last) = rows.last() else {
            return Ok(count);
        };
        after = last.id;
        for row in rows.iter().filter(|row| !row.in_database) {
            let sum = row.blob.sha256;
            let is_known = || manifest.damaged.contains(&sum.to_string());
            if blobs.verify(&row.blob).is_err() && !is_known() {
                return Err(Error::Damaged {
                    path: blobs.path(sum),
                    remedy: REMEDY,
                });
            }
            watch(ProgressEvent::Done(row.blob.size));
        }
        count += rows.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_place_is_found_inside_of_another_by_whatever_name() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        fs::create_dir_all(data.join("blobs")).unwrap();
        std::os::unix::fs::symlink(&data, place.path().join("link")).unwrap();
        let source = Source {
            exchange: String::new(),
            database: Database::Sqlite(data.join("nbcourier.db")),
            blobs: LocalBlobs::open_existing(&data.join("blobs"))
                .unwrap()
                .into(),
            data_dir: data,
            key: None,
        };
        for inside in ["data", "data/backup", "link/a/b", "data/blobs/x"] {
            let refused = refuse_inside(&source, &place.path().join(inside));
            assert!(refused.is_err(), "{inside}");
        }
        assert!(refuse_inside(&source, &place.path().join("data2")).is_ok());
    }
}
