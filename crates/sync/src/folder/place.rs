//! A folder that is held open, and the places below it.

use nbcourier_domain::RelativePath;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The maximum number of repetitions of an opening that a rename elsewhere disturbed.
const ATTEMPTS: u32 = 1000;
/// The mode of a new folder. The umask of the process makes it stricter.
const FOLDER: Mode = Mode::RWXU.union(Mode::RWXG).union(Mode::RWXO);

/// A folder that is held open.
#[derive(Debug)]
pub struct Root {
    descriptor: OwnedFd,
    /// The path, for messages.
    path: PathBuf,
}

/// The facts of a file by which a change of it is seen without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Fingerprint {
    /// Returns those of a file. The time of the last change of the inode is left out, since a rename sets it.
    #[allow(
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the types differ between platforms"
    )]
    pub fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        }
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the time of the last change of the content, in seconds of the epoch and nanoseconds.
    pub fn modified(&self) -> (i64, i64) {
        self.modified
    }
}

/// The same facts with the time of the last change of the inode. A file with the same is not read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[i64; 7]", into = "[i64; 7]")]
pub struct FullFingerprint {
    /// The facts that a rename does not change.
    pub file: Fingerprint,
    changed: (i64, i64),
}

impl FullFingerprint {
    /// Returns those of a file.
    #[allow(
        clippy::cast_possible_wrap,
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the types differ between platforms"
    )]
    pub fn of(stat: &Stat) -> Self {
        Self {
            file: Fingerprint::of(stat),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

impl From<[i64; 7]> for FullFingerprint {
    fn from(facts: [i64; 7]) -> Self {
        let [device, inode, size, seconds, nanos, changed, changed_nanos] = facts;
        Self {
            file: Fingerprint {
                device: device.cast_unsigned(),
                inode: inode.cast_unsigned(),
                size: size.cast_unsigned(),
                modified: (seconds, nanos),
            },
            changed: (changed, changed_nanos),
        }
    }
}

impl From<FullFingerprint> for [i64; 7] {
    fn from(full: FullFingerprint) -> Self {
        let file = full.file;
        [
            file.device.cast_signed(),
            file.inode.cast_signed(),
            file.size.cast_signed(),
            file.modified.0,
            file.modified.1,
            full.changed.0,
            full.changed.1,
        ]
    }
}

impl Root {
    /// Opens a folder below a directory, such as a home, and makes it where it is missing. Refuses links on the way.
    pub fn make(above: &Path, folder: &RelativePath) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let home = Self {
            descriptor: fs::open(above, flags, Mode::empty())?,
            path: above.to_owned(),
        };
        home.make_folder(folder.as_str())
    }

    /// Opens a folder. Refuses a link.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(Self {
            descriptor: fs::open(path, flags, Mode::empty())?,
            path: path.to_owned(),
        })
    }

    /// Returns the path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the descriptor.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Returns the device and the inode of the folder.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let found = Fingerprint::of(&fs::fstat(&self.descriptor)?);
        Ok((found.device, found.inode))
    }

    /// Opens a folder below, and makes it and those above it where they are missing. The names of new ones are durable.
    pub fn make_folder(&self, below: &str) -> io::Result<Self> {
        let mut at = 0;
        while at < below.len() {
            let end = below[at..].find('/').map_or(below.len(), |next| at + next);
            let parent = self.open_at(&below[..at.saturating_sub(1)], OFlags::DIRECTORY)?;
            match fs::mkdirat(&parent, &below[at..end], FOLDER) {
                Ok(()) => fs::fsync(&parent)?,
                Err(Errno::EXIST) => {}
                Err(Errno::NOENT) => return Err(why_missing(parent.as_fd()).into()),
                Err(error) => return Err(error.into()),
            }
            at = end + 1;
        }
        self.folder(below)
    }

    /// Opens a folder below.
    pub fn folder(&self, below: &str) -> io::Result<Self> {
        Ok(Self {
            descriptor: self.open_at(below, OFlags::DIRECTORY)?,
            path: self.path.join(below),
        })
    }

    /// Opens a plain file below for reading.
    pub fn file(&self, below: &str) -> io::Result<File> {
        // Without NONBLOCK, opening a pipe would wait for a writer.
        let file = File::from(self.open_at(below, OFlags::NONBLOCK | OFlags::NOCTTY)?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other("it is not a file"))
        }
    }

    /// Makes an empty file with that name in this folder, in the place of another one.
    pub fn create(&self, name: &str) -> io::Result<File> {
        match fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(File::from(fs::openat(&self.descriptor, name, flags, mode)?))
    }

    /// Opens a file with that name in this folder for reading and writing, and makes it where it is missing.
    pub fn open_or_create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mode = Mode::RUSR | Mode::WUSR;
        let opened = fs::openat(&self.descriptor, name, flags | OFlags::CLOEXEC, mode)?;
        Ok(File::from(opened))
    }

    /// Returns the facts of an entry with that name in this folder. A link is not followed.
    pub fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        match fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the fingerprint of a plain file with that name in this folder.
    pub fn fingerprint(&self, name: &str) -> io::Result<Option<Fingerprint>> {
        let found = self.stat(name)?;
        let found = found.filter(|it| kind(it) == FileType::RegularFile);
        Ok(found.as_ref().map(Fingerprint::of))
    }

    /// Moves an entry of this folder to a free name in another one. Fails with `AlreadyExists` where the name is taken.
    pub fn rename(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        let (from, into) = (&self.descriptor, &to.descriptor);
        match fs::renameat_with(from, name, into, new, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.rename_by_link(name, to, new),
            Err(Errno::NOENT) if self.stat(name)?.is_some() => Err(why_missing(to.fd()).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does the same on file systems without that call.
    fn rename_by_link(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        match self.link(name, to, new) {
            Ok(()) => self.remove(name),
            Err(error) if has_no_links(error) => self.rename_to_free(name, to, new),
            Err(Errno::NOENT) if self.stat(name)?.is_some() => Err(why_missing(to.fd()).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Exchanges an entry of this folder with one of another folder. Returns false where the file system cannot.
    pub fn exchange(&self, name: &str, with: &Self, other: &str) -> io::Result<bool> {
        let flags = RenameFlags::EXCHANGE;
        match fs::renameat_with(&self.descriptor, name, &with.descriptor, other, flags) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves an entry of this folder over a file of another one.
    pub fn replace(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.descriptor, name, &to.descriptor, new)?)
    }

    /// Gives an entry of this folder another spelling of its name, on a file system that does not tell the two apart. Where
    /// another entry has that spelling, nothing happens.
    pub fn respell(&self, name: &str, new: &str) -> io::Result<()> {
        let own = &self.descriptor;
        match fs::renameat_with(own, name, own, new, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
        // The file system finds this entry under the new name, too.
        for entry in fs::Dir::read_from(own)? {
            if entry?.file_name().to_bytes() == new.as_bytes() {
                return Ok(());
            }
        }
        Ok(fs::renameat(own, name, own, new)?)
    }

    /// Gives a file of this folder a second name in another one. On file systems without links, the file gets another name
    /// instead. Returns whether it has both.
    pub fn give_second_name(&self, name: &str, to: &Self, new: &str) -> io::Result<bool> {
        match self.link(name, to, new) {
            Ok(()) => Ok(true),
            Err(error) if has_no_links(error) => {
                self.rename_to_free(name, to, new)?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file of this folder a second name in another one.
    pub fn link(&self, name: &str, to: &Self, new: &str) -> Result<(), Errno> {
        let flags = AtFlags::empty();
        fs::linkat(&self.descriptor, name, &to.descriptor, new, flags)
    }

    /// Moves an entry to a name that is free at this moment.
    fn rename_to_free(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        if to.stat(new)?.is_some() {
            return Err(Errno::EXIST.into());
        }
        match fs::renameat(&self.descriptor, name, &to.descriptor, new) {
            Err(Errno::NOENT) if self.stat(name)?.is_some() => Err(why_missing(to.fd()).into()),
            renamed => Ok(renamed?),
        }
    }

    /// Removes a file of this folder.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(fs::unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Removes an empty folder in this one. Returns false if something is in it.
    pub fn remove_folder(&self, name: &str) -> io::Result<bool> {
        match fs::unlinkat(&self.descriptor, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the names in this folder durable.
    pub fn flush(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.descriptor)?)
    }

    fn open_at(&self, below: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let below = if below.is_empty() { "." } else { below };
        match with_openat2(self.fd(), below, flags) {
            // Kernels before 5.6 do not have the call, and some sandboxes refuse it.
            Err(Errno::NOSYS | Errno::PERM) => Ok(step_by_step(self.fd(), below, flags)?),
            opened => Ok(opened?),
        }
    }
}

/// Returns the error for a name that a folder does not take, as if it were missing: the folder is gone, or it cannot have
/// the name. Some drivers of memory sticks and of network drives do not say the latter.
fn why_missing(folder: BorrowedFd<'_>) -> Errno {
    match fs::fstat(folder) {
        Ok(found) if found.st_nlink > 0 => Errno::INVAL,
        _ => Errno::NOENT,
    }
}

/// Whether a file system has no links, or not for this entry: nothing links folders.
pub fn has_no_links(error: Errno) -> bool {
    matches!(
        error,
        Errno::PERM | Errno::NOSYS | Errno::NOTSUP | Errno::MLINK
    )
}

/// Returns the kind of an entry.
pub fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Returns the folder and the name in a path.
pub fn parts(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn with_openat2(root: BorrowedFd<'_>, below: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let mut left = ATTEMPTS;
    loop {
        match fs::openat2(root, below, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) if left > 0 => left -= 1,
            opened => return opened,
        }
    }
}

/// Does the same with one opening for each part.
fn step_by_step(root: BorrowedFd<'_>, below: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let all = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut opened: Option<OwnedFd> = None;
    let mut parts = below.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let flags = if is_last { flags } else { OFlags::DIRECTORY };
        let from = opened.as_ref().map_or(root, AsFd::as_fd);
        opened = Some(fs::openat(from, part, all | flags, Mode::empty())?);
    }
    opened.ok_or(Errno::NOENT)
}
