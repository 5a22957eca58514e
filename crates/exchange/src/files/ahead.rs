//! The contents that unfinished uploads have stored before a row names them, and their removal if no row ever does.
//!
//! Two uploads may send the same bytes at the same time, so each upload records what it has stored. The last upload
//! that stored a content removes it, in a writing transaction that finds no tree naming it. [`crate::upkeep::gc`] removes what
//! a crash leaves behind.

use super::objects;
use crate::Result;
use crate::op::Rows;
use nbcourier_blobs::{Announcement, Blobs, Complete, RemoteBlobs};
use nbcourier_domain::{BlobRef, Sha256Sum};
use nbcourier_storage::{self as store, Connection};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of contents removed in one transaction, so that other writers do not wait long.
const CHUNK: usize = 200;

/// The uploads of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ahead(Arc<Mutex<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    /// The number of uploads that have stored each content.
    uploads: HashMap<Sha256Sum, usize>,
    /// The number of uploads that have announced themselves.
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

    /// Removes one hold on the content. Returns whether no other upload has stored it.
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

/// The contents that one upload has stored. They are removed if it is dropped before a row names them.
pub(crate) struct Upload {
    ahead: Ahead,
    rows: Rows,
    blobs: Blobs,
    announcement: Option<Announcement>,
    stored: Arc<Stored>,
}

/// The names of the stored contents. The transactions that store contents add to them.
#[derive(Debug, Default)]
struct Stored(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    /// Contents in the database.
    small: Vec<Sha256Sum>,
    /// Contents in files.
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

/// A handle with which a writing transaction stores small contents for an upload.
#[derive(Clone)]
pub(crate) struct Storing {
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
    pub fn new(ahead: &Ahead, rows: &Rows, blobs: &Blobs) -> Self {
        Self {
            ahead: ahead.clone(),
            rows: rows.clone(),
            blobs: blobs.clone(),
            announcement: None,
            stored: Arc::default(),
        }
    }

    /// Announces the upload to other processes. It must run before the first bytes are stored.
    pub fn announce(&mut self) -> io::Result<()> {
        if self.announcement.is_some() {
            return Ok(());
        }
        // The count covers the lifetime of the announcement's file and a little more, so that the file is never taken
        // for another process's.
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

    /// Returns the handle for a transaction that stores small contents.
    pub fn storing(&self) -> Storing {
        Storing {
            ahead: self.ahead.clone(),
            stored: Arc::clone(&self.stored),
        }
    }

    /// Returns the bucket, if large files are sent to one.
    pub fn remote(&self) -> Option<&RemoteBlobs> {
        self.blobs.remote()
    }

    /// Sends large files to the bucket. All are durable when this returns. Returns their rows, which stay until the
    /// clean-up removes them if nothing refers to them by then: another server may be about to do so.
    pub async fn send(
        &self,
        blobs: &RemoteBlobs,
        files: Vec<BlobRef>,
        complete: &[Arc<Complete>],
    ) -> Result<Vec<(i64, BlobRef)>> {
        objects::send(&self.rows, blobs, files, complete).await
    }

    /// Moves large files to their places in the directory. All are durable when this returns.
    pub fn keep(&mut self, files: Vec<Complete>) -> io::Result<()> {
        let Some(blobs) = self.blobs.local() else {
            return Ok(());
        };
        {
            // This comes first. Otherwise another upload that ends now could remove a file that is already in its
            // place.
            let (mut ledger, mut names) = (self.ahead.ledger(), self.stored.names());
            for file in &files {
                ledger.hold(file.sha256());
                names.large.push(file.sha256());
            }
        }
        blobs.keep(files)
    }

    /// Notes that trees name all stored contents, so that nothing is removed.
    pub fn named(&self) {
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
        // The removal runs after any transaction of this upload that is still waiting.
        clear(&self.rows, &self.blobs, &self.ahead, &self.stored);
    }
}

/// Removes the contents that an upload has stored and no row names, one portion at a time.
fn clear(rows: &Rows, blobs: &Blobs, ahead: &Ahead, stored: &Arc<Stored>) {
    let is_nothing = {
        let names = stored.names();
        // A transaction that has yet to store small contents adds to the names when it runs.
        Arc::strong_count(stored) == 1 && names.small.is_empty() && names.large.is_empty()
    };
    if is_nothing {
        return;
    }
    let (next, blobs, ahead, stored) = (
        rows.clone(),
        blobs.clone(),
        ahead.clone(),
        Arc::clone(stored),
    );
    rows.without_policy().write_later(move |conn| {
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
    blobs: &Blobs,
    ahead: &Ahead,
    mut small: Vec<Sha256Sum>,
    mut large: Vec<Sha256Sum>,
) -> store::Result<()> {
    // The lock is held until all is removed, so that an upload that comes now finds a file either held or gone.
    let mut ledger = ahead.ledger();
    small.retain(|sum| ledger.release(*sum));
    large.retain(|sum| ledger.release(*sum));
    let in_files = |error: io::Error| store::Error::Unusable(error.to_string());
    // Another process may be sending the same bytes. Then `gc` removes them later. Those of other machines are unknown.
    if blobs.remote().is_some() && conn.is_postgres() {
        return Ok(());
    }
    if blobs.announcements().map_err(in_files)? > ledger.announced {
        return Ok(());
    }
    store::blobs::remove_unnamed_contents(conn, &small)?;
    let Some(directory) = blobs.local().filter(|_| !large.is_empty()) else {
        return Ok(());
    };
    let Some(_clearing) = blobs.try_clear().map_err(in_files)? else {
        return Ok(());
    };
    let claimed = store::blobs::ids(conn, large.iter().copied())?;
    for sum in large.iter().filter(|sum| !claimed.contains_key(sum)) {
        directory.remove(*sum).map_err(in_files)?;
    }
    Ok(())
}
