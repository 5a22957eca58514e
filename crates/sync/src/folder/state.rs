//! The state of a folder: what it and its directory last agreed on. Without it, all files are compared again, and none is
//! lost.

use super::place::Root;
use crate::item::{Content, Item, Listing};
use nbcourier_domain::{RelativePath, Sha256Sum};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};

const NAME: &str = "state.json";
const BESIDE: &str = "state.json.new";
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
    /// The version that the folder has whole.
    pub version: Option<i64>,
    /// The entries that both sides last agreed on.
    pub base: Listing,
    /// The entries that a begun round brings into the folder.
    pub pending: Listing,
    /// The second files that rounds have put into the folder.
    pub placed: BTreeMap<RelativePath, Sha256Sum>,
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
}

/// A file, or without a checksum a folder.
#[derive(Serialize, Deserialize)]
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
        let file = match own.file(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text)?;
        let written: Option<Written> = serde_json::from_slice(&text).ok();
        let written = written.filter(|written| written.form == FORM);
        Ok(written.map(Self::of).unwrap_or_default())
    }

    /// Writes the state beside the old one, and puts it in its place.
    pub fn write(&self, own: &Root) -> io::Result<()> {
        let written = Written {
            form: FORM,
            directory: self.directory.clone(),
            version: self.version,
            base: entries(&self.base),
            pending: entries(&self.pending),
            placed: self
                .placed
                .iter()
                .map(|(path, sum)| (path.as_str().to_owned(), *sum))
                .collect(),
        };
        let text = serde_json::to_vec(&written)?;
        let mut file = own.create(BESIDE)?;
        file.write_all(&text)?;
        file.sync_all()?;
        own.replace(BESIDE, own, NAME)?;
        own.flush()
    }

    fn of(written: Written) -> Self {
        let path = |text: String| RelativePath::parse_stored(text).ok();
        Self {
            directory: written.directory,
            version: written.version,
            base: listing(written.base),
            pending: listing(written.pending),
            placed: written
                .placed
                .into_iter()
                .filter_map(|(text, sum)| Some((path(text)?, sum)))
                .collect(),
        }
    }
}

fn entries(listing: &Listing) -> BTreeMap<String, Entry> {
    let entry = |item: &Item| {
        let content = item.content();
        Entry {
            sha256: content.map(|content| content.sum),
            size: content.map(|content| content.size),
            executable: content.is_some_and(|content| content.executable),
            source: content.and_then(|content| content.source),
        }
    };
    let all = listing.iter();
    all.map(|(path, item)| (path.as_str().to_owned(), entry(item)))
        .collect()
}

fn listing(entries: BTreeMap<String, Entry>) -> Listing {
    let item = |entry: Entry| match entry.sha256 {
        None => Item::Folder,
        Some(sum) => Item::File(Content {
            sum,
            size: entry.size.unwrap_or(0),
            executable: entry.executable,
            source: entry.source,
        }),
    };
    let all = entries.into_iter();
    all.filter_map(|(text, entry)| Some((RelativePath::parse_stored(text).ok()?, item(entry))))
        .collect()
}
