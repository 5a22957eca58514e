//! Copies files. It hashes the bytes on the way and compares the sums with the names of the blobs.

use super::error::{Result, on};
use super::{ProgressEvent, error};
use nbcourier_blobs::{self as blobs, Damage, LocalBlobs};
use nbcourier_domain::{BlobRef, Sha256Sum, above};
use nbcourier_exchange::upkeep::fsck;
use nbcourier_storage::{self as store, Connection};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The number of bytes read at a time.
const CHUNK: usize = 256 * 1024;
/// The number of rows read at a time. Their files are moved into place together.
const PAGE: i64 = 64;

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
}

/// Whether to trust files that are already in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    /// They are known to be whole, so only their size is checked.
    Trusted,
    /// They are read and verified.
    Doubted,
}

/// Copies every file that the database names and that is not present yet. Also verifies the contents inside the
/// database.
pub(super) fn contents(
    conn: &mut Connection,
    from: &LocalBlobs,
    to: &LocalBlobs,
    present: Present,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<CopyReport> {
    let mut copied = CopyReport::default();
    let mut after = 0;
    loop {
        let rows = store::blobs::page(conn, after, PAGE)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        let inside: Vec<i64> = rows
            .iter()
            .filter(|row| row.in_database)
            .map(|row| row.id)
            .collect();
        let contents = store::blobs::contents(conn, &inside)?;
        let mut complete = Vec::new();
        for row in rows {
            let blob = row.blob;
            if row.in_database {
                match fsck::content_damage(&blob, contents.get(&row.id)) {
                    None => {
                        copied.inside += 1;
                        copied.inside_bytes += blob.size;
                    }
                    Some(damage) => copied.damaged.push((blob, damage)),
                }
            } else if is_present(to, &blob, present)? {
                copied.present_files += 1;
                copied.present_bytes += blob.size;
            } else {
                match file(from, to, &blob)? {
                    Ok(file) => {
                        copied.files += 1;
                        copied.bytes += blob.size;
                        complete.push(file);
                    }
                    Err(damage) => copied.damaged.push((blob, damage)),
                }
            }
            watch(ProgressEvent::Done(blob.size));
        }
        to.keep(complete).map_err(on(to.root(), "written"))?;
    }
    Ok(copied)
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

/// Copies one file. A failure to write is an error; a failure to read is damage.
pub(super) fn file(
    from: &LocalBlobs,
    to: &LocalBlobs,
    blob: &BlobRef,
) -> Result<Result<nbcourier_blobs::Complete, Damage>> {
    let mut file = match from.read(blob) {
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
            Err(_) => return Ok(Err(Damage::Unreadable)),
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
