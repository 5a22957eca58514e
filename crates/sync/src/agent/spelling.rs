//! The spelling of names on file systems that do not tell all of them apart: capital letters from small ones, or composed
//! from decomposed ones. The exchange tells all apart.

use crate::folder::{Root, Scan, parts};
use crate::item::Listing;
use nbcourier_domain::RelativePath;
use std::collections::BTreeMap;
use std::io;
use unicode_normalization::UnicodeNormalization as _;

/// The name of the file that finds it out, and two other spellings.
const PROBE: (&str, &str, &str) = ("Probe-\u{e9}", "probe-\u{e9}", "Probe-e\u{301}");

/// The spellings that a file system does not tell apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Folding {
    /// Capital and small letters are the same.
    pub case: bool,
    /// Composed and decomposed letters are the same.
    pub composition: bool,
}

/// The paths whose spelling was settled.
#[derive(Debug, Default)]
pub struct Settled {
    /// The paths of the directory that clash with an earlier one, which is the value. They stay there only.
    pub clashing: BTreeMap<RelativePath, RelativePath>,
    /// The paths of the folder whose capital letters are others in the directory, each with its path there. Folders come
    /// before their entries. A folder that keeps the old ones would be taken for renamed in the next round.
    pub respelled: Vec<(RelativePath, RelativePath)>,
}

impl Folding {
    /// Finds out how the file system of a folder is, by making a file there.
    pub fn of(own: &Root) -> io::Result<Self> {
        let (name, small, decomposed) = PROBE;
        drop(own.create(name)?);
        let is_there = |name| own.stat(name).map(|found| found.is_some());
        let found = is_there(small).and_then(|case| {
            Ok(Self {
                case,
                composition: is_there(decomposed)?,
            })
        });
        own.remove(name)?;
        found
    }

    /// Returns the text that all spellings of a path have in common.
    fn key(self, path: &str) -> String {
        let composed: String = if self.composition {
            path.nfc().collect()
        } else {
            path.to_owned()
        };
        if self.case {
            composed.to_lowercase()
        } else {
            composed
        }
    }

    /// Gives the entries of the folder and those that both sides agreed on the spelling of the directory.
    pub fn settle(self, scan: &mut Scan, base: &mut Listing, there: &Listing) -> Settled {
        let mut settled = Settled::default();
        if self == Self::default() {
            return settled;
        }
        // What both sides agreed on stays. The order of the other paths is that of the exchange.
        let mut first: BTreeMap<String, &RelativePath> = BTreeMap::new();
        let (known, new): (Vec<_>, Vec<_>) =
            there.keys().partition(|path| base.contains_key(*path));
        for path in known.into_iter().chain(new) {
            let known = *first.entry(self.key(path.as_str())).or_insert(path);
            if known != path {
                settled.clashing.insert(path.clone(), known.clone());
            }
        }
        let mut spelled = BTreeMap::new();
        for path in base.keys().filter(|path| !there.contains_key(*path)) {
            if let Some(other) = first.get(&self.key(path.as_str())) {
                spelled.insert(path.clone(), (*other).clone());
            }
        }
        let old: BTreeMap<String, RelativePath> = base
            .keys()
            .map(|path| (self.key(path.as_str()), path.clone()))
            .collect();
        let mut found = BTreeMap::new();
        for path in scan.items.keys() {
            let key = self.key(path.as_str());
            let of_directory = first.get(&key).copied();
            let Some(other) = of_directory.or_else(|| old.get(&key)) else {
                continue;
            };
            let is_of_other_case = self.is_of_other_case(path, other);
            // Somebody has renamed it here, if the capital letters were others before and are there.
            let is_renamed =
                base.contains_key(other) && !base.contains_key(path) && is_of_other_case;
            if other != path && !is_renamed {
                found.insert(path.clone(), other.clone());
                if of_directory.is_some() && is_of_other_case {
                    settled.respelled.push((path.clone(), other.clone()));
                }
            }
        }
        respell(base, &spelled);
        respell(&mut scan.items, &found);
        respell(&mut scan.fingerprints, &found);
        settled
    }

    /// Whether two spellings of a path differ in more than the composition of letters.
    fn is_of_other_case(self, one: &RelativePath, other: &RelativePath) -> bool {
        let only_composition = Self {
            case: false,
            ..self
        };
        only_composition.key(one.as_str()) != only_composition.key(other.as_str())
    }
}

/// Gives an entry of a folder another spelling. The folders above it have theirs already.
pub fn spell_as(root: &Root, path: &RelativePath, other: &RelativePath) -> io::Result<()> {
    let ((_, old), (folder, new)) = (parts(path.as_str()), parts(other.as_str()));
    if old == new {
        return Ok(());
    }
    let folder = root.folder(folder)?;
    folder.respell(old, new)?;
    folder.flush()
}

/// Moves the values of paths to other spellings.
fn respell<T>(map: &mut BTreeMap<RelativePath, T>, spelled: &BTreeMap<RelativePath, RelativePath>) {
    for (from, to) in spelled {
        if let Some(value) = map.remove(from) {
            map.entry(to.clone()).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{Content, Item};
    use nbcourier_domain::Sha256Sum;

    const BOTH: Folding = Folding {
        case: true,
        composition: true,
    };

    fn listing(paths: &[&str]) -> Listing {
        let item = Item::File(Content {
            sum: Sha256Sum([1; 32]),
            size: 1,
            executable: false,
            source: None,
        });
        let paths = paths.iter().map(|path| RelativePath::parse(*path).unwrap());
        paths.map(|path| (path, item)).collect()
    }

    fn paths(listing: &Listing) -> Vec<&str> {
        listing.keys().map(RelativePath::as_str).collect()
    }

    /// Settles what both sides agreed on, the folder and the directory. Returns the first two, and what clashes.
    fn settled(folding: Folding, base: &[&str], here: &[&str], there: &[&str]) -> [String; 3] {
        let (mut base, there) = (listing(base), listing(there));
        let mut scan = Scan {
            items: listing(here),
            ..Scan::default()
        };
        let settled = folding.settle(&mut scan, &mut base, &there);
        let clashing: Vec<_> = settled.clashing.keys().map(RelativePath::as_str).collect();
        [
            paths(&base).join(" "),
            paths(&scan.items).join(" "),
            clashing.join(" "),
        ]
    }

    #[test]
    fn a_file_system_that_tells_names_apart_has_them_as_they_are() {
        let place = tempfile::tempdir().unwrap();
        let folding = Folding::of(&Root::open(place.path()).unwrap()).unwrap();
        // Those of the machines that run these tests do.
        assert_eq!(folding, Folding::default());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
        let same = ["a A", "a", "A"].map(|it| it.split(' ').collect::<Vec<_>>());
        let found = settled(folding, &same[0], &same[1], &same[2]);
        assert_eq!(found, ["A a", "a", ""]);
    }

    #[test]
    fn an_entry_is_not_spelled_like_another_one() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        std::fs::create_dir(at("unit")).unwrap();
        std::fs::write(at("unit/a"), "1").unwrap();
        std::fs::write(at("unit/B"), "2").unwrap();
        std::fs::write(at("unit/b"), "3").unwrap();
        let root = Root::open(place.path()).unwrap();
        let spell = |from, to| {
            let [from, to] = [from, to].map(|path: &str| RelativePath::parse(path).unwrap());
            spell_as(&root, &from, &to).unwrap();
        };
        spell("Unit/a", "unit/A");
        spell("unit/b", "unit/B");
        let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
        assert_eq!(
            (read("unit/A"), read("unit/B"), read("unit/b")),
            ("1".into(), "2".into(), "3".into())
        );
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_file() {
        let (composed, decomposed) = ("caf\u{e9}.txt", "cafe\u{301}.txt");
        let folding = Folding {
            composition: true,
            case: false,
        };
        let found = settled(folding, &[composed], &[decomposed], &[composed]);
        assert_eq!(found, [composed, composed, ""]);
        // Also if the exchange has it from a machine of the other kind.
        let found = settled(folding, &[], &[composed], &[decomposed]);
        assert_eq!(found, ["", decomposed, ""]);
    }

    #[test]
    fn of_two_names_that_clash_the_first_is_written_and_the_other_stays_there() {
        let found = settled(BOTH, &["A.txt"], &["A.txt"], &["A.txt", "a.txt", "b"]);
        assert_eq!(found, ["A.txt", "A.txt", "a.txt"]);
        // The one that the folder has already stays, although it is the second in order.
        let found = settled(BOTH, &["a.txt"], &["a.txt"], &["A.txt", "a.txt"]);
        assert_eq!(found, ["a.txt", "a.txt", "A.txt"]);
        // Without capital letters, nothing clashes.
        let folding = Folding {
            case: false,
            ..BOTH
        };
        let found = settled(folding, &[], &[], &["A.txt", "a.txt"]);
        assert_eq!(found, ["", "", ""]);
    }

    #[test]
    fn capital_letters_of_the_directory_are_those_of_the_folder_afterwards() {
        let respelled = |base: &[&str], here: &[&str], there: &[&str]| {
            let mut scan = Scan {
                items: listing(here),
                ..Scan::default()
            };
            let settled = BOTH.settle(&mut scan, &mut listing(base), &listing(there));
            let pairs = settled.respelled.into_iter();
            let pairs = pairs.map(|(from, to)| format!("{from} to {to}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        let old = ["Unit", "Unit/A"];
        let found = respelled(&old, &old, &["unit", "unit/a"]);
        assert_eq!(found, "Unit to unit, Unit/A to unit/a");
        assert_eq!(respelled(&[], &["readme"], &["README"]), "readme to README");
        // A person has renamed it here, or only the composition of letters differs.
        assert_eq!(respelled(&["A"], &["a"], &["A"]), "");
        let (composed, decomposed) = ("caf\u{e9}.txt", "cafe\u{301}.txt");
        assert_eq!(respelled(&[composed], &[decomposed], &[composed]), "");
    }

    #[test]
    fn a_change_of_capital_letters_there_is_taken_over_and_one_here_is_a_renaming() {
        let found = settled(BOTH, &["Unit/A"], &["Unit/A"], &["unit/a"]);
        assert_eq!(found, ["unit/a", "unit/a", ""]);
        let found = settled(BOTH, &["Unit/A"], &["unit/a"], &["Unit/A"]);
        assert_eq!(found, ["Unit/A", "unit/a", ""]);
        // A new file here that the directory has, too, is that one.
        let found = settled(BOTH, &[], &["readme"], &["README"]);
        assert_eq!(found, ["", "README", ""]);
    }
}
