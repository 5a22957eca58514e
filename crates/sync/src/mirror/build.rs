//! The folder of a version: unchanged files are hard links to the version before, and the others were received.

use super::access::{OPEN, set_mode};
use super::fetch::{Fetched, Key, Old, key};
use super::manifest::{Files, Made};
use crate::folder::{Incoming, Root, has_no_links, parts};
use crate::item::{Content, Item, Listing};
use crate::pull::copy_of;
use crate::words::{is_race, is_unfit};
use nbcourier_domain::{RelativePath, Sha256Sum};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

/// The mode of a file, and that of one that can be executed.
const MODES: (u32, u32) = (0o444, 0o555);

/// A version that was made.
#[derive(Debug, Default)]
pub struct Built {
    pub files: Files,
    /// The number of files that are shared with the old version.
    pub linked: usize,
    /// The paths that the file system cannot have.
    pub left_out: Vec<String>,
}

/// The making of a version in an empty folder that nobody else can enter.
pub struct Build<'a> {
    pub part: &'a Root,
    pub old: Option<&'a Old>,
    pub fetched: &'a Fetched,
    pub incoming: &'a mut Incoming,
    /// The paths in the new version where contents are.
    placed: BTreeMap<Key, RelativePath>,
    /// How many files are still to be made of a received content.
    uses: BTreeMap<Sha256Sum, usize>,
    built: Built,
}

impl<'a> Build<'a> {
    pub fn new(
        part: &'a Root,
        old: Option<&'a Old>,
        fetched: &'a Fetched,
        incoming: &'a mut Incoming,
    ) -> Self {
        Self {
            part,
            old,
            fetched,
            incoming,
            placed: BTreeMap::new(),
            uses: BTreeMap::new(),
            built: Built::default(),
        }
    }

    /// Makes everything in a listing durable in the folder.
    pub fn run(mut self, listing: &Listing) -> io::Result<Built> {
        let mut keys: Vec<Key> = listing
            .values()
            .filter_map(Item::content)
            .map(key)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            if !self.fetched.shared.contains_key(&key) {
                *self.uses.entry(key.0).or_default() += 1;
            }
        }
        let mut folders = Vec::new();
        for (path, item) in listing {
            if path.directories().any(|above| self.is_left_out(above)) {
                continue;
            }
            let made = match item.content() {
                Some(content) => self.place(path, content),
                None => self
                    .part
                    .make_folder(path.as_str())
                    .map(|_| folders.push(path)),
            };
            match made {
                Err(error) if is_unfit(&error) || is_race(&error) => {
                    self.built.left_out.push(path.as_str().to_owned());
                }
                made => made?,
            }
        }
        for folder in folders.into_iter().rev() {
            let folder = self.part.folder(folder.as_str())?;
            set_mode(&folder, OPEN)?;
            folder.flush()?;
        }
        self.part.flush()?;
        Ok(self.built)
    }

    fn is_left_out(&self, path: &str) -> bool {
        self.built.left_out.iter().any(|left| left == path)
    }

    /// Puts a file at a path: a file that is here already, or a file that was received.
    fn place(&mut self, path: &RelativePath, content: Content) -> io::Result<()> {
        let (above, name) = parts(path.as_str());
        let folder = self.part.folder(above)?;
        let key = key(content);
        let shared = self.fetched.shared.get(&key);
        let from = match (self.placed.get(&key), shared, self.old) {
            (Some(placed), ..) => Some((self.part, placed)),
            (None, Some(shared), Some(old)) => Some((&old.folder, shared)),
            _ => None,
        };
        let is_linked = match from {
            Some((root, from)) => {
                let is_linked = link(root, from, &folder, name)?;
                if !is_linked && !copy_of(root, from, content, self.incoming) {
                    return Err(io::Error::other("it can neither be linked nor copied"));
                }
                is_linked
            }
            None => false,
        };
        if !is_linked {
            self.take(content, from.is_some(), &folder, name)?;
        }
        if let Some(found) = folder.fingerprint(name)? {
            self.built
                .files
                .insert(path.clone(), Made::of(content, &found));
        }
        self.built.linked += usize::from(shared.is_some());
        self.placed.insert(key, path.clone());
        Ok(())
    }

    /// Moves a received content to its place. A copy that was made only for this path is moved, too.
    fn take(
        &mut self,
        content: Content,
        is_copy: bool,
        folder: &Root,
        name: &str,
    ) -> io::Result<()> {
        let left = self.uses.entry(content.sum).or_default();
        if !is_copy {
            *left = left.saturating_sub(1);
        }
        let is_last = *left == 0;
        let (from, own) = self.incoming.take(content, is_last)?;
        let mode = if content.executable { MODES.1 } else { MODES.0 };
        let file = from.file(&own)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        from.rename(&own, folder, name)
    }
}

/// Gives a file a second name. Returns false if the file system cannot.
fn link(root: &Root, path: &RelativePath, to: &Root, name: &str) -> io::Result<bool> {
    let (above, own) = parts(path.as_str());
    match root.folder(above)?.link(own, to, name) {
        Ok(()) => Ok(true),
        Err(error) if has_no_links(error) || error == Errno::XDEV => Ok(false),
        Err(error) => Err(error.into()),
    }
}
