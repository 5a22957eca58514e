//! Limits per caller, and the time limit of bodies.

use super::error::{Error, Result};
use nbcourier_auth::{Caller, Rates};
use nbcourier_domain::UserName;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a client may pause while it sends a body or receives a reply.
#[derive(Debug, Clone, Copy)]
pub struct IdleTimeout(pub Duration);

impl IdleTimeout {
    /// Returns the result of the work, or `None` if it takes longer.
    pub async fn limit<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.0, work).await.ok()
    }
}

/// The burst that a caller may send at once, in seconds of the permitted rate. The client of an instructor may ask for
/// each submission of a large class in turn, which makes thousands of requests in a few seconds.
const BURST_S: u32 = 30;
/// Number of waiting uploads of a caller for each upload that is read.
const WAITING: usize = 8;

/// The limits on each caller, and what each has open. Cheap to clone.
#[derive(Clone)]
pub struct CallerLimits(Arc<Shared>);

struct Shared {
    requests: Option<(NonZeroU32, Rates)>,
    open: Option<usize>,
    uploads: Option<usize>,
    usages: Mutex<HashMap<UserName, Usage>>,
}

impl CallerLimits {
    /// Returns the limits: requests per second, averaged over half a minute; open requests; and concurrent uploads,
    /// which is also the limit on concurrent long replies. `None` means no limit.
    pub fn new(requests: Option<NonZeroU32>, open: Option<usize>, uploads: Option<usize>) -> Self {
        let rates = |per_second: NonZeroU32| {
            let at_once = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_S - 1));
            (per_second, Rates::new(per_second, at_once))
        };
        Self(Arc::new(Shared {
            requests: requests.map(rates),
            open,
            uploads,
            usages: Mutex::default(),
        }))
    }

    /// Counts a request of the caller. Fails with `TooManyRequests` if the rate is exceeded.
    pub fn count(&self, caller: &Caller) -> Result<()> {
        let Some((per_second, rates)) = &self.0.requests else {
            return Ok(());
        };
        let counted = rates.count(caller.name());
        counted.map_err(|wait| Error::TooManyRequests {
            per_second: per_second.get(),
            retry_after: wait.as_secs() + 1,
        })
    }

    /// Counts a request of the caller as open until the place is dropped. Fails with `TooManyOpen` at the limit.
    pub fn open(&self, caller: &Caller) -> Result<Slot> {
        let most = self.0.open.unwrap_or(usize::MAX);
        self.0
            .slot(caller, |usage| {
                if usage.open >= most {
                    return Err(Error::TooManyOpen(most));
                }
                usage.open += 1;
                Ok(())
            })
            .map(|slot| slot.leaving(|usage| usage.open -= 1))
    }

    /// Waits until the caller may upload. Fails with `TooManyUploads` if too many wait already.
    pub async fn upload(&self, caller: &Caller) -> Result<Option<Turn>> {
        let Some(uploads) = self.0.uploads else {
            return Ok(None);
        };
        let mut gate = None;
        let slot = self.0.slot(caller, |usage| {
            if usage.uploads >= uploads.saturating_mul(1 + WAITING) {
                return Err(Error::TooManyUploads(uploads));
            }
            usage.uploads += 1;
            gate = Some(Arc::clone(
                usage.upload_gate.get_or_insert_with(|| semaphore(uploads)),
            ));
            Ok(())
        })?;
        Ok(Some(
            Turn::wait(gate, slot.leaving(|usage| usage.uploads -= 1)).await,
        ))
    }

    /// Waits until the caller may receive a long reply. The limit on open requests bounds the number of those that
    /// wait.
    pub async fn reply(&self, caller: &Caller) -> Result<Option<Turn>> {
        let Some(replies) = self.0.uploads else {
            return Ok(None);
        };
        let mut gate = None;
        let slot = self.0.slot(caller, |usage| {
            usage.replies += 1;
            gate = Some(Arc::clone(
                usage.reply_gate.get_or_insert_with(|| semaphore(replies)),
            ));
            Ok(())
        })?;
        Ok(Some(
            Turn::wait(gate, slot.leaving(|usage| usage.replies -= 1)).await,
        ))
    }
}

fn semaphore(turns: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(turns.min(Semaphore::MAX_PERMITS)))
}

impl Shared {
    fn usages(&self) -> MutexGuard<'_, HashMap<UserName, Usage>> {
        self.usages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a place in the caller's usage, unless `enter` refuses it.
    fn slot(
        self: &Arc<Self>,
        caller: &Caller,
        enter: impl FnOnce(&mut Usage) -> Result<()>,
    ) -> Result<Slot> {
        let name = caller.name().clone();
        let mut usages = self.usages();
        let entered = enter(usages.entry(name.clone()).or_default());
        if usages.get(&name).is_some_and(Usage::is_empty) {
            usages.remove(&name);
        }
        entered.map(|()| Slot {
            shared: Arc::clone(self),
            name,
            leave: |_| {},
        })
    }
}

/// The open requests, uploads and long replies of one caller.
#[derive(Default)]
struct Usage {
    open: usize,
    /// Includes the uploads that wait for their turn.
    uploads: usize,
    replies: usize,
    upload_gate: Option<Arc<Semaphore>>,
    reply_gate: Option<Arc<Semaphore>>,
}

impl Usage {
    fn is_empty(&self) -> bool {
        self.open == 0 && self.uploads == 0 && self.replies == 0
    }
}

/// A place in a caller's usage. Dropping it leaves the usage.
pub struct Slot {
    shared: Arc<Shared>,
    name: UserName,
    leave: fn(&mut Usage),
}

impl Slot {
    fn leaving(mut self, leave: fn(&mut Usage)) -> Self {
        self.leave = leave;
        self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut usages = self.shared.usages();
        if let Some(usage) = usages.get_mut(&self.name) {
            (self.leave)(usage);
            if usage.is_empty() {
                usages.remove(&self.name);
            }
        }
    }
}

/// The turn of an upload or of a long reply. It ends when it is dropped.
pub struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    _slot: Slot,
}

impl Turn {
    async fn wait(gate: Option<Arc<Semaphore>>, slot: Slot) -> Self {
        let permit = match gate {
            Some(gate) => gate.acquire_owned().await.ok(),
            None => None,
        };
        Self {
            _permit: permit,
            _slot: slot,
        }
    }
}
