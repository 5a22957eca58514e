//! Blobs in a directory of this machine.

use super::{Complete, Staged, make_directory, sync_directory};
use nbcourier_domain::{BlobRef, Sha256Sum};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const STAGING: &str = "incoming";
/// The directory for damaged files that were moved aside.
const ASIDE: &str = "damaged";

/// A fault of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file is missing.
    #[error("is missing")]
    Missing,
    /// The file does not have the expected size.
    #[error("has the wrong length")]
    WrongLength,
    /// The file's bytes do not match its name.
    #[error("has changed bytes")]
    WrongBytes,
    /// The file cannot be read.
    #[error("cannot be read")]
    Unreadable,
}

/// A file found among the blobs.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// The checksum that the file is named for.
    pub sha256: Sha256Sum,
    /// The file's length in bytes.
    pub size: u64,
    /// The time when the file last came in.
    pub modified: SystemTime,
}

/// The space of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// The free bytes available to us.
    pub free: u64,
    /// The total bytes.
    pub total: u64,
}

impl Space {
    /// Returns the space of the file system that holds the path.
    pub fn of(path: &Path) -> io::Result<Self> {
        let space = rustix::fs::statvfs(path)?;
        Ok(Self {
            free: space.f_bavail.saturating_mul(space.f_frsize),
            total: space.f_blocks.saturating_mul(space.f_frsize),
        })
    }
}

/// Blobs below one directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    root: Arc<PathBuf>,
}

impl LocalBlobs {
    /// Opens the directory, creates it and its 256 parts where they are missing, and removes unfinished uploads. Only
    /// one process may have it open.
    pub fn open(root: &Path) -> io::Result<Self> {
        let blobs = Self {
            root: Arc::new(root.to_owned()),
        };
        make_directory(root)?;
        let staging = root.join(STAGING);
        let parts = (0..=u8::MAX).map(|part| root.join(format!("{part:02x}")));
        for directory in parts.chain([staging.clone()]) {
            match fs::DirBuilder::new().mode(0o700).create(directory) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        for left in fs::read_dir(&staging)? {
            fs::remove_file(left?.path())?;
        }
        sync_directory(root)?;
        Ok(blobs)
    }

    /// Opens an existing directory for reading.
    pub fn open_existing(root: &Path) -> io::Result<Self> {
        fs::read_dir(root)?;
        Ok(Self {
            root: Arc::new(root.to_owned()),
        })
    }

    /// Returns blobs without a directory, for checks of something else.
    pub fn nowhere() -> Self {
        Self {
            root: Arc::new(PathBuf::from("/dev/null")),
        }
    }

    /// Begins a blob.
    pub fn stage(&self) -> io::Result<Staged> {
        tempfile::Builder::new()
            .tempfile_in(self.staging())
            .map(Staged::new)
    }

    /// Moves files to their places and flushes each directory once. All of them are durable when this returns.
    pub fn keep(&self, files: impl IntoIterator<Item = Complete>) -> io::Result<()> {
        let mut parts = BTreeSet::new();
        for file in files {
            parts.insert(file.keep(self)?.0[0]);
        }
        parts
            .into_iter()
            .try_for_each(|part| sync_directory(&self.root.join(format!("{part:02x}"))))
    }

    /// Whether a blob of that name and size is in its place.
    pub fn has(&self, sha256: Sha256Sum, size: u64) -> bool {
        fs::metadata(self.path(sha256)).is_ok_and(|file| file.len() == size)
    }

    /// Opens a blob for reading, if it exists and has the expected size. The reader must check its bytes.
    pub fn read(&self, blob: &BlobRef) -> Result<File, Damage> {
        self.open_sized(blob.sha256, blob.size)
    }

    fn open_sized(&self, sha256: Sha256Sum, size: u64) -> Result<File, Damage> {
        let file = File::open(self.path(sha256)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Damage::Missing,
            _ => Damage::Unreadable,
        })?;
        let length = file.metadata().map_err(|_| Damage::Unreadable)?.len();
        if length == size {
            Ok(file)
        } else {
            Err(Damage::WrongLength)
        }
    }

    /// Reads a whole blob and compares its bytes with its name.
    pub fn verify(&self, blob: &BlobRef) -> Result<(), Damage> {
        self.check(blob.sha256, blob.size)
    }

    pub(super) fn check(&self, sha256: Sha256Sum, size: u64) -> Result<(), Damage> {
        let mut file = self.open_sized(sha256, size)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Damage::Unreadable),
            }
        }
        if hasher.finalize().as_slice() == sha256.0 {
            Ok(())
        } else {
            Err(Damage::WrongBytes)
        }
    }

    /// Removes a blob. Returns whether it existed.
    pub fn remove(&self, sha256: Sha256Sum) -> io::Result<bool> {
        match fs::remove_file(self.path(sha256)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns what is known of the file of that name, if it exists.
    pub fn look(&self, sha256: Sha256Sum) -> io::Result<Option<StoredFile>> {
        let file = match fs::metadata(self.path(sha256)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        Ok(Some(StoredFile {
            sha256,
            size: file.len(),
            modified: file.modified()?,
        }))
    }

    /// Calls `visit` for every file in the place of a blob.
    pub fn walk(&self, mut visit: impl FnMut(StoredFile)) -> io::Result<()> {
        self.each(|name, path| {
            let sum = Sha256Sum::parse(name).filter(|sum| self.path(*sum) == path);
            if let Some(sum) = sum
                && let Some(file) = self.look(sum)?
            {
                visit(file);
            }
            Ok(())
        })
    }

    /// Returns the files in the directory that are not in the place of a blob.
    pub fn strays(&self) -> io::Result<Vec<PathBuf>> {
        let mut strays = Vec::new();
        self.each(|name, path| {
            let is_in_place = Sha256Sum::parse(name).is_some_and(|sum| self.path(sum) == path);
            if !is_in_place && path.is_file() {
                strays.push(path.to_owned());
            }
            Ok(())
        })?;
        Ok(strays)
    }

    /// Returns everything in the 256 parts, by name and path. A missing part is empty.
    fn each(&self, mut visit: impl FnMut(&str, &Path) -> io::Result<()>) -> io::Result<()> {
        for part in 0..=u8::MAX {
            let part = self.root.join(format!("{part:02x}"));
            let named = |error: io::Error| {
                io::Error::new(error.kind(), format!("{}: {error}", part.display()))
            };
            let entries = match fs::read_dir(&part) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(named)?,
            };
            for entry in entries {
                let entry = entry.map_err(named)?;
                visit(&entry.file_name().to_string_lossy(), &entry.path())?;
            }
        }
        Ok(())
    }

    /// Moves a damaged file aside and returns its new place.
    pub fn set_aside(&self, path: &Path) -> io::Result<PathBuf> {
        let place = self.place_aside(path)?;
        fs::rename(path, &place)?;
        sync_directory(&self.root.join(ASIDE))?;
        Ok(place)
    }

    /// Writes bytes that come from no stored file to the directory for damaged files, and returns their place.
    pub fn write_aside(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let place = self.place_aside(Path::new(name))?;
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&place)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_directory(&self.root.join(ASIDE))?;
        Ok(place)
    }

    /// Returns a path that is not used yet.
    fn place_aside(&self, path: &Path) -> io::Result<PathBuf> {
        let aside = self.root.join(ASIDE);
        make_directory(&aside)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let numbered = |number: u32| match number {
            0 => aside.join(&*name),
            _ => aside.join(format!("{name}.{number}")),
        };
        (0..=u32::MAX)
            .map(numbered)
            .find(|place| !place.exists())
            .ok_or_else(|| io::ErrorKind::AlreadyExists.into())
    }

    /// Checks that files can be created in the directory.
    pub fn check_writable(&self) -> io::Result<()> {
        let mut probe = self.stage()?;
        probe.write(b"probe")
    }

    /// Returns the space of the file system that holds the directory.
    pub fn space(&self) -> io::Result<Space> {
        Space::of(&self.root)
    }

    /// Returns the free bytes available to us on the file system.
    pub fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.space()?.free)
    }

    /// Returns the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn staging(&self) -> PathBuf {
        self.root.join(STAGING)
    }

    /// Returns the path of the file of that name, whether it exists or not.
    pub fn path(&self, sha256: Sha256Sum) -> PathBuf {
        let name = sha256.to_string();
        self.root.join(&name[..2]).join(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn put(blobs: &LocalBlobs, bytes: &[u8]) -> BlobRef {
        let sha256 = Sha256Sum(Sha256::digest(bytes).into());
        let mut staged = blobs.stage().unwrap();
        staged.write(bytes).unwrap();
        blobs.keep([staged.complete(sha256)]).unwrap();
        BlobRef {
            sha256,
            md5: None,
            size: bytes.len() as u64,
        }
    }

    #[test]
    fn the_same_bytes_are_one_file() {
        let place = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(place.path()).unwrap();
        assert_eq!(put(&blobs, b"twice"), put(&blobs, b"twice"));
        let mut files = Vec::new();
        blobs.walk(|file| files.push(file.size)).unwrap();
        assert_eq!(files, [5]);
    }

    #[test]
    fn damage_is_noticed() {
        let place = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(place.path()).unwrap();
        let blob = put(&blobs, b"precious");
        assert_eq!(blobs.verify(&blob), Ok(()));
        fs::write(blobs.path(blob.sha256), b"Precious").unwrap();
        assert_eq!(blobs.verify(&blob), Err(Damage::WrongBytes));
        fs::write(blobs.path(blob.sha256), b"short").unwrap();
        assert_eq!(blobs.read(&blob).err(), Some(Damage::WrongLength));
        blobs.remove(blob.sha256).unwrap();
        assert_eq!(blobs.read(&blob).err(), Some(Damage::Missing));
    }

    #[test]
    fn bytes_that_come_again_mend_what_was_damaged() {
        let place = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(place.path()).unwrap();
        let blob = put(&blobs, b"precious");
        for damaged in [b"Precious".as_slice(), b"prec"] {
            fs::write(blobs.path(blob.sha256), damaged).unwrap();
            put(&blobs, b"precious");
            assert_eq!(blobs.verify(&blob), Ok(()));
        }
    }

    #[test]
    fn an_upload_given_up_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(place.path()).unwrap();
        let mut staged = blobs.stage().unwrap();
        staged.write(b"half").unwrap();
        drop(staged);
        std::mem::forget(blobs.stage().unwrap());
        LocalBlobs::open(place.path()).unwrap();
        assert_eq!(fs::read_dir(place.path().join(STAGING)).unwrap().count(), 0);
    }
}
