//! Many contents of a version in one request: the archive of its files.
//!
//! It only saves requests. All that an archive does not bring whole is received file by file afterwards, with the sentences
//! about single files.

use super::download::Download;
use super::folder::{Incoming, is_ignored};
use super::item::{Content, Item, Listing};
use super::plan::Plan;
use nbcourier_codec::{TarDecoder, TarError, TarEvent};
use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write as _};

/// The number of contents from which on an archive is worth it.
const MANY: usize = 16;
/// The bytes of an archive for each entry beside the contents: headers, long names and padding.
const AROUND: u64 = 4096;

/// The version whose contents are received.
pub struct Bundle<'a> {
    pub from: Download<'a>,
    /// All files of the version.
    pub listing: &'a Listing,
    /// Whether the work is to end now.
    pub is_ending: &'a dyn Fn() -> bool,
    /// Is told the number of bytes that came of wanted contents.
    pub progress: &'a dyn Fn(u64),
}

/// The contents that are wanted, by their paths.
pub type Wanted = BTreeMap<RelativePath, Content>;

/// Returns the contents that a plan needs and that neither the folder nor the received files have, each of them once.
pub fn wanted(plan: &Plan, is_here: impl Fn(&Sha256Sum) -> bool, incoming: &Incoming) -> Wanted {
    let (mut wanted, mut sums) = (Wanted::new(), BTreeSet::new());
    for step in &plan.steps {
        if let Some(content) = step.incoming()
            && !is_here(&content.sum)
            && !incoming.has(content.sum)
            && sums.insert(content.sum)
        {
            wanted.insert(step.path().clone(), content);
        }
    }
    wanted
}

impl Bundle<'_> {
    /// Receives the wanted contents, if there are many and if they are most of what their folder has. Fails if the disk does.
    pub async fn receive(&self, wanted: &Wanted, incoming: &mut Incoming) -> io::Result<()> {
        let folder = common_folder(wanted.keys());
        let Some(longest) = self.longest(wanted, folder) else {
            return Ok(());
        };
        let mut unpacking = Unpacking {
            bundle: self,
            wanted,
            incoming,
            current: None,
            left: longest,
            failure: None,
        };
        let mut decoder = TarDecoder::new();
        let take = |bytes: &[u8]| unpacking.take(&mut decoder, bytes);
        // Single requests say what is wrong.
        let Download {
            exchange,
            address,
            version,
        } = self.from;
        let _ = exchange
            .directory_files(address, version, folder, take)
            .await;
        unpacking.end()
    }

    /// Returns the maximum length of the archive of a folder, or nothing if single requests are better.
    fn longest(&self, wanted: &Wanted, folder: &str) -> Option<u64> {
        if wanted.len() < MANY {
            return None;
        }
        let (mut all, mut around) = (0_u64, 0_u64);
        for (path, item) in self.listing {
            if is_below(path, folder) {
                let size = item.content().map_or(0, |content| content.size);
                all = all.saturating_add(size);
                around = around.saturating_add(AROUND);
            }
        }
        let sizes = wanted.values().map(|content| content.size);
        let needed = sizes.fold(0_u64, u64::saturating_add);
        let is_most = needed >= all / 2;
        // Ignored files come along, and nothing lists them here.
        is_most.then(|| all.saturating_add(around).saturating_mul(2))
    }
}

/// The files of an archive on their way to the received contents.
struct Unpacking<'a> {
    bundle: &'a Bundle<'a>,
    wanted: &'a Wanted,
    incoming: &'a mut Incoming,
    /// The content that is being received, with its path.
    current: Option<(RelativePath, Sha256Sum, File)>,
    /// The bytes that may still come.
    left: u64,
    /// The failure of the disk.
    failure: Option<io::Error>,
}

/// The reason to stop reading an archive.
struct Stop(Option<io::Error>);

impl From<TarError> for Stop {
    fn from(_: TarError) -> Self {
        Self(None)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self(Some(error))
    }
}

impl Unpacking<'_> {
    fn take(&mut self, decoder: &mut TarDecoder, bytes: &[u8]) -> io::Result<()> {
        let stopped = match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => {
                self.left = left;
                decoder.feed(bytes, &mut |event| self.note(&event))
            }
            None => Err(Stop(None)),
        };
        stopped.map_err(|Stop(failure)| {
            self.failure = failure;
            io::Error::other("the archive is not read further")
        })
    }

    fn note(&mut self, event: &TarEvent<'_>) -> Result<(), Stop> {
        match event {
            TarEvent::Begin(path, size) => {
                if (self.bundle.is_ending)() {
                    return Err(Stop(None));
                }
                let listed = self.bundle.listing.get(*path).and_then(Item::content);
                let is_listed = listed.is_some_and(|content| content.size == *size);
                if !is_listed && !is_ignored(path.as_str()) {
                    return Err(Stop(None));
                }
                let content = self.wanted.get(*path).filter(|_| is_listed);
                if let Some(content) = content.filter(|content| !self.incoming.has(content.sum)) {
                    let file = self.incoming.begin(content.sum)?;
                    self.current = Some(((*path).clone(), content.sum, file));
                }
            }
            TarEvent::Content(bytes) => {
                if let Some((_, _, file)) = &mut self.current {
                    file.write_all(bytes)?;
                    (self.bundle.progress)(bytes.len() as u64);
                }
            }
            TarEvent::End => {
                if let Some((path, sum, file)) = self.current.take() {
                    let finished = self.incoming.finish(sum, file, path.as_str());
                    finished.map_err(|error| match error.kind() {
                        // Its bytes are others. The single request says so.
                        io::ErrorKind::Other => Stop(None),
                        _ => Stop(Some(error)),
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Gives up the content that did not come whole.
    fn end(self) -> io::Result<()> {
        if let Some((_, sum, _)) = self.current {
            self.incoming.give_up(sum);
        }
        self.failure.map_or(Ok(()), Err)
    }
}

/// Returns the deepest folder that has all files, or an empty text.
fn common_folder<'a>(mut paths: impl Iterator<Item = &'a RelativePath>) -> &'a str {
    let above = |path: &'a str| path.rsplit_once('/').map_or("", |(above, _)| above);
    let mut common = paths.next().map_or("", |path| above(path.as_str()));
    for path in paths {
        while !is_below(path, common) {
            common = above(common);
        }
    }
    common
}

/// Whether a path is below a folder. The empty text is the folder of all.
fn is_below(path: &RelativePath, folder: &str) -> bool {
    let rest = path.as_str().strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_folder_is_the_deepest_one() {
        for (paths, folder) in [
            (&["a"][..], ""),
            (&["a/b/1", "a/b/2"], "a/b"),
            (&["a/b/1", "a/c/2"], "a"),
            (&["a/b/1", "ab/2"], ""),
            (&["a/b/1", "a/bc/1"], "a"),
            (&["a/1", "a/b/c/2"], "a"),
        ] {
            let paths: Vec<_> = paths
                .iter()
                .map(|path| RelativePath::parse(*path).expect("a path"))
                .collect();
            assert_eq!(common_folder(paths.iter()), folder, "{paths:?}");
        }
    }
}
