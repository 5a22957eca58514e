//! The state of a folder: what it and its directory last agreed on. Without it, all files are compared again, and none is
//! lost.

use super::place::{FullFingerprint, Root};
use crate::item::{Content, Item, Listing};
use nbcourier_domain::{RelativePath, Sha256Sum};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Write as _};

const NAME: &str = "state.json";
/// The form that this program writes.
const FORM: u32 = 1;
/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// The directory that a folder belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The number.
    pub id: i64,
    /// The owner, as addresses have it.
    pub owner: String,
    /// The name.
    pub name: String,
}

/// The state of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The directory.
    pub directory: Option<Directory>,
    /// The version that the folder has whole, or with `there` the one that is known of the directory.
    pub version: Option<i64>,
    /// The entries that both sides last agreed on.
    pub base: Listing,
    /// The entries that a begun round brings into the folder.
    pub pending: Listing,
    /// The entries that a begun round brings to the directory.
    pub sent: Listing,
    /// The second files that rounds have put into the folder.
    pub placed: BTreeMap<RelativePath, Sha256Sum>,
    /// The directory in the version that is known, for a folder that is synced.
    pub there: Option<Listing>,
    /// The files that were read, with the fingerprints that they had.
    pub seen: BTreeMap<RelativePath, Seen>,
    /// The paths that were not there any more at a look, with its time in microseconds of the epoch.
    pub missing: BTreeMap<RelativePath, i64>,
    /// The sentences that were told already.
    pub told: BTreeSet<String>,
    /// The inode of the folder.
    pub inode: Option<u64>,
}

/// A file that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its fingerprint then.
    pub fingerprint: FullFingerprint,
    /// Its content.
    pub content: Content,
}

#[derive(Serialize, Deserialize)]
struct WrittenSeen {
    print: FullFingerprint,
    /// The content, where it is not the one that both sides last agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    form: u32,
    directory: Option<Directory>,
    version: Option<i64>,
    base: BTreeMap<String, Entry>,
    #[serde(default)]
    pending: BTreeMap<String, Entry>,
    #[serde(default)]
    placed: BTreeMap<String, Sha256Sum>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sent: BTreeMap<String, Entry>,
    /// The paths where the directory has something else than what both sides last agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apart: Option<BTreeMap<String, Option<Entry>>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    seen: BTreeMap<String, WrittenSeen>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    missing: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    told: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inode: Option<u64>,
}

/// A file, or without a checksum a folder.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256Sum>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    executable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Sha256Sum>,
}

impl State {
    /// Reads the state in its folder. A state that cannot be understood is none.
    pub fn read(own: &Root) -> io::Result<Self> {
        let written: Option<Written> =
            text_of(own, NAME, MAX_BYTES)?.and_then(|text| serde_json::from_slice(&text).ok());
        let written = written.filter(|written| written.form == FORM);
        Ok(written.map(Self::of).unwrap_or_default())
    }

    /// Writes the state beside the old one, and puts it in its place.
    pub fn write(&self, own: &Root) -> io::Result<()> {
        write_beside(own, NAME, &serde_json::to_vec(&self.written())?)
    }

    fn written(&self) -> Written {
        let seen = |(path, seen): (&RelativePath, &Seen)| {
            let is_base = self.base.get(path).and_then(Item::content) == Some(seen.content);
            let written = WrittenSeen {
                print: seen.fingerprint,
                content: (!is_base).then(|| entry(&Item::File(seen.content))),
            };
            (path.as_str().to_owned(), written)
        };
        Written {
            form: FORM,
            directory: self.directory.clone(),
            version: self.version,
            base: entries(&self.base),
            pending: entries(&self.pending),
            placed: named(&self.placed),
            sent: entries(&self.sent),
            apart: self.there.as_ref().map(|there| apart(&self.base, there)),
            seen: self.seen.iter().map(seen).collect(),
            missing: named(&self.missing),
            told: self.told.clone(),
            inode: self.inode,
        }
    }

    fn of(written: Written) -> Self {
        let base = listing(written.base);
        let there = written.apart.map(|apart| {
            let mut there = base.clone();
            for (path, entry) in apart {
                let Ok(path) = RelativePath::parse_stored(path) else {
                    continue;
                };
                match entry {
                    Some(entry) => there.insert(path, item(entry)),
                    None => there.remove(&path),
                };
            }
            there
        });
        let seen = written.seen.into_iter().filter_map(|(path, seen)| {
            let path = RelativePath::parse_stored(path).ok()?;
            let content = match seen.content {
                Some(entry) => item(entry).content(),
                None => base.get(&path).and_then(Item::content),
            };
            let seen = Seen {
                fingerprint: seen.print,
                content: content?,
            };
            Some((path, seen))
        });
        Self {
            seen: seen.collect(),
            directory: written.directory,
            version: written.version,
            pending: listing(written.pending),
            sent: listing(written.sent),
            placed: parsed(written.placed),
            missing: parsed(written.missing),
            told: written.told,
            inode: written.inode,
            there,
            base,
        }
    }
}

/// Returns the content of a file of a folder with states, if there is one.
pub fn text_of(own: &Root, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match own.file(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    file.take(most).read_to_end(&mut text)?;
    Ok(Some(text))
}

/// Writes a file of a folder with states beside the old one, and puts it in its place.
pub fn write_beside(own: &Root, name: &str, text: &[u8]) -> io::Result<()> {
    let beside = format!("{name}.new");
    let mut file = own.create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    own.replace(&beside, own, name)?;
    own.flush()
}

/// Returns the paths where both listings differ, with what the second has.
fn apart(base: &Listing, there: &Listing) -> BTreeMap<String, Option<Entry>> {
    let differs = there
        .iter()
        .filter(|(path, item)| base.get(path) != Some(item));
    let lacks = base.keys().filter(|path| !there.contains_key(path));
    differs
        .map(|(path, item)| (path.as_str().to_owned(), Some(entry(item))))
        .chain(lacks.map(|path| (path.as_str().to_owned(), None)))
        .collect()
}

fn named<T: Copy>(map: &BTreeMap<RelativePath, T>) -> BTreeMap<String, T> {
    map.iter()
        .map(|(path, value)| (path.as_str().to_owned(), *value))
        .collect()
}

fn parsed<T>(map: BTreeMap<String, T>) -> BTreeMap<RelativePath, T> {
    map.into_iter()
        .filter_map(|(text, value)| Some((RelativePath::parse_stored(text).ok()?, value)))
        .collect()
}

fn entry(item: &Item) -> Entry {
    let content = item.content();
    Entry {
        sha256: content.map(|content| content.sum),
        size: content.map(|content| content.size),
        executable: content.is_some_and(|content| content.executable),
        source: content.and_then(|content| content.source),
    }
}

fn item(entry: Entry) -> Item {
    match entry.sha256 {
        None => Item::Folder,
        Some(sum) => Item::File(Content {
            sum,
            size: entry.size.unwrap_or(0),
            executable: entry.executable,
            source: entry.source,
        }),
    }
}

fn entries(listing: &Listing) -> BTreeMap<String, Entry> {
    let all = listing.iter();
    all.map(|(path, item)| (path.as_str().to_owned(), entry(item)))
        .collect()
}

fn listing(entries: BTreeMap<String, Entry>) -> Listing {
    let all = entries.into_iter();
    all.filter_map(|(text, entry)| Some((RelativePath::parse_stored(text).ok()?, item(entry))))
        .collect()
}
