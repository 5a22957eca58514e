//! A round: what has changed there, a look at the folder, the verdicts, the guard, and the steps on both sides.

use super::folder_steps::apply;
use super::found::Found;
use super::held::Held;
use super::here::{Before, Here, look};
use super::holding::{AllRefused, Holding, finish, keep_pending, planned};
use super::notebooks::{self, OpenNotebooks};
use super::opened::{Opened, open};
use super::pair::Pair;
use super::progress::{Meter, Progress, Work};
use super::question::asked;
use super::receive::Receiving;
use super::report::{Outcome, Report};
use super::send::Sending;
use super::spelling::{Folding, spell_as};
use super::there;
use super::trouble::Trouble;
use crate::decide::Mode;
use crate::folder::{
    Incoming, Lock, Locked, OWN, OwnRules, Root, State, keeps_executable, take_over,
};
use crate::item::Item;
use crate::plan::{Plan, Step};
use crate::resume::Pending;
use crate::structure::in_shape;
use nbcourier_client::{Client, DirectoryAddress};
use nbcourier_domain::{RelativePath, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use super::there::News;

/// The maximum number of operations in a batch.
pub const BATCH: usize = 500;

/// The times for which changes must last before they count.
#[derive(Debug, Clone, Copy)]
pub struct Spans {
    /// For files that were written.
    pub settle: Duration,
    /// For removals here, from one look to another.
    pub agree: Duration,
}

impl Default for Spans {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(2),
            agree: Duration::from_secs(10),
        }
    }
}

/// The abilities of the file system of a folder.
#[derive(Debug, Clone, Copy)]
struct FileSystem {
    /// The spellings that it does not tell apart.
    folding: Folding,
    /// Whether it keeps which files can be executed.
    keeps_executable: bool,
}

impl FileSystem {
    /// Finds them out, by making files in the folder of the state.
    fn of(own: &Root) -> io::Result<Self> {
        Ok(Self {
            folding: Folding::of(own)?,
            keeps_executable: keeps_executable(own)?,
        })
    }
}

/// The agent of one folder.
pub struct Agent<'a> {
    exchange: &'a Client,
    folder: PathBuf,
    spans: Spans,
    is_ending: &'a dyn Fn() -> bool,
    notebooks: OpenNotebooks,
    /// The files that the exchange has refused lately.
    refused: AllRefused,
    /// Whether the directory at the address was compared with the pair's.
    is_checked: bool,
    /// The paths of the directory that the file system here cannot have.
    unfit: BTreeSet<RelativePath>,
    /// The abilities of the file system, once they are known.
    file_system: Option<FileSystem>,
    /// Is told how far long work is.
    progress: &'a dyn Fn(Progress),
    /// The time after which that counts which waited in the last round.
    pause: Duration,
    /// The folders of the last look.
    folders: Vec<String>,
}

impl<'a> Agent<'a> {
    /// Returns the agent of a folder. `is_ending` says whether the program is to end.
    pub fn new(
        exchange: &'a Client,
        folder: &Path,
        spans: Spans,
        is_ending: &'a dyn Fn() -> bool,
    ) -> Self {
        Self {
            exchange,
            folder: folder.to_owned(),
            spans,
            is_ending,
            notebooks: OpenNotebooks::none(),
            refused: BTreeMap::new(),
            is_checked: false,
            unfit: BTreeSet::new(),
            file_system: None,
            progress: &|_| (),
            pause: spans.settle,
            folders: Vec::new(),
        }
    }

    /// Leaves these notebooks alone while they are open.
    #[must_use]
    pub fn beside(mut self, notebooks: OpenNotebooks) -> Self {
        self.notebooks = notebooks;
        self
    }

    /// Tells how far long work is.
    #[must_use]
    pub fn telling(mut self, progress: &'a dyn Fn(Progress)) -> Self {
        self.progress = progress;
        self
    }

    /// Waits until other notebooks are open than in the last round.
    pub(super) async fn notebooks_changed(&mut self) {
        self.notebooks.changed().await;
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the folders of the last look, below the folder.
    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// Returns the time after which that counts which waited in the last round.
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// Returns the address of the directory and the version that is known of it, for a request that waits for changes.
    pub fn known(&self) -> Option<(DirectoryAddress, i64)> {
        let root = Root::open(&self.folder).ok()?;
        let own = root.folder(OWN).ok()?;
        let pair = Pair::read(&own).ok()??;
        let state = State::read(&own).ok()?;
        state.there.as_ref()?;
        Some((pair.address().ok()?, state.version?))
    }

    /// Does a round.
    pub async fn round(&mut self, news: News) -> Report {
        let opened = match open(&self.folder) {
            Ok(opened) => opened,
            Err(sentence) => {
                return Report::new(&self.folder, None).ended(Outcome::Failed, sentence);
            }
        };
        let mut report = Report::new(&self.folder, Some(&opened.pair));
        match self.locked(&opened, news, &mut report).await {
            Ok(()) => {}
            Err(Trouble::Ending) => report.outcome = Outcome::Incomplete,
            Err(Trouble::Passing(sentence)) => report = report.ended(Outcome::Failed, sentence),
            Err(Trouble::Lasting(sentence)) => report = report.ended(Outcome::Stopped, sentence),
        }
        if !matches!(report.outcome, Outcome::Busy) {
            report.keep(&opened.own);
        }
        report
    }

    async fn locked(
        &mut self,
        opened: &Opened,
        news: News,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        if opened.wishes.is_paused()? {
            report.outcome = Outcome::Paused;
            return Ok(());
        }
        let _lock = match Lock::take(&opened.own)? {
            Locked::Ours(lock) => lock,
            Locked::By(holder) => {
                report.outcome = Outcome::Busy;
                report.failures.push(format!(
                    "Another program looks after it at the moment ({holder}). Try again in a moment"
                ));
                return Ok(());
            }
        };
        let address = opened.pair.address().map_err(Trouble::Lasting)?;
        if !self.is_checked {
            there::check(self.exchange, &opened.pair, &address).await?;
            self.is_checked = true;
        }
        let mut state = State::read(&opened.own)?;
        let before = state.clone();
        let result = self.steps(opened, &address, &mut state, news, report).await;
        report.version = state.version;
        if state != before {
            state.write(&opened.own)?;
        }
        result
    }

    async fn steps(
        &mut self,
        opened: &Opened,
        address: &DirectoryAddress,
        state: &mut State,
        news: News,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        let (own, pair) = (&opened.own, &opened.pair);
        let meter = Meter::new(own, self.progress);
        state.directory = Some(pair.directory.clone());
        there::update(self.exchange, pair, address, state, news).await?;
        let mut found = self.look(opened, state, &meter)?;
        let open = self.notebooks.below(&self.folder);
        let mut first = planned(pair, state, &found);
        // What waits can be in the way of other steps, which a new plan then leaves out.
        while notebooks::hold(&open, &first, &mut found) {
            first = planned(pair, state, &found);
        }
        let confirmed = opened.wishes.confirmed()?;
        if let Some(asked) = asked(pair, &first, state, &found.there, confirmed) {
            keep_pending(found.pending, &found.held, state);
            report.outcome = Outcome::Asking;
            report.asked = Some(asked);
            finish(report, state, &found.held);
            return Ok(());
        }
        let mut incoming = Incoming::open(own)?;
        let receiving = Receiving {
            exchange: self.exchange,
            address,
            root: &opened.root,
            is_ending: self.is_ending,
            version: state.version.unwrap_or(0),
            meter: &meter,
        };
        if let Err(trouble) = receiving.run(&first, &mut found, &mut incoming).await {
            (state.pending, state.sent) = (found.pending.received, found.pending.sent);
            return Err(trouble);
        }
        found.held.hide_in(&mut found.here);
        let plan = planned(pair, state, &found);
        let moving = Pending::of(&plan);
        (state.pending, state.sent) = (moving.received, moving.sent);
        keep_pending(std::mem::take(&mut found.pending), &found.held, state);
        if plan.steps.iter().any(Step::moves) {
            state.write(own)?;
        }
        let (is_whole, unfit) = apply(opened, &plan, &found, incoming, state, report)?;
        for path in unfit {
            found.held.hold(&path, Held::Unfit);
            self.unfit.insert(path);
        }
        let told = (&mut *report, &meter);
        let is_overtaken = self
            .send(opened, address, &plan, &mut found, state, told)
            .await?;
        if confirmed.is_some() {
            opened.wishes.use_up()?;
        }
        // Other names may be ignored from now on, which another round sees.
        let are_rules_new = plan.steps.iter().any(
            |step| matches!(step, Step::Receive { path, .. } if path.as_str() == OwnRules::NAME),
        );
        let held = &found.held;
        self.pause = if held.paths.values().any(|why| *why == Held::JustMissing) {
            self.spans.agree
        } else {
            self.spans.settle
        };
        let is_done = is_whole && report.failures.is_empty() && !is_overtaken;
        if is_done {
            let kept = |path: &RelativePath, _: &mut Item| held.about(path).is_some();
            state.pending.retain(kept);
            state.sent.retain(kept);
        }
        report.outcome = if !is_done || are_rules_new {
            Outcome::Incomplete
        } else if !held.told(true).is_empty() {
            Outcome::Waiting
        } else if report.is_moving() {
            Outcome::Synced
        } else {
            Outcome::Equal
        };
        finish(report, state, held);
        Ok(())
    }

    /// Looks at the folder, and takes out of both sides what the round does not touch.
    fn look(
        &mut self,
        opened: &Opened,
        state: &mut State,
        meter: &Meter<'_>,
    ) -> Result<Found, Trouble> {
        let (root, pair) = (&opened.root, &opened.pair);
        let inode = root.identity()?.1;
        let is_copy = state.inode.is_some_and(|known| known != inode);
        if is_copy {
            state.seen.clear();
            state.missing.clear();
        }
        let rules = OwnRules::read(root)?;
        let before = Before {
            rules: &rules,
            seen: &state.seen,
            settle: self.spans.settle,
            max_file: pair.max_file,
            meter,
        };
        meter.begin(Work::Reading, None);
        let Here {
            mut scan,
            seen,
            mut held,
        } = look(root, &before)?;
        state.seen = seen;
        let folders = scan.items.iter().filter(|(_, item)| **item == Item::Folder);
        self.folders = folders.map(|(path, _)| path.as_str().to_owned()).collect();
        let is_shown = |path: &RelativePath, item: &Item| {
            !rules.is_below_ignored(path.as_str(), *item == Item::Folder)
        };
        let mut there = state.there.clone().unwrap_or_default();
        there.retain(|path, item| is_shown(path, item));
        let there = in_shape(there);
        let file_system = match self.file_system {
            Some(known) => known,
            None => *self.file_system.insert(FileSystem::of(&opened.own)?),
        };
        let folding = file_system.folding;
        let settled = folding.settle(&mut scan, &mut state.base, &there);
        for (path, other) in settled.clashing {
            held.hold(&path, Held::Clash(other));
        }
        if pair.mode != Mode::Push {
            for (path, other) in settled.respelled {
                // A folder that cannot be changed keeps its spelling. Nothing else waits for it.
                let _ = spell_as(root, &path, &other);
            }
        }
        if !file_system.keeps_executable {
            take_over(&mut scan.items, &state.base, &there);
        }
        self.unfit
            .retain(|path| there.contains_key(path) && !scan.items.contains_key(path));
        for path in &self.unfit {
            held.hold(path, Held::Unfit);
        }
        // What becomes ignored is forgotten, on neither side removed.
        state.base.retain(|path, item| is_shown(path, item));
        if is_copy {
            // A copy may be old or in parts. What is on one side only is no removal on the other.
            state
                .base
                .retain(|path, _| scan.items.contains_key(path) && there.contains_key(path));
        }
        state.inode = Some(inode);
        let pending = Pending {
            received: std::mem::take(&mut state.pending),
            sent: std::mem::take(&mut state.sent),
        };
        pending.clone().resume(&mut state.base, &scan.items, &there);
        Holding {
            pair,
            here: &scan.items,
            there: &there,
            agree: self.spans.agree,
        }
        .hold(&mut held, &mut self.refused, state);
        let mut here = scan.items.clone();
        held.hide_in(&mut here);
        Ok(Found {
            scan,
            here,
            there,
            held,
            pending,
            day: Timestamp::now().to_rfc3339().chars().take(10).collect(),
        })
    }

    /// Sends what the plan sends. Returns whether another round has to look at what others have changed.
    async fn send(
        &mut self,
        opened: &Opened,
        address: &DirectoryAddress,
        plan: &Plan,
        found: &mut Found,
        state: &mut State,
        (report, meter): (&mut Report, &Meter<'_>),
    ) -> Result<bool, Trouble> {
        let mut sending = Sending {
            exchange: self.exchange,
            address,
            device: &opened.pair.device,
            root: &opened.root,
            own: &opened.own,
            scan: &found.scan,
            is_ending: self.is_ending,
            report,
            meter,
            refused: BTreeMap::new(),
            is_overtaken: false,
        };
        let sent = sending.run(&plan.steps, state).await;
        let is_overtaken = sending.is_overtaken;
        for (path, (sum, why)) in sending.refused {
            found.held.hold(&path, Held::Refused(why.clone()));
            self.refused.insert(path, (sum, why, Instant::now()));
        }
        sent?;
        Ok(is_overtaken)
    }
}
