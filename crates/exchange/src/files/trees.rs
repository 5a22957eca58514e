//! Reading stored files. Each file is verified against its checksum before its last bytes are sent.

use super::objects;
use crate::seen::Seen;
use crate::{Error, Exchange, Result};
use bytes::Bytes;
use nbcourier_blobs::{Damage, Fault, Reading};
use nbcourier_domain::{BlobRef, RelativePath, Sha256Sum, Timestamp};
use nbcourier_storage as store;
use nbcourier_work::{Bug, blocking};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::Arc;

/// Bytes read at a time from large files. A reply that its client does not read holds about as many in memory.
const CHUNK: usize = 256 * 1024;
/// Bytes that are read and verified before a reply begins.
pub const AHEAD: usize = 512 * 1024;
/// Approximate number of bytes read at a time from small contents.
const BATCH: u64 = 512 * 1024;
/// Maximum number of small contents read at a time.
const BATCH_FILES: usize = 1000;
/// Maximum number of files listed at a time when many trees are sent together. A single tree may exceed it.
const LISTED: i64 = 1000;

/// The files of a stored tree, in the order in which they were submitted. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TreeFiles(Arc<[store::trees::File]>);

/// A file of a stored tree.
#[derive(Debug, Clone, Copy)]
pub struct TreeFile<'a> {
    /// Its path in the tree.
    pub path: &'a RelativePath,
    /// Its size and checksums.
    pub blob: &'a BlobRef,
}

impl TreeFiles {
    pub(crate) fn new(files: Arc<[store::trees::File]>) -> Self {
        Self(files)
    }

    /// Returns the rows of the files.
    pub(super) fn rows(&self) -> &[store::trees::File] {
        &self.0
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the tree has no files.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the file with that index.
    pub fn get(&self, index: usize) -> Option<TreeFile<'_>> {
        self.0.get(index).map(TreeFile::new)
    }

    /// Returns only the file with that path, if the tree has it.
    pub fn only(&self, path: &str) -> Option<Self> {
        let file = self.0.iter().find(|file| file.path.as_str() == path)?;
        Some(Self(Arc::new([file.clone()])))
    }

    /// Returns all files.
    pub fn iter(&self) -> impl Iterator<Item = TreeFile<'_>> {
        self.0.iter().map(TreeFile::new)
    }
}

impl<'a> TreeFile<'a> {
    fn new(file: &'a store::trees::File) -> Self {
        Self {
            path: &file.path,
            blob: &file.blob.blob,
        }
    }
}

/// The tree that a request names.
#[derive(Debug)]
pub struct FoundTree {
    /// Its digest.
    pub digest: Sha256Sum,
    /// The time of the release, submission or feedback.
    pub time: Timestamp,
    /// Its files.
    pub files: TreeFiles,
    /// The sight of the tree that is noted for its reader.
    pub seen: Seen,
}

/// Returns the files of the tree with that digest. The caller of this function vouches that an operation has granted the
/// tree to the reader before.
pub async fn granted(exchange: &Exchange, digest: Sha256Sum) -> Result<Option<TreeFiles>> {
    let read = exchange.without_policy().read(move |conn| {
        let Some(found) = store::trees::find(conn, digest)? else {
            return Ok(None);
        };
        Ok(Some(TreeFiles::new(store::trees::files(conn, found.id)?)))
    });
    read.await
}

/// A stored tree, as an operation has found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeId(pub(crate) i64);

/// A tree of a [`Bundle`].
pub trait BundledTree: Send + 'static {
    /// Returns the stored tree.
    fn id(&self) -> TreeId;

    /// Returns the number of its files.
    fn files(&self) -> i64;
}

/// A tree in a listing of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedTree {
    /// Its digest.
    pub digest: Sha256Sum,
    pub(crate) id: TreeId,
    pub(crate) files: i64,
}

impl BundledTree for ListedTree {
    fn id(&self) -> TreeId {
        self.id
    }

    fn files(&self) -> i64 {
        self.files
    }
}

/// Maximum number of files in the trees of one page. The trees of the first line may exceed it.
const FILES_OF_PAGE: i64 = 20_000;

/// Returns the trees that the lines of a page name, each once, and the number of lines whose trees fit on the page.
pub(crate) fn fitting<L>(
    lines: &[L],
    trees_of: impl Fn(&L) -> [Option<ListedTree>; 2],
) -> (Vec<ListedTree>, usize) {
    let mut trees = Vec::new();
    let mut seen = HashSet::new();
    let mut files = 0;
    for (place, line) in lines.iter().enumerate() {
        let known = trees.len();
        for tree in trees_of(line).into_iter().flatten() {
            if seen.insert(tree.id.0) {
                files += tree.files;
                trees.push(tree);
            }
        }
        if files > FILES_OF_PAGE && place > 0 {
            trees.truncate(known);
            return (trees, place);
        }
    }
    (trees, lines.len())
}

/// A submission's tree, or the tree of its feedback, among many that are sent together.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionTree {
    /// The number of the submission.
    pub submission: i64,
    /// The time of the submission or feedback.
    pub time: Timestamp,
    pub(crate) id: TreeId,
    pub(crate) files: i64,
}

impl BundledTree for SubmissionTree {
    fn id(&self) -> TreeId {
        self.id
    }

    fn files(&self) -> i64 {
        self.files
    }
}

/// Many trees in order. Their files are listed in batches of about a thousand, so that memory does not grow with a
/// class.
pub struct Bundle<T = SubmissionTree> {
    exchange: Exchange,
    trees: std::iter::Peekable<std::vec::IntoIter<T>>,
}

impl<T: BundledTree> Bundle<T> {
    /// Creates a bundle of these trees.
    pub fn new(exchange: &Exchange, trees: Vec<T>) -> Self {
        Self {
            exchange: exchange.clone(),
            trees: trees.into_iter().peekable(),
        }
    }

    /// Returns the next trees with their files, or none at the end.
    pub async fn next(&mut self) -> Result<Vec<(T, TreeFiles)>> {
        let mut batch: Vec<T> = Vec::new();
        let mut listed = 0;
        while let Some(tree) = self
            .trees
            .next_if(|tree| batch.is_empty() || listed + tree.files() <= LISTED)
        {
            listed += tree.files();
            batch.push(tree);
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.exchange.without_policy().read(move |conn| {
            let trees = batch.iter().map(|tree| tree.id().0);
            let files = store::trees::checked_files_of_all(conn, trees)?;
            let with_files = |tree: T| {
                let files = files.of(tree.id().0)?;
                Ok((tree, TreeFiles::new(files)))
            };
            batch.into_iter().map(with_files).collect()
        });
        read.await
    }
}

/// A piece of a tree's content.
#[derive(Debug)]
pub enum Piece {
    /// The next file begins. The number is its index in the list.
    Begin(usize),
    /// More bytes of the file.
    Bytes(Bytes),
    /// The file is complete.
    End,
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Begin(_) | Self::End => 0,
        }
    }
}

/// Reads the contents of listed files in order, a bounded number of bytes at a time.
///
/// Stored bytes may have changed on the disk. The last bytes of a file are returned only if the whole file matches its
/// checksum. Otherwise reading fails, and the sender aborts its reply.
pub struct Contents {
    exchange: Exchange,
    files: Arc<[store::trees::File]>,
    next: usize,
    open: Option<Open>,
}

struct Open {
    file: Reading,
    id: i64,
    left: u64,
    size: u64,
    sha256: Sha256Sum,
    hasher: Sha256,
}

impl Contents {
    /// Starts reading. It fails if a large file is missing, unreadable or of the wrong size.
    pub async fn open(exchange: &Exchange, files: TreeFiles) -> Result<Self> {
        Self::open_all(exchange, files.0).await
    }

    /// Starts reading the files of many trees, one tree after the other.
    pub async fn open_many(
        exchange: &Exchange,
        trees: impl IntoIterator<Item = TreeFiles>,
    ) -> Result<Self> {
        let mut files = Vec::new();
        for tree in trees {
            files.extend_from_slice(&tree.0);
        }
        Self::open_all(exchange, files.into()).await
    }

    async fn open_all(exchange: &Exchange, files: Arc<[store::trees::File]>) -> Result<Self> {
        let looking = exchange.clone();
        let files = blocking(move || {
            let large = files.iter().filter(|file| !file.blob.in_database);
            let large = large.map(|file| (file.blob.id, &file.blob.blob));
            if let Err(found) = looking.blobs.look_at(large)? {
                let (id, sum) = (found.id, found.blob.sha256);
                return Err(objects::note_damage(&looking, id, sum, found.damage));
            }
            Ok::<_, Error>(files)
        })
        .await??;
        Ok(Self {
            exchange: exchange.clone(),
            files,
            next: 0,
            open: None,
        })
    }

    /// Returns the pieces that are read before a reply begins. The reply's status can report damage in a short tree.
    pub async fn ahead(&mut self) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut bytes = 0;
        while bytes < AHEAD {
            let more = self.next().await?;
            if more.is_empty() {
                break;
            }
            bytes += more.iter().map(Piece::len).sum::<usize>();
            pieces.extend(more);
        }
        Ok(pieces)
    }

    /// Returns the next pieces, at most about half a megabyte, or none at the end.
    pub async fn next(&mut self) -> Result<Vec<Piece>> {
        let Some(file) = self.files.get(self.next) else {
            return Ok(Vec::new());
        };
        if file.blob.in_database {
            self.read_small().await
        } else {
            self.read_large().await
        }
    }

    async fn read_large(&mut self) -> Result<Vec<Piece>> {
        let (exchange, files) = (self.exchange.clone(), self.files.clone());
        let (mut next, mut open) = (self.next, self.open.take());
        let read = blocking(move || {
            let mut pieces = Vec::new();
            let mut read = 0;
            while read < CHUNK
                && let Some(file) = files.get(next)
                && !file.blob.in_database
            {
                let mut now = if let Some(open) = open.take() {
                    open
                } else {
                    pieces.push(Piece::Begin(next));
                    Open::new(&exchange, &file.blob)?
                };
                let bytes = now.read(&exchange)?;
                read += bytes.len();
                pieces.push(Piece::Bytes(bytes));
                if now.left > 0 {
                    open = Some(now);
                } else {
                    pieces.push(Piece::End);
                    next += 1;
                }
            }
            Ok::<_, Error>((next, open, pieces))
        });
        let (next, open, pieces) = read.await??;
        (self.next, self.open) = (next, open);
        Ok(pieces)
    }

    async fn read_small(&mut self) -> Result<Vec<Piece>> {
        let first = self.next;
        let mut bytes = 0;
        while let Some(file) = self
            .files
            .get(self.next)
            .filter(|file| file.blob.in_database && bytes < BATCH)
            .filter(|_| self.next - first < BATCH_FILES)
        {
            bytes += file.blob.blob.size;
            self.next += 1;
        }
        let batch = &self.files[first..self.next];
        let wanted: HashMap<i64, BlobRef> = batch
            .iter()
            .map(|file| (file.blob.id, file.blob.blob))
            .collect();
        let verified = self.exchange.verified.clone();
        let contents = self.exchange.without_policy().read(move |conn| {
            let ids: Vec<i64> = wanted.keys().copied().collect();
            let mut contents = store::blobs::contents(conn, &ids)?;
            let checked = wanted.into_iter().map(|(id, blob)| {
                let content = contents.remove(&id);
                let content = content.ok_or(Error::Damaged(blob.sha256, Damage::Missing))?;
                let content = Bytes::from(content);
                let damaged = |damage| Err(Error::Damaged(blob.sha256, damage));
                if content.len() as u64 != blob.size {
                    return damaged(Damage::WrongLength);
                }
                if !verified.matches(blob.sha256, &content) {
                    return damaged(Damage::WrongBytes);
                }
                Ok((id, content))
            });
            checked.collect::<Result<HashMap<i64, Bytes>>>()
        });
        let contents = contents.await?;
        let mut pieces = Vec::with_capacity(3 * batch.len());
        for (place, file) in (first..).zip(batch) {
            let content = contents.get(&file.blob.id).cloned();
            // An empty file instead would be wrong, and no checksum would show it to the client.
            let content =
                content.ok_or_else(|| Bug::new("a content that was read is not there"))?;
            pieces.extend([Piece::Begin(place), Piece::Bytes(content), Piece::End]);
        }
        Ok(pieces)
    }
}

impl Open {
    fn new(exchange: &Exchange, row: &store::blobs::Row) -> Result<Self> {
        let (id, blob) = (row.id, &row.blob);
        let file = exchange.blobs.read(id, blob)?;
        Ok(Self {
            file: file.map_err(|damage| objects::note_damage(exchange, id, blob.sha256, damage))?,
            id,
            left: blob.size,
            size: blob.size,
            sha256: blob.sha256,
            hasher: Sha256::new(),
        })
    }

    /// Reads the next bytes. Returns the last ones only if the whole file matches its checksum.
    fn read(&mut self, exchange: &Exchange) -> Result<Bytes> {
        let (id, sum) = (self.id, self.sha256);
        let damaged = |damage| objects::note_damage(exchange, id, sum, damage);
        let length = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        let mut bytes = vec![0; length];
        self.file
            .read_exact(&mut bytes)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => damaged(Damage::WrongLength),
                _ if Fault::inside(&error).is_some() => Error::Disk(error),
                _ => damaged(Damage::Unreadable),
            })?;
        let bytes = Bytes::from(bytes);
        self.left -= bytes.len() as u64;
        let is_whole = self.size == bytes.len() as u64;
        let is_sound = if is_whole {
            exchange.verified.matches(self.sha256, &bytes)
        } else {
            self.hasher.update(&bytes);
            self.left > 0 || self.hasher.finalize_reset().as_slice() == self.sha256.0
        };
        if is_sound {
            Ok(bytes)
        } else {
            Err(damaged(Damage::WrongBytes))
        }
    }
}
