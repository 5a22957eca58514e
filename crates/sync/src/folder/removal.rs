//! The removal of folders with everything in them.

use super::place::{Root, kind};
use rustix::fs::{Dir, FileType};
use std::io;

/// Calls `each` for all entries in a folder, which is not a link.
pub fn entries(root: &Root, name: &str, mut each: impl FnMut(&Root, &str)) {
    let Ok(folder) = root.folder(name) else {
        return;
    };
    let Ok(found) = Dir::read_from(folder.fd()) else {
        return;
    };
    for entry in found.flatten() {
        if let Ok(name) = entry.file_name().to_str()
            && !matches!(name, "." | "..")
        {
            each(&folder, name);
        }
    }
}

/// Removes an entry with everything in it. No link is followed.
pub fn remove_all(root: &Root, name: &str) -> io::Result<()> {
    match root.stat(name)? {
        Some(found) if kind(&found) == FileType::Directory => {
            let mut result = Ok(());
            entries(root, name, |folder, name| {
                if let Err(error) = remove_all(folder, name) {
                    result = Err(error);
                }
            });
            result?;
            root.remove_folder(name).map(drop)
        }
        Some(_) => root.remove(name),
        None => Ok(()),
    }
}
