//! Fills an empty place with all data of another exchange or of a backup: first the rows, then the large files, and what makes
//! the place usable last.
//!
//! Until then, no program opens the place. A directory has the mark of an unfinished restore, a PostgreSQL database a table
//! of its own, and a bucket belongs to nobody's exchange. Each of them holds the description of the copy, so that only the
//! same copy continues there.

use super::ProgressEvent;
use super::backup::resolved;
use super::copy::{
    self, CopyReport, Place, Present, private_directory, replace_file, sync_directory,
};
use super::error::{Error, Result, on};
use super::presence;
use super::restore::{self, MARK};
use nbcourier_blobs::{Belongs, Blobs, LocalBlobs, RemoteBlobs};
use nbcourier_domain::above;
use nbcourier_exchange::upkeep::blob_place::Mismatch;
use nbcourier_storage::transfer::{self, Destination, Files, State, TableSum};
use nbcourier_storage::{self as store, Connection, Database};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The file with the signing key in a data directory.
pub(super) const KEY_FILE: &str = "session.key";

/// The data that is copied.
pub(super) struct Source {
    /// The database, which nothing changes meanwhile.
    pub conn: Connection,
    /// The large files.
    pub blobs: Blobs,
    /// The ID of the exchange.
    pub exchange: String,
    /// The signing key, if there is one.
    pub key: Option<Vec<u8>>,
}

/// A place that is filled.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// The data directory, which this process has claimed.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// The large files.
    pub files: NewFiles,
}

/// The place of the large files of a place that is filled.
#[derive(Debug, Clone)]
pub enum NewFiles {
    /// They stay where they are: in a directory, or in this bucket.
    Stay(Option<String>),
    /// In a directory.
    Directory(PathBuf),
    /// In a bucket.
    Bucket(RemoteBlobs),
}

impl fmt::Display for NewFiles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stay(Some(bucket)) => bucket.fmt(out),
            Self::Stay(None) => out.write_str("the same directory"),
            Self::Directory(path) => path.display().fmt(out),
            Self::Bucket(bucket) => bucket.bucket().fmt(out),
        }
    }
}

/// The description of a copy, by which an interrupted one is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Description {
    /// The ID of the exchange.
    pub exchange: String,
    /// The source, as an operator knows it.
    pub from: String,
    /// The destination, likewise.
    pub to: String,
}

impl Description {
    /// Returns the text that the marks hold.
    pub(super) fn text(&self) -> String {
        let Self { exchange, from, to } = self;
        serde_json::json!({ "exchange": exchange, "from": from, "to": to }).to_string()
    }
}

/// The way to copy.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether to go on without damaged contents.
    pub incomplete: bool,
    /// Whether to read all copied files again.
    pub verify: bool,
}

/// The result of a copy.
#[derive(Debug)]
pub struct FillReport {
    /// The rows of each table.
    pub tables: Vec<TableSum>,
    /// The number of rows that this run has written.
    pub written_rows: u64,
    /// The large files, and the contents inside the database.
    pub contents: CopyReport,
    /// The number of files that were read again; `None` without verification.
    pub verified: Option<u64>,
}

impl NewPlace {
    /// Returns the place as an operator knows it, without links.
    pub(super) fn name(&self) -> Result<String> {
        let database = match &self.database {
            Database::Sqlite(file) => resolved(file)?.display().to_string(),
            Database::Postgres(_) => self.database.to_string(),
        };
        let files = match &self.files {
            NewFiles::Directory(path) => resolved(path)?.display().to_string(),
            files => files.to_string(),
        };
        Ok(format!("{database} with files in {files}"))
    }

    /// Refuses a place that is not empty, except for an unfinished copy with this description. Creates nothing.
    pub(super) fn check(&self, description: &Description) -> Result<()> {
        self.look(description).map(drop)
    }

    /// Does the same. Returns whether there is such a copy.
    fn look(&self, description: &Description) -> Result<bool> {
        let is_resumed = match &self.database {
            Database::Postgres(postgres) => match Destination::look(postgres)? {
                State::Empty => false,
                State::Unfinished(text) => is_same(&self.database.to_string(), &text, description)?,
            },
            Database::Sqlite(file) => self.look_at_directory(file, description)?,
        };
        match &self.files {
            NewFiles::Stay(_) => {}
            NewFiles::Directory(_) if is_resumed => {}
            NewFiles::Directory(path) => restore::require_empty_directory(path)?,
            NewFiles::Bucket(bucket) => {
                look_at_bucket(bucket, description, is_resumed)?;
            }
        }
        Ok(is_resumed)
    }

    fn look_at_directory(&self, file: &Path, description: &Description) -> Result<bool> {
        let mark = self.data_dir.join(MARK);
        match fs::read_to_string(&mark) {
            Ok(text) => return is_same(&self.data_dir.display().to_string(), &text, description),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(on(&mark, "read")(error)),
        }
        restore::require_no_file(file)?;
        // Files that stay may be in the same directory.
        if !matches!(self.files, NewFiles::Stay(_)) {
            restore::require_empty_directory(&self.data_dir)?;
        }
        Ok(false)
    }
}

/// Whether the mark of a place is that of this copy. Another one is refused.
pub(super) fn is_same(place: &str, text: &str, description: &Description) -> Result<bool> {
    let found: Option<Description> = serde_json::from_str(text).ok();
    if found.as_ref() == Some(description) {
        return Ok(true);
    }
    let from = found.map_or_else(
        || "elsewhere".to_owned(),
        |found| format!("from {}", found.from),
    );
    Err(Error::Refused(format!(
        "{place} holds an unfinished copy {from}, which is another one than this. Nothing was changed. Repeat that command \
         until it succeeds, or empty the place and repeat this one"
    )))
}

/// Refuses a bucket that somebody uses. Returns whether it belongs to this copy or its exchange already.
pub(super) fn look_at_bucket(
    bucket: &RemoteBlobs,
    description: &Description,
    is_resumed: bool,
) -> Result<bool> {
    let name = bucket.bucket().to_string();
    let belongs = bucket
        .belongs()
        .map_err(|fault| Mismatch::Unusable(name.clone(), fault))?;
    match belongs {
        Belongs::Nobody => Ok(false),
        Belongs::Unfinished(text) => is_same(&name, &text, description),
        // The copy was interrupted between its last two acts.
        Belongs::To(exchange) if is_resumed && exchange == description.exchange => Ok(true),
        Belongs::To(_) => Err(Error::Refused(format!(
            "The bucket {name} is not empty: it belongs to an exchange. Nothing was changed. Name an empty bucket, or an \
             empty prefix of it, with --storage s3://BUCKET/PREFIX"
        ))),
        Belongs::Stranger => Err(Mismatch::OfStrangers(name).into()),
    }
}

/// Fills a place.
pub(super) fn fill(
    source: Source,
    place: &NewPlace,
    description: &Description,
    options: Options,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<FillReport> {
    let Source {
        mut conn,
        blobs,
        exchange,
        key,
    } = source;
    let is_resumed = place.look(description)?;
    let mut destination = begin(place, description)?;
    let to = open_files(place, description, is_resumed)?;
    let files = match &to {
        None => Files::Stay,
        Some(Blobs::Local(_)) => Files::ToDirectory,
        Some(Blobs::Remote(_)) => Files::ToBucket,
    };

    let rows = transfer::count(&mut conn)?;
    watch(ProgressEvent::BeginRows("Copying rows", rows));
    let copied = transfer::copy(&mut conn, destination.connection(), files, &mut |rows| {
        watch(ProgressEvent::Done(rows));
    })?;
    drop(conn);
    let present = if files == Files::ToBucket {
        Present::Trusted
    } else {
        Present::Doubted
    };
    let (contents, verified) = match &to {
        None => (CopyReport::default(), None),
        Some(to) => copy_files(
            destination.connection(),
            &blobs,
            to,
            (present, options),
            watch,
        )?,
    };

    if let Some(Blobs::Remote(bucket)) = &to {
        let name = bucket.bucket().to_string();
        bucket
            .claim(&exchange)
            .map_err(|fault| Mismatch::Unusable(name, fault))?;
    }
    if let (Database::Sqlite(_), Some(key)) = (&place.database, &key) {
        replace_file(&place.data_dir.join(KEY_FILE), key)?;
    }
    let bucket = match &place.files {
        NewFiles::Stay(bucket) => bucket.clone(),
        NewFiles::Directory(_) => None,
        NewFiles::Bucket(bucket) => Some(bucket.bucket().to_string()),
    };
    destination.complete(&exchange, bucket.as_deref(), key.as_deref())?;
    if let Database::Sqlite(file) = &place.database {
        reveal(file, &place.data_dir)?;
    }
    Ok(FillReport {
        tables: copied.tables,
        written_rows: copied.written,
        contents,
        verified,
    })
}

/// Marks the place, and creates its database.
fn begin(place: &NewPlace, description: &Description) -> Result<Destination> {
    match &place.database {
        Database::Postgres(postgres) => Ok(Destination::on_server(postgres, &description.text())?),
        Database::Sqlite(file) => {
            private_directory(&place.data_dir)?;
            private_directory(above(file))?;
            replace_file(&place.data_dir.join(MARK), description.text().as_bytes())?;
            Ok(Destination::in_file(&restore::arriving(file))?)
        }
    }
}

/// Opens the place of the large files. Returns `None` if they stay where they are.
fn open_files(
    place: &NewPlace,
    description: &Description,
    is_resumed: bool,
) -> Result<Option<Blobs>> {
    match &place.files {
        NewFiles::Stay(_) => Ok(None),
        NewFiles::Directory(path) => {
            private_directory(path)?;
            let directory = LocalBlobs::open(path).map_err(on(path, "written"))?;
            Ok(Some(directory.into()))
        }
        NewFiles::Bucket(bucket) => {
            if !look_at_bucket(bucket, description, is_resumed)? {
                claim_for_copy(bucket, description)?;
            }
            Ok(Some(bucket.clone().into()))
        }
    }
}

/// Notes in an empty bucket that a copy goes to it, after a check that it can be used.
pub(super) fn claim_for_copy(bucket: &RemoteBlobs, description: &Description) -> Result<()> {
    let claimed = bucket
        .probe()
        .and_then(|()| bucket.claim_for_copy(&description.text()));
    let name = bucket.bucket().to_string();
    Ok(claimed.map_err(|fault| Mismatch::Unusable(name, fault))?)
}

/// Copies the large files that the rows name, and checks that they are there.
pub(super) fn copy_files(
    conn: &mut Connection,
    from: &Blobs,
    to: &Blobs,
    (present, options): (Present, Options),
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<(CopyReport, Option<u64>)> {
    let bytes = store::blobs::total_bytes(conn)?;
    watch(ProgressEvent::Begin("Copying files", bytes));
    let contents = copy::contents(conn, from, Place::of(to), present, watch)?;
    if !contents.damaged.is_empty() && !options.incomplete {
        return Err(refusal(&contents));
    }
    presence::require_all(conn, to, &contents.damaged_files, present)?;
    let verified = if options.verify {
        watch(ProgressEvent::Begin("Reading again", bytes));
        Some(presence::read_all(
            conn,
            to,
            &contents.damaged_files,
            present,
            watch,
        )?)
    } else {
        None
    };
    Ok((contents, verified))
}

fn refusal(contents: &CopyReport) -> Error {
    let which = contents.damaged.iter();
    let which: Vec<String> = which
        .map(|(blob, damage)| format!("blob {} of {} bytes {damage}", blob.sha256, blob.size))
        .collect();
    Error::Refused(format!(
        "Damaged in the source, and so not copied: {} of its contents:\n{}\nEverything else is copied, but no server uses \
         the new place yet. Repair the source with nbcourier fsck --repair and repeat the command, or repeat it with \
         --incomplete to continue without these",
        which.len(),
        which.join("\n")
    ))
}

/// Gives the complete database its name, and makes the directory usable.
fn reveal(database: &Path, data_dir: &Path) -> Result<()> {
    let arriving = restore::arriving(database);
    fs::rename(&arriving, database).map_err(on(database, "written"))?;
    sync_directory(above(database))?;
    sync_directory(data_dir)?;
    let mark = data_dir.join(MARK);
    fs::remove_file(&mark).map_err(on(&mark, "removed"))?;
    sync_directory(data_dir)
}
