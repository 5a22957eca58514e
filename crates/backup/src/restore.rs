//! Restores a backup to an empty place.
//!
//! During a restore, a mark in the data directory makes every program refuse to open it. The database is moved into
//! place last. So an interrupted restore is never served and can be repeated. A repeated restore reads the files that
//! are already there, and copies those that differ again.
//!
//! A database of PostgreSQL and a bucket are filled as by `nbcourier move`.

use super::ProgressEvent;
use super::backup::{BLOBS, DATABASE};
use super::copy::{
    self, CopyReport, Place, Present, names_in, private_directory, private_file, replace_file,
    sync_directory,
};
use super::error::{Error, Result, on};
use super::fill::{self, Description, KEY_FILE, NewFiles, NewPlace, Options};
use super::manifest::Manifest;
use nbcourier_blobs::{Blobs, LocalBlobs};
use nbcourier_domain::above;
use nbcourier_storage::{self as store, Database, snapshot};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that marks the data directory of an unfinished restore.
pub const MARK: &str = "restore-unfinished";
/// The files that a program may have created there before: the lock of the directory, and the spool of a bucket.
const BEFORE: [&str; 3] = ["nbcourier.lock", "spool", "spool.lock"];

/// The result of a restore.
#[derive(Debug)]
pub struct RestoreReport {
    /// The manifest of the backup.
    pub manifest: Manifest,
    /// The result of copying the contents.
    pub contents: CopyReport,
}

/// Refuses a directory without a backup, and a destination that is not empty, before anything is created there. Then makes
/// the data directory, accessible only to its owner.
pub fn prepare(directory: &Path, place: &NewPlace) -> Result<()> {
    let manifest = find(directory)?;
    match embedded(place) {
        Some((database, blobs)) => require_empty(&place.data_dir, database, blobs)?,
        None => place.check(&describe(directory, &manifest, place)?)?,
    }
    private_directory(&place.data_dir)
}

/// Returns the paths of database and files, if both are on this machine.
fn embedded(place: &NewPlace) -> Option<(&Path, &Path)> {
    match (&place.database, &place.files) {
        (Database::Sqlite(database), NewFiles::Directory(blobs)) => Some((database, blobs)),
        _ => None,
    }
}

fn describe(directory: &Path, manifest: &Manifest, place: &NewPlace) -> Result<Description> {
    let directory = fs::canonicalize(directory).map_err(on(directory, "read"))?;
    Ok(Description {
        exchange: manifest.exchange.clone(),
        from: format!(
            "the backup of {} in {}",
            manifest.made_at,
            directory.display()
        ),
        to: place.name()?,
    })
}

/// Refuses a destination that is not empty. Files of an interrupted restore do not count.
fn require_empty(data_dir: &Path, database: &Path, blobs: &Path) -> Result<()> {
    if data_dir.join(MARK).exists() {
        return Ok(());
    }
    require_no_file(database)?;
    require_empty_directory(blobs)?;
    require_empty_directory(data_dir)
}

/// Refuses a database that exists.
pub(super) fn require_no_file(database: &Path) -> Result<()> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    for path in [database, Path::new(&log)] {
        if path.exists() {
            return taken(path);
        }
    }
    Ok(())
}

/// Refuses a directory with files of others.
pub(super) fn require_empty_directory(directory: &Path) -> Result<()> {
    let names = names_in(directory)?;
    let taken_by = |name: &&String| !BEFORE.contains(&name.as_str());
    match names.iter().find(taken_by) {
        Some(name) => taken(&directory.join(name)),
        None => Ok(()),
    }
}

fn taken(path: &Path) -> Result<()> {
    Err(Error::Refused(format!(
        "{} exists already. Nothing was changed. Data is copied only to an empty place: name an empty directory with \
         --data-dir, or move the existing files away",
        path.display()
    )))
}

/// Restores the backup in a directory. If damaged contents do not matter, also restores a damaged backup, without
/// them.
pub fn restore(
    directory: &Path,
    place: &NewPlace,
    incomplete: bool,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<RestoreReport> {
    let manifest = find(directory)?;
    let contents = match embedded(place) {
        Some((database, blobs)) => {
            require_empty(&place.data_dir, database, blobs)?;
            let to = (place.data_dir.as_path(), database, blobs);
            restore_files(directory, &manifest, to, incomplete, watch)?
        }
        None => restore_rows(directory, &manifest, place, incomplete, watch)?,
    };
    Ok(RestoreReport { manifest, contents })
}

/// Restores a backup to a place that is not only files.
fn restore_rows(
    directory: &Path,
    manifest: &Manifest,
    place: &NewPlace,
    incomplete: bool,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<CopyReport> {
    let state = directory.join(&manifest.state);
    let mut key = None;
    for file in &manifest.files {
        let path = state.join(&file.name);
        if !file.is(copy::sum(&path)?) {
            return Err(damaged(path));
        }
        if file.name == KEY_FILE {
            key = Some(fs::read(&path).map_err(on(&path, "read"))?);
        }
    }
    let blobs = directory.join(BLOBS);
    let source = fill::Source {
        conn: snapshot::open(&state.join(DATABASE))?,
        blobs: LocalBlobs::open_existing(&blobs)
            .map_err(on(&blobs, "read"))?
            .into(),
        exchange: manifest.exchange.clone(),
        key,
    };
    let description = describe(directory, manifest, place)?;
    let options = Options {
        incomplete,
        verify: false,
    };
    Ok(fill::fill(source, place, &description, options, watch)?.contents)
}

/// Restores a backup to files.
fn restore_files(
    directory: &Path,
    manifest: &Manifest,
    (data_dir, to_database, to_blobs): (&Path, &Path, &Path),
    incomplete: bool,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<CopyReport> {
    let mark = data_dir.join(MARK);
    replace_file(&mark, manifest.made_at.as_bytes())?;

    let state = directory.join(&manifest.state);
    let blobs = directory.join(BLOBS);
    let from = Blobs::from(LocalBlobs::open_existing(&blobs).map_err(on(&blobs, "read"))?);
    private_directory(to_blobs)?;
    let to = LocalBlobs::open(to_blobs).map_err(on(to_blobs, "written"))?;
    let database = state.join(DATABASE);
    let mut conn = snapshot::open(&database)?;
    watch(ProgressEvent::Begin(
        "Restoring",
        store::blobs::total_bytes(&mut conn)?,
    ));
    let to = Place::Directory(&to);
    let contents = copy::contents(&mut conn, &from, to, Present::Doubted, watch)?;
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
            data_dir.display()
        )));
    }
    sync_directory(to_blobs)?;
    for file in manifest.files.iter().filter(|file| file.name != DATABASE) {
        bring(&state, file, &data_dir.join(&file.name))?;
    }
    // The database comes last, and gets its name only when it is whole.
    let arriving = arriving(to_database);
    for file in manifest.files.iter().filter(|file| file.name == DATABASE) {
        bring(&state, file, &arriving)?;
    }
    fs::rename(&arriving, to_database).map_err(on(to_database, "written"))?;
    sync_directory(above(to_database))?;
    sync_directory(data_dir)?;
    fs::remove_file(&mark).map_err(on(&mark, "removed"))?;
    sync_directory(data_dir)?;
    Ok(contents)
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

/// Returns the path of a database that is not whole yet.
pub(super) fn arriving(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".arriving");
    PathBuf::from(name)
}

fn bring(state: &Path, file: &super::manifest::NamedFile, to: &Path) -> Result<()> {
    let from = state.join(&file.name);
    if file.is(private_file(&from, to)?) {
        return Ok(());
    }
    Err(damaged(from))
}

fn damaged(path: PathBuf) -> Error {
    Error::Damaged {
        path,
        remedy: "The restore was stopped, and no server uses its files. Repeat it from another backup",
    }
}
