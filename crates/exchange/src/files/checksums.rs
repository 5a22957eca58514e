//! The MD5 of stored files, which ngshare's protocol calls their checksum.
//!
//! An upload computes only the SHA-256: MD5 was a sixth of the server's work in a deadline rush, and most submissions
//! are collected without anybody asking for it. The first reader that lists a file computes it, and it is stored after
//! that.

use super::trees::{Bundle, ListedTree, TreeFile, TreeFiles};
use super::verified::Verified;
use crate::{Error, Exchange, Result};
use bytes::Bytes;
use md5::{Digest as _, Md5};
use nbcourier_blobs::{Blobs, Damage, Fault};
use nbcourier_domain::{BlobRef, Md5Sum, Sha256Sum};
use nbcourier_storage::blobs::Row;
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::blocking;
use sha2::Sha256;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Read as _;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bytes of contents that are held in memory together. A larger file is read in pieces.
const BATCH: u64 = 512 * 1024;
/// Maximum number of files that are hashed together.
const BATCH_FILES: usize = 1000;
/// Number of blobs read at a time when all of them get their MD5.
const PAGE: i64 = 1000;
/// Bytes read at a time from large files.
const CHUNK: usize = 256 * 1024;
/// Bytes hashed between two pieces of a listing, so that its client does not wait long for the next piece. A single
/// tree may exceed it.
const BETWEEN_PIECES: u64 = 64 * 1024 * 1024;

/// The files of a stored tree, in the order in which they were submitted, with the MD5 of each. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ChecksummedFiles {
    files: TreeFiles,
    md5: Arc<[Md5Sum]>,
}

impl ChecksummedFiles {
    /// Returns the files without the MD5.
    pub fn files(&self) -> &TreeFiles {
        &self.files
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether the tree has no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the file with that index, and its MD5.
    pub fn get(&self, index: usize) -> Option<(TreeFile<'_>, Md5Sum)> {
        self.files.get(index).zip(self.md5.get(index).copied())
    }

    /// Returns all files with their MD5.
    pub fn iter(&self) -> impl Iterator<Item = (TreeFile<'_>, Md5Sum)> {
        self.files.iter().zip(self.md5.iter().copied())
    }

    fn new(files: TreeFiles, computed: &HashMap<i64, Md5Sum>) -> Self {
        let md5 = files.rows().iter().map(|file| {
            let known = file.blob.blob.md5.as_ref();
            let known = known.or_else(|| computed.get(&file.blob.id));
            known.copied().unwrap_or(Md5Sum::UNKNOWN)
        });
        Self {
            md5: md5.collect(),
            files,
        }
    }
}

impl TreeFiles {
    /// Returns the files with the MD5 of each. Bytes that are damaged before their MD5 was needed have
    /// [`Md5Sum::UNKNOWN`].
    pub async fn checksummed(self, exchange: &Exchange) -> Result<ChecksummedFiles> {
        let unknown = unknown([&self]);
        let computed = compute_all(exchange, unknown).await?;
        Ok(ChecksummedFiles::new(self, &computed))
    }

    /// Returns the bytes of the files without a stored MD5.
    fn unknown_bytes(&self) -> u64 {
        let unknown = self.rows().iter().map(|file| file.blob.blob);
        let unknown = unknown.filter(|blob| blob.md5.is_none());
        unknown.map(|blob| blob.size).sum()
    }
}

/// The trees of a listing with the MD5 of their files, a few trees at a time.
pub struct ChecksummedBundle {
    exchange: Exchange,
    trees: Bundle<ListedTree>,
    listed: VecDeque<(ListedTree, TreeFiles)>,
}

impl ChecksummedBundle {
    /// Creates a bundle of these trees.
    pub fn new(exchange: &Exchange, trees: Vec<ListedTree>) -> Self {
        Self {
            exchange: exchange.clone(),
            trees: Bundle::new(exchange, trees),
            listed: VecDeque::new(),
        }
    }

    /// Returns the next trees with their files, or none at the end.
    pub async fn next(&mut self) -> Result<VecDeque<(ListedTree, ChecksummedFiles)>> {
        if self.listed.is_empty() {
            self.listed = self.trees.next().await?.into();
        }
        let mut trees = Vec::new();
        let mut bytes = 0;
        while bytes < BETWEEN_PIECES
            && let Some((tree, files)) = self.listed.pop_front()
        {
            bytes += files.unknown_bytes();
            trees.push((tree, files));
        }
        let unknown = unknown(trees.iter().map(|(_, files)| files));
        let computed = compute_all(&self.exchange, unknown).await?;
        let trees = trees.into_iter();
        let trees = trees.map(|(tree, files)| (tree, ChecksummedFiles::new(files, &computed)));
        Ok(trees.collect())
    }
}

/// Computes and stores the MD5 of all blobs.
pub(crate) async fn complete(exchange: &Exchange) -> Result<()> {
    let mut after = 0;
    loop {
        let rows = exchange
            .without_policy()
            .read(move |conn| Ok(store::blobs::without_md5(conn, after, PAGE)?))
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id;
        let computed: Vec<_> = compute_all(exchange, rows).await?.into_iter().collect();
        let store = move |conn: &mut Connection| Ok(store::blobs::set_md5(conn, &computed)?);
        exchange.without_policy().write(store).await?;
    }
}

/// Limits how much is hashed at once. The next one may find that the one before has computed the same.
#[derive(Clone)]
pub(crate) struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        let cores = std::thread::available_parallelism();
        Self(Arc::new(Semaphore::new(
            cores.map_or(1, std::num::NonZero::get),
        )))
    }
}

/// Returns the blobs whose MD5 was not stored when the files were read, each once. They are in the order of their rows,
/// so that two changes that store the same do not wait for each other.
fn unknown<'a>(trees: impl IntoIterator<Item = &'a TreeFiles>) -> Vec<Row> {
    let files = trees.into_iter().flat_map(TreeFiles::rows);
    let rows = files.map(|file| file.blob);
    let unknown = rows.filter(|row| row.blob.md5.is_none());
    let unknown: BTreeMap<i64, Row> = unknown.map(|row| (row.id, row)).collect();
    unknown.into_values().collect()
}

/// Computes the MD5 of these blobs, and stores it after the reply. Returns none for damaged blobs.
async fn compute_all(exchange: &Exchange, unknown: Vec<Row>) -> Result<HashMap<i64, Md5Sum>> {
    let mut computed = HashMap::new();
    let mut unknown = unknown.into_iter().peekable();
    while unknown.peek().is_some() {
        let mut batch: Vec<Row> = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH_FILES
            && let Some(row) =
                unknown.next_if(|row| batch.is_empty() || bytes + row.blob.size <= BATCH)
        {
            bytes += row.blob.size;
            batch.push(row);
        }
        computed.extend(compute(exchange, batch).await?);
    }
    Ok(computed)
}

async fn compute(exchange: &Exchange, batch: Vec<Row>) -> Result<HashMap<i64, Md5Sum>> {
    let turn = Arc::clone(&exchange.hashing.0).acquire_owned().await;
    let read = exchange.without_policy().read(move |conn| {
        let ids: Vec<i64> = batch.iter().map(|row| row.id).collect();
        let known = store::blobs::md5(conn, &ids)?;
        let rows = batch.into_iter();
        let rows: Vec<Row> = rows.filter(|row| !known.contains_key(&row.id)).collect();
        let small = rows.iter().filter(|row| row.in_database);
        let small: Vec<i64> = small.map(|row| row.id).collect();
        Ok((known, rows, store::blobs::contents(conn, &small)?))
    });
    let (mut known, rows, mut contents) = read.await?;
    if rows.is_empty() {
        return Ok(known);
    }
    let (blobs, verified) = (exchange.blobs.clone(), exchange.verified.clone());
    let hash = move || {
        let mut computed = Vec::new();
        for row in &rows {
            let sum = match contents.remove(&row.id) {
                Some(content) => hash(&verified, &row.blob, content),
                None if row.in_database => None,
                None => hash_file(&blobs, row)?.ok(),
            };
            computed.extend(sum.map(|sum| (row.id, sum)));
        }
        Ok::<_, Error>((turn, computed))
    };
    let (_turn, computed) = blocking(hash).await??;
    known.extend(computed.iter().copied());
    let store = move |conn: &mut Connection| store::blobs::set_md5(conn, &computed);
    exchange.without_policy().write_later(store);
    Ok(known)
}

/// Returns the MD5 of the content, or none if it is not that of the blob.
fn hash(verified: &Verified, blob: &BlobRef, content: Vec<u8>) -> Option<Md5Sum> {
    let content = Bytes::from(content);
    // A download that needs the MD5 sends the content right after this, and then finds it verified.
    let is_sound = verified.matches(blob.sha256, &content);
    is_sound.then(|| Md5Sum(Md5::digest(&content).into()))
}

fn hash_file(blobs: &Blobs, row: &Row) -> Result<Result<Md5Sum, Damage>> {
    let mut file = match blobs.read(row.id, &row.blob)? {
        Ok(file) => file,
        Err(damage) => return Ok(Err(damage)),
    };
    let (mut md5, mut sha256, mut buffer) = (Md5::new(), Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                md5.update(&buffer[..count]);
                sha256.update(&buffer[..count]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if Fault::inside(&error).is_some() => return Err(error.into()),
            Err(_) => return Ok(Err(Damage::Unreadable)),
        }
    }
    if Sha256Sum(sha256.finalize().into()) != row.blob.sha256 {
        return Ok(Err(Damage::WrongBytes));
    }
    Ok(Ok(Md5Sum(md5.finalize().into())))
}
