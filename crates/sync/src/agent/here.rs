//! The folder's side: a look that reads a file only if its fingerprint is another than noted.

use super::held::{AllHeld, Held};
use super::progress::Meter;
use crate::folder::{
    FullFingerprint, Look, OwnRules, Root, Scan, Seen, is_executable, is_forbidden, read, scan_with,
};
use crate::item::Item;
use nbcourier_domain::RelativePath;
use rustix::fs::Stat;
use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime};

/// The state of a pair before the agent looks at its folder.
pub struct Before<'a> {
    /// The names that are ignored.
    pub rules: &'a OwnRules,
    /// The files that were read, with the fingerprints that they had.
    pub seen: &'a BTreeMap<RelativePath, Seen>,
    /// The time for which a file must be left alone before it is read.
    pub settle: Duration,
    /// The maximum size of a file, in bytes.
    pub max_file: u64,
    /// Is told how many bytes were read.
    pub meter: &'a Meter<'a>,
}

/// The folder, as it was found.
#[derive(Debug)]
pub struct Here {
    /// The entries.
    pub scan: Scan,
    /// The files that were read now or earlier.
    pub seen: BTreeMap<RelativePath, Seen>,
    /// The entries that a round does not touch.
    pub held: AllHeld,
}

/// Looks at a folder.
pub fn look(root: &Root, before: &Before<'_>) -> io::Result<Here> {
    let mut careful = Careful {
        before,
        seen: BTreeMap::new(),
        held: AllHeld::default(),
    };
    let scan = scan_with(root, &mut careful)?;
    Ok(Here {
        scan,
        seen: careful.seen,
        held: careful.held,
    })
}

struct Careful<'a> {
    before: &'a Before<'a>,
    seen: BTreeMap<RelativePath, Seen>,
    held: AllHeld,
}

impl Careful<'_> {
    fn hold(&mut self, path: &RelativePath, why: Held) -> Item {
        self.held.hold(path, why);
        Item::Other
    }
}

impl Look for Careful<'_> {
    fn is_ignored(&self, path: &str, is_folder: bool) -> bool {
        self.before.rules.is_ignored(path, is_folder)
    }

    fn file(
        &mut self,
        folder: &Root,
        name: &str,
        path: &RelativePath,
        stat: &Stat,
    ) -> io::Result<Item> {
        if !is_accepted(path) {
            return Ok(self.hold(path, Held::Unnamable));
        }
        let found = FullFingerprint::of(stat);
        let (size, most) = (found.file.size(), self.before.max_file);
        if size > most {
            return Ok(self.hold(path, Held::Large { size, most }));
        }
        if let Some(seen) = self.before.seen.get(path)
            && seen.fingerprint == found
        {
            self.seen.insert(path.clone(), *seen);
            return Ok(Item::File(seen.content));
        }
        if is_young(found.file.modified(), self.before.settle) {
            return Ok(self.hold(path, Held::BeingWritten));
        }
        let content = folder
            .file(name)
            .and_then(|file| read(file, name, is_executable(stat)));
        let content = match content {
            Ok(content) => content,
            Err(error) if is_forbidden(&error) => {
                let why = "it may not be read. Give yourself the right to read it";
                return Ok(self.hold(path, Held::Unusable(why.to_owned())));
            }
            // It is gone by now, or something else has its name.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(self.hold(path, Held::BeingWritten));
            }
            Err(error) => {
                let why = format!("it cannot be read ({error})");
                return Ok(self.hold(path, Held::Unusable(why)));
            }
        };
        self.before.meter.add(content.size);
        let after = folder.stat(name)?.as_ref().map(FullFingerprint::of);
        if after != Some(found) || content.size != size {
            return Ok(self.hold(path, Held::BeingWritten));
        }
        let seen = Seen {
            fingerprint: found,
            content,
        };
        self.seen.insert(path.clone(), seen);
        Ok(Item::File(content))
    }

    fn unnamable(&mut self, path: &str) {
        self.held.unnamable.push(path.to_owned());
    }

    fn odd(&mut self, path: &RelativePath) {
        self.held.hold(path, Held::Odd);
    }
}

/// Whether an exchange accepts a path as a new one.
pub fn is_accepted(path: &RelativePath) -> bool {
    let text = path.as_str();
    RelativePath::parse(text).is_ok() && !text.contains(char::is_control)
}

/// Whether a file was changed so lately that a further change could leave the same fingerprint. A time in the future, by a
/// clock elsewhere, says nothing.
fn is_young(modified: (i64, i64), settle: Duration) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| i128::try_from(now.as_nanos()).unwrap_or(i128::MAX));
    let (seconds, nanos) = modified;
    let modified = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let settle = i128::try_from(settle.as_nanos()).unwrap_or(i128::MAX);
    (now - modified).abs() < settle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::State;
    use std::fs::{self, File};

    fn looked(at: &std::path::Path, state: &State, settle: u64) -> Here {
        let root = Root::open(at).unwrap();
        let meter = Meter::new(&root, &|_| ());
        let before = Before {
            rules: &OwnRules::default(),
            seen: &state.seen,
            settle: Duration::from_secs(settle),
            max_file: 1000,
            meter: &meter,
        };
        look(&root, &before).unwrap()
    }

    fn age(at: &std::path::Path, seconds: u64) {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        let file = File::options().append(true).open(at).unwrap();
        file.set_modified(time).unwrap();
    }

    #[test]
    fn a_file_that_was_written_just_now_waits_and_one_of_the_future_does_not() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for name in ["new", "old", "future"] {
            fs::write(at(name), name).unwrap();
        }
        age(&at("old"), 60);
        let file = File::options().append(true).open(at("future")).unwrap();
        let ahead = SystemTime::now() + Duration::from_hours(365 * 24);
        file.set_modified(ahead).unwrap();
        let here = looked(place.path(), &State::default(), 30);
        let held: Vec<_> = here.held.paths.keys().map(RelativePath::as_str).collect();
        assert_eq!(held, ["new"]);
        assert_eq!(here.seen.len(), 2);
    }

    #[test]
    fn a_file_with_the_noted_fingerprint_is_not_read_again() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("a"), "a").unwrap();
        let mut state = State {
            seen: looked(place.path(), &State::default(), 0).seen,
            ..State::default()
        };
        // A content that nobody wrote shows that the note counts.
        let path = RelativePath::parse("a").unwrap();
        state.seen.get_mut(&path).unwrap().content.size = 77;
        let here = looked(place.path(), &state, 0);
        assert_eq!(here.scan.items[&path].content().unwrap().size, 77);
        fs::write(place.path().join("a"), "other").unwrap();
        let here = looked(place.path(), &state, 0);
        assert_eq!(here.scan.items[&path].content().unwrap().size, 5);
    }

    #[test]
    fn what_cannot_be_sent_is_held_and_the_rest_is_not() {
        use std::os::unix::ffi::OsStrExt as _;
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("large"), vec![0; 1001]).unwrap();
        fs::write(at("a\nb"), "").unwrap();
        fs::write(at("a\\b"), "").unwrap();
        fs::write(at("fine"), "").unwrap();
        std::os::unix::fs::symlink("fine", at("link")).unwrap();
        fs::write(place.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        let here = looked(place.path(), &State::default(), 0);
        let told = here.held.told(false);
        let mut paths: Vec<_> = told.iter().map(|it| it.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["a\nb", "a\\b", "large", "link", "\u{fffd}"]);
        assert_eq!(here.seen.len(), 1);
    }
}
