//! The sending of a round: batches of operations, each applied whole or not at all.

use super::progress::{Meter, Work};
use super::report::Report;
use super::sequence::{Sequence, batches};
use super::there::put;
use super::trouble::Trouble;
use crate::folder::{Fingerprint, Root, Scan, State, parts, read};
use crate::item::{Content, Item};
use crate::plan::Step;
use nbcourier_api::{Committed, Expected, NewChanges, Operation};
use nbcourier_client::{Client, DirectoryAddress, Error, Source};
use nbcourier_codec::TarEncoder;
use nbcourier_domain::{RelativePath, Sha256Sum, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Read as _};
use std::ops::Bound;

/// The number of refused files after which the others wait for the next round.
const MANY_REFUSALS: usize = 8;
/// The maximum number of attempts for a batch. Each attempt leaves out the conflicts of the attempt before.
const ATTEMPTS: usize = 5;
/// Files up to this size are read before they are sent, in bytes.
const SMALL: u64 = 8 * 1024 * 1024;

/// The sending of a round.
pub struct Sending<'a> {
    pub exchange: &'a Client,
    pub address: &'a DirectoryAddress,
    pub device: &'a str,
    pub root: &'a Root,
    pub own: &'a Root,
    pub scan: &'a Scan,
    pub is_ending: &'a dyn Fn() -> bool,
    pub report: &'a mut Report,
    /// Is told how many bytes were sent.
    pub meter: &'a Meter<'a>,
    /// The files that the exchange refuses, with its sentences.
    pub refused: BTreeMap<RelativePath, (Sha256Sum, String)>,
    /// Whether another round has to look at what others have changed.
    pub is_overtaken: bool,
}

/// The reason why a batch was not applied.
enum Failed {
    /// These paths are not as expected.
    Conflicts(Vec<String>),
    /// The exchange refuses something in it.
    Refused(String),
    /// These files were changed here meanwhile.
    Changed(Vec<RelativePath>),
    /// Somebody has made another version.
    Overtaken,
}

impl Sending<'_> {
    /// Sends all steps of a plan, and notes in the state what both sides agree on.
    pub async fn run(&mut self, steps: &[Step], state: &mut State) -> Result<(), Trouble> {
        let sequence = Sequence::of(steps);
        self.report.renamed += sequence.renamed();
        let all = steps
            .iter()
            .map(Step::sent_bytes)
            .fold(0, u64::saturating_add);
        self.meter.begin(Work::Sending, Some(all));
        self.send(&sequence.first, state).await?;
        self.remove_folders(&sequence.folders, state).await?;
        self.send(&sequence.last, state).await
    }

    async fn send(&mut self, steps: &[&Step], state: &mut State) -> Result<(), Trouble> {
        let mut waiting = batches(steps, super::round::BATCH, SMALL);
        while let Some(mut batch) = waiting.pop_front() {
            for attempt in 1.. {
                if (self.is_ending)() {
                    return Err(Trouble::Ending);
                }
                let before = batch.len();
                match self.commit(&batch, None).await? {
                    Ok(committed) => {
                        self.note(&batch, &committed, state)?;
                        let sent = batch.iter().map(|step| step.sent_bytes());
                        self.meter.add(sent.fold(0, u64::saturating_add));
                    }
                    Err(Failed::Conflicts(paths)) => {
                        self.is_overtaken = true;
                        batch.retain(|step| !paths.iter().any(|path| concerns(step, path)));
                        if batch.is_empty() || batch.len() == before || attempt == ATTEMPTS {
                            break;
                        }
                        continue;
                    }
                    Err(Failed::Changed(paths)) => {
                        batch.retain(|step| !paths.contains(step.path()));
                        for path in paths {
                            self.report.failures.push(format!(
                                "{path} was changed at this moment, so it waits for the next round"
                            ));
                        }
                        if batch.is_empty() {
                            break;
                        }
                        continue;
                    }
                    Err(Failed::Refused(sentence)) => {
                        if !self.refuse(&batch, sentence, &mut waiting) {
                            return Ok(());
                        }
                    }
                    Err(Failed::Overtaken) => self.is_overtaken = true,
                }
                break;
            }
        }
        Ok(())
    }

    /// Divides a refused batch, or notes the file that is refused. Returns whether the others are to be sent.
    fn refuse<'p>(
        &mut self,
        batch: &[&'p Step],
        sentence: String,
        waiting: &mut VecDeque<Vec<&'p Step>>,
    ) -> bool {
        if let [step] = batch {
            if let Step::Send { path, item, .. } = step {
                let sum = item
                    .content()
                    .map_or(Sha256Sum([0; 32]), |content| content.sum);
                self.refused.insert(path.clone(), (sum, sentence));
            } else {
                self.report
                    .failures
                    .push(format!("{}: {sentence}", step.path()));
            }
            if self.refused.len() < MANY_REFUSALS {
                return true;
            }
            let left: usize = waiting.iter().map(Vec::len).sum();
            if left > 0 {
                self.report.failures.push(format!(
                    "The exchange refuses many files, so {left} others wait for the next round"
                ));
            }
            return false;
        }
        let (one, other) = batch.split_at(batch.len() / 2);
        waiting.push_front(other.to_vec());
        waiting.push_front(one.to_vec());
        true
    }

    /// Removes folders that are empty there. Only the current version says so.
    async fn remove_folders(&mut self, steps: &[&Step], state: &mut State) -> Result<(), Trouble> {
        let removed: BTreeSet<&RelativePath> = steps.iter().map(|step| step.path()).collect();
        let is_empty = |step: &&&Step| {
            let folder = step.path();
            let Some(there) = &state.there else {
                return false;
            };
            let after = there.range::<RelativePath, _>((Bound::Excluded(folder), Bound::Unbounded));
            let same = after.take_while(|(path, _)| path.as_str().starts_with(folder.as_str()));
            // What is ignored here stays there.
            let mut below = same.filter(|(path, _)| path.is_below(folder));
            below.all(|(path, _)| removed.contains(path))
        };
        let empty: Vec<&Step> = steps.iter().filter(is_empty).copied().collect();
        for batch in batches(&empty, super::round::BATCH, SMALL) {
            let version = state.version.filter(|_| !self.is_overtaken);
            let Some(version) = version else {
                return Ok(());
            };
            match self.commit(&batch, Some(version)).await? {
                Ok(committed) => self.note(&batch, &committed, state)?,
                Err(Failed::Refused(sentence)) => self.report.failures.push(sentence),
                Err(_) => {
                    self.is_overtaken = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Notes an applied batch.
    fn note(
        &mut self,
        batch: &[&Step],
        committed: &Committed,
        state: &mut State,
    ) -> io::Result<()> {
        let known = state.version.filter(|_| !self.is_overtaken);
        let is_next = known.map(|known| known + i64::from(committed.changed));
        // With versions of others in between, the next round asks for all changes since the last one that is known.
        self.is_overtaken |= is_next != Some(committed.version);
        for step in batch {
            let (path, item) = match step {
                Step::Send { path, item, .. } => {
                    state.base.insert(path.clone(), *item);
                    self.report.sent += usize::from(item.content().is_some());
                    (path, Some(*item))
                }
                Step::RemoveThere { path, item } => {
                    if !self.scan.items.contains_key(path) {
                        state.base.remove(path);
                    }
                    self.report.removed_there += usize::from(item.content().is_some());
                    (path, None)
                }
                _ => continue,
            };
            if !self.is_overtaken
                && let Some(there) = &mut state.there
            {
                put(there, path, item);
            }
        }
        if !self.is_overtaken {
            state.version = Some(committed.version);
        }
        state.write(self.own)
    }

    async fn commit(
        &self,
        batch: &[&Step],
        version: Option<i64>,
    ) -> Result<Result<Committed, Failed>, Trouble> {
        let others: Vec<_> = batch
            .iter()
            .filter(|step| !self.is_as_scanned(step))
            .collect();
        if !others.is_empty() {
            let paths = others.iter().map(|step| step.path().clone());
            return Ok(Err(Failed::Changed(paths.collect())));
        }
        let changes = NewChanges {
            message: None,
            device: Some(self.device.to_owned()),
            changes: batch
                .iter()
                .filter_map(|step| operation(step))
                .collect::<Vec<_>>()
                .into(),
        };
        let committed = match version {
            None => self.exchange.commit(self.address, &changes).await,
            Some(version) => {
                self.exchange
                    .commit_to(self.address, &changes, version)
                    .await
            }
        };
        let committed = match committed {
            Err(Error::MissingBlobs(missing)) => match self.archive(batch, &changes, &missing)? {
                Ok(archive) => {
                    self.exchange
                        .commit_with_bytes(self.address, &archive)
                        .await
                }
                Err(paths) => return Ok(Err(Failed::Changed(paths))),
            },
            committed => committed,
        };
        Ok(match committed {
            Ok(committed) => Ok(committed),
            Err(Error::Conflicts { paths, .. }) => Err(Failed::Conflicts(paths)),
            Err(Error::Refused { status: 412, .. }) => Err(Failed::Overtaken),
            Err(error) if matches!(error.status(), Some(400 | 413 | 507)) => {
                let others = batch.iter().filter(|step| !self.is_as_scanned(step));
                let others: Vec<_> = others.map(|step| step.path().clone()).collect();
                if others.is_empty() {
                    Err(Failed::Refused(error.to_string()))
                } else {
                    Err(Failed::Changed(others))
                }
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Whether a file that is sent is still the one that was scanned.
    fn is_as_scanned(&self, step: &Step) -> bool {
        let Step::Send {
            path,
            item: Item::File(_),
            ..
        } = step
        else {
            return true;
        };
        let (above, name) = parts(path.as_str());
        let found = self
            .root
            .folder(above)
            .and_then(|folder| folder.fingerprint(name));
        let seen: Option<&Fingerprint> = self.scan.fingerprints.get(path);
        found.is_ok_and(|found| found.as_ref() == seen)
    }

    /// Returns an archive with the operations and the bytes that the exchange lacks, or the files that were changed.
    fn archive(
        &self,
        batch: &[&Step],
        changes: &NewChanges,
        missing: &[Sha256Sum],
    ) -> Result<Result<Source, Vec<RelativePath>>, Trouble> {
        let json = serde_json::to_vec(changes).map_err(io::Error::from)?;
        let (mut encoder, mut between) = (TarEncoder::new(), Vec::new());
        let (mut archive, mut others) = (Source::default(), Vec::new());
        let now = Timestamp::now();
        encoder.begin("changes.json", json.len() as u64, now, &mut between);
        between.extend_from_slice(&json);
        encoder.end(&mut between);
        for sum in missing {
            let found = batch.iter().find_map(|step| match step {
                Step::Send { path, item, .. } => {
                    let content = item.content().filter(|content| content.sum == *sum);
                    content.map(|content| (path, content))
                }
                _ => None,
            });
            let Some((path, content)) = found else {
                continue;
            };
            encoder.begin(&sum.to_string(), content.size, now, &mut between);
            match self.bytes(path, content) {
                Ok(Bytes::Read(bytes)) => between.extend_from_slice(&bytes),
                Ok(Bytes::Opened(file)) => {
                    archive.add_bytes(std::mem::take(&mut between));
                    archive.add_opened(file, content.size);
                }
                Err(_) => others.push(path.clone()),
            }
            encoder.end(&mut between);
        }
        if !others.is_empty() {
            return Ok(Err(others));
        }
        encoder.finish(&mut between);
        archive.add_bytes(between);
        Ok(Ok(archive))
    }

    /// Opens a file, and reads it if it is small. Fails if it is not the one that was scanned.
    fn bytes(&self, path: &RelativePath, content: Content) -> io::Result<Bytes> {
        let other = || io::Error::other("it was changed");
        let mut file = self.root.file(path.as_str())?;
        if content.size > SMALL {
            let length = file.metadata()?.len();
            return if length == content.size {
                Ok(Bytes::Opened(file))
            } else {
                Err(other())
            };
        }
        let mut bytes = Vec::new();
        (&mut file).take(content.size + 1).read_to_end(&mut bytes)?;
        let found = read(bytes.as_slice(), "", false)?;
        if found.sum == content.sum {
            Ok(Bytes::Read(bytes))
        } else {
            Err(other())
        }
    }
}

enum Bytes {
    Read(Vec<u8>),
    Opened(std::fs::File),
}

/// Whether a step is about a path, about one below it, or about one above it.
fn concerns(step: &Step, path: &str) -> bool {
    let its = step.path().as_str();
    let is_below = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_below(its, path) || is_below(path, its)
}

fn operation(step: &Step) -> Option<Operation> {
    let path = step.path().as_str().to_owned();
    Some(match step {
        Step::Send {
            item: Item::File(content),
            replaces,
            ..
        } => Operation::Put {
            path,
            sha256: content.sum.to_string(),
            size: content.size,
            executable: Some(content.executable),
            expected: replaces.map_or(Expected::Nothing, |old| Expected::File(old.sum.to_string())),
        },
        Step::Send { .. } => Operation::Mkdir { path },
        Step::RemoveThere { item, .. } => Operation::Remove {
            path,
            recursive: false,
            expected: item.content().map_or(Expected::Any, |content| {
                Expected::File(content.sum.to_string())
            }),
        },
        _ => return None,
    })
}
