//! The files below a directory.

use super::super::{Error, Result, SourceTree};
use std::fs;
use std::path::{Path, PathBuf};

/// The files below a directory, sorted, less those at its top that are named. What is neither file nor directory is
/// damage: a link may point to what its maker could not read.
pub fn below(directory: &Path, without: &[&str]) -> Result<SourceTree> {
    let mut tree = SourceTree::default();
    let mut pending = vec![(directory.to_owned(), String::new())];
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    while let Some((directory, prefix)) = pending.pop() {
        for (name, place) in entries(&directory)? {
            let Some(name) = name else {
                let says = format!("the name of {} is not UTF-8", place.display());
                tree.damage.push(says);
                continue;
            };
            let path = format!("{prefix}{name}");
            if without.contains(&path.as_str()) {
                continue;
            }
            let kind = fs::symlink_metadata(&place)
                .map_err(|error| Error::Unreadable(place.clone(), error))?
                .file_type();
            if kind.is_dir() {
                pending.push((place, format!("{path}/")));
            } else if kind.is_file() {
                found.push((path, place));
            } else {
                let says = format!("{path:?} is a link, or another thing that is no file");
                tree.damage.push(says);
            }
        }
    }
    found.sort();
    for (path, place) in found {
        tree.add(&path, place, None, None);
    }
    Ok(tree)
}

/// What is in a directory, sorted by name: the name, where it is UTF-8, and the place.
pub fn entries(directory: &Path) -> Result<Vec<(Option<String>, PathBuf)>> {
    let unreadable = |error| Error::Unreadable(directory.to_owned(), error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        found.push((entry.file_name().into_string().ok(), entry.path()));
    }
    found.sort();
    Ok(found)
}

/// Whether there is a directory, and no link to one.
pub fn is_directory(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|found| found.is_dir())
}
