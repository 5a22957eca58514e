//! Carries out the steps of a pull in a folder. Each step replaces a file whole, or does nothing.

use super::folder::{Fingerprint, Incoming, Kept, Root, Scan, State};
use super::item::{Content, Item};
use super::names::{Beside, numbered};
use super::plan::{Plan, Step};
use super::report::{Report, Second};
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
                progress.failures += 1;
                let path = step.path();
                self.report.failures.push(if is_race(&error) {
                    format!("{path} was changed at this moment, so it waits for the next pull")
                } else {
                    format!("{path} could not be changed: {}", reason(&error))
                });
            }
        }
        self.report.renamed = renamed(plan);
        for folder in &progress.touched {
            // A state that says more than the disk has after a power cut would take an old file for the owner's own.
            let flushed = self.root.folder(folder).and_then(|folder| folder.flush());
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
            Step::Rename { from, to, .. } => {
                let (folder, name) = self.place(from, progress)?;
                folder.rename(name, &folder, parts(to).1)?;
                self.report.mine.push(Second {
                    path: from.as_str().to_owned(),
                    beside: to.as_str().to_owned(),
                });
            }
            Step::RemoveHere { path, item } => {
                self.remove(path, item, progress)?;
                note(state, path, None);
            }
            Step::Receive { path, item, .. } => {
                match item {
                    Item::File(content) => self.receive(path, *content, progress)?,
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
                    self.receive(to, *content, progress)?;
                }
                self.report.beside.push(Second {
                    path: path.as_str().to_owned(),
                    beside: to.as_str().to_owned(),
                });
                note(state, path, Some(Item::File(*content)));
            }
            // A pull changes nothing there.
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
        let (above, name) = parts(path);
        progress.touched.insert(above.to_owned());
        Ok((self.root.folder(above)?, name))
    }

    /// Moves a file out of the folder, or removes an empty folder.
    fn remove(
        &mut self,
        path: &RelativePath,
        item: &Item,
        progress: &mut Progress,
    ) -> io::Result<()> {
        let (folder, name) = match self.place(path, progress) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            place => place?,
        };
        if *item == Item::Folder {
            // Ignored files may be in it. It stays then, and is the owner's.
            return folder.remove_folder(name).map(drop);
        }
        let slot = self.kept.slot(path)?;
        match folder.rename(name, &slot.0, &slot.1) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved?,
        }
        if self.is_as_seen(path, &slot)? {
            self.report.removed += 1;
            self.report.kept.push(path.as_str().to_owned());
            return Ok(());
        }
        // Somebody has written it in between, so it is theirs.
        slot.0.rename(&slot.1, &folder, name)?;
        Err(io::ErrorKind::AlreadyExists.into())
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
    ) -> io::Result<()> {
        let (above, name) = parts(path);
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
        let Some(slot) = slot else {
            from.rename(&own, &folder, name)?;
            self.report.received += 1;
            return Ok(());
        };
        // The new file goes to the place of the kept one first. Then both change places in one step, so a kill leaves
        // either of them there, and none in between.
        from.rename(&own, &slot.0, &slot.1)?;
        match folder.exchange(name, &slot.0, &slot.1) {
            Ok(true) => {}
            Ok(false) => return self.replace(path, &folder, name, &slot),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                slot.0.rename(&slot.1, &folder, name)?;
                self.report.received += 1;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.report.received += 1;
        self.look_at_the_replaced(path, &folder, &slot)
    }

    /// Does the same on file systems that cannot exchange: the old file gets a second name first.
    fn replace(
        &mut self,
        path: &RelativePath,
        folder: &Root,
        name: &str,
        slot: &(Root, String),
    ) -> io::Result<()> {
        let second = self.kept.slot(path)?;
        folder.link(name, &second.0, &second.1)?;
        slot.0.replace(&slot.1, folder, name)?;
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
            let Some(beside) = numbered(path, Beside::Mine, self.day, number) else {
                continue;
            };
            match slot.0.rename(&slot.1, folder, parts(&beside).1) {
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

fn parts(path: &RelativePath) -> (&str, &str) {
    path.as_str()
        .rsplit_once('/')
        .unwrap_or(("", path.as_str()))
}

fn note(state: &mut State, path: &RelativePath, item: Option<Item>) {
    match item {
        Some(item) => state.base.insert(path.clone(), item),
        None => state.base.remove(path),
    };
}

/// Whether somebody else changed the place at the same moment.
fn is_race(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
    )
}

/// Returns the reason of a failure in words.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => {
            "there is no space left on the disk. Remove what you do not need".to_owned()
        }
        io::ErrorKind::QuotaExceeded => {
            "your quota of disk space is used up. Remove what you do not need".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Returns the number of files that go under one name and come under another.
fn renamed(plan: &Plan) -> usize {
    let mut gone: BTreeMap<Sha256Sum, usize> = BTreeMap::new();
    for step in &plan.steps {
        if let Step::RemoveHere { item, .. } = step
            && let Some(content) = item.content()
        {
            *gone.entry(content.sum).or_default() += 1;
        }
    }
    let mut number = 0;
    for step in &plan.steps {
        if let Step::Receive {
            item,
            replaces: None,
            ..
        } = step
            && let Some(left) = item
                .content()
                .and_then(|content| gone.get_mut(&content.sum))
            && *left > 0
        {
            *left -= 1;
            number += 1;
        }
    }
    number
}
