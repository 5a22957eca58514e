//! The look at a folder.

use super::ignored::is_ignored;
use super::place::{Fingerprint, Root, kind};
use crate::item::{Content, Item, Listing};
use crate::source::{self, source_sum};
use nbcourier_domain::{RelativePath, Sha256Sum};
use rustix::fs::{Dir, FileType, Mode, Stat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;

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

/// Looks at a folder. Only the files that `is_read` names are read, and `assumed` are the contents of others.
pub fn scan(
    root: &Root,
    is_read: &dyn Fn(&RelativePath) -> bool,
    assumed: &Listing,
) -> io::Result<Scan> {
    let mut scan = Scan::default();
    let (device, _) = root.identity()?;
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let opened = match root.folder(&folder) {
            Ok(opened) if folder.is_empty() || opened.identity()?.0 == device => opened,
            // The folder cannot be read, lies on another file system, or is a link by now.
            _ => {
                scan.note_other(&folder);
                continue;
            }
        };
        if !folder.is_empty() && opened.stat(super::OWN)?.is_some() {
            scan.note_other(&folder);
            continue;
        }
        let Ok(entries) = Dir::read_from(opened.fd()) else {
            scan.note_other(&folder);
            continue;
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if matches!(name, "." | "..") || is_ignored(name) {
                continue;
            }
            let path = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            let Ok(path) = RelativePath::parse_stored(path) else {
                continue;
            };
            let Some(stat) = opened.stat(name)? else {
                continue;
            };
            match kind(&stat) {
                FileType::Directory if path.as_str().split('/').count() < MAX_DEPTH => {
                    folders.push(path.as_str().to_owned());
                    scan.items.insert(path, Item::Folder);
                }
                FileType::RegularFile => {
                    let item = look(&opened, name, &path, &stat, is_read, assumed);
                    scan.fingerprints
                        .insert(path.clone(), Fingerprint::of(&stat));
                    scan.items.insert(path, item?);
                }
                _ => {
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
    fn note_other(&mut self, folder: &str) {
        if let Ok(path) = RelativePath::parse_stored(folder) {
            self.items.insert(path, Item::Other);
        }
    }
}

fn look(
    folder: &Root,
    name: &str,
    path: &RelativePath,
    stat: &Stat,
    is_read: &dyn Fn(&RelativePath) -> bool,
    assumed: &Listing,
) -> io::Result<Item> {
    let unread = Item::File(Content {
        sum: Sha256Sum([0; 32]),
        size: Fingerprint::of(stat).size(),
        executable: false,
        source: None,
    });
    if !is_read(path) {
        let assumed = assumed.get(path).filter(|item| item.content().is_some());
        return Ok(*assumed.unwrap_or(&unread));
    }
    let executable = Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR);
    match folder.file(name) {
        Ok(file) => Ok(Item::File(read(file, name, executable)?)),
        // A file that cannot be read is neither replaced nor removed.
        Err(error) if error.raw_os_error() == Some(Errno::ACCESS.raw_os_error()) => Ok(Item::Other),
        Err(error) => Err(error),
    }
}

/// Reads a file with that name in a folder.
pub fn read_file(folder: &Root, name: &str) -> io::Result<Content> {
    let file = folder.file(name)?;
    let executable = file.metadata()?.permissions().mode() & 0o100 != 0;
    read(file, name, executable)
}

/// Reads a file: its checksum, and the source sum if it is a notebook.
pub fn read(mut file: File, name: &str, executable: bool) -> io::Result<Content> {
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
