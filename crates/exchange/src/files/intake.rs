//! Receiving files: they are hashed as they arrive. Small ones are kept for the database, large ones written to blobs.

use super::ahead::{Storing, Upload};
use super::parcel::{Arrived, Batch, Claim, Parcel};
use super::quota::ContentSizes;
use super::quota::{Account, Quota};
use super::space::{BETWEEN_LOOKS, Space};
use crate::op::Rows;
use crate::{Error, Exchange, Limits, Result};
use bytes::Bytes;
use nbcourier_blobs::{Blobs, Complete, Staged};
use nbcourier_domain::{BlobRef, Md5Sum, RelativePath, Sha256Sum, Timestamp, Tree, TreeEntry};
use nbcourier_storage::trees::Arrivals;
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::blocking;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Maximum size in bytes of a blob in the database. Below it, one commit of many rows is faster than a flush for each
/// file; above it, a separate file is faster (`docs/performance.md` has the measurement).
pub const SMALL: usize = 64 * 1024;

/// Bytes of small contents that are held in memory before they are stored ahead of their tree.
const HELD: usize = 1024 * 1024;
/// Bytes that are received before the quotas are checked.
const UNASKED: u64 = 16 * 1024 * 1024;
/// The limit on the files of many trees together, as a multiple of the limit for one tree.
const MANY: usize = 10;
/// Maximum total length in bytes of the paths of one tree. With four hundred bytes for each of ten thousand files, a
/// tree can be listed in little memory.
const PATHS: usize = 4 * 1024 * 1024;
/// The limit on the paths of many trees together, as a multiple of the limit for one tree.
const MANY_PATHS: usize = 4;

/// Receives files one after the other. It blocks on the disk and on hashing, so it belongs on a blocking thread.
pub struct Intake {
    blobs: Blobs,
    rows: Rows,
    limits: Limits,
    space: Space,
    room: Option<Room>,
    at_most: usize,
    open: Option<File>,
    // These are flushed together at the end, so that no file waits for another's flush.
    complete: Vec<Complete>,
    arrivals: Arrivals,
    // Contents that were received already and need not be stored twice.
    arrived: HashMap<Sha256Sum, BlobRef>,
    tree: Tree,
    files: usize,
    paths: usize,
    held: usize,
    // Bytes written since the last check of the free space.
    written: u64,
    upload: Upload,
}

/// The quota check for incoming files.
#[derive(Clone)]
struct Room {
    quota: Quota,
    account: Account,
    /// Bytes, of the contents checked so far, that are new to the account.
    added: Arc<AtomicU64>,
    unasked: ContentSizes,
    unasked_bytes: u64,
}

struct File {
    sha256: Sha256,
    md5: Option<Md5Sum>,
    size: u64,
    small: Vec<u8>,
    large: Option<Staged>,
}

impl Intake {
    /// Creates an intake for one tree under the limits of this exchange.
    pub fn new(exchange: &Exchange) -> Self {
        Self {
            blobs: exchange.blobs.clone(),
            rows: exchange.rows.clone(),
            limits: exchange.limits,
            space: exchange.space.clone(),
            room: None,
            at_most: exchange.limits.files,
            open: None,
            complete: Vec::new(),
            arrivals: Arrivals::default(),
            arrived: HashMap::new(),
            tree: Tree::default(),
            files: 0,
            paths: 0,
            held: 0,
            written: 0,
            upload: Upload::new(&exchange.ahead, &exchange.rows, &exchange.blobs),
        }
    }

    /// Creates an intake whose files count against a quota. The quotas are checked while files arrive. Large files are
    /// kept only once there is room for the whole tree.
    pub fn counted(exchange: &Exchange, account: Account) -> Self {
        let room = Room {
            quota: exchange.quota.clone(),
            account,
            added: Arc::default(),
            unasked: ContentSizes::new(),
            unasked_bytes: 0,
        };
        Self {
            room: Some(room),
            ..Self::new(exchange)
        }
    }

    /// Begins the next file, or restarts the current one.
    pub fn begin(&mut self) -> Result<()> {
        if self.files >= self.at_most {
            return Err(Error::TooManyFiles(self.at_most));
        }
        self.open = Some(File {
            sha256: Sha256::new(),
            md5: None,
            size: 0,
            small: Vec::new(),
            large: None,
        });
        Ok(())
    }

    /// Begins the next file with a declared size. A size above the limit is refused before the bytes arrive.
    pub fn begin_sized(&mut self, bytes: u64) -> Result<()> {
        self.limits.check_file(bytes)?;
        self.begin()
    }

    /// Adds bytes to the current file.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(file) = self.open.as_mut() else {
            return Ok(());
        };
        file.size += bytes.len() as u64;
        self.limits.check_file(file.size)?;
        self.written += bytes.len() as u64;
        if self.written >= BETWEEN_LOOKS {
            self.space.check(0)?;
            self.written = 0;
        }
        file.sha256.update(bytes);
        let is_small = file.large.is_none() && file.small.len() + bytes.len() <= SMALL;
        if is_small {
            file.small.extend_from_slice(bytes);
        }
        let is_ahead = !is_small || self.held + file.small.len() >= HELD;
        if is_ahead {
            self.upload.announce()?;
        }
        if is_small {
            return Ok(());
        }
        let large = if let Some(large) = file.large.as_mut() {
            large
        } else {
            let large = file.large.insert(self.blobs.stage()?);
            large.write(&std::mem::take(&mut file.small))?;
            large
        };
        Ok(large.write(bytes)?)
    }

    /// Notes the MD5 of the current file, if it was computed anyway.
    pub fn note_md5(&mut self, md5: Md5Sum) {
        if let Some(file) = &mut self.open {
            file.md5 = Some(md5);
        }
    }

    /// Ends the current file and places it in the tree.
    pub fn end(&mut self, path: RelativePath) -> Result<()> {
        self.count_path(&path, PATHS)?;
        if let Some(blob) = self.end_unplaced() {
            self.tree.entries.push(TreeEntry { path, blob });
        }
        Ok(())
    }

    fn count_path(&mut self, path: &RelativePath, most: usize) -> Result<()> {
        self.paths += path.as_str().len();
        if self.paths > most {
            return Err(Error::PathsTooLong(most));
        }
        Ok(())
    }

    /// Ends the current file without placing it. Returns its checksums and size, or `None` if no file was begun.
    pub fn end_unplaced(&mut self) -> Option<BlobRef> {
        let file = self.open.take()?;
        let sha256 = Sha256Sum(file.sha256.finalize().into());
        let blob = BlobRef {
            sha256,
            md5: file.md5,
            size: file.size,
        };
        self.files += 1;
        if self.arrived.insert(sha256, blob).is_some() {
            return Some(blob);
        }
        if let Some(room) = self.room.as_mut().filter(|room| room.quota.counts_bytes()) {
            room.unasked.insert(sha256, blob.size);
            room.unasked_bytes += blob.size;
        }
        if let Some(large) = file.large {
            self.complete.push(large.complete(sha256));
            self.arrivals.files.push(blob);
        } else {
            self.held += file.small.len();
            let content = Bytes::from(file.small);
            self.arrivals.contents.push((blob, content));
        }
        Some(blob)
    }

    /// Takes what should be stored or checked against the quotas now, so that memory does not grow with the number of
    /// files.
    pub fn take_overflow(&mut self) -> Option<Overflow> {
        let is_much = |room: &Room| room.unasked_bytes >= UNASKED;
        let is_full = self.held >= HELD;
        if !is_full && !self.room.as_ref().is_some_and(is_much) {
            return None;
        }
        let mut contents = Vec::new();
        if is_full {
            self.held = 0;
            contents = std::mem::take(&mut self.arrivals.contents);
        }
        let room = self.room.as_mut().map(|room| {
            room.unasked_bytes = 0;
            Room {
                unasked: std::mem::take(&mut room.unasked),
                ..room.clone()
            }
        });
        Some(Overflow {
            rows: self.rows.clone(),
            storing: self.upload.storing(),
            room,
            contents,
        })
    }

    /// Completes the tree. Its large files are durable, unless they wait for the quota check or for a bucket.
    pub fn finish(mut self) -> Result<Parcel> {
        let tree = std::mem::take(&mut self.tree);
        Ok(Parcel::arrived(tree, self.arrived()?))
    }

    fn arrived(mut self) -> Result<Arrived> {
        let complete = std::mem::take(&mut self.complete);
        let waiting = if self.room.is_some() || self.upload.remote().is_some() {
            complete
        } else {
            self.upload.keep(complete)?;
            Vec::new()
        };
        Ok(Arrived::new(self.arrivals, self.upload, waiting))
    }

    /// Completes a tree with claimed files, not all of whose bytes were sent. `files` are all files of the tree.
    pub fn finish_claimed(mut self, files: Vec<Claim>) -> Result<Parcel> {
        self.limits.check_claims(&files)?;
        let known = std::mem::take(&mut self.arrived);
        Ok(Parcel::claimed(files, known, self.arrived()?))
    }
}

/// Receives the files of many trees in any order. Each tree belongs to a submission.
pub struct BatchIntake {
    /// The intake of the files themselves.
    pub files: Intake,
    trees: BTreeMap<i64, Tree>,
}

impl BatchIntake {
    /// Creates a batch without trees. Each tree is under the limits of the exchange.
    pub fn counted(exchange: &Exchange, account: Account) -> Self {
        let mut files = Intake::counted(exchange, account);
        files.at_most = files.at_most.saturating_mul(MANY);
        Self {
            files,
            trees: BTreeMap::new(),
        }
    }

    /// Ends the current file and places it in the tree for that submission.
    pub fn end(&mut self, submission: i64, path: RelativePath) -> Result<()> {
        self.files.count_path(&path, MANY_PATHS * PATHS)?;
        let Some(blob) = self.files.end_unplaced() else {
            return Ok(());
        };
        let tree = self.trees.entry(submission).or_default();
        if tree.entries.len() >= self.files.limits.files {
            return Err(Error::TooManyFiles(self.files.limits.files));
        }
        tree.entries.push(TreeEntry { path, blob });
        Ok(())
    }

    /// Completes the trees. Their large files wait for the quota check.
    pub fn finish(self) -> Result<Batch> {
        Ok(Batch::new(self.trees, self.files.arrived()?))
    }
}

impl Limits {
    fn check_file(self, bytes: u64) -> Result<()> {
        if bytes > self.file_bytes {
            return Err(Error::FileTooLarge(self.file_bytes));
        }
        Ok(())
    }

    fn check_claims(self, files: &[Claim]) -> Result<()> {
        if files.len() > self.files {
            return Err(Error::TooManyFiles(self.files));
        }
        let paths: usize = files.iter().map(|file| file.path.as_str().len()).sum();
        if paths > PATHS {
            return Err(Error::PathsTooLong(PATHS));
        }
        let mut whole = 0_u64;
        for file in files {
            self.check_file(file.size)?;
            whole = whole.saturating_add(file.size);
        }
        if whole > self.tree_bytes {
            return Err(Error::TreeTooLarge(self.tree_bytes));
        }
        Ok(())
    }
}

/// Checks, before any files arrive, that there is free space for about `bytes` more bytes.
pub async fn check_space(exchange: &Exchange, bytes: u64) -> Result<()> {
    let space = exchange.space.clone();
    blocking(move || space.check(bytes)).await?
}

/// Small contents to store ahead of their tree, and contents to check against the quotas.
pub struct Overflow {
    rows: Rows,
    storing: Storing,
    room: Option<Room>,
    contents: Vec<(BlobRef, Bytes)>,
}

impl Overflow {
    /// Stores the contents, unless a quota is exceeded.
    pub async fn store(self) -> Result<()> {
        let Self {
            rows,
            storing,
            room,
            contents,
        } = self;
        let counted = room.as_ref().map(|room| Arc::clone(&room.added));
        let store = move |conn: &mut Connection| {
            let added = room.as_ref().map(|room| room.check(conn)).transpose()?;
            storing.small(contents.iter().map(|(blob, _)| blob.sha256));
            store::blobs::store_ahead(conn, &contents, Timestamp::now())?;
            Ok(added)
        };
        let committed = move |added: &mut Option<u64>| {
            if let Some((counted, added)) = counted.zip(*added) {
                counted.store(added, Ordering::Relaxed);
            }
        };
        let stored = rows.without_policy().write_then(store, committed);
        stored.await.map(drop)
    }
}

impl Room {
    /// Returns the number of new bytes so far.
    fn check(&self, conn: &mut Connection) -> Result<u64> {
        let before = self.added.load(Ordering::Relaxed);
        if self.unasked.is_empty() {
            return Ok(before);
        }
        let Some(course) = store::courses::row(conn, self.account.course())? else {
            // The transaction that names the tree reports the missing course.
            return Ok(before);
        };
        let (account, unasked) = (&self.account, &self.unasked);
        self.quota.check(conn, course, account, unasked, before)
    }
}
