//! The files below a directory.

use super::super::place::{Kind, Place};
use super::super::source::{Finding, SourceTree, illegal};
use super::super::{Error, Result};
use nbcourier_domain::RelativePath;
use std::io;

/// Whether the files of a tree must belong to the account that its directory belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// One person handed them in: what belongs to somebody else was put there by a hard link or a rename.
    ByOne,
    /// Several may have worked on them.
    ByAnybody,
}

/// The files below a directory, sorted, less those at its top that are named. What is neither file nor directory is left
/// out: a link may point to what its maker could not read.
pub fn below(directory: &Place, without: &[&str], whose: Owned) -> SourceTree {
    let mut tree = SourceTree::default();
    let unreadable = |what: String, error: &io::Error| {
        Finding::new(what, format!("is a directory that cannot be read: {error}"))
    };
    // Held, so that the length of the path above counts for nothing.
    let top = match directory.hold() {
        Ok(top) => top,
        Err(error) => {
            tree.damage.push(unreadable("all of it".to_owned(), &error));
            return tree;
        }
    };
    let owner = match whose {
        // Not knowing whose it is would let the files of every account through.
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
    let mut found: Vec<(String, Place)> = Vec::new();
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
                let says = "has a name that is not UTF-8; it is left out, the rest comes over";
                tree.left_out.push(Finding::new(format!("{shown:?}"), says));
                continue;
            };
            let path = format!("{prefix}{name}");
            if without.contains(&path.as_str()) {
                continue;
            }
            match entry.kind {
                // No file below a directory has a legal path unless the directory has one.
                Kind::Directory if RelativePath::parse(path.as_str()).is_err() => {
                    tree.left_out.push(illegal(format!("{path:?}")));
                }
                Kind::Directory => pending.push((directory.join(name), format!("{path}/"))),
                Kind::File => found.push((path, directory.join(name))),
                Kind::Link | Kind::Other => {
                    let says = "is a link, or another thing that is no file; it is left out, the rest comes over";
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

/// What is in a directory, sorted by name: the name, where it is UTF-8, what messages call it, and what it is.
pub fn entries(directory: &Place) -> Result<Vec<(Option<String>, String, Kind)>> {
    let entries = directory
        .entries()
        .map_err(|error| Error::Unreadable(directory.path(), error))?;
    let named = entries.into_iter().map(|entry| {
        let shown = format!("{:?}", entry.name.to_string_lossy());
        (entry.name.into_string().ok(), shown, entry.kind)
    });
    Ok(named.collect())
}
