//! Files on their way into a folder: received, checked and flushed before anything is replaced.

use super::place::Root;
use super::removal::entries;
use super::scan::read;
use crate::item::Content;
use nbcourier_domain::Sha256Sum;
use rustix::fs::Dir;
use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;

/// The name of the folder.
const NAME: &str = "incoming";

/// The received files of a folder.
#[derive(Debug)]
pub struct Incoming {
    root: Root,
    /// The contents that are there whole.
    there: BTreeSet<Sha256Sum>,
}

impl Incoming {
    /// Opens the folder of received files. What an interrupted round left there whole is used again.
    pub fn open(own: &Root) -> io::Result<Self> {
        let root = own.make_folder(NAME)?;
        let mut there = BTreeSet::new();
        for entry in Dir::read_from(root.fd())? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if matches!(name, "." | "..") {
                continue;
            }
            let sum = Sha256Sum::parse(name);
            let is_whole = sum.is_some_and(|sum| {
                let found = root.file(name).and_then(|file| read(file, "", false));
                found.is_ok_and(|found| found.sum == sum)
            });
            match sum.filter(|_| is_whole) {
                Some(sum) => {
                    there.insert(sum);
                }
                // Half of a file, or something else that was left.
                None => drop(root.remove(name)),
            }
        }
        Ok(Self { root, there })
    }

    /// Whether a content is there.
    pub fn has(&self, sum: Sha256Sum) -> bool {
        self.there.contains(&sum)
    }

    /// Begins to receive a content.
    pub fn begin(&self, sum: Sha256Sum) -> io::Result<File> {
        self.root.create(&format!("{sum}.part"))
    }

    /// Checks and flushes a received content. Returns it with its source sum, if a notebook has that name.
    pub fn finish(&mut self, sum: Sha256Sum, mut file: File, name: &str) -> io::Result<Content> {
        file.flush()?;
        file.set_permissions(ready())?;
        file.sync_all()?;
        let part = format!("{sum}.part");
        let content = read(self.root.file(&part)?, name, false)?;
        if content.sum != sum {
            self.give_up(sum);
            return Err(io::Error::other("its bytes changed on the way"));
        }
        self.root.replace(&part, &self.root, &sum.to_string())?;
        self.there.insert(sum);
        Ok(content)
    }

    /// Removes what was received of a content.
    pub fn give_up(&self, sum: Sha256Sum) {
        // It is removed at the next start otherwise.
        let _ = self.root.remove(&format!("{sum}.part"));
    }

    /// Returns a content that is there, with its source sum.
    pub fn content(&self, sum: Sha256Sum, name: &str) -> io::Result<Content> {
        read(self.root.file(&sum.to_string())?, name, false)
    }

    /// Returns a file of its own with the content, and its name in the folder of received files. The last one that
    /// needs the content gets the file itself.
    pub fn take(&mut self, content: Content, is_last: bool) -> io::Result<(&Root, String)> {
        let name = content.sum.to_string();
        let mut own = name.clone();
        let file = if is_last {
            self.there.remove(&content.sum);
            self.root.file(&own)?
        } else {
            own.push_str(".copy");
            let mut copy = self.root.create(&own)?;
            io::copy(&mut self.root.file(&name)?, &mut copy)?;
            copy
        };
        let mode = mode_of(content.executable);
        let is_ready = is_last && file.metadata()?.permissions().mode() & 0o777 == mode;
        if !is_ready {
            file.set_permissions(Permissions::from_mode(mode))?;
            file.sync_all()?;
        }
        Ok((&self.root, own))
    }

    /// Removes what is left.
    pub fn clear(self) {
        self.clear_but(&BTreeSet::new());
    }

    /// Removes all files except these contents.
    pub fn clear_but(self, wanted: &BTreeSet<Sha256Sum>) {
        let mut left = Vec::new();
        entries(&self.root, "", |_, name| left.push(name.to_owned()));
        left.retain(|name| Sha256Sum::parse(name).is_none_or(|sum| !wanted.contains(&sum)));
        for name in left {
            let _ = self.root.remove(&name);
        }
    }

    /// Whether an interrupted round has left files.
    pub fn is_any(own: &Root) -> bool {
        let mut is_any = false;
        entries(own, NAME, |_, _| is_any = true);
        is_any
    }
}

/// Returns the permissions of a file in its place that nobody executes.
pub fn ready() -> Permissions {
    Permissions::from_mode(mode_of(false))
}

/// Returns the mode of a file in its place.
fn mode_of(executable: bool) -> u32 {
    let mode = if executable { 0o777 } else { 0o666 };
    mode & !umask()
}

/// Returns the umask of the process. It can only be read by setting it.
fn umask() -> u32 {
    let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    rustix::process::umask(mask);
    mask.as_raw_mode()
}
