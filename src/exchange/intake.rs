//! Files on their way in: hashed as they pass, small ones kept for the database, large ones written to blobs.

use super::{Error, Exchange, Limits, Result};
use crate::blobs::{Complete, LocalBlobs, Staged};
use crate::domain::{BlobRef, Md5Sum, RelativePath, Sha256Sum, Timestamp, Tree, TreeEntry};
use crate::store::trees::Arrivals;
use bytes::Bytes;
use md5::Md5;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// The largest blob kept in the database. Below it one commit of many rows beats a flush for each file, above it a
/// file of its own does (`docs/performance.md` has the measurement).
pub const SMALL: usize = 64 * 1024;

/// Small contents held in memory before they are stored ahead of their tree, in bytes.
const HELD: usize = 1024 * 1024;

/// A tree with all its bytes, which needs but a row to name it.
#[derive(Debug, Default)]
pub struct Parcel {
    tree: Tree,
    arrivals: Arrivals,
}

/// Takes files one after the other. It blocks on the disk and on arithmetic, so it belongs on a blocking thread.
pub struct Intake {
    blobs: LocalBlobs,
    limits: Limits,
    open: Option<File>,
    // Flushed together at the end, so that one file need not wait for another's flush.
    complete: Vec<Complete>,
    parcel: Parcel,
    // What need not arrive twice in one tree.
    arrived: HashSet<Sha256Sum>,
    held: usize,
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
            limits: exchange.limits,
            open: None,
            complete: Vec::new(),
            parcel: Parcel::default(),
            arrived: HashSet::new(),
            held: 0,
        }
    }

    /// Begins the next file, or the same one afresh.
    pub fn begin(&mut self) -> Result<()> {
        if self.parcel.tree.entries.len() >= self.limits.files {
            return Err(Error::TooManyFiles(self.limits.files));
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

    /// Adds bytes to the file begun last.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(file) = self.open.as_mut() else {
            return Ok(());
        };
        file.size += bytes.len() as u64;
        if file.size > self.limits.file_bytes {
            return Err(Error::FileTooLarge(self.limits.file_bytes));
        }
        file.md5.update(bytes);
        file.sha256.update(bytes);
        if file.large.is_none() && file.small.len() + bytes.len() <= SMALL {
            file.small.extend_from_slice(bytes);
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
        let Some(file) = self.open.take() else {
            return Ok(());
        };
        let sha256 = Sha256Sum(file.sha256.finalize().into());
        let blob = BlobRef {
            sha256,
            md5: Md5Sum(file.md5.finalize().into()),
            size: file.size,
        };
        self.parcel.tree.entries.push(TreeEntry { path, blob });
        if !self.arrived.insert(sha256) {
            return Ok(());
        }
        if let Some(large) = file.large {
            self.complete.push(large.complete(sha256));
            self.parcel.arrivals.files.push(blob);
        } else {
            self.held += file.small.len();
            self.parcel
                .arrivals
                .contents
                .push((blob, Bytes::from(file.small)));
        }
        Ok(())
    }

    /// Small contents that should be stored now, so that memory does not grow with their number.
    pub fn take_overflow(&mut self) -> Option<Vec<(BlobRef, Bytes)>> {
        if self.held < HELD {
            return None;
        }
        self.held = 0;
        Some(std::mem::take(&mut self.parcel.arrivals.contents))
    }

    /// Makes the large files durable and closes the tree.
    pub fn finish(self) -> Result<Parcel> {
        self.blobs.keep(self.complete)?;
        Ok(self.parcel)
    }
}

/// Stores small contents ahead of the tree that will name them.
pub async fn store_overflow(exchange: &Exchange, contents: Vec<(BlobRef, Bytes)>) -> Result<()> {
    let store = exchange
        .store
        .write(move |conn| crate::store::blobs::store_contents(conn, &contents, Timestamp::now()));
    Ok(store.await?)
}

impl Parcel {
    /// Gives the tree its row, inside the transaction that will name it; the row's id.
    pub(super) fn save(
        &self,
        conn: &mut crate::store::Connection,
        blobs: &LocalBlobs,
        now: Timestamp,
    ) -> Result<i64> {
        // A clean-up that ran between the upload and this transaction could have taken a file for forgotten.
        if let Some(lost) = self
            .arrivals
            .files
            .iter()
            .find(|blob| !blobs.has(blob.sha256, blob.size))
        {
            return Err(Error::Damaged(lost.sha256, crate::blobs::Damage::Missing));
        }
        Ok(crate::store::trees::save(
            conn,
            &self.tree,
            &self.arrivals,
            now,
        )?)
    }
}
