//! Moves an exchange to another database, another place of its large files, or both. The source stays as it is.
//!
//! If the database stays, only its large files are copied, and one change in it names their new place in the end.

use super::ProgressEvent;
use super::backup::resolved;
use super::copy::{CopyReport, Present, names_in, private_directory, replace_file, sync_directory};
use super::error::{Error, Result, on};
use super::fill::{
    self, Description, FillReport, NewFiles, NewPlace, Options, Source, claim_for_copy, copy_files,
    is_same, look_at_bucket,
};
use nbcourier_blobs::{Belongs, Blobs, LocalBlobs, RemoteBlobs};
use nbcourier_exchange::upkeep::blob_place::{self, Mismatch};
use nbcourier_storage::transfer::{self, Guard, Origin};
use nbcourier_storage::{
    self as store, Connection, Database, objects::Place, signing_keys, snapshot,
};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that marks a directory to which large files are moved, as long as the database does not name it.
const MARK: &str = "move-unfinished";

/// A move.
pub struct Moving {
    /// The database of the source.
    pub database: Database,
    /// The large files of the source.
    pub blobs: Blobs,
    /// The signing key in the data directory of the source, if there is one.
    pub key: Option<Vec<u8>>,
    /// The destination.
    pub to: Relocation,
    /// The name and version of the program, which servers show.
    pub version: &'static str,
}

/// The destination of a move.
pub enum Relocation {
    /// Another database, and another place of the large files or the same.
    Everything(NewPlace),
    /// Another place of the large files: a directory.
    FilesToDirectory(PathBuf),
    /// Another place of the large files: a bucket.
    FilesToBucket(RemoteBlobs),
}

/// The result of a move.
#[derive(Debug)]
pub struct MoveReport {
    /// The ID of the exchange.
    pub exchange: String,
    /// The numbers of rows by kind.
    pub counts: snapshot::Counts,
    /// The rows and files that were copied.
    pub filled: FillReport,
}

impl Moving {
    fn describe(&self, exchange: &str) -> Result<Description> {
        let from = match self.blobs.local() {
            Some(directory) => canonical(directory.root())?.display().to_string(),
            None => self.bucket_of_source().unwrap_or_default(),
        };
        let from = format!("{} with files in {from}", name_of(&self.database)?);
        let to = match &self.to {
            Relocation::Everything(place) => place.name()?,
            Relocation::FilesToDirectory(path) => {
                format!("files in {}", resolved(path)?.display())
            }
            Relocation::FilesToBucket(bucket) => format!("files in {}", bucket.bucket()),
        };
        Ok(Description {
            exchange: exchange.to_owned(),
            from,
            to,
        })
    }

    fn bucket_of_source(&self) -> Option<String> {
        Some(self.blobs.remote()?.bucket().to_string())
    }
}

/// Returns the name of a database without links in it.
fn name_of(database: &Database) -> Result<String> {
    match database {
        Database::Sqlite(path) => Ok(canonical(path)?.display().to_string()),
        Database::Postgres(_) => Ok(database.to_string()),
    }
}

fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(on(path, "read"))
}

/// Refuses a move that [`move_data`] would refuse for its places. Creates and changes nothing.
pub fn check_move(moving: &Moving) -> Result<()> {
    let mut conn = Origin::open(&moving.database)?;
    let known = objects_place(&mut conn)?;
    let description = moving.describe(&known.exchange)?;
    check(moving, &known, &description)
}

fn check(moving: &Moving, known: &Place, description: &Description) -> Result<()> {
    refuse_overlap(moving)?;
    let is_done = is_done(moving, known, description)?;
    if !is_done {
        check_source(&moving.blobs, known)?;
    }
    match &moving.to {
        Relocation::Everything(place) => place.check(description),
        Relocation::FilesToDirectory(path) => look_at_directory(path, description).map(drop),
        Relocation::FilesToBucket(bucket) => look_at_bucket(bucket, description, false).map(drop),
    }
}

/// Moves an exchange. The caller has claimed the data directories of source and destination. A move that was interrupted
/// continues where it stopped.
pub fn move_data(
    moving: Moving,
    options: Options,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<MoveReport> {
    let mut conn = Origin::open(&moving.database)?;
    watch(ProgressEvent::Begin(
        "Waiting for servers that have just ended",
        0,
    ));
    let _guard = Guard::new(&moving.database, moving.version)?;
    let known = objects_place(&mut conn)?;
    let description = moving.describe(&known.exchange)?;
    check(&moving, &known, &description)?;
    let counts = snapshot::counts(&mut conn)?;
    let exchange = known.exchange.clone();
    let filled = match &moving.to {
        Relocation::Everything(place) => {
            let key = match &moving.database {
                Database::Sqlite(_) => moving.key,
                Database::Postgres(_) => signing_keys::find(&mut conn)?.or(moving.key),
            };
            let source = Source {
                conn,
                blobs: moving.blobs,
                exchange: exchange.clone(),
                key,
            };
            fill::fill(source, place, &description, options, watch)?
        }
        Relocation::FilesToDirectory(_) | Relocation::FilesToBucket(_) => {
            drop(conn);
            move_files(&moving, &known, &description, options, watch)?
        }
    };
    Ok(MoveReport {
        exchange,
        counts,
        filled,
    })
}

/// Returns what the database knows about its large files.
fn objects_place(conn: &mut Connection) -> Result<Place> {
    Ok(store::objects::place(conn)?)
}

/// Refuses large files that are not those of the database. Writes nothing.
fn check_source(blobs: &Blobs, known: &Place) -> Result<()> {
    match (blobs, &known.bucket) {
        (Blobs::Local(_), Some(bucket)) if known.has_large => {
            Err(Mismatch::InBucket(bucket.clone()).into())
        }
        (Blobs::Local(_), _) => Ok(()),
        (Blobs::Remote(bucket), _) => Ok(blob_place::look(bucket, known).map(drop)?),
    }
}

/// Refuses a destination inside the source, and a source inside the destination: each would be taken for a part of the
/// other.
fn refuse_overlap(moving: &Moving) -> Result<()> {
    let (directory, bucket) = match &moving.to {
        Relocation::Everything(place) => match &place.files {
            NewFiles::Stay(_) => return Ok(()),
            NewFiles::Directory(path) => (Some(path.as_path()), None),
            NewFiles::Bucket(bucket) => (None, Some(bucket)),
        },
        Relocation::FilesToDirectory(path) => (Some(path.as_path()), None),
        Relocation::FilesToBucket(bucket) => (None, Some(bucket)),
    };
    let refused = |one: String, other: String| {
        Err(Error::Refused(format!(
            "{one} and {other} contain one another. Nothing was changed. Name separate places"
        )))
    };
    if let (Some(to), Some(from)) = (directory, moving.blobs.local()) {
        let (one, other) = (resolved(from.root())?, resolved(to)?);
        if one.starts_with(&other) || other.starts_with(&one) {
            return refused(one.display().to_string(), other.display().to_string());
        }
    }
    if let (Some(to), Some(from)) = (bucket, moving.blobs.remote())
        && from.overlaps(to)
    {
        return refused(from.bucket().to_string(), to.bucket().to_string());
    }
    Ok(())
}

/// Whether the large files were moved already, and only the marks of the move are left.
fn is_done(moving: &Moving, known: &Place, description: &Description) -> Result<bool> {
    Ok(match &moving.to {
        Relocation::Everything(_) => false,
        Relocation::FilesToDirectory(path) => {
            known.bucket.is_none() && mark_of(path)?.is_some_and(|text| text == description.text())
        }
        Relocation::FilesToBucket(bucket) => {
            let name = bucket.bucket().to_string();
            if known.bucket.as_ref() != Some(&name) {
                return Ok(false);
            }
            let belongs = bucket.belongs();
            let belongs = belongs.map_err(|fault| Mismatch::Unusable(name, fault))?;
            belongs == Belongs::Unfinished(description.text())
        }
    })
}

/// Copies the large files to another place, and then notes it in the database.
fn move_files(
    moving: &Moving,
    known: &Place,
    description: &Description,
    options: Options,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<FillReport> {
    let mut conn = Origin::open_to_change(&moving.database)?;
    let (to, bucket) = match &moving.to {
        Relocation::FilesToBucket(bucket) => {
            let name = bucket.bucket().to_string();
            if !look_at_bucket(bucket, description, false)? {
                claim_for_copy(bucket, description)?;
            }
            (Blobs::from(bucket.clone()), Some(name))
        }
        Relocation::FilesToDirectory(path) => {
            let directory = begin_directory(path, description)?;
            (Blobs::from(directory), None)
        }
        Relocation::Everything(_) => return Ok(nothing()),
    };
    let done = is_done(moving, known, description)?;
    let (contents, verified) = if done {
        (CopyReport::default(), None)
    } else {
        let doubted = (Present::Doubted, options);
        copy_files(&mut conn, &moving.blobs, &to, doubted, watch)?
    };
    if !done {
        transfer::relocate(&mut conn, bucket.as_deref(), &contents.damaged_files)?;
    }
    match &to {
        Blobs::Remote(bucket) => {
            let name = bucket.bucket().to_string();
            bucket
                .claim(&known.exchange)
                .map_err(|fault| Mismatch::Unusable(name, fault))?;
        }
        Blobs::Local(directory) => {
            let mark = directory.root().join(MARK);
            fs::remove_file(&mark).map_err(on(&mark, "removed"))?;
            sync_directory(directory.root())?;
        }
    }
    Ok(FillReport {
        contents,
        verified,
        ..nothing()
    })
}

/// Returns the report of a copy without rows.
fn nothing() -> FillReport {
    FillReport {
        tables: Vec::new(),
        written_rows: 0,
        contents: CopyReport::default(),
        verified: None,
    }
}

/// Returns the description of the move to a directory that is not finished, if there is one.
fn mark_of(path: &Path) -> Result<Option<String>> {
    let mark = path.join(MARK);
    match fs::read_to_string(&mark) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(on(&mark, "read")(error)),
    }
}

/// Refuses a directory that is not empty, except for this move. Returns whether it has begun.
fn look_at_directory(path: &Path, description: &Description) -> Result<bool> {
    if let Some(text) = mark_of(path)? {
        return is_same(&path.display().to_string(), &text, description);
    }
    match names_in(path)?.first() {
        None => Ok(false),
        Some(name) => Err(Error::Refused(format!(
            "{} exists already. Nothing was changed. Files are moved only to an empty directory: name another one with \
             --storage, or move the existing files away",
            path.join(name).display()
        ))),
    }
}

/// Marks an empty directory as the place to which large files are moved, or opens it again.
fn begin_directory(path: &Path, description: &Description) -> Result<LocalBlobs> {
    if !look_at_directory(path, description)? {
        private_directory(path)?;
        replace_file(&path.join(MARK), description.text().as_bytes())?;
    }
    LocalBlobs::open(path).map_err(on(path, "written"))
}
