//! The receiving: the exchange sends the contents that no version here has. They are checked and flushed before a
//! folder is made of them.

use super::manifest::Files;
use super::{Failure, Step};
use crate::bundle::Bundle;
use crate::download::Download;
use crate::folder::{Incoming, Root, parts};
use crate::item::{Content, Listing};
use crate::pull::copy_of;
use nbcourier_client::{Client, DirectoryAddress};
use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The facts by which two paths can be the same file.
pub type Key = (Sha256Sum, bool);

/// Returns the key of a content.
pub fn key(content: Content) -> Key {
    (content.sum, content.executable)
}

/// A version that is here.
#[derive(Debug)]
pub struct Old {
    pub folder: Root,
    pub files: Files,
}

/// The version that is received.
pub struct Fetch<'a> {
    pub exchange: &'a Client,
    pub address: &'a DirectoryAddress,
    pub version: i64,
    pub old: Option<&'a Old>,
    pub progress: &'a dyn Fn(Step),
}

/// The contents that were received, and those that are here already.
#[derive(Debug, Default)]
pub struct Fetched {
    /// The files of the old version that the new one shares.
    pub shared: BTreeMap<Key, RelativePath>,
    pub received: usize,
    pub bytes: u64,
}

impl Fetch<'_> {
    /// Receives all contents that a listing needs and that are not here.
    pub async fn run(
        &self,
        listing: &Listing,
        incoming: &mut Incoming,
    ) -> Result<Fetched, Failure> {
        let mut wanted: BTreeMap<Key, (&RelativePath, Content)> = BTreeMap::new();
        for (path, item) in listing {
            if let Some(content) = item.content() {
                wanted.entry(key(content)).or_insert((path, content));
            }
        }
        let mut fetched = Fetched {
            shared: self.shared(&wanted),
            ..Fetched::default()
        };
        let (mut missing, mut sums) = (BTreeMap::new(), BTreeSet::new());
        for (key, (path, content)) in wanted {
            let is_here = fetched.shared.contains_key(&key)
                || incoming.has(content.sum)
                || self.copy(content, incoming);
            if !is_here && sums.insert(content.sum) {
                missing.insert(path, content);
            }
        }
        let sizes = missing.values().map(|content| content.size);
        (self.progress)(Step::Begin(sizes.fold(0, u64::saturating_add)));
        let wanted = missing.iter();
        let wanted = wanted.map(|(path, content)| ((*path).clone(), *content));
        Bundle {
            from: self.download(),
            listing,
            is_ending: &|| false,
            progress: &|bytes| (self.progress)(Step::Received(bytes)),
        }
        .receive(&wanted.collect(), incoming)
        .await?;
        for (path, content) in missing {
            if !incoming.has(content.sum) {
                self.receive(path, content, incoming).await?;
            }
            fetched.received += 1;
            fetched.bytes = fetched.bytes.saturating_add(content.size);
        }
        incoming.flush()?;
        Ok(fetched)
    }

    /// Returns the files of the old version that are still as the mirror made them.
    fn shared(
        &self,
        wanted: &BTreeMap<Key, (&RelativePath, Content)>,
    ) -> BTreeMap<Key, RelativePath> {
        let mut shared = BTreeMap::new();
        let Some(old) = self.old else {
            return shared;
        };
        for (path, made) in &old.files {
            let key = key(made.content);
            if !wanted.contains_key(&key) || shared.contains_key(&key) {
                continue;
            }
            let (above, name) = parts(path.as_str());
            let found = old.folder.folder(above).and_then(|it| it.fingerprint(name));
            if found.is_ok_and(|found| found.is_some_and(|found| made.is_still(&found))) {
                shared.insert(key, path.clone());
            }
        }
        shared
    }

    /// Copies a content that the old version has, if it can be read and has its checksum. Returns whether it did.
    fn copy(&self, content: Content, incoming: &mut Incoming) -> bool {
        let Some(old) = self.old else {
            return false;
        };
        let same = old
            .files
            .iter()
            .filter(|(_, made)| made.content.sum == content.sum);
        same.into_iter()
            .any(|(path, _)| copy_of(&old.folder, path, content, incoming))
    }

    async fn receive(
        &self,
        path: &RelativePath,
        content: Content,
        incoming: &mut Incoming,
    ) -> Result<(), Failure> {
        let download = self.download();
        let progress = |bytes| (self.progress)(Step::Received(bytes));
        let got = download.receive(path, content, "", incoming, &progress);
        match got.await? {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Other => Err(Failure::Sentence(format!(
                "{path} could not be received: {error}"
            ))),
            Err(error) => Err(error.into()),
        }
    }

    fn download(&self) -> Download<'_> {
        Download {
            exchange: self.exchange,
            address: self.address,
            version: self.version,
        }
    }
}
