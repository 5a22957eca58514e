//! Files on their way into a folder: received, checked and flushed before anything is replaced.

use super::executable::set_mode;
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
use std::thread;

/// The name of the folder.
const NAME: &str = "incoming";
/// The end of the names of files that are not flushed.
const PART: &str = ".part";

/// The maximum number of flushes at once.
const FLUSHES: usize = 8;

/// The received files of a folder.
#[derive(Debug)]
pub struct Incoming {
    root: Root,
    /// The contents that are there whole.
    there: BTreeSet<Sha256Sum>,
    /// The contents of them that are not flushed. Until they are, their files have another name.
    unflushed: BTreeSet<Sha256Sum>,
}

impl Incoming {
    /// Opens the folder of received files. Contents that an interrupted round left there whole are used again.
    pub fn open(own: &Root) -> io::Result<Self> {
        let mut opened = Self {
            root: own.make_folder(NAME)?,
            there: BTreeSet::new(),
            unflushed: BTreeSet::new(),
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(opened.root.fd())? {
            names.extend(entry?.file_name().to_str().map(str::to_owned));
        }
        names.retain(|name| !matches!(name.as_str(), "." | ".."));
        for name in names {
            match opened.whole(&name) {
                Some(sum) if opened.there.insert(sum) => {
                    if name.ends_with(PART) {
                        opened.unflushed.insert(sum);
                    }
                }
                // Half of a file, or something else that was left.
                _ => drop(opened.root.remove(&name)),
            }
        }
        Ok(opened)
    }

    /// Returns the content after which a file is named, if the file has it.
    fn whole(&self, name: &str) -> Option<Sha256Sum> {
        let sum = Sha256Sum::parse(name.strip_suffix(PART).unwrap_or(name))?;
        let found = read(self.root.file(name).ok()?, "", false);
        found.is_ok_and(|found| found.sum == sum).then_some(sum)
    }

    /// Whether a content is there.
    pub fn has(&self, sum: Sha256Sum) -> bool {
        self.there.contains(&sum)
    }

    /// Begins to receive a content.
    pub fn begin(&self, sum: Sha256Sum) -> io::Result<File> {
        self.root.create(&part(sum))
    }

    /// Checks a received content. Returns it with its source sum, if a notebook has that name.
    pub fn finish(&mut self, sum: Sha256Sum, mut file: File, name: &str) -> io::Result<Content> {
        file.flush()?;
        set_mode(&file, mode_of(false))?;
        let content = read(self.root.file(&part(sum))?, name, false)?;
        if content.sum != sum {
            self.give_up(sum);
            return Err(io::Error::other("its bytes changed on the way"));
        }
        self.there.insert(sum);
        self.unflushed.insert(sum);
        Ok(content)
    }

    /// Flushes all received contents. [`Self::take`] flushes a content otherwise. A disk takes many flushes at once in little
    /// more time than one.
    pub fn flush(&mut self) -> io::Result<()> {
        let waiting: Vec<_> = self.unflushed.iter().copied().collect();
        let root = &self.root;
        let flush = |sum: &Sha256Sum| root.file(&part(*sum))?.sync_all();
        let share = waiting.len().div_ceil(FLUSHES).max(1);
        thread::scope(|scope| {
            let workers: Vec<_> = waiting
                .chunks(share)
                .map(|share| scope.spawn(|| share.iter().try_for_each(flush)))
                .collect();
            workers.into_iter().try_for_each(|worker| {
                let ended = worker.join();
                ended.unwrap_or_else(|_| Err(io::Error::other("a flush ended early")))
            })
        })?;
        for sum in waiting {
            root.replace(&part(sum), root, &sum.to_string())?;
            self.unflushed.remove(&sum);
        }
        Ok(())
    }

    /// Removes what was received of a content.
    pub fn give_up(&self, sum: Sha256Sum) {
        // It is removed at the next start otherwise.
        let _ = self.root.remove(&part(sum));
    }

    /// Returns the name of the file with a content.
    fn name(&self, sum: Sha256Sum) -> String {
        if self.unflushed.contains(&sum) {
            part(sum)
        } else {
            sum.to_string()
        }
    }

    /// Returns a content that is there, with its source sum.
    pub fn content(&self, sum: Sha256Sum, name: &str) -> io::Result<Content> {
        read(self.root.file(&self.name(sum))?, name, false)
    }

    /// Returns a file of its own with the content, and its name in the folder of received files. The last one that
    /// needs the content gets the file itself.
    pub fn take(&mut self, content: Content, is_last: bool) -> io::Result<(&Root, String)> {
        let name = self.name(content.sum);
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
        let is_flushed = is_last && !self.unflushed.remove(&content.sum);
        let is_ready = is_flushed && file.metadata()?.permissions().mode() & 0o777 == mode;
        if !is_ready {
            set_mode(&file, mode)?;
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
        let kept = wanted.intersection(&self.there);
        let kept: BTreeSet<_> = kept.map(|sum| self.name(*sum)).collect();
        left.retain(|name| !kept.contains(name));
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

/// Returns the name of the file with a content until it is flushed.
fn part(sum: Sha256Sum) -> String {
    format!("{sum}{PART}")
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
