//! The look at a folder.

use super::ignored::is_ignored;
use super::place::{Fingerprint, Root, kind};
use crate::item::{Content, Item, Listing};
use crate::source::{self, source_sum};
use nbcourier_domain::{RelativePath, Sha256Sum};
use rustix::fs::{Dir, FileType, Mode, Stat, fstat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// The bytes that are read at a time.
const CHUNK: usize = 256 * 1024;
/// The maximum depth of folders. No path of a directory is deeper.
const MAX_DEPTH: usize = 64;
/// The maximum number of entries, so that a folder never takes all memory.
const MAX_ENTRIES: usize = 2_000_000;

/// A folder, as it was found.
#[derive(Debug, Default)]
pub struct Scan {
    /// The entries.
    pub items: Listing,
    /// The fingerprints of the files.
    pub fingerprints: BTreeMap<RelativePath, Fingerprint>,
}

/// The way in which a scan looks at entries.
pub trait Look {
    /// Whether an entry is passed over.
    fn is_ignored(&self, path: &str, is_folder: bool) -> bool;

    /// Returns the item of a file, which a folder has under this name.
    fn file(
        &mut self,
        folder: &Root,
        name: &str,
        path: &RelativePath,
        stat: &Stat,
    ) -> io::Result<Item>;

    /// Notes an entry whose name no directory can have.
    fn unnamable(&mut self, _: &str) {}

    /// Notes an entry that is neither a file nor a folder that can be read.
    fn odd(&mut self, _: &RelativePath) {}
}

/// Looks at a folder. Only the files that `is_read` names are read, and `assumed` are the contents of others.
pub fn scan(
    root: &Root,
    is_read: &dyn Fn(&RelativePath) -> bool,
    assumed: &Listing,
) -> io::Result<Scan> {
    scan_with(root, &mut Few { is_read, assumed })
}

/// Looks at a folder in a way of its own.
pub fn scan_with(root: &Root, look: &mut dyn Look) -> io::Result<Scan> {
    let mut scan = Scan::default();
    let (device, _) = root.identity()?;
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let opened = match root.folder(&folder) {
            Ok(opened) if folder.is_empty() || opened.identity()?.0 == device => opened,
            // The folder cannot be read, lies on another file system, or is a link by now.
            Err(error) if folder.is_empty() => return Err(error),
            _ => {
                scan.note_other(&folder, look);
                continue;
            }
        };
        if !folder.is_empty() && opened.stat(super::OWN)?.is_some() {
            scan.note_other(&folder, look);
            continue;
        }
        let entries = match Dir::read_from(opened.fd()) {
            Ok(entries) => entries,
            Err(error) if folder.is_empty() => return Err(error.into()),
            Err(_) => {
                scan.note_other(&folder, look);
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let path = |name: &str| match folder.as_str() {
                "" => name.to_owned(),
                above => format!("{above}/{name}"),
            };
            let Ok(name) = name.to_str() else {
                look.unnamable(&path(&name.to_string_lossy()));
                continue;
            };
            let Some(stat) = opened.stat(name)? else {
                continue;
            };
            let is_folder = kind(&stat) == FileType::Directory;
            if look.is_ignored(&path(name), is_folder) {
                continue;
            }
            let Ok(path) = RelativePath::parse_stored(path(name)) else {
                look.unnamable(&path(name));
                continue;
            };
            match kind(&stat) {
                FileType::Directory if path.as_str().split('/').count() < MAX_DEPTH => {
                    folders.push(path.as_str().to_owned());
                    scan.items.insert(path, Item::Folder);
                }
                FileType::RegularFile => {
                    let item = look.file(&opened, name, &path, &stat)?;
                    scan.fingerprints
                        .insert(path.clone(), Fingerprint::of(&stat));
                    scan.items.insert(path, item);
                }
                _ => {
                    look.odd(&path);
                    scan.items.insert(path, Item::Other);
                }
            }
            if scan.items.len() > MAX_ENTRIES {
                return Err(io::Error::other(format!(
                    "it has more than {MAX_ENTRIES} entries"
                )));
            }
        }
    }
    Ok(scan)
}

impl Scan {
    fn note_other(&mut self, folder: &str, look: &mut dyn Look) {
        if let Ok(path) = RelativePath::parse_stored(folder) {
            look.odd(&path);
            self.items.insert(path, Item::Other);
        }
    }
}

/// The look of a pull: it reads only what decides something.
struct Few<'a> {
    is_read: &'a dyn Fn(&RelativePath) -> bool,
    assumed: &'a Listing,
}

impl Look for Few<'_> {
    fn is_ignored(&self, path: &str, _: bool) -> bool {
        is_ignored(super::place::parts(path).1)
    }

    fn file(
        &mut self,
        folder: &Root,
        name: &str,
        path: &RelativePath,
        stat: &Stat,
    ) -> io::Result<Item> {
        let unread = Item::File(Content {
            sum: Sha256Sum([0; 32]),
            size: Fingerprint::of(stat).size(),
            executable: false,
            source: None,
        });
        if !(self.is_read)(path) {
            let assumed = self.assumed.get(path);
            let assumed = assumed.filter(|item| item.content().is_some());
            return Ok(*assumed.unwrap_or(&unread));
        }
        match folder.file(name) {
            Ok(file) => Ok(Item::File(read(file, name, is_executable(stat))?)),
            // A file that cannot be read is neither replaced nor removed.
            Err(error) if is_forbidden(&error) => Ok(Item::Other),
            Err(error) => Err(error),
        }
    }
}

/// Whether the owner of a file may execute it.
pub fn is_executable(stat: &Stat) -> bool {
    Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR)
}

/// Whether a file may not be read.
pub fn is_forbidden(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ACCESS.raw_os_error())
}

/// Reads a file with that name in a folder.
pub fn read_file(folder: &Root, name: &str) -> io::Result<Content> {
    let file = folder.file(name)?;
    let executable = is_executable(&fstat(&file)?);
    read(file, name, executable)
}

/// Reads a file: its checksum, and the source sum if it is a notebook.
pub fn read(mut file: impl Read, name: &str, executable: bool) -> io::Result<Content> {
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut text = source::is_notebook(name).then(Vec::new);
    let mut bytes = vec![0; CHUNK];
    loop {
        let length = file.read(&mut bytes)?;
        if length == 0 {
            break;
        }
        size += length as u64;
        hasher.update(&bytes[..length]);
        if size > source::MAX_BYTES {
            text = None;
        }
        if let Some(text) = &mut text {
            text.extend_from_slice(&bytes[..length]);
        }
    }
    Ok(Content {
        sum: Sha256Sum(hasher.finalize().into()),
        size,
        executable,
        source: text.and_then(|text| source_sum(&text)),
    })
}
