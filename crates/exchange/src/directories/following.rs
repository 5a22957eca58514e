//! The changes of a directory since a version, and waiting for them.

use super::contents::EntryView;
use crate::policy::DirectoryAddress;
use crate::{Error, Exchange, Result};
use nbcourier_domain::{AccessLevel, RelativePath};
use nbcourier_identity::Caller;
use nbcourier_storage::Portion;
use nbcourier_storage::directories::{entries, versions};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// The longest time for which a request waits for changes.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// The time after which a waiting request looks for changes of other processes.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The requests that wait for changes of directories. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Following(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    directories: HashMap<i64, watch::Sender<()>>,
    number: usize,
}

impl Following {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for changes of the directory.
    pub fn announce(&self, directory: i64) {
        if let Some(sender) = self.waiting().directories.get(&directory) {
            sender.send_replace(());
        }
    }

    /// Returns a place among at most `limit` waiting requests.
    fn wait(&self, directory: i64, limit: usize) -> Option<Waiter> {
        let mut waiting = self.waiting();
        if waiting.number >= limit {
            return None;
        }
        waiting.number += 1;
        let sender = waiting.directories.entry(directory);
        let receiver = sender.or_insert_with(|| watch::channel(()).0).subscribe();
        drop(waiting);
        Some(Waiter {
            following: self.clone(),
            directory,
            receiver: Some(receiver),
        })
    }
}

/// A waiting request.
struct Waiter {
    following: Following,
    directory: i64,
    receiver: Option<watch::Receiver<()>>,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.following.waiting();
        waiting.number -= 1;
        self.receiver = None;
        let directory = waiting.directories.get(&self.directory);
        if directory.is_some_and(|sender| sender.receiver_count() == 0) {
            waiting.directories.remove(&self.directory);
        }
    }
}

/// A path that has changed, as it is now.
#[derive(Debug, Clone)]
pub struct ChangeView {
    /// The path.
    pub path: RelativePath,
    /// The file or folder, or `None` if it was removed.
    pub now: Option<EntryView>,
    /// The version of the last change.
    pub version: i64,
}

/// A page of changes.
#[derive(Debug, Clone)]
pub struct ChangePage {
    /// The current version.
    pub version: i64,
    /// The changed paths, by version and path.
    pub changes: Vec<ChangeView>,
    /// The version and the path after which the next page begins, if there is one.
    pub next: Option<(i64, String)>,
}

/// The changes that a caller wants to see.
#[derive(Debug, Clone)]
pub struct ChangeQuery {
    /// The version that the caller knows. The empty directory is version 0.
    pub since: i64,
    /// Only those after this version and path.
    pub after: Option<(i64, String)>,
    /// The maximum number.
    pub at_most: usize,
    /// The time to wait for a first change.
    pub wait: Duration,
}

/// Returns the paths that have changed after a version. If there are none, it waits for some.
pub async fn changes(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    query: ChangeQuery,
) -> Result<ChangePage> {
    let deadline = Instant::now() + query.wait.min(LONGEST_WAIT);
    let (directory, page) = read(exchange, caller, &address, &query).await?;
    if !page.changes.is_empty() || page.version > query.since || query.wait.is_zero() {
        return Ok(page);
    }
    let limit = exchange.directory_limits.waiting;
    let Some(mut waiter) = exchange.following.wait(directory, limit) else {
        return Ok(page);
    };
    loop {
        // A change between the first look and the beginning of the wait is seen now.
        let (_, page) = read(exchange, caller, &address, &query).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if page.version > query.since || left.is_zero() {
            return Ok(page);
        }
        if let Some(receiver) = &mut waiter.receiver {
            // The time limit only means that it looks again.
            let _ = timeout(left.min(LOOK_AGAIN), receiver.changed()).await;
        }
    }
}

/// Returns the number of the directory, and the changes so far.
async fn read(
    exchange: &Exchange,
    caller: &Caller,
    address: &DirectoryAddress,
    query: &ChangeQuery,
) -> Result<(i64, ChangePage)> {
    let query = query.clone();
    let read = exchange.read_directory(caller, address.clone(), AccessLevel::Read, move |op| {
        let (id, head) = (op.directory().id, op.directory().head.number);
        let since = query.since;
        let empty = ChangePage {
            version: head,
            changes: Vec::new(),
            next: None,
        };
        if since == head {
            return Ok((id, empty));
        }
        // Without the version, removals after it may not be known any more.
        let is_kept = since == 0 || versions::find(op.conn, id, since)?.is_some();
        if since > head {
            return Err(Error::NoSuchVersion {
                wanted: since,
                current: head,
            });
        }
        if since < 0 || !is_kept {
            return Err(Error::ChangesTooOld(since));
        }
        let after = query.after.unwrap_or((0, String::new()));
        let portion = Portion::of(query.at_most);
        let after = (after.0, after.1.as_str());
        let (found, is_more) = entries::changed(op.conn, id, since, after, portion)?;
        let next = found.last().filter(|_| is_more);
        let next = next.map(|last| (last.version, last.path.as_str().to_owned()));
        let changes = found.into_iter().map(|change| ChangeView {
            path: change.path,
            now: change.now.map(EntryView::new),
            version: change.version,
        });
        let page = ChangePage {
            changes: changes.collect(),
            next,
            ..empty
        };
        Ok((id, page))
    });
    read.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_bounded_and_forgotten() {
        let following = Following::default();
        let first = following.wait(1, 2).unwrap();
        let second = following.wait(2, 2).unwrap();
        assert!(following.wait(3, 2).is_none());
        following.announce(1);
        following.announce(7);
        let has_changed =
            |waiter: &Waiter| waiter.receiver.as_ref().unwrap().has_changed().unwrap();
        assert!(has_changed(&first) && !has_changed(&second));
        drop((first, second));
        let waiting = following.waiting();
        assert_eq!((waiting.number, waiting.directories.len()), (0, 0));
    }
}
