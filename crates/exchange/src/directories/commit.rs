//! Applying a batch to a directory, all or nothing.

use super::MAX_PATH_BYTES;
use super::changes::{Batch, Operation};
use super::working::{self, Difference, FileState, State, Working};
use crate::audit::Action;
use crate::files::objects;
use crate::files::parcel::{Parcel, StoredBytes};
use crate::files::quota::Taken;
use crate::op::{DirectoryOp, DirectoryWay};
use crate::policy::DirectoryAddress;
use crate::{Error, Exchange, Mode, Result};
use nbcourier_domain::{AccessLevel, RelativePath, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::entries::{self, Entry, NewEntry};
use nbcourier_storage::directories::{Version, contents, reachable, versions as version_rows};
use nbcourier_storage::reach::Reach;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The time within which the changes of one person count as one writing.
const ONE_WRITING: Duration = Duration::from_hours(1);

/// The result of a change.
#[derive(Debug, Clone, Copy)]
pub struct Committed {
    /// The number of the directory.
    pub directory: i64,
    /// The current version.
    pub version: i64,
    /// Whether it is new. Otherwise the paths were already as the change wants them.
    pub changed: bool,
}

/// A directory that the caller may change, as far as can be checked without the changes.
pub struct Ready {
    way: DirectoryWay,
    expected: Option<i64>,
}

/// Checks that the caller may change the directory, and that its current version is the expected one.
pub async fn ready(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    expected: Option<i64>,
) -> Result<Ready> {
    let way = exchange.enter_directory(caller, address, AccessLevel::Write);
    way.read(move |op| {
        refuse_followed(op)?;
        check_version(op, expected)
    })
    .await?;
    Ok(Ready { way, expected })
}

fn check_version(op: &DirectoryOp<'_>, expected: Option<i64>) -> Result<()> {
    let current = op.directory().head.number;
    match expected {
        Some(expected) if expected != current => Err(Error::OtherVersion(current)),
        _ => Ok(()),
    }
}

/// Refuses a change by a person if the directory follows a repository.
pub(super) fn refuse_followed(op: &DirectoryOp<'_>) -> Result<()> {
    match op.directory().source_url() {
        Some(url) => Err(Error::FromSource(url.to_owned())),
        None => Ok(()),
    }
}

impl Ready {
    /// Applies the batch, whose bytes are in the parcel or in reach of the caller.
    pub async fn commit(self, batch: Batch, parcel: Parcel) -> Result<Committed> {
        batch.check()?;
        let Self { way, expected } = self;
        let prepare = move |op: &mut DirectoryOp<'_>| {
            refuse_followed(op)?;
            check_version(op, expected)?;
            Ok(batch.clone())
        };
        commit_batch(way, parcel, None, prepare, |_, _, _| Ok(())).await
    }
}

/// Applies the batch that `prepare` returns, and calls `finish` in the same transaction. `origin` is the commit that the
/// version is made from, as JSON.
pub(crate) async fn commit_batch(
    way: DirectoryWay,
    parcel: Parcel,
    origin: Option<String>,
    prepare: impl Fn(&mut DirectoryOp<'_>) -> Result<Batch> + Send + Sync + 'static,
    finish: impl Fn(&mut DirectoryOp<'_>, &Batch, &Committed) -> Result<()> + Send + Sync + 'static,
) -> Result<Committed> {
    let (metrics, following) = {
        let exchange = way.exchange();
        (Arc::clone(&exchange.metrics), exchange.following.clone())
    };
    let steps = Arc::new((prepare, finish, origin));
    let tried = Arc::clone(&steps);
    let settled = parcel.settle_after(|mut rehearsal| {
        way.try_out(Mode::DryRun, move |op| {
            let (prepare, _, origin) = &*tried;
            let batch = prepare(op)?;
            rehearsal.run(|sent| apply(op, &batch, sent, origin.as_deref()))
        })
    });
    let parcel = Arc::new(settled.await?);
    let attempt = || {
        let (steps, sent, named) = (Arc::clone(&steps), Arc::clone(&parcel), Arc::clone(&parcel));
        let (metrics, following) = (Arc::clone(&metrics), following.clone());
        way.write_then(
            move |op| {
                let (prepare, finish, origin) = &*steps;
                let batch = prepare(op)?;
                let applied = apply(op, &batch, &sent, origin.as_deref())?;
                finish(op, &batch, &applied.0)?;
                Ok(applied)
            },
            move |(committed, taken): &mut (Committed, Option<Taken>)| {
                if committed.changed {
                    named.committed(taken.take());
                    metrics.directory_versions.inc();
                    following.announce(committed.directory);
                }
            },
        )
    };
    let (committed, _) = objects::renewed(&*parcel, attempt).await?;
    Ok(committed)
}

fn apply(
    op: &mut DirectoryOp<'_>,
    batch: &Batch,
    parcel: &Parcel,
    origin: Option<&str>,
) -> Result<(Committed, Option<Taken>)> {
    let now = Timestamp::now();
    let stored = parcel.store(op.conn, &op.exchange.blobs, now, |conn| {
        let reader = op.exchange.policy.reader(conn, op.caller)?;
        Ok(Reach::Directories(reachable::ids(conn, &reader)?))
    })?;
    let directory = op.directory().clone();
    let working = load(op, &batch.operations)?;
    let unchanged = Committed {
        directory: directory.id,
        version: directory.head.number,
        changed: false,
    };
    let difference =
        differ(working, batch, &stored, directory.head.size).map_err(|error| match error {
            Refused::Conflicts(conflicts) => Error::Conflicts {
                conflicts,
                version: directory.head.number,
                by_precondition: batch.by_precondition,
            },
            Refused::Error(error) => error,
        })?;
    if difference.ended.is_empty() && difference.begun.is_empty() {
        return Ok((unchanged, None));
    }
    check_size(op, &difference)?;
    let next = directory.head.number + 1;
    let added = new_bytes(op, directory.id, &difference)?;
    entries::end(op.conn, &difference.ended, next)?;
    let begun: Vec<NewEntry> = difference.begun.into_iter().map(new_entry).collect();
    entries::begin(op.conn, directory.id, next, &begun)?;
    let version = version_rows::NewVersion {
        by: op.caller.name().as_str(),
        now,
        device: batch.device.as_deref(),
        message: batch.message.as_deref(),
        origin,
    };
    version_rows::advance(op.conn, directory.id, next, &version, difference.size)?;
    let quota = &op.exchange.quota;
    let taken = quota.take_for_directory(op.conn, &directory.owner, directory.course, added)?;
    if is_new_writing(&directory.head, op.caller.name().as_str(), now) {
        op.note(Action::DirectoryWritten, json!({ "version": next }))?;
    }
    let committed = Committed {
        version: next,
        changed: true,
        ..unchanged
    };
    Ok((committed, taken))
}

/// Whether a change is not one of many by the same person. A program that saves every minute would fill the log of events.
fn is_new_writing(head: &Version, caller: &str, now: Timestamp) -> bool {
    let pause = now.micros().saturating_sub(head.made_at.micros());
    let hour = i64::try_from(ONE_WRITING.as_micros()).unwrap_or(i64::MAX);
    head.number == 1 || head.made_by != caller || pause >= hour
}

/// Loads the paths that the operations name, the folders above them, and everything in the folders that they move, copy
/// or remove.
fn load(op: &mut DirectoryOp<'_>, operations: &[Operation]) -> Result<Working> {
    let id = op.directory().id;
    let entries = op.directory().head.size;
    let entries = usize::try_from(entries.files + entries.folders).unwrap_or(usize::MAX);
    let mut working = Working::of(entries, op.exchange.directory_limits.entries);
    let paths = working::needed(operations);
    // Deep paths name many folders. Those of a directory before and after the batch are not longer.
    let most = usize::try_from(2 * MAX_PATH_BYTES).unwrap_or(usize::MAX);
    if paths.iter().map(|path| path.len()).sum::<usize>() > most {
        return Err(Error::TooManyPaths);
    }
    for entry in entries::current(op.conn, id, paths)? {
        add(&mut working, &entry);
    }
    let roots = operations.iter().filter_map(Operation::root);
    let mut roots: Vec<&RelativePath> = roots.collect();
    roots.sort_unstable();
    roots.dedup();
    let mut loaded: Option<&RelativePath> = None;
    for root in roots {
        let is_loaded = loaded.is_some_and(|folder| root.is_below(folder));
        if is_loaded || !working.has_folder(root.as_str()) {
            continue;
        }
        for entry in entries::current_below(op.conn, id, root.as_str())? {
            add(&mut working, &entry);
        }
        loaded = Some(root);
    }
    Ok(working)
}

fn add(working: &mut Working, entry: &Entry) {
    let state = match entry.file {
        None => State::Folder,
        Some(file) => State::File(FileState {
            blob: file.blob.id,
            sha256: file.blob.blob.sha256,
            size: file.blob.blob.size,
            executable: file.executable,
        }),
    };
    working.load(entry.path.as_str().to_owned(), entry.id, state);
}

enum Refused {
    Conflicts(Vec<crate::error::PathConflict>),
    Error(Error),
}

fn differ(
    mut working: Working,
    batch: &Batch,
    stored: &HashMap<Sha256Sum, StoredBytes>,
    size: nbcourier_storage::directories::Size,
) -> Result<Difference, Refused> {
    let bytes = |sum: Sha256Sum| stored.get(&sum).map(|bytes| (bytes.row, bytes.size));
    for operation in &batch.operations {
        working.apply(operation, bytes).map_err(Refused::Error)?;
    }
    working.finish(size).map_err(Refused::Conflicts)
}

fn check_size(op: &DirectoryOp<'_>, difference: &Difference) -> Result<()> {
    let (limit, before) = (
        op.exchange.directory_limits.entries,
        op.directory().head.size,
    );
    let size = difference.size;
    let entries = size.files + size.folders;
    let is_more = entries > before.files + before.folders;
    if is_more && usize::try_from(entries).is_ok_and(|entries| entries > limit) {
        return Err(Error::TooManyEntries(limit));
    }
    if size.path_bytes > MAX_PATH_BYTES && size.path_bytes > before.path_bytes {
        return Err(Error::PathsTooLong(
            usize::try_from(MAX_PATH_BYTES).unwrap_or(usize::MAX),
        ));
    }
    Ok(())
}

/// Returns the bytes of those begun contents that the current version does not have.
fn new_bytes(op: &mut DirectoryOp<'_>, id: i64, difference: &Difference) -> Result<u64> {
    let files = difference
        .begun
        .iter()
        .filter_map(|(_, state)| match state {
            State::File(file) => Some((file.blob, file.size)),
            State::Folder => None,
        });
    let distinct: HashMap<i64, u64> = files.collect();
    let whole: u64 = distinct.values().sum();
    let blobs: Vec<i64> = distinct.into_keys().collect();
    Ok(whole.saturating_sub(contents::held(op.conn, id, &blobs)?))
}

fn new_entry((path, state): (String, State)) -> NewEntry {
    let (blob, executable) = match state {
        State::Folder => (None, false),
        State::File(file) => (Some(file.blob), file.executable),
    };
    NewEntry {
        path,
        blob,
        executable,
    }
}
