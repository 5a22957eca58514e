//! A round that brings a folder up to date with a directory, in the mode `Pull`.

use super::agent::Pair;
use super::apply::Apply;
use super::bundle::{Bundle, wanted};
use super::decide::Mode;
use super::download::Download;
use super::folder::{
    self, Incoming, Kept, Lock, Locked, OWN, Root, Scan, State, is_ignored, keeps_executable, scan,
    take_over,
};
use super::guard::objection;
use super::item::{Content, Item, Listing};
use super::journal;
use super::names::Beside;
use super::plan::{Plan, Sides, Step, plan};
use super::report::{Outcome, Report, Second};
use super::resume::Pending;
use super::source::is_notebook;
use super::structure::in_shape;
use super::words::{reason, why_unusable};
use nbcourier_api::{DirectoryEntry, EntryFile, EntryKind};
use nbcourier_client::{Client, DirectoryAddress, EntryFilter, Error};
use nbcourier_domain::{DirectoryOwner, RelativePath, delivery_folder, shell_word};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The number of rounds after which a folder that somebody writes all the time is left to the next pull.
const ROUNDS: usize = 3;

/// The wishes for a pull.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Brings back what was removed from the folder.
    pub missing: bool,
    /// Changes nothing.
    pub is_dry: bool,
    /// Removes all files, if the directory has none any more.
    pub is_confirmed: bool,
}

/// A directory that is delivered to a folder.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The directory.
    pub address: DirectoryAddress,
    /// Its number.
    pub id: i64,
    /// Its current version.
    pub version: i64,
    /// The folder below the home.
    pub folder: String,
}

impl Delivery {
    /// Returns a report in which nothing was done yet.
    pub fn report(&self) -> Report {
        let course = match &self.address.owner {
            DirectoryOwner::Course(course) => Some(course.as_str().to_owned()),
            DirectoryOwner::Person(_) => None,
        };
        let directory = format!("{}/{}", self.address.owner, self.address.name);
        Report::new(directory, course, self.folder.clone())
    }

    fn is_whole(&self, state: &State) -> bool {
        let id = state.directory.as_ref().map(|directory| directory.id);
        id == Some(self.id) && state.version == Some(self.version) && state.pending.is_empty()
    }
}

/// A failure of a round.
enum Failure {
    Disk(io::Error),
    Exchange(Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Exchange(error)
    }
}

/// Brings the folder below the home up to date. The day is used in names of second files.
pub async fn pull(
    exchange: &Client,
    home: &Path,
    delivery: &Delivery,
    wishes: Wishes,
    day: &str,
) -> Report {
    let mut report = delivery.report();
    let folder = match folder_of(&delivery.folder) {
        Ok(folder) => folder,
        Err(sentence) => return report.failed(sentence),
    };
    if wishes.is_dry && !home.join(folder.as_str()).exists() {
        let pull = Pull::new(exchange, delivery, wishes, day);
        return pull.plan_only(None, report).await;
    }
    let opened = Root::make(home, &folder);
    let (root, own) = match opened.and_then(|root| Ok((root.make_folder(OWN)?, root))) {
        Ok((own, root)) => (root, own),
        Err(error) => return report.failed(unusable(&error)),
    };
    // What such a folder agreed on with its own directory says nothing about this one.
    match Pair::read(&own) {
        Ok(None) => {}
        Ok(Some(pair)) => return report.failed(is_synced(&folder, &pair)),
        Err(error) => return report.failed(unusable(&error)),
    }
    let _lock = match Lock::take(&own) {
        Ok(Locked::Ours(lock)) => lock,
        Ok(Locked::By(holder)) => {
            report = report.failed(format!(
                "Another program brings it up to date at the moment ({holder}). Try again in a moment"
            ));
            report.outcome = Outcome::Busy;
            return report;
        }
        Err(error) => return report.failed(unusable(&error)),
    };
    let pull = Pull::new(exchange, delivery, wishes, day);
    if wishes.is_dry {
        return pull.plan_only(Some((&root, &own)), report).await;
    }
    for _ in 0..ROUNDS {
        report.failures.clear();
        match pull.round(&root, &own, &mut report).await {
            Ok(true) => break,
            Ok(false) => {}
            Err(failure) => {
                report.outcome = Outcome::Failed;
                report.failures.push(sentence(failure));
                break;
            }
        }
    }
    if report.outcome != Outcome::Current {
        journal::add(&own, &report.sentences());
    }
    report
}

/// Parses the folder of a delivery. Fails with a sentence for the report.
fn folder_of(text: &str) -> Result<RelativePath, String> {
    delivery_folder(text).map_err(|why| format!("{text} {why}. Tell an instructor of the course"))
}

fn is_synced(folder: &RelativePath, pair: &Pair) -> String {
    format!(
        "Nothing was changed: nbcourier sync keeps this folder equal with {}. Tell an instructor of the course to deliver to \
         another folder, or use nbcourier sync remove {} first",
        pair.shown(),
        shell_word(folder.as_str())
    )
}

fn unusable(error: &io::Error) -> String {
    format!("The folder cannot be used: {}", why_unusable(error))
}

fn sentence(failure: Failure) -> String {
    match failure {
        Failure::Exchange(error) => error.to_string(),
        Failure::Disk(error) => format!("Nothing was changed: {}", reason(&error)),
    }
}

struct Pull<'a> {
    exchange: &'a Client,
    delivery: &'a Delivery,
    wishes: Wishes,
    day: &'a str,
}

/// Both sides, as a round found them.
struct Found {
    state: State,
    there: Listing,
    version: i64,
    scan: Scan,
}

impl<'a> Pull<'a> {
    fn new(exchange: &'a Client, delivery: &'a Delivery, wishes: Wishes, day: &'a str) -> Self {
        Self {
            exchange,
            delivery,
            wishes,
            day,
        }
    }

    /// Reports what a pull would do.
    async fn plan_only(&self, place: Option<(&Root, &Root)>, mut report: Report) -> Report {
        let found = match self.look(place).await {
            Ok(found) => found,
            Err(failure) => return report.failed(sentence(failure)),
        };
        let plan = self.plan(&found);
        report.version = found.state.version;
        tell(&plan, &mut report);
        let is_changed = plan.steps.iter().any(Step::moves);
        report.outcome = if is_changed {
            Outcome::Planned
        } else {
            Outcome::Current
        };
        report
    }

    /// Does a round. Returns whether the folder has the whole version afterwards.
    async fn round(&self, root: &Root, own: &Root, report: &mut Report) -> Result<bool, Failure> {
        if !self.wishes.missing {
            let state = State::read(own)?;
            if self.delivery.is_whole(&state) {
                report.version = state.version;
                return Ok(true);
            }
        }
        let mut found = self.look(Some((root, own))).await?;
        let first = self.plan(&found);
        let guarded = objection(Mode::Pull, &first, &found.state.base, &found.there);
        if let Some(removals) = guarded.filter(|_| !self.wishes.is_confirmed) {
            report.outcome = Outcome::Failed;
            report.failures.push(format!(
                "Nothing was changed: the directory is empty now, and {} of your {} files would go. If that is right, use \
                 nbcourier pull --confirm",
                removals.files, removals.of
            ));
            return Ok(true);
        }
        let mut incoming = Incoming::open(own)?;
        if let Err(failure) = self.fetch(root, &first, &mut found, &mut incoming).await {
            if let Failure::Disk(_) = failure {
                // A full disk is not kept full by files that nobody sees.
                incoming.clear();
            }
            return Err(failure);
        }
        let plan = self.plan(&found);
        let is_new =
            found.state.version != Some(found.version) || plan.steps.iter().any(Step::moves);
        let Found {
            mut state,
            version,
            scan,
            there,
        } = found;
        state.directory = Some(folder::Directory {
            id: self.delivery.id,
            owner: self.delivery.address.owner.to_string(),
            name: self.delivery.address.name.clone(),
        });
        state.pending = Pending::of(&plan).received;
        let seconds = plan.steps.iter().filter_map(|step| match step {
            Step::Beside { to, content, .. } => Some((to.clone(), content.sum)),
            _ => None,
        });
        state.placed.extend(seconds);
        state.write(own)?;
        let kept = Kept::open(own, self.day)?;
        report.left = plan.kept.iter().map(ToString::to_string).collect();
        let is_whole = Apply {
            root,
            kept: &kept,
            incoming: &mut incoming,
            scan: &scan,
            day: self.day,
            report: &mut *report,
            mode: Mode::Pull,
            there: &there,
            aside: Beside::Mine,
            next: "the next pull",
            unfit: None,
        }
        .run(&plan, &mut state);
        state.placed.retain(|path, _| {
            scan.items.contains_key(path) || plan.steps.iter().any(|step| is_put(step, path))
        });
        if is_whole {
            state.pending.clear();
            state.version = Some(version);
            incoming.clear();
        } else {
            state.version = None;
        }
        state.write(own)?;
        // What cannot be cleared now is cleared at the next pull.
        let _ = kept.clear();
        report.version = state.version;
        if !is_whole {
            report.outcome = Outcome::Incomplete;
        } else if is_new || report.outcome == Outcome::Incomplete {
            report.outcome = Outcome::Updated;
        }
        Ok(is_whole)
    }

    fn plan(&self, found: &Found) -> Plan {
        plan(&Sides {
            mode: Mode::Pull,
            base: &found.state.base,
            here: &found.scan.items,
            there: &found.there,
            is_missing_wanted: self.wishes.missing,
            device: "",
            day: self.day,
            placed: &found.state.placed,
        })
    }

    /// Looks at both sides. Only files whose content decides something are read.
    async fn look(&self, place: Option<(&Root, &Root)>) -> Result<Found, Failure> {
        let mut state = match place {
            Some((_, own)) => State::read(own)?,
            None => State::default(),
        };
        let (version, there) = self.directory(&state).await?;
        let pending = std::mem::take(&mut state.pending);
        let is_read = |path: &RelativePath| {
            state.base.get(path) != there.get(path)
                || pending.contains_key(path)
                || state.placed.contains_key(path)
        };
        let scan = match place {
            Some((root, own)) => {
                let mut found = scan(root, &is_read, &state.base)?;
                if !keeps_executable(own)? {
                    take_over(&mut found.items, &state.base, &there);
                }
                found
            }
            None => Scan::default(),
        };
        let pending = Pending {
            received: pending,
            sent: Listing::new(),
        };
        pending.resume(&mut state.base, &scan.items, &there);
        Ok(Found {
            state,
            there,
            version,
            scan,
        })
    }

    /// Returns the current version of the directory and its entries.
    async fn directory(&self, state: &State) -> Result<(i64, Listing), Failure> {
        let address = &self.delivery.address;
        let is_same = state
            .directory
            .as_ref()
            .is_some_and(|directory| directory.id == self.delivery.id);
        if let Some(since) = state.version.filter(|_| is_same) {
            match self.exchange.changes_since(address, since).await {
                Ok((version, changes)) => {
                    // After a whole round, what both sides agreed on is what the directory had.
                    let mut there = state.base.clone();
                    for change in changes {
                        let path = change.path.into_owned();
                        match entry(change.kind, change.file) {
                            Some(item) if !is_ignored(path.as_str()) => there.insert(path, item),
                            _ => there.remove(&path),
                        };
                    }
                    return Ok((version, in_shape(there)));
                }
                // The version was thinned out, or a restored database does not know it.
                Err(Error::Refused {
                    status: 400 | 404 | 409 | 410,
                    ..
                }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (version, entries) = self
            .exchange
            .entries(address, &EntryFilter::default())
            .await?;
        Ok((version, listing_of(entries)))
    }

    /// Receives all contents that the plan needs, and notes the source sums of notebooks.
    async fn fetch(
        &self,
        root: &Root,
        plan: &Plan,
        found: &mut Found,
        incoming: &mut Incoming,
    ) -> Result<(), Failure> {
        let mut here: BTreeMap<_, Vec<RelativePath>> = BTreeMap::new();
        for (path, item) in &found.scan.items {
            if let Some(content) = item.content() {
                here.entry(content.sum).or_default().push(path.clone());
            }
        }
        let wanted = wanted(plan, |sum| here.contains_key(sum), incoming);
        Bundle {
            from: self.download(found.version),
            listing: &found.there,
            is_ending: &|| false,
            progress: &|_| (),
        }
        .receive(&wanted, incoming)
        .await?;
        for step in &plan.steps {
            let Some(content) = step.incoming() else {
                continue;
            };
            let path = step.path();
            let copies = here.get(&content.sum);
            let is_here = copies.is_some_and(|copies| {
                copies
                    .iter()
                    .any(|copy| copy_of(root, copy, content, incoming))
            });
            let known = if incoming.has(content.sum) || is_here {
                incoming.content(content.sum, path.as_str())?
            } else {
                self.receive(path, content, found.version, incoming).await?
            };
            if is_notebook(path.as_str())
                && let Some(Item::File(there)) = found.there.get_mut(path)
            {
                there.source = known.source;
            }
        }
        incoming.flush()?;
        Ok(())
    }

    async fn receive(
        &self,
        path: &RelativePath,
        content: Content,
        version: i64,
        incoming: &mut Incoming,
    ) -> Result<Content, Failure> {
        let download = self.download(version);
        let got = download.receive(path, content, path.as_str(), incoming, &|_| ());
        Ok(got.await??)
    }

    fn download(&self, version: i64) -> Download<'_> {
        Download {
            exchange: self.exchange,
            address: &self.delivery.address,
            version,
        }
    }
}

fn is_put(step: &Step, path: &RelativePath) -> bool {
    matches!(step, Step::Beside { to, .. } if to == path)
}

/// Copies a content that the folder has under another name. Returns whether it is there now.
pub fn copy_of(
    root: &Root,
    path: &RelativePath,
    content: Content,
    incoming: &mut Incoming,
) -> bool {
    if incoming.has(content.sum) {
        return true;
    }
    let mut copy = || -> io::Result<()> {
        let mut from = root.file(path.as_str())?;
        let mut to = incoming.begin(content.sum)?;
        io::copy(&mut from, &mut to)?;
        incoming.finish(content.sum, to, "").map(drop)
    };
    // It comes from the exchange otherwise.
    copy().is_ok()
}

/// Returns the entry of a listing.
pub fn entry(kind: Option<EntryKind>, file: Option<EntryFile>) -> Option<Item> {
    match (kind?, file) {
        (EntryKind::Directory, _) => Some(Item::Folder),
        (EntryKind::File, Some(file)) => Some(Item::File(Content {
            sum: file.sha256,
            size: file.size,
            executable: file.executable,
            source: None,
        })),
        (EntryKind::File, None) => None,
    }
}

/// Returns the files and folders of a version, without ignored ones.
pub fn listing_of(entries: Vec<DirectoryEntry>) -> Listing {
    let all = entries.into_iter().filter_map(|found| {
        let item = entry(Some(found.kind), found.file)?;
        let path = found.path.into_owned();
        (!is_ignored(path.as_str())).then_some((path, item))
    });
    in_shape(all.collect())
}

/// Adds what a plan would do to a report.
fn tell(plan: &Plan, report: &mut Report) {
    let own = |path: &RelativePath| path.as_str().to_owned();
    for step in &plan.steps {
        match step {
            Step::Receive {
                item: Item::File(_),
                path,
                replaces,
            } => {
                report.received += 1;
                report.kept.extend(replaces.map(|_| own(path)));
            }
            Step::RemoveHere {
                item: Item::File(_),
                path,
            } => {
                report.removed += 1;
                report.kept.push(own(path));
            }
            Step::Rename { from, to, .. } => report.mine.push(Second {
                path: own(from),
                beside: own(to),
            }),
            Step::Beside { path, to, .. } => report.beside.push(Second {
                path: own(path),
                beside: own(to),
            }),
            Step::Blocked { path } => report.blocked.push(own(path)),
            _ => {}
        }
    }
    report.left = plan.kept.iter().map(ToString::to_string).collect();
}
