//! What uploads on their way have stored before a row names it, and its removal when no row ever will.
//!
//! Two uploads may bring the same bytes at the same time. So each says which it has stored, and bytes are removed with the
//! last upload that has, inside a writing transaction that finds no tree naming them. What a crash leaves is for
//! [`super::gc`].

use nbcourier_blobs::{Announcement, Complete, LocalBlobs};
use nbcourier_domain::Sha256Sum;
use nbcourier_storage::{self as store, Connection, Store};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Contents removed in one transaction, so that others are not kept waiting.
const CHUNK: usize = 200;

/// The uploads of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Ahead(Arc<Mutex<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    /// How many uploads have stored each content.
    uploads: HashMap<Sha256Sum, usize>,
    /// How many have announced themselves.
    announced: usize,
}

impl Ahead {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn hold(&mut self, sum: Sha256Sum) {
        *self.uploads.entry(sum).or_default() += 1;
    }

    /// Whether no other upload has stored it.
    fn release(&mut self, sum: Sha256Sum) -> bool {
        let Some(count) = self.uploads.get_mut(&sum) else {
            return true;
        };
        *count -= 1;
        let is_last = *count == 0;
        if is_last {
            self.uploads.remove(&sum);
        }
        is_last
    }
}

/// What one upload has stored. Dropped before it was named, it is removed.
pub(super) struct Upload {
    ahead: Ahead,
    store: Store,
    blobs: LocalBlobs,
    announcement: Option<Announcement>,
    stored: Arc<Stored>,
}

/// The names of what is stored, which the transactions that store it add to.
#[derive(Debug, Default)]
struct Stored(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    /// In the database.
    small: Vec<Sha256Sum>,
    /// In files.
    large: Vec<Sha256Sum>,
}

impl Stored {
    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("stored", &self.stored)
            .finish_non_exhaustive()
    }
}

/// A way to store small contents for an upload, inside a writing transaction.
#[derive(Clone)]
pub(super) struct Storing {
    ahead: Ahead,
    stored: Arc<Stored>,
}

impl Storing {
    /// Notes that these contents are about to be stored in the database.
    pub fn small(&self, sums: impl Iterator<Item = Sha256Sum>) {
        let (mut ledger, mut names) = (self.ahead.ledger(), self.stored.names());
        for sum in sums {
            ledger.hold(sum);
            names.small.push(sum);
        }
    }
}

impl Upload {
    pub fn new(ahead: &Ahead, store: &Store, blobs: &LocalBlobs) -> Self {
        Self {
            ahead: ahead.clone(),
            store: store.clone(),
            blobs: blobs.clone(),
            announcement: None,
            stored: Arc::default(),
        }
    }

    /// Says to other processes that bytes are on their way. To be called before the first are stored.
    pub fn announce(&mut self) -> io::Result<()> {
        if self.announcement.is_some() {
            return Ok(());
        }
        // Counted as long as its file is there and a little longer, so that it is never taken for another process's.
        self.ahead.ledger().announced += 1;
        match self.blobs.announce() {
            Ok(announcement) => {
                self.announcement = Some(announcement);
                Ok(())
            }
            Err(error) => {
                self.ahead.ledger().announced -= 1;
                Err(error)
            }
        }
    }

    /// What a transaction needs that stores small contents.
    pub fn storing(&self) -> Storing {
        Storing {
            ahead: self.ahead.clone(),
            stored: Arc::clone(&self.stored),
        }
    }

    /// Puts large files in their places, all durable when this returns.
    pub fn keep(&mut self, files: Vec<Complete>) -> io::Result<()> {
        {
            // First, so that no other upload that ends now takes the file away which is found in its place.
            let (mut ledger, mut names) = (self.ahead.ledger(), self.stored.names());
            for file in &files {
                ledger.hold(file.sha256());
                names.large.push(file.sha256());
            }
        }
        self.blobs.keep(files)
    }

    /// Trees name all that was stored: there is nothing to remove.
    pub fn named(&mut self) {
        let (mut ledger, mut names) = (self.ahead.ledger(), self.stored.names());
        let Names { small, large } = std::mem::take(&mut *names);
        for sum in small.into_iter().chain(large) {
            ledger.release(sum);
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(announcement) = self.announcement.take() {
            drop(announcement);
            self.ahead.ledger().announced -= 1;
        }
        // Behind a transaction of this upload that may be waiting still.
        clear(&self.store, &self.blobs, &self.ahead, &self.stored);
    }
}

/// Removes what an upload has stored and nothing names, some at a time.
fn clear(store: &Store, blobs: &LocalBlobs, ahead: &Ahead, stored: &Arc<Stored>) {
    let is_nothing = {
        let names = stored.names();
        // A transaction that is still to store small contents adds to the names when it runs.
        Arc::strong_count(stored) == 1 && names.small.is_empty() && names.large.is_empty()
    };
    if is_nothing {
        return;
    }
    let (next, blobs, ahead, stored) = (
        store.clone(),
        blobs.clone(),
        ahead.clone(),
        Arc::clone(stored),
    );
    store.write_later(move |conn| {
        let is_more = {
            let mut names = stored.names();
            let (small, large) = (names.small.len(), names.large.len());
            let small = names.small.split_off(small.saturating_sub(CHUNK));
            let large = names.large.split_off(large.saturating_sub(CHUNK));
            let is_more = !names.small.is_empty() || !names.large.is_empty();
            drop(names);
            remove(conn, &blobs, &ahead, small, large)?;
            is_more
        };
        if is_more {
            clear(&next, &blobs, &ahead, &stored);
        }
        Ok(())
    });
}

fn remove(
    conn: &mut Connection,
    blobs: &LocalBlobs,
    ahead: &Ahead,
    mut small: Vec<Sha256Sum>,
    mut large: Vec<Sha256Sum>,
) -> store::Result<()> {
    // Held until all is removed: an upload that comes now finds a file either held or gone.
    let mut ledger = ahead.ledger();
    small.retain(|sum| ledger.release(*sum));
    large.retain(|sum| ledger.release(*sum));
    let in_files = |error: io::Error| store::Error::Unusable(error.to_string());
    // Another process may be bringing the same bytes: then it is for `gc`.
    if blobs.announcements().map_err(in_files)? > ledger.announced {
        return Ok(());
    }
    store::blobs::remove_unnamed_contents(conn, &small)?;
    if large.is_empty() {
        return Ok(());
    }
    let Some(_clearing) = blobs.try_clear().map_err(in_files)? else {
        return Ok(());
    };
    let claimed = store::blobs::ids(conn, large.iter().copied())?;
    for sum in large.iter().filter(|sum| !claimed.contains_key(sum)) {
        blobs.remove(*sum).map_err(in_files)?;
    }
    Ok(())
}
