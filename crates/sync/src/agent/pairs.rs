//! The list of the folders that are kept equal with directories. It is in the home.

use crate::folder::{Lock, Locked, OWN, Root, own_of, text_of, write_beside};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "pairs.json";
const LOCK: &str = "pairs.lock";
/// The form that this program writes.
const FORM: u32 = 1;
/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Written {
    form: u32,
    folders: Vec<PathBuf>,
}

/// The list of folders.
#[derive(Debug)]
pub struct Pairs {
    own: Root,
}

impl Pairs {
    /// Opens the list in a home.
    pub fn open(home: &Path) -> io::Result<Self> {
        Ok(Self {
            own: Root::open(home)?.make_folder(OWN)?,
        })
    }

    /// Returns the folders in a home, without making anything there.
    pub fn of(home: &Path) -> io::Result<Vec<PathBuf>> {
        match own_of(home) {
            Ok(own) => read(&own),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds a folder.
    pub fn add(&self, folder: &Path) -> io::Result<()> {
        self.change(|folders| {
            if !folders.iter().any(|known| known == folder) {
                folders.push(folder.to_owned());
            }
        })
    }

    /// Removes a folder.
    pub fn remove(&self, folder: &Path) -> io::Result<()> {
        self.change(|folders| folders.retain(|known| known != folder))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<PathBuf>)) -> io::Result<()> {
        let _lock = match Lock::named(&self.own, LOCK)? {
            Locked::Ours(lock) => lock,
            Locked::By(holder) => {
                return Err(io::Error::other(format!(
                    "another program changes the list of pairs at the moment ({holder}). Try again"
                )));
            }
        };
        let mut folders = read(&self.own)?;
        change(&mut folders);
        let written = Written {
            form: FORM,
            folders,
        };
        write_beside(&self.own, NAME, &serde_json::to_vec_pretty(&written)?)
    }
}

fn read(own: &Root) -> io::Result<Vec<PathBuf>> {
    let Some(text) = text_of(own, NAME, MAX_BYTES)? else {
        return Ok(Vec::new());
    };
    let written: Option<Written> = serde_json::from_slice(&text).ok();
    let written = written.filter(|written| written.form == FORM);
    let written = written.ok_or_else(|| {
        io::Error::other(format!(
            "{} cannot be understood. Remove it, and add the folders again",
            own.path().join(NAME).display()
        ))
    })?;
    Ok(written.folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_once_and_a_damaged_list_is_no_empty_one() {
        let home = tempfile::tempdir().unwrap();
        assert!(Pairs::of(home.path()).unwrap().is_empty());
        assert!(!home.path().join(OWN).exists());
        let pairs = Pairs::open(home.path()).unwrap();
        for folder in ["/a", "/b", "/a"] {
            pairs.add(Path::new(folder)).unwrap();
        }
        pairs.remove(Path::new("/b")).unwrap();
        assert_eq!(Pairs::of(home.path()).unwrap(), [Path::new("/a")]);
        std::fs::write(home.path().join(OWN).join(NAME), "{").unwrap();
        assert!(Pairs::of(home.path()).is_err() && pairs.add(Path::new("/c")).is_err());
    }
}
