//! File systems that do not keep which files can be executed, such as those of memory sticks and of some network drives:
//! there, all files can be executed, or none.

use super::place::Root;
use super::scan::is_executable;
use crate::item::{Item, Listing};
use nbcourier_domain::Sha256Sum;
use rustix::fs::fstat;
use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;

/// The name of the file that finds it out.
const PROBE: &str = "probe";

/// Whether the file system of a folder keeps which files can be executed. It makes a file there to find out.
pub fn keeps_executable(own: &Root) -> io::Result<bool> {
    let file = own.create(PROBE)?;
    let is_kept = |executable: bool| -> io::Result<bool> {
        set_mode(&file, if executable { 0o700 } else { 0o600 })?;
        Ok(is_executable(&fstat(&file)?) == executable)
    };
    let found = is_kept(true).and_then(|first| Ok(first && is_kept(false)?));
    own.remove(PROBE)?;
    found
}

/// Sets the mode of a file of ours, where the file system has modes.
pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    match file.set_permissions(Permissions::from_mode(mode)) {
        // Some file systems refuse what they cannot keep.
        Err(error) if is_without_modes(&error) => Ok(()),
        result => result,
    }
}

fn is_without_modes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    )
}

/// Takes from others which of the files found can be executed: from what both sides last agreed on, or else from the
/// directory. A file that has another name by now is known by its content.
pub fn take_over(found: &mut Listing, base: &Listing, there: &Listing) {
    let contents = || base.values().filter_map(Item::content);
    let all: BTreeSet<Sha256Sum> = contents()
        .filter(|content| content.executable)
        .map(|content| content.sum)
        .collect();
    for (path, item) in found {
        if let Item::File(content) = item {
            let known = base.get(path).or_else(|| there.get(path));
            content.executable = match known.and_then(Item::content) {
                Some(known) => known.executable,
                None => all.contains(&content.sum),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Content;
    use nbcourier_domain::RelativePath;

    fn listing(files: &[(&str, u8, bool)]) -> Listing {
        let file = |(path, letter, executable): &(&str, u8, bool)| {
            let content = Content {
                sum: Sha256Sum([*letter; 32]),
                size: 1,
                executable: *executable,
                source: None,
            };
            (RelativePath::parse(*path).unwrap(), Item::File(content))
        };
        files.iter().map(file).collect()
    }

    #[test]
    fn the_file_system_of_the_tests_keeps_it_and_has_no_file_of_ours_afterwards() {
        let place = tempfile::tempdir().unwrap();
        let own = Root::open(place.path()).unwrap();
        assert!(keeps_executable(&own).unwrap());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn files_are_as_executable_as_they_were_and_as_the_directory_has_new_ones() {
        let base = listing(&[("note", 1, false), ("run.sh", 2, true), ("old.sh", 3, true)]);
        let there = listing(&[("note", 1, true), ("tool", 4, true), ("text", 5, false)]);
        for is_shown in [true, false] {
            let mut found = listing(&[
                ("note", 1, is_shown),
                // It was changed.
                ("run.sh", 6, is_shown),
                // It was renamed.
                ("new.sh", 3, is_shown),
                ("tool", 4, is_shown),
                ("text", 5, is_shown),
                ("own", 7, is_shown),
            ]);
            take_over(&mut found, &base, &there);
            let expected = listing(&[
                ("note", 1, false),
                ("run.sh", 6, true),
                ("new.sh", 3, true),
                ("tool", 4, true),
                ("text", 5, false),
                ("own", 7, false),
            ]);
            assert_eq!(found, expected);
        }
    }
}
