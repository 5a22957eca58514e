//! Copies files. It hashes the bytes on the way and compares the sums with the names of the blobs.

use super::ProgressEvent;
use super::error::{self, Error, Result, on};
use nbcourier_blobs::{
    self as blobs, Blobs, Complete, Damage, LocalBlobs, ObjectName, RemoteBlobs, Sending,
};
use nbcourier_domain::{BlobRef, Sha256Sum, above};
use nbcourier_exchange::upkeep::fsck;
use nbcourier_storage::blobs::Row;
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::Bug;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// The number of bytes read at a time.
const CHUNK: usize = 256 * 1024;
/// The number of rows read at a time. Their files are moved into place together.
const PAGE: i64 = 64;
/// The bytes of files that are on their way at a time, unless one file has more.
const AT_ONCE: u64 = 256 * 1024 * 1024;
/// The number of objects that are read at the same time. Each waits for the network.
const READERS: usize = 8;

/// The result of copying the contents that a database names.
#[derive(Debug, Default)]
pub struct CopyReport {
    /// The number of copied files.
    pub files: u64,
    /// The bytes of the copied files.
    pub bytes: u64,
    /// The number of files that were already present.
    pub present_files: u64,
    /// The bytes of the files that were already present.
    pub present_bytes: u64,
    /// The number of contents inside the database.
    pub inside: u64,
    /// The bytes of the contents inside the database.
    pub inside_bytes: u64,
    /// Contents that could not be copied because they are damaged.
    pub damaged: Vec<(BlobRef, Damage)>,
    /// The IDs of the rows of those that are separate files.
    pub damaged_files: Vec<i64>,
}

/// Whether to trust files that are already in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    /// They are known to be whole, so only their size is checked. Rows tell which objects have arrived in a bucket, and are
    /// told.
    Trusted,
    /// Files are read and verified, and the bucket is asked for objects.
    Doubted,
}

/// The place to which large files are copied.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Directory(&'a LocalBlobs),
    Bucket(&'a RemoteBlobs),
}

impl<'a> Place<'a> {
    pub(super) fn of(blobs: &'a Blobs) -> Self {
        match blobs {
            Blobs::Local(directory) => Self::Directory(directory),
            Blobs::Remote(bucket) => Self::Bucket(bucket),
        }
    }

    /// Returns the directory in which files arrive.
    fn directory(self) -> &'a LocalBlobs {
        match self {
            Self::Directory(directory) => directory,
            Self::Bucket(bucket) => bucket.spool(),
        }
    }
}

/// Copies every file that the database names and that is not present yet. Also verifies the contents inside the
/// database.
pub(super) fn contents(
    conn: &mut Connection,
    from: &Blobs,
    to: Place<'_>,
    present: Present,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<CopyReport> {
    let mut copied = CopyReport::default();
    let mut after = 0;
    loop {
        let mut rows = store::blobs::page(conn, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        if present == Present::Doubted {
            leave_out_unfinished(conn, &mut rows)?;
        }
        let (inside, files): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.in_database);
        look_inside(conn, &inside, &mut copied, watch)?;
        let mut missing = Vec::new();
        for (row, is_there) in presence(to, files, present)? {
            if is_there {
                copied.present_files += 1;
                copied.present_bytes += row.blob.size;
                watch(ProgressEvent::Done(row.blob.size));
            } else {
                missing.push(row);
            }
        }
        for group in groups(missing) {
            let mut complete = Vec::new();
            for (row, file) in read(from, to, &group)? {
                match file {
                    Ok(file) => {
                        copied.files += 1;
                        copied.bytes += row.blob.size;
                        complete.push((row.id, file));
                    }
                    Err(damage) => copied.damage(row, damage),
                }
            }
            keep(conn, to, present, complete)?;
            for row in group {
                watch(ProgressEvent::Done(row.blob.size));
            }
        }
    }
    Ok(copied)
}

impl CopyReport {
    fn damage(&mut self, row: Row, damage: Damage) {
        self.damaged.push((row.blob, damage));
        if !row.in_database {
            self.damaged_files.push(row.id);
        }
    }
}

/// Leaves out the rows of uploads to a bucket that did not end. There is nothing to copy, and no tree names them.
pub(super) fn leave_out_unfinished(conn: &mut Connection, rows: &mut Vec<Row>) -> Result<()> {
    let open = rows.iter().filter(|row| !row.arrived && !row.in_database);
    let open: HashSet<i64> = open.map(|row| row.id).collect();
    if !open.is_empty() {
        let ids: Vec<i64> = open.iter().copied().collect();
        let named = store::objects::named(conn, &ids)?;
        rows.retain(|row| !open.contains(&row.id) || named.contains(&row.id));
    }
    Ok(())
}

fn look_inside(
    conn: &mut Connection,
    rows: &[Row],
    copied: &mut CopyReport,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<()> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let contents = store::blobs::contents(conn, &ids)?;
    for row in rows {
        match fsck::content_damage(&row.blob, contents.get(&row.id)) {
            None => {
                copied.inside += 1;
                copied.inside_bytes += row.blob.size;
            }
            Some(damage) => copied.damage(*row, damage),
        }
        watch(ProgressEvent::Done(row.blob.size));
    }
    Ok(())
}

/// Returns the rows with whether their files are there already.
fn presence(to: Place<'_>, rows: Vec<Row>, present: Present) -> Result<Vec<(Row, bool)>> {
    match to {
        Place::Directory(directory) => {
            let looked = rows.into_iter().map(|row| {
                let is_there = is_present(directory, &row.blob, present)?;
                Ok((row, is_there))
            });
            looked.collect()
        }
        Place::Bucket(_) if present == Present::Trusted => {
            Ok(rows.into_iter().map(|row| (row, row.arrived)).collect())
        }
        Place::Bucket(bucket) => {
            let names = rows.iter();
            let names: Vec<_> = names
                .map(|row| ObjectName::new(row.blob.sha256, row.id))
                .collect();
            let sizes = bucket.sizes(&names).map_err(Error::Objects)?;
            let looked = rows.into_iter().zip(sizes);
            Ok(looked
                .map(|(row, size)| (row, size == Some(row.blob.size)))
                .collect())
        }
    }
}

fn is_present(to: &LocalBlobs, blob: &BlobRef, present: Present) -> Result<bool> {
    match present {
        Present::Trusted => Ok(to.has(blob.sha256, blob.size)),
        Present::Doubted if to.verify(blob).is_ok() => Ok(true),
        Present::Doubted => {
            to.remove(blob.sha256).map_err(on(to.root(), "written"))?;
            Ok(false)
        }
    }
}

/// Divides files into groups that are on their way together.
fn groups(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let (mut groups, mut bytes) = (Vec::<Vec<Row>>::new(), 0);
    for row in rows {
        let size = row.blob.size;
        match groups.last_mut() {
            Some(group) if bytes + size <= AT_ONCE => {
                group.push(row);
                bytes += size;
            }
            _ => {
                groups.push(vec![row]);
                bytes = size;
            }
        }
    }
    groups
}

/// A file on its way, or the damage of its source.
type ReadFile = Result<Complete, Damage>;

/// Reads files into the directory in which they arrive. Objects are read at the same time.
fn read(from: &Blobs, to: Place<'_>, rows: &[Row]) -> Result<Vec<(Row, ReadFile)>> {
    let directory = to.directory();
    let one_by_one = |rows: &[Row]| -> Result<Vec<(Row, ReadFile)>> {
        let files = rows.iter();
        files
            .map(|row| Ok((*row, file(from, row.id, directory, &row.blob)?)))
            .collect()
    };
    if from.local().is_some() {
        return one_by_one(rows);
    }
    let parts = rows.chunks(rows.len().div_ceil(READERS).max(1));
    let done: Vec<Result<Vec<_>>> = thread::scope(|scope| {
        let readers: Vec<_> = parts.map(|part| scope.spawn(|| one_by_one(part))).collect();
        let joined = readers.into_iter().map(|reader| match reader.join() {
            Ok(read) => read,
            Err(payload) => Err(store::Error::Bug(Bug::from_panic(payload.as_ref())).into()),
        });
        joined.collect()
    });
    let mut files = Vec::new();
    for part in done {
        files.extend(part?);
    }
    Ok(files)
}

/// Puts files into their place. All of them are durable when this returns, and rows say so if they tell what is there.
fn keep(
    conn: &mut Connection,
    to: Place<'_>,
    present: Present,
    files: Vec<(i64, Complete)>,
) -> Result<()> {
    let bucket = match to {
        Place::Directory(directory) => {
            let files = files.into_iter().map(|(_, file)| file);
            return directory
                .keep(files)
                .map_err(on(directory.root(), "written"));
        }
        Place::Bucket(bucket) => bucket,
    };
    if files.is_empty() {
        return Ok(());
    }
    let sending = files.into_iter().map(|(id, file)| Sending {
        id,
        arrived: false,
        file: Arc::new(file),
    });
    let sent = bucket.send(sending.collect()).map_err(Error::Objects)?;
    if present == Present::Trusted {
        store::objects::mark_arrived(conn, &sent)?;
    }
    Ok(())
}

/// Copies the file of a row. A failure to write is an error, and so is a failure of the object store; a failure to read a file
/// is damage.
pub(super) fn file(
    from: &Blobs,
    id: i64,
    to: &LocalBlobs,
    blob: &BlobRef,
) -> Result<Result<Complete, Damage>> {
    let mut file = match from.read(id, blob).map_err(Error::Objects)? {
        Ok(file) => file,
        Err(damage) => return Ok(Err(damage)),
    };
    let mut staged = to.stage().map_err(on(to.root(), "written"))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if from.local().is_some() => return Ok(Err(Damage::Unreadable)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(Err(Damage::WrongLength));
            }
            Err(error) => return Err(Error::Objects(error)),
        };
        hasher.update(&buffer[..count]);
        staged
            .write(&buffer[..count])
            .map_err(on(to.root(), "written"))?;
    }
    if hasher.finalize().as_slice() == blob.sha256.0 {
        Ok(Ok(staged.complete(blob.sha256)))
    } else {
        Ok(Err(Damage::WrongBytes))
    }
}

/// Copies a file so that only its owner may read the copy. Replaces an existing file and flushes the new one. Returns
/// its checksum and size.
pub(super) fn private_file(from: &Path, to: &Path) -> Result<(Sha256Sum, u64)> {
    let mut source = File::open(from).map_err(on(from, "read"))?;
    let write = on(to, "written");
    let mut copy = || -> io::Result<(Sha256Sum, u64)> {
        // The file is created anew. An existing one might be a link, or be open for reading in other accounts.
        match fs::remove_file(to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(to)?;
        let copied = hash(&mut source, |bytes| file.write_all(bytes))?;
        file.sync_all()?;
        Ok(copied)
    };
    copy().map_err(write)
}

/// Returns the checksum and size of a file.
pub(super) fn sum(path: &Path) -> Result<(Sha256Sum, u64)> {
    File::open(path)
        .and_then(|mut file| hash(&mut file, |_| Ok(())))
        .map_err(on(path, "read"))
}

fn hash(
    source: &mut impl Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(Sha256Sum, u64)> {
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => return Ok((Sha256Sum(hasher.finalize().into()), size)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        size += count as u64;
        each(&buffer[..count])?;
    }
}

/// Makes the directory if it does not exist. Only its owner may enter it.
pub(super) fn private_directory(path: &Path) -> Result<()> {
    blobs::make_directory(path).map_err(on(path, "made"))
}

/// Flushes the entries of a directory to the disk.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    blobs::sync_directory(path).map_err(on(path, "flushed"))
}

/// Replaces a file atomically.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let directory = above(path);
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    };
    write().map_err(error::on(path, "written"))?;
    sync_directory(directory)
}

/// Returns the names in a directory; none if the directory does not exist.
pub(super) fn names_in(path: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(on(path, "read"))?,
    };
    entries
        .map(|entry| {
            Ok(entry
                .map_err(on(path, "read"))?
                .file_name()
                .to_string_lossy()
                .into_owned())
        })
        .collect()
}
