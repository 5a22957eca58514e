//! Files on their way in: hashed as they pass, small ones kept for the database, large ones written to blobs.

use super::ahead::{Storing, Upload};
use super::parcel::{Arrived, Batch, Claim, Contents, Parcel};
use super::quota::Quota;
use super::space::{BETWEEN_LOOKS, Space};
use super::{Error, Exchange, Limits, Result};
use bytes::Bytes;
use md5::Md5;
use nbcourier_blobs::{Complete, LocalBlobs, Staged};
use nbcourier_domain::{BlobRef, Md5Sum, RelativePath, Sha256Sum, Timestamp, Tree, TreeEntry};
use nbcourier_storage::trees::Arrivals;
use nbcourier_storage::{self as store, Connection, Store};
use nbcourier_work::blocking;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use super::quota::Account;

/// The largest blob kept in the database. Below it one commit of many rows beats a flush for each file, above it a
/// file of its own does (`docs/performance.md` has the measurement).
pub const SMALL: usize = 64 * 1024;

/// Small contents held in memory before they are stored ahead of their tree, in bytes.
const HELD: usize = 1024 * 1024;
/// Bytes that come before somebody asks whether there is room for them.
const UNASKED: u64 = 16 * 1024 * 1024;
/// How many times the files of one tree many trees may have together.
const MANY: usize = 10;
/// The paths of one tree, in bytes: with four hundred for each of ten thousand files, a tree can be listed in little memory.
const PATHS: usize = 4 * 1024 * 1024;
/// How many times the paths of one tree many trees may have together.
const MANY_PATHS: usize = 4;

/// Takes files one after the other. It blocks on the disk and on arithmetic, so it belongs on a blocking thread.
pub struct Intake {
    blobs: LocalBlobs,
    store: Store,
    limits: Limits,
    space: Space,
    room: Option<Room>,
    at_most: usize,
    open: Option<File>,
    // Flushed together at the end, so that one file need not wait for another's flush.
    complete: Vec<Complete>,
    arrivals: Arrivals,
    // What need not arrive twice.
    arrived: HashMap<Sha256Sum, BlobRef>,
    tree: Tree,
    files: usize,
    paths: usize,
    held: usize,
    // Since the last look at the free space.
    written: u64,
    upload: Upload,
}

/// The room that there must be for what comes in.
#[derive(Clone)]
struct Room {
    quota: Quota,
    account: Account,
    /// How many bytes are new to the account of those that were asked about.
    added: Arc<AtomicU64>,
    unasked: Contents,
    unasked_bytes: u64,
}

struct File {
    md5: Md5,
    sha256: Sha256,
    size: u64,
    small: Vec<u8>,
    large: Option<Staged>,
}

impl Intake {
    /// An empty tree of this exchange, under its limits.
    pub fn new(exchange: &Exchange) -> Self {
        Self {
            blobs: exchange.blobs.clone(),
            store: exchange.store.clone(),
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
            upload: Upload::new(&exchange.ahead, &exchange.store, &exchange.blobs),
        }
    }

    /// The same for files that count for somebody. The quotas are asked while the files come, and large ones are kept only
    /// when the whole tree may be.
    pub fn counted(exchange: &Exchange, account: Account) -> Self {
        let room = Room {
            quota: exchange.quota.clone(),
            account,
            added: Arc::default(),
            unasked: Contents::new(),
            unasked_bytes: 0,
        };
        Self {
            room: Some(room),
            ..Self::new(exchange)
        }
    }

    /// Begins the next file, or the same one afresh.
    pub fn begin(&mut self) -> Result<()> {
        if self.files >= self.at_most {
            return Err(Error::TooManyFiles(self.at_most));
        }
        self.open = Some(File {
            md5: Md5::new(),
            sha256: Sha256::new(),
            size: 0,
            small: Vec::new(),
            large: None,
        });
        Ok(())
    }

    /// The same for a file that is said to have so many bytes: with too many it is refused before they come.
    pub fn begin_sized(&mut self, bytes: u64) -> Result<()> {
        self.limits.check_file(bytes)?;
        self.begin()
    }

    /// Adds bytes to the file begun last.
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
        file.md5.update(bytes);
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

    /// Ends the file begun last and gives it its place in the tree.
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

    /// Ends the file begun last, whose place is known elsewhere; what it is.
    pub fn end_unplaced(&mut self) -> Option<BlobRef> {
        let file = self.open.take()?;
        let sha256 = Sha256Sum(file.sha256.finalize().into());
        let blob = BlobRef {
            sha256,
            md5: Md5Sum(file.md5.finalize().into()),
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

    /// What should be stored now, so that memory does not grow with the number of files, or asked about.
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
            store: self.store.clone(),
            storing: self.upload.storing(),
            room,
            contents,
        })
    }

    /// Closes the tree. Its large files are durable, unless they wait until there is room for them.
    pub fn finish(mut self) -> Result<Parcel> {
        let tree = std::mem::take(&mut self.tree);
        Ok(Parcel::arrived(tree, self.arrived()?))
    }

    fn arrived(mut self) -> Result<Arrived> {
        let complete = std::mem::take(&mut self.complete);
        let waiting = if self.room.is_some() {
            complete
        } else {
            self.upload.keep(complete)?;
            Vec::new()
        };
        Ok(Arrived::new(self.arrivals, self.upload, waiting))
    }

    /// The same for a tree of which not all bytes came; `files` are those it shall have.
    pub fn finish_claimed(mut self, files: Vec<Claim>) -> Result<Parcel> {
        self.limits.check_claims(&files)?;
        let known = std::mem::take(&mut self.arrived);
        Ok(Parcel::claimed(files, known, self.arrived()?))
    }
}

/// Takes the files of many trees, each about a submission, in any order.
pub struct BatchIntake {
    /// Takes the files themselves.
    pub files: Intake,
    trees: BTreeMap<i64, Tree>,
}

impl BatchIntake {
    /// No trees, under the limits of the exchange for each of them.
    pub fn counted(exchange: &Exchange, account: Account) -> Self {
        let mut files = Intake::counted(exchange, account);
        files.at_most = files.at_most.saturating_mul(MANY);
        Self {
            files,
            trees: BTreeMap::new(),
        }
    }

    /// Ends the file begun last and gives it its place in the tree about that submission.
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

    /// Closes the trees. Their large files wait until there is room for them.
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

/// Whether files of about so many bytes together could be taken now: the check that comes before they do.
pub async fn check_space(exchange: &Exchange, bytes: u64) -> Result<()> {
    let space = exchange.space.clone();
    blocking(move || space.check(bytes)).await?
}

/// Small contents to be stored ahead of the tree that will name them, and what the quotas should be asked about.
pub struct Overflow {
    store: Store,
    storing: Storing,
    room: Option<Room>,
    contents: Vec<(BlobRef, Bytes)>,
}

impl Overflow {
    /// Stores the contents, unless there is no room for what came so far.
    pub async fn store(self) -> Result<()> {
        let Self {
            store,
            storing,
            room,
            contents,
        } = self;
        let stored = store.write(move |conn| {
            if let Some(room) = room {
                room.check(conn)?;
            }
            storing.small(contents.iter().map(|(blob, _)| blob.sha256));
            store::blobs::store_contents(conn, &contents, Timestamp::now())?;
            Ok::<_, Error>(())
        });
        stored.await
    }
}

impl Room {
    fn check(&self, conn: &mut Connection) -> Result<()> {
        if self.unasked.is_empty() {
            return Ok(());
        }
        let Some(course) = store::courses::row(conn, self.account.course())? else {
            // What comes when all is there says so.
            return Ok(());
        };
        let before = self.added.load(Ordering::Relaxed);
        let added = self
            .quota
            .check(conn, course, &self.account, &self.unasked, before)?;
        self.added.store(added, Ordering::Relaxed);
        Ok(())
    }
}
