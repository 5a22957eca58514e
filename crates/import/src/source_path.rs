//! Places of a source, reached from the descriptor of a directory that stays open.
//!
//! Students own the directories that they submitted, and can replace one with a link while an import runs. So no path
//! is ever resolved anew from the top. Each opening begins at a directory that is held open, and the kernel refuses
//! every link on the way (`openat2`, <https://man7.org/linux/man-pages/man2/openat2.2.html>). Without this system
//! call, each component is opened from the directory before it.

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The maximum number of repetitions of an opening that was disturbed by a rename elsewhere.
const ATTEMPTS: u32 = 1000;

/// A directory that is held open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Root(Arc<OpenDirectory>);

#[derive(Debug)]
struct OpenDirectory {
    descriptor: OwnedFd,
    /// The path by which it was opened, for messages.
    path: PathBuf,
}

/// A place below a directory that is held open.
#[derive(Debug, Clone)]
pub struct SourcePath {
    root: Root,
    below: PathBuf,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name.
    pub name: OsString,
    /// The kind of the entry.
    pub kind: Kind,
}

/// The kinds of entries that are distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// A link, whatever its target.
    Link,
    /// A pipe, a socket or a device.
    Other,
}

impl Root {
    /// Opens the directory that the operator named. The path may be a link.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(Arc::new(OpenDirectory {
            descriptor: fs::open(path, flags, Mode::empty())?,
            path: path.to_owned(),
        })))
    }

    /// Returns the place of the directory itself.
    pub fn place(&self) -> SourcePath {
        SourcePath {
            root: self.clone(),
            below: PathBuf::new(),
        }
    }

    /// Returns the ID of the account that owns the directory.
    pub fn owner(&self) -> io::Result<u32> {
        Ok(fs::fstat(&self.0.descriptor)?.st_uid)
    }
}

impl SourcePath {
    /// Returns the place with that name in this directory.
    #[must_use]
    pub fn join(&self, name: impl AsRef<OsStr>) -> Self {
        Self {
            root: self.root.clone(),
            below: self.below.join(name.as_ref()),
        }
    }

    /// Returns the path, for messages. It must never be opened.
    pub fn path(&self) -> PathBuf {
        self.root.0.path.join(&self.below)
    }

    /// Holds the directory at this place open, so that paths below it need not be resolved through the directories
    /// above.
    pub fn hold(&self) -> io::Result<Root> {
        Ok(Root(Arc::new(OpenDirectory {
            descriptor: self.open(OFlags::RDONLY | OFlags::DIRECTORY)?,
            path: self.path(),
        })))
    }

    /// Opens a plain file for reading. Refuses everything else.
    pub fn open_file(&self) -> io::Result<File> {
        // Without NONBLOCK, opening a pipe would wait for a writer.
        let file = File::from(self.open(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other("it is not a file"))
        }
    }

    /// Whether the place is a directory, and not a link to one.
    pub fn is_directory(&self) -> bool {
        self.open(OFlags::PATH | OFlags::DIRECTORY).is_ok()
    }

    /// Whether the place is a plain file, and not a link to one.
    pub fn is_file(&self) -> bool {
        self.open(OFlags::PATH)
            .and_then(|descriptor| Ok(fs::fstat(descriptor)?.st_mode))
            .is_ok_and(|mode| FileType::from_raw_mode(mode) == FileType::RegularFile)
    }

    /// Returns the entries of the directory, sorted by name.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let directory = self.open(OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut found = Vec::new();
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not report the kind.
                FileType::Unknown => {
                    match fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(known) => FileType::from_raw_mode(known.st_mode),
                        // The entry was removed in the meantime.
                        Err(Errno::NOENT) => continue,
                        Err(error) => return Err(error.into()),
                    }
                }
                known => known,
            };
            found.push(Entry {
                name: OsStr::from_bytes(name.to_bytes()).to_owned(),
                kind: match kind {
                    FileType::RegularFile => Kind::File,
                    FileType::Directory => Kind::Directory,
                    FileType::Symlink => Kind::Link,
                    _ => Kind::Other,
                },
            });
        }
        found.sort();
        Ok(found)
    }

    fn open(&self, flags: OFlags) -> io::Result<OwnedFd> {
        open_beneath(self.root.0.descriptor.as_fd(), &self.below, flags)
    }
}

/// Returns the ID of the account that owns an open file.
pub fn owner(file: &File) -> io::Result<u32> {
    Ok(file.metadata()?.uid())
}

/// Opens a path below a directory without following links.
fn open_beneath(root: BorrowedFd<'_>, below: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    match with_openat2(root, below, flags) {
        // Kernels before 5.6 do not have the call, and some sandboxes refuse it.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(root, below, flags),
        opened => Ok(opened?),
    }
}

fn with_openat2(root: BorrowedFd<'_>, below: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    // NOFOLLOW is left out: with it, O_PATH would open a link at the end rather than refuse it.
    let flags = flags | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let below = if below.as_os_str().is_empty() {
        Path::new(".")
    } else {
        below
    };
    let mut left = ATTEMPTS;
    loop {
        match fs::openat2(root, below, flags, Mode::empty(), resolve) {
            // A rename elsewhere disturbed the resolution.
            Err(Errno::AGAIN | Errno::INTR) if left > 0 => left -= 1,
            opened => return opened,
        }
    }
}

/// Does the same with one opening for each component.
fn step_by_step(root: BorrowedFd<'_>, below: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut components = below.components().peekable();
    let mut directory: Option<OwnedFd> = None;
    loop {
        let from = directory.as_ref().map_or(root, AsFd::as_fd);
        let name = match components.next() {
            None => return Ok(fs::openat(from, ".", flags, Mode::empty())?),
            Some(Component::Normal(name)) => name,
            Some(_) => return Err(io::ErrorKind::InvalidInput.into()),
        };
        if components.peek().is_some() {
            let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            directory = Some(fs::openat(from, name, step, Mode::empty())?);
            continue;
        }
        let opened = fs::openat(from, name, flags, Mode::empty())?;
        // O_PATH opens a link rather than refusing it.
        let mode = fs::fstat(&opened)?.st_mode;
        if FileType::from_raw_mode(mode) == FileType::Symlink {
            return Err(Errno::LOOP.into());
        }
        return Ok(opened);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::io::Read as _;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    type Opening = fn(BorrowedFd<'_>, &Path, OFlags) -> io::Result<OwnedFd>;

    const WAYS: [(&str, Opening); 2] = [
        ("openat2", |root, below, flags| {
            Ok(with_openat2(root, below, flags)?)
        }),
        ("step by step", step_by_step),
    ];

    fn held(path: &Path) -> OwnedFd {
        fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap()
    }

    #[test]
    fn a_link_at_any_depth_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let (inside, outside) = (place.path().join("inside"), place.path().join("outside"));
        std::fs::create_dir_all(inside.join("a/b/c")).unwrap();
        std::fs::create_dir_all(outside.join("b/c")).unwrap();
        for file in [inside.join("a/b/c/file"), outside.join("b/c/file")] {
            std::fs::write(file, "").unwrap();
        }
        for (link, target) in [
            ("top", "../outside"),
            ("a/middle", "../../outside/b"),
            ("a/b/near", "../../../outside/b/c"),
            ("a/b/c/last", "../../../../outside/b/c/file"),
            ("a/b/own", "c"),
            ("absolute", outside.to_str().unwrap()),
        ] {
            symlink(target, inside.join(link)).unwrap();
        }
        let root = held(&inside);
        for (way, open) in WAYS {
            let tried = |below: &str, flags| open(root.as_fd(), Path::new(below), flags);
            for flags in [OFlags::RDONLY, OFlags::PATH] {
                tried("a/b/c/file", flags).unwrap();
                for below in [
                    "top",
                    "top/b/c/file",
                    "a/middle/c/file",
                    "a/b/near/file",
                    "a/b/c/last",
                    "a/b/own",
                    "a/b/own/file",
                    "absolute/b/c/file",
                    "../outside/b/c/file",
                    "a/../../outside/b/c/file",
                ] {
                    assert!(tried(below, flags).is_err(), "{way}: {below} {flags:?}");
                }
            }
            let list = OFlags::RDONLY | OFlags::DIRECTORY;
            tried("", list).unwrap();
            tried("a/b", list).unwrap();
            assert!(tried("a/b/own", list).is_err(), "{way}");
        }
    }

    #[test]
    fn a_path_replaced_by_a_link_leads_nowhere() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        std::fs::create_dir_all(at("tree/sub/deep")).unwrap();
        std::fs::create_dir_all(at("private/deep")).unwrap();
        std::fs::write(at("tree/sub/deep/file"), "own").unwrap();
        std::fs::write(at("private/deep/file"), "secret").unwrap();
        symlink("../private", at("tree/link")).unwrap();
        for (way, open) in WAYS {
            let over = AtomicBool::new(false);
            let root = held(&at("tree"));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let names = (at("tree/sub"), at("tree/link"));
                        renameat_with(CWD, names.0, CWD, names.1, RenameFlags::EXCHANGE).unwrap();
                    }
                });
                let (mut read, mut refused) = (0, 0);
                for _ in 0..200_000 {
                    match open(root.as_fd(), Path::new("sub/deep/file"), OFlags::RDONLY) {
                        Ok(opened) => {
                            let mut text = String::new();
                            File::from(opened).read_to_string(&mut text).unwrap();
                            assert_eq!(text, "own", "{way}");
                            read += 1;
                        }
                        Err(_) => refused += 1,
                    }
                    if read >= 500 && refused >= 500 {
                        break;
                    }
                }
                over.store(true, Ordering::Relaxed);
                assert!(read > 0 && refused > 0, "{way}: {read} read, {refused} not");
            });
        }
    }

    #[test]
    fn entries_are_told_apart_without_following_any() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        std::fs::create_dir(at("directory")).unwrap();
        symlink("file", at("link")).unwrap();
        fs::mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let here = Root::open(place.path()).unwrap().place();
        let found = here.entries().unwrap();
        let kinds: Vec<_> = found.iter().map(|entry| entry.kind).collect();
        assert_eq!(
            kinds,
            [Kind::Directory, Kind::File, Kind::Link, Kind::Other]
        );
        assert!(here.join("directory").is_directory() && !here.join("link").is_directory());
        assert!(here.join("file").is_file() && !here.join("link").is_file());
        assert!(here.join("file").open_file().is_ok());
        for name in ["directory", "link", "pipe", "missing"] {
            assert!(here.join(name).open_file().is_err(), "{name}");
        }
    }
}
