//! Lists the files below a directory.

use super::super::source::{Finding, SourceTree, illegal};
use super::super::source_path::{Kind, SourcePath};
use super::super::{Error, Result};
use nbcourier_domain::RelativePath;
use std::io;

/// Whether the files of a tree must belong to the owner of its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// One person submitted them. A file of another account got there by a hard link or a rename.
    ByOne,
    /// Several people may have worked on them.
    ByAnybody,
}

/// Returns the files below a directory, sorted, without the files at its top that `without` names. Entries that are
/// neither files nor directories are left out: a link may point to a file that its creator could not read.
pub fn below(directory: &SourcePath, without: &[&str], whose: Owned) -> SourceTree {
    let mut tree = SourceTree::default();
    let unreadable = |what: String, error: &io::Error| {
        Finding::new(what, format!("is a directory that cannot be read: {error}"))
    };
    // The directory is held open, so that the length of the path above it does not count.
    let top = match directory.hold() {
        Ok(top) => top,
        Err(error) => {
            tree.damage.push(unreadable("all of it".to_owned(), &error));
            return tree;
        }
    };
    let owner = match whose {
        // Without a known owner, files of every account would be accepted.
        Owned::ByOne => match top.owner() {
            Ok(owner) => Some(owner),
            Err(error) => {
                tree.damage.push(unreadable("all of it".to_owned(), &error));
                return tree;
            }
        },
        Owned::ByAnybody => None,
    };
    let mut pending = vec![(top.place(), String::new())];
    let mut found: Vec<(String, SourcePath)> = Vec::new();
    while let Some((directory, prefix)) = pending.pop() {
        let entries = match directory.entries() {
            Ok(entries) => entries,
            Err(error) => {
                tree.damage.push(unreadable(format!("{prefix:?}"), &error));
                continue;
            }
        };
        for entry in entries {
            let Some(name) = entry.name.to_str() else {
                let shown = format!("{prefix}{}", entry.name.to_string_lossy());
                let says = "has a name that is not UTF-8; it is left out, and the rest is imported";
                tree.left_out.push(Finding::new(format!("{shown:?}"), says));
                continue;
            };
            let path = format!("{prefix}{name}");
            if without.contains(&path.as_str()) {
                continue;
            }
            match entry.kind {
                // If the path of a directory is illegal, the paths of all files below it are illegal.
                Kind::Directory if RelativePath::parse(path.as_str()).is_err() => {
                    tree.left_out.push(illegal(format!("{path:?}")));
                }
                Kind::Directory => pending.push((directory.join(name), format!("{path}/"))),
                Kind::File => found.push((path, directory.join(name))),
                Kind::Link | Kind::Other => {
                    let says = "is a link or something else that is not a file; it is left out, and the rest is \
                                imported";
                    tree.left_out.push(Finding::new(format!("{path:?}"), says));
                }
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    for (path, place) in found {
        tree.add(&path, place, None, None);
    }
    for file in &mut tree.files {
        file.owner = owner;
    }
    tree
}

/// Returns the entries of a directory, sorted by name: the name if it is UTF-8, the name for messages, and the kind.
pub fn entries(directory: &SourcePath) -> Result<Vec<(Option<String>, String, Kind)>> {
    let entries = directory
        .entries()
        .map_err(|error| Error::Unreadable(directory.path(), error))?;
    let named = entries.into_iter().map(|entry| {
        let shown = format!("{:?}", entry.name.to_string_lossy());
        (entry.name.into_string().ok(), shown, entry.kind)
    });
    Ok(named.collect())
}
