//! Sending files to a bucket.

use super::connection::Connection;
use super::fault::{Fault, FaultKind};
use super::objects::{ObjectName, size};
use super::{AT_ONCE, Counts, RemoteBlobs};
use crate::Complete;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex as Turn, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};

/// The size up to which a file is sent in one request, and the minimum size of the parts of a larger one, in bytes. A server
/// accepts parts from this size on.
const PART: u64 = 5 * 1024 * 1024;
/// The maximum number of parts of one file.
const MOST_PARTS: u64 = 10_000;
/// The number of parts of one file that are sent at the same time.
const PARTS_AT_ONCE: usize = 2;
/// Bytes that all files together have in memory while they are sent.
const BUDGET: usize = 20 * 1024 * 1024;
/// The time for which a file that was sent need not be sent again, although its row may not say so yet.
const RECENT: Duration = Duration::from_secs(10);
/// The number of files that were sent lately above which old ones are forgotten.
const MANY: usize = 1000;

/// A complete file, and the row that its bytes are for.
#[derive(Debug)]
pub struct Sending {
    /// The ID of the row.
    pub id: i64,
    /// Whether the row says that its bytes are there.
    pub arrived: bool,
    /// The file.
    pub file: Arc<Complete>,
}

/// The files that are being sent.
#[derive(Debug)]
pub(super) struct Sends {
    budget: Arc<Semaphore>,
    ledger: Arc<Mutex<Ledger>>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// The turns to send the bytes of a row. A second sender waits, and then finds the bytes there.
    turns: HashMap<i64, Arc<Turn<()>>>,
    /// When the bytes of a row were sent.
    sent: HashMap<i64, Instant>,
}

impl Default for Sends {
    fn default() -> Self {
        Self {
            budget: Arc::new(Semaphore::new(BUDGET)),
            ledger: Arc::default(),
        }
    }
}

impl Ledger {
    fn was_sent(&self, id: i64) -> bool {
        let at = self.sent.get(&id);
        at.is_some_and(|at| at.elapsed() < RECENT)
    }

    fn note_sent(&mut self, id: i64) {
        if self.sent.len() >= MANY {
            self.sent.retain(|_, at| at.elapsed() < RECENT);
        }
        self.sent.insert(id, Instant::now());
    }
}

impl RemoteBlobs {
    /// Sends the files whose bytes are not in the bucket yet. All of them are there with their length when this returns.
    /// Returns the IDs of the rows whose bytes were sent now.
    pub fn send(&self, files: Vec<Sending>) -> io::Result<Vec<i64>> {
        let inner = &self.inner;
        let jobs: Vec<Job> = files
            .into_iter()
            .map(|sending| Job {
                path: self.path(&ObjectName::new(sending.file.sha256(), sending.id)),
                connection: inner.connection.clone(),
                budget: Arc::clone(&inner.sends.budget),
                ledger: Arc::clone(&inner.sends.ledger),
                counts: Arc::clone(&inner.counts),
                sending,
            })
            .collect();
        let sending = async move {
            let sent: Vec<Option<i64>> = stream::iter(jobs)
                .map(Job::run)
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            Ok(sent.into_iter().flatten().collect())
        };
        Ok(inner.connection.wait(sending)?)
    }

    /// Forgets that these bytes were sent lately, because a reader found them missing or changed.
    pub fn forget(&self, id: i64) {
        let mut ledger = lock(&self.inner.sends.ledger);
        ledger.sent.remove(&id);
    }
}

fn lock(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One file on its way.
struct Job {
    path: Path,
    connection: Connection,
    budget: Arc<Semaphore>,
    ledger: Arc<Mutex<Ledger>>,
    counts: Arc<Counts>,
    sending: Sending,
}

impl Job {
    /// Sends the file, unless its bytes are there. Returns the ID of the row if they were sent.
    async fn run(self) -> Result<Option<i64>, Fault> {
        let id = self.sending.id;
        let turn = Arc::clone(lock(&self.ledger).turns.entry(id).or_default());
        let mine = turn.lock().await;
        let outcome = self.send_if_missing().await;
        drop(mine);
        if outcome.is_err() {
            self.counts.failures.fetch_add(1, Ordering::Relaxed);
        }
        let mut ledger = lock(&self.ledger);
        if matches!(outcome, Ok(true)) {
            ledger.note_sent(id);
        }
        // This one and the map.
        if Arc::strong_count(&turn) == 2 {
            ledger.turns.remove(&id);
        }
        Ok(outcome?.then_some(id))
    }

    async fn send_if_missing(&self) -> Result<bool, Fault> {
        let (store, length) = (self.connection.store(), self.sending.file.size());
        let may_be_there = self.sending.arrived || lock(&self.ledger).was_sent(self.sending.id);
        if may_be_there && size(store, &self.path).await? == Some(length) {
            // Whoever sent them may not have noted it in the row yet.
            return Ok(!self.sending.arrived);
        }
        if length <= PART {
            let (bytes, _room) = self.part(0, PART).await?;
            let put = store.put(&self.path, bytes.into()).await;
            put.map_err(|error| Fault::of(&error))?;
        } else {
            self.send_parts().await?;
        }
        match size(store, &self.path).await? {
            Some(stored) if stored == length => {
                self.counts.objects.fetch_add(1, Ordering::Relaxed);
                self.counts.bytes.fetch_add(length, Ordering::Relaxed);
                Ok(true)
            }
            Some(stored) => Err(Fault::new(
                FaultKind::Failed,
                format!("it stored {stored} of {length} bytes and reported success"),
            )),
            None => Err(Fault::new(
                FaultKind::Failed,
                "it reported success, and the object is not there",
            )),
        }
    }

    /// Reads a part of the file, within the budget of memory. All parts but the last have this size.
    async fn part(&self, number: u64, size: u64) -> Result<(Vec<u8>, impl Drop + use<>), Fault> {
        let from = number * size;
        let length = (self.sending.file.size() - from).min(size);
        let permits = length.clamp(1, BUDGET as u64);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.budget).acquire_many_owned(permits).await;
        let room = room.map_err(|_| Fault::new(FaultKind::Failed, "the server is stopping"))?;
        let file = Arc::clone(&self.sending.file);
        let read = move || {
            use std::io::Seek as _;
            let mut opened = File::open(file.path())?;
            opened.seek(io::SeekFrom::Start(from))?;
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(BUDGET));
            opened.take(length).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        };
        let unreadable =
            |error: String| Fault::new(FaultKind::Failed, format!("the spool: {error}"));
        let bytes = spawn_blocking(read)
            .await
            .map_err(|error| unreadable(error.to_string()))?
            .map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 != length {
            return Err(unreadable("a file became shorter".to_owned()));
        }
        Ok((bytes, room))
    }

    async fn send_parts(&self) -> Result<(), Fault> {
        let begun = self.connection.store().put_multipart(&self.path).await;
        let mut upload = begun.map_err(|error| Fault::of(&error))?;
        match self.fill(upload.as_mut()).await {
            Ok(()) => Ok(()),
            Err(fault) => {
                // Otherwise the server keeps the parts, and its owner pays for them.
                if let Err(error) = upload.abort().await {
                    let left = Fault::of(&error);
                    log::warn!("Parts of {} may remain in the bucket: {left}", self.path);
                }
                Err(fault)
            }
        }
    }

    async fn fill(&self, upload: &mut dyn MultipartUpload) -> Result<(), Fault> {
        let length = self.sending.file.size();
        let size = length.div_ceil(MOST_PARTS).max(PART);
        let mut sending = JoinSet::new();
        for number in 0..length.div_ceil(size) {
            if sending.len() >= PARTS_AT_ONCE {
                joined(sending.join_next().await)?;
            }
            let (bytes, room) = self.part(number, size).await?;
            let part = upload.put_part(PutPayload::from(bytes));
            sending.spawn(async move {
                let sent = part.await;
                drop(room);
                sent
            });
        }
        while !sending.is_empty() {
            joined(sending.join_next().await)?;
        }
        let completed = upload.complete().await;
        completed.map(drop).map_err(|error| Fault::of(&error))
    }
}

fn joined(
    ended: Option<Result<object_store::Result<()>, tokio::task::JoinError>>,
) -> Result<(), Fault> {
    match ended {
        None | Some(Ok(Ok(()))) => Ok(()),
        Some(Ok(Err(error))) => Err(Fault::of(&error)),
        Some(Err(error)) => Err(Fault::new(FaultKind::Failed, error.to_string())),
    }
}
