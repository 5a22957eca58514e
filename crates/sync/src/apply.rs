//! Carries out the steps of a round in a folder. Each step replaces a file whole, or does nothing.

use super::decide::Mode;
use super::folder::{
    Fingerprint, FullFingerprint, Incoming, Kept, Root, Scan, Seen, State, is_junk, parts,
};
use super::item::{Content, Item, Listing};
use super::names::{Beside, numbered};
use super::plan::{Plan, Step};
use super::report::{Report, Second};
use super::words::{is_race, is_unfit, reason, renamed};
use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The tools for the steps of a round.
pub struct Apply<'a> {
    pub root: &'a Root,
    pub kept: &'a Kept,
    pub incoming: &'a mut Incoming,
    pub scan: &'a Scan,
    pub day: &'a str,
    pub report: &'a mut Report,
    pub mode: Mode,
    /// The directory.
    pub there: &'a Listing,
    /// The reason for the name of what somebody wrote at the same moment.
    pub aside: Beside<'a>,
    /// What comes next, in words.
    pub next: &'static str,
    /// The paths that the file system cannot have. Without the list, they are failures.
    pub unfit: Option<&'a mut Vec<RelativePath>>,
}

/// The state of an apply: how often contents are still needed, and the folders that were changed.
#[derive(Default)]
struct Progress {
    uses: BTreeMap<Sha256Sum, usize>,
    touched: BTreeSet<String>,
    failures: usize,
}

impl Progress {
    /// Counts a use of a content. Returns whether it was the last one.
    fn used(&mut self, sum: Sha256Sum) -> bool {
        let left = self.uses.entry(sum).or_default();
        *left = left.saturating_sub(1);
        *left == 0
    }
}

impl Apply<'_> {
    /// Carries out the plan, and notes in the state what both sides agree on. Returns whether everything was done.
    pub fn run(mut self, plan: &Plan, state: &mut State) -> bool {
        let mut progress = Progress::default();
        for content in plan.steps.iter().filter_map(Step::incoming) {
            *progress.uses.entry(content.sum).or_default() += 1;
        }
        for step in &plan.steps {
            if let Err(error) = self.step(step, state, &mut progress) {
                let path = step.path();
                if let Some(unfit) = &mut self.unfit
                    && is_unfit(&error)
                {
                    unfit.push(path.clone());
                    continue;
                }
                progress.failures += 1;
                self.report.failures.push(if is_race(&error) {
                    format!(
                        "{path} was changed at this moment, so it waits for {}",
                        self.next
                    )
                } else {
                    format!("{path} could not be changed: {}", reason(&error))
                });
            }
        }
        self.report.renamed = renamed(plan);
        self.flush(progress)
    }

    /// Makes the names in the changed folders and those of the kept files durable. Returns whether everything was done.
    fn flush(&mut self, mut progress: Progress) -> bool {
        let folders = progress.touched.iter().map(|folder| {
            // A state that says more than the disk has after a power cut would take an old file for the owner's own.
            self.root.folder(folder).and_then(|folder| folder.flush())
        });
        for flushed in std::iter::once(self.kept.flush()).chain(folders) {
            if let Err(error) = flushed
                && error.kind() != io::ErrorKind::NotFound
            {
                progress.failures += 1;
                self.report.failures.push(reason(&error));
            }
        }
        progress.failures == 0
    }

    fn step(&mut self, step: &Step, state: &mut State, progress: &mut Progress) -> io::Result<()> {
        match step {
            Step::Note { path, item } => note(state, path, *item),
            Step::Blocked { path } => self.report.blocked.push(path.as_str().to_owned()),
            Step::Rename {
                from,
                to,
                content,
                replaces,
            } => {
                let (folder, name) = self.place(from, progress)?;
                if replaces.is_some() {
                    self.rename_over(from, to, &folder, state)?;
                } else {
                    folder.rename(name, &folder, parts(to.as_str()).1)?;
                }
                let put = self.scan.fingerprints.get(from);
                saw(state, &folder, to, put, *content);
                self.report.mine.push(Second {
                    path: from.as_str().to_owned(),
                    beside: to.as_str().to_owned(),
                });
            }
            Step::RemoveHere { path, item } => {
                let is_gone = self.remove(path, item, progress)?;
                if is_gone && (self.mode == Mode::Pull || !self.there.contains_key(path)) {
                    note(state, path, None);
                }
            }
            Step::Receive { path, item, .. } => {
                match item {
                    Item::File(content) => self.receive(path, *content, progress, state)?,
                    _ => drop(self.root.make_folder(path.as_str())?),
                }
                note(state, path, Some(*item));
            }
            Step::Beside {
                path,
                to,
                content,
                replaces,
            } => {
                if *replaces == Some(*content) {
                    // An interrupted round has put it there.
                    progress.used(content.sum);
                } else {
                    self.receive(to, *content, progress, state)?;
                }
                self.report.beside.push(Second {
                    path: path.as_str().to_owned(),
                    beside: to.as_str().to_owned(),
                });
                if self.mode == Mode::Pull {
                    note(state, path, Some(Item::File(*content)));
                }
            }
            // These change nothing here.
            Step::RemoveThere { .. } | Step::Send { .. } => {}
        }
        Ok(())
    }

    /// Opens the folder of a path, and returns the path's name in it.
    fn place<'p>(
        &self,
        path: &'p RelativePath,
        progress: &mut Progress,
    ) -> io::Result<(Root, &'p str)> {
        let (above, name) = parts(path.as_str());
        progress.touched.insert(above.to_owned());
        Ok((self.root.folder(above)?, name))
    }

    /// Moves a file out of the folder, or removes an empty folder. Returns whether it is gone.
    fn remove(
        &mut self,
        path: &RelativePath,
        item: &Item,
        progress: &mut Progress,
    ) -> io::Result<bool> {
        let (folder, name) = match self.place(path, progress) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            place => place?,
        };
        if *item == Item::Folder {
            // Ignored files may be in it. It stays then, and is the owner's.
            let is_gone = folder.remove_folder(name)?;
            return Ok(is_gone || self.mode == Mode::Pull || self.keep_junk(path, &folder)?);
        }
        let slot = self.kept.slot(path)?;
        match folder.rename(name, &slot.0, &slot.1) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            moved => moved?,
        }
        if self.is_as_seen(path, &slot)? {
            self.report.removed += 1;
            self.report.kept.push(path.as_str().to_owned());
            return Ok(true);
        }
        // Somebody has written it in between, so it is theirs.
        slot.0.rename(&slot.1, &folder, name)?;
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Moves a folder aside that has nothing but what programs make again by themselves. Returns whether it did.
    fn keep_junk(&self, path: &RelativePath, folder: &Root) -> io::Result<bool> {
        let name = parts(path.as_str()).1;
        if !is_junk(&folder.folder(name)?)? {
            return Ok(false);
        }
        let slot = self.kept.slot(path)?;
        folder.rename(name, &slot.0, &slot.1)?;
        Ok(true)
    }

    /// Gives a file the name of an older copy, which is kept aside.
    fn rename_over(
        &self,
        from: &RelativePath,
        to: &RelativePath,
        folder: &Root,
        state: &mut State,
    ) -> io::Result<()> {
        let (name, new) = (parts(from.as_str()).1, parts(to.as_str()).1);
        let slot = self.kept.slot(to)?;
        if folder.exchange(name, folder, new)? {
            // The old copy has the name of the file now.
            let found = folder.fingerprint(name)?;
            if found.as_ref() != self.scan.fingerprints.get(to) {
                folder.exchange(name, folder, new)?;
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            folder.rename(name, &slot.0, &slot.1)?;
        } else {
            let is_linked = folder.give_second_name(new, &slot.0, &slot.1)?;
            if !self.is_as_seen(to, &slot)? {
                if !is_linked {
                    slot.0.rename(&slot.1, folder, new)?;
                }
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            if is_linked {
                folder.replace(name, folder, new)?;
            } else {
                folder.rename(name, folder, new)?;
            }
        }
        state.seen.remove(to);
        Ok(())
    }

    /// Whether a file that was moved aside is the one that the scan saw.
    fn is_as_seen(&self, path: &RelativePath, slot: &(Root, String)) -> io::Result<bool> {
        let seen: Option<&Fingerprint> = self.scan.fingerprints.get(path);
        Ok(slot.0.fingerprint(&slot.1)?.as_ref() == seen)
    }

    /// Puts a received file into its place. The one that is there is kept aside.
    fn receive(
        &mut self,
        path: &RelativePath,
        content: Content,
        progress: &mut Progress,
        state: &mut State,
    ) -> io::Result<()> {
        let (above, name) = parts(path.as_str());
        let folder = self.root.make_folder(above)?;
        progress.touched.insert(above.to_owned());
        let is_last = progress.used(content.sum);
        let is_in_the_way = folder.stat(name)?.is_some();
        let was_seen = self.scan.fingerprints.contains_key(path);
        if is_in_the_way && !was_seen {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let slot = if is_in_the_way {
            Some(self.kept.slot(path)?)
        } else {
            None
        };
        let (from, own) = self.incoming.take(content, is_last)?;
        let put = from.fingerprint(&own)?;
        let Some(slot) = slot else {
            from.rename(&own, &folder, name)?;
            self.report.received += 1;
            saw(state, &folder, path, put.as_ref(), content);
            return Ok(());
        };
        // The new file goes to the place of the kept one first. Then both change places in one step, so a kill leaves
        // either of them there, and none in between.
        from.rename(&own, &slot.0, &slot.1)?;
        match folder.exchange(name, &slot.0, &slot.1) {
            Ok(true) => {}
            Ok(false) => {
                self.replace(path, &folder, name, &slot)?;
                saw(state, &folder, path, put.as_ref(), content);
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                slot.0.rename(&slot.1, &folder, name)?;
                self.report.received += 1;
                saw(state, &folder, path, put.as_ref(), content);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.report.received += 1;
        saw(state, &folder, path, put.as_ref(), content);
        self.look_at_the_replaced(path, &folder, &slot)
    }

    /// Does the same on file systems that cannot exchange: the old file gets a second name first. Where there are no second
    /// names, it goes away first. If a kill leaves no file there, the next round receives the new one.
    fn replace(
        &mut self,
        path: &RelativePath,
        folder: &Root,
        name: &str,
        slot: &(Root, String),
    ) -> io::Result<()> {
        let second = self.kept.slot(path)?;
        if folder.give_second_name(name, &second.0, &second.1)? {
            slot.0.replace(&slot.1, folder, name)?;
        } else {
            slot.0.rename(&slot.1, folder, name)?;
        }
        self.report.received += 1;
        self.look_at_the_replaced(path, folder, &second)
    }

    /// Notes a file that was replaced. If it is not the one that the scan saw, somebody has written it in between, and
    /// it comes back under another name.
    fn look_at_the_replaced(
        &mut self,
        path: &RelativePath,
        folder: &Root,
        slot: &(Root, String),
    ) -> io::Result<()> {
        if self.is_as_seen(path, slot)? {
            self.report.kept.push(path.as_str().to_owned());
            return Ok(());
        }
        for number in 1..1000 {
            let Some(beside) = numbered(path, self.aside, self.day, number) else {
                continue;
            };
            match slot.0.rename(&slot.1, folder, parts(beside.as_str()).1) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                moved => {
                    moved?;
                    self.report.mine.push(Second {
                        path: path.as_str().to_owned(),
                        beside: beside.as_str().to_owned(),
                    });
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Notes the content of a file that was put into its place, if it is still the one that was put there.
fn saw(
    state: &mut State,
    folder: &Root,
    path: &RelativePath,
    put: Option<&Fingerprint>,
    content: Content,
) {
    if state.there.is_none() {
        // A delivered folder is scanned without fingerprints.
        return;
    }
    let found = folder.stat(parts(path.as_str()).1).ok().flatten();
    let found = found.as_ref().map(FullFingerprint::of);
    let found = found.filter(|found| put == Some(&found.file));
    if let Some(fingerprint) = found {
        let seen = Seen {
            fingerprint,
            content,
        };
        state.seen.insert(path.clone(), seen);
    } else {
        state.seen.remove(path);
    }
}

fn note(state: &mut State, path: &RelativePath, item: Option<Item>) {
    match item {
        Some(item) => state.base.insert(path.clone(), item),
        None => state.base.remove(path),
    };
}
