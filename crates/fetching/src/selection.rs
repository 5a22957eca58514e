//! The choice of the files of a commit that become files of a directory. The others are left out with a reason. Nothing here
//! does I/O.

use crate::failure::{Failure, quoted};
use crate::listing::{Entry, Kind};
use nbcourier_domain::{ObjectName, RelativePath};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The maximum number of links that lead to each other.
const HOPS: usize = 8;
/// The maximum length of the target of a link in bytes.
pub const LONGEST_TARGET: u64 = 4096;

/// A file that is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its path in the directory.
    pub path: RelativePath,
    /// The name of its bytes.
    pub object: ObjectName,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it can be executed.
    pub executable: bool,
}

/// The files that are taken over, and sentences about the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The files by path.
    pub files: Vec<Selected>,
    /// A sentence for each entry that is left out, other than those that are excluded.
    pub left_out: Vec<String>,
}

/// Selects among the entries of a commit. `excluded` says which paths are not wanted, and `target` reads where a link leads.
pub fn select(
    entries: &[Entry],
    folder: Option<&RelativePath>,
    excluded: impl Fn(&str) -> bool,
    mut target: impl FnMut(&Entry) -> Result<Vec<u8>, Failure>,
) -> Result<Selection, Failure> {
    let mut left_out = Vec::new();
    let mut files: BTreeMap<String, Selected> = BTreeMap::new();
    let mut links: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for entry in entries {
        let Some(path) = below(&entry.path, folder) else {
            continue;
        };
        let shown = quoted(&String::from_utf8_lossy(path));
        let mut leave_out = |why: &str| left_out.push(format!("{shown}: {why}"));
        let Some(path) = std::str::from_utf8(path).ok() else {
            leave_out("its name is not UTF-8");
            continue;
        };
        if excluded(path) {
            continue;
        }
        let Ok(path) = RelativePath::parse(path) else {
            leave_out("its path could leave a folder, or is too long or too deep");
            continue;
        };
        if path.as_str().split('/').any(is_git) {
            leave_out("its path names the data of a repository");
            continue;
        }
        if path.as_str().chars().any(char::is_control) {
            leave_out("its name has control characters");
            continue;
        }
        match entry.kind {
            Kind::Submodule => leave_out("it is a submodule, which is not followed"),
            Kind::Link if entry.size > LONGEST_TARGET => {
                leave_out("it is a link to a path that is too long");
            }
            Kind::Link => {
                links.insert(path.as_str().to_owned(), target(entry)?);
            }
            Kind::File { executable } => {
                let selected = Selected {
                    object: entry.object.clone(),
                    size: entry.size,
                    executable,
                    path: path.clone(),
                };
                files.insert(path.as_str().to_owned(), selected);
            }
        }
    }
    follow(&mut files, &links, &mut left_out);
    part_look_alikes(&mut files, &mut left_out);
    Ok(Selection {
        files: files.into_values().collect(),
        left_out,
    })
}

/// Returns the path below the folder.
fn below<'a>(path: &'a [u8], folder: Option<&RelativePath>) -> Option<&'a [u8]> {
    let Some(folder) = folder else {
        return Some(path);
    };
    path.strip_prefix(folder.as_str().as_bytes())?
        .strip_prefix(b"/")
}

/// Whether a file system could take the name for `.git`, by the rules of git's `is_hfs_dotgit` and `is_ntfs_dotgit`.
fn is_git(name: &str) -> bool {
    let is_ignored = |letter: &char| matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let plain: String = name.chars().filter(|letter| !is_ignored(letter)).collect();
    let plain = plain.split(':').next().unwrap_or_default();
    let plain = plain.trim_end_matches(['.', ' ']).to_lowercase();
    plain == ".git" || plain == "git~1"
}

/// Gives links the bytes of the files that they lead to.
fn follow(
    files: &mut BTreeMap<String, Selected>,
    links: &BTreeMap<String, Vec<u8>>,
    left_out: &mut Vec<String>,
) {
    let mut added = Vec::new();
    for link in links.keys() {
        let mut place = link.clone();
        let mut hops = 0;
        let found = loop {
            if let Some(file) = files.get(&place) {
                break Some(file);
            }
            let next = links.get(&place).filter(|_| hops < HOPS);
            let Some(next) = next.and_then(|target| resolve(&place, target)) else {
                break None;
            };
            place = next;
            hops += 1;
        };
        match found.zip(RelativePath::parse(link.as_str()).ok()) {
            Some((file, path)) => added.push(Selected {
                path,
                ..file.clone()
            }),
            None => left_out.push(format!(
                "{}: it is a link that does not lead to a file of the material",
                quoted(link)
            )),
        }
    }
    let added = added.into_iter();
    files.extend(added.map(|file| (file.path.as_str().to_owned(), file)));
}

/// Returns the path that a link at `place` leads to, if it stays inside of the tree.
fn resolve(place: &str, target: &[u8]) -> Option<String> {
    let target = std::str::from_utf8(target).ok()?;
    if target.is_empty() || target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = place.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    RelativePath::parse(path.as_str()).is_ok().then_some(path)
}

/// Leaves out files whose names some file systems take for those of others. The first one stays.
fn part_look_alikes(files: &mut BTreeMap<String, Selected>, left_out: &mut Vec<String>) {
    let mut known: HashMap<String, String> = HashMap::new();
    let mut folders: HashSet<String> = HashSet::new();
    let mut clashes: Vec<(String, String)> = Vec::new();
    for path in files.keys() {
        let folded = path.to_lowercase();
        let above: Vec<String> = folded
            .match_indices('/')
            .map(|(at, _)| folded[..at].to_owned())
            .collect();
        let other = known
            .get(&folded)
            .or_else(|| above.iter().find_map(|folder| known.get(folder)));
        if let Some(other) = other {
            clashes.push((path.clone(), other.clone()));
        } else if folders.contains(&folded) {
            clashes.push((path.clone(), format!("{path}/")));
        } else {
            known.insert(folded, path.clone());
            folders.extend(above);
        }
    }
    for (path, other) in clashes {
        files.remove(&path);
        left_out.push(format!(
            "{}: some computers cannot tell its name from that of {}",
            quoted(&path),
            quoted(&other)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry {
            path: path.as_bytes().to_owned(),
            kind,
            object: ObjectName::parse(&"a".repeat(40)).unwrap(),
            size: 3,
        }
    }

    fn file(path: &str) -> Entry {
        entry(path, Kind::File { executable: false })
    }

    fn selected(entries: &[Entry], links: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let target = |entry: &Entry| {
            let found = links.iter().find(|(link, _)| link.as_bytes() == entry.path);
            Ok(found.unwrap().1.as_bytes().to_owned())
        };
        let selection = select(entries, None, |path| path == "no", target).unwrap();
        let paths = selection
            .files
            .iter()
            .map(|file| file.path.as_str().to_owned());
        (paths.collect(), selection.left_out)
    }

    #[test]
    fn files_of_the_folder_are_taken_without_its_name() {
        let folder = RelativePath::parse("unit").unwrap();
        let entries = [
            file("unit/a"),
            file("unit2/b"),
            file("unit/deep/c"),
            file("unit"),
        ];
        let found = select(&entries, Some(&folder), |_| false, |_| unreachable!()).unwrap();
        let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a", "deep/c"]);
    }

    #[test]
    fn names_that_are_dangerous_somewhere_are_left_out_with_the_reason() {
        let names = [
            ".git/config",
            "a/.GIT/hooks/pre-commit",
            ".git",
            "git~1/config",
            ".git./x",
            ".g\u{200c}it/x",
            ".git::$INDEX_ALLOCATION/x",
            "../up",
            "a/../b",
            "/etc/passwd",
            "a\\b",
            "C:x",
            "a//b",
            "a\u{1b}[2Jb",
        ];
        for name in names {
            let (paths, left_out) = selected(&[file(name), file("fine"), file("no")], &[]);
            assert_eq!(paths, ["fine"], "{name}");
            assert_eq!(left_out.len(), 1, "{name}");
            assert!(!left_out[0].contains('\u{1b}'));
        }
        let (paths, left_out) = selected(&[file(".gitignore"), file("a.git"), file("git/x")], &[]);
        assert_eq!((paths.len(), left_out.len()), (3, 0));
        let odd = Entry {
            path: vec![b'a', 0xff],
            ..file("x")
        };
        assert_eq!(
            selected(&[odd], &[]).1,
            ["a\u{fffd}: its name is not UTF-8"]
        );
        let sub = entry("sub", Kind::Submodule);
        assert_eq!(
            selected(&[sub], &[]).1,
            ["sub: it is a submodule, which is not followed"]
        );
    }

    #[test]
    fn a_link_to_a_file_inside_has_its_bytes_and_others_are_left_out() {
        let link = |path| entry(path, Kind::Link);
        let entries = [
            file("a/b"),
            file("no"),
            link("a/l"),
            link("a/m"),
            link("n"),
            link("out"),
            link("abs"),
            link("loop"),
            link("dir"),
            link("hidden"),
        ];
        let (paths, left_out) = selected(
            &entries,
            &[
                ("a/l", "b"),
                ("a/m", "../n"),
                ("n", "./a/b"),
                ("out", "../../etc/passwd"),
                ("abs", "/etc/passwd"),
                ("loop", "loop"),
                ("dir", "a"),
                ("hidden", "no"),
            ],
        );
        assert_eq!(paths, ["a/b", "a/l", "a/m", "n"]);
        assert_eq!(left_out.len(), 5);
        assert!(
            left_out.iter().all(|line| line.contains("link")),
            "{left_out:?}"
        );
    }

    #[test]
    fn of_names_that_look_alike_the_first_stays() {
        let (paths, left_out) = selected(
            &[
                file("Read.me"),
                file("read.me"),
                file("A"),
                file("a/x"),
                file("B/x"),
                file("b/X"),
                file("b/y"),
                file("C/x"),
                file("c"),
            ],
            &[],
        );
        assert_eq!(paths, ["A", "B/x", "C/x", "Read.me", "b/y"]);
        assert_eq!(left_out.len(), 4, "{left_out:?}");
        assert!(
            left_out
                .iter()
                .any(|line| line.contains("read.me") && line.contains("Read.me"))
        );
    }
}
