//! Ranges of stored files.
//!
//! A range has no checksum of its own. So the whole file is compared with its checksum before its first range is sent. That
//! is remembered for some minutes, for as long as the file on the disk is the same.

use super::objects;
use super::trees::{Contents, Piece, TreeFiles};
use crate::late_cache::LateCache;
use crate::{Error, Exchange, Result};
use bytes::Bytes;
use moka::sync::Cache;
use nbcourier_blobs::{Damage, Reading};
use nbcourier_domain::Sha256Sum;
use nbcourier_storage::blobs::Row;
use nbcourier_work::{Bug, blocking};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;
/// The time for which a file counts as compared.
const COMPARED: Duration = Duration::from_mins(10);
/// Maximum number of files that are remembered.
const MAX_REMEMBERED: u64 = 10_000;

/// The files that were compared with their checksums lately. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Compared(LateCache<Sha256Sum, Fingerprint>);

impl Default for Compared {
    fn default() -> Self {
        Self(LateCache::new(|| {
            let cache = Cache::builder().max_capacity(MAX_REMEMBERED);
            cache.time_to_live(COMPARED).build()
        }))
    }
}

/// What changes when a file changes: device, inode, size, and times of the last changes. An object keeps its bytes under
/// its name, so it has none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint([i128; 5]);

impl Fingerprint {
    fn of(row: i64, reading: &Reading) -> io::Result<Self> {
        let Reading::File(file) = reading else {
            return Ok(Self([row.into(), 0, 0, 0, 0]));
        };
        let facts = file.metadata()?;
        let time =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Ok(Self([
            facts.dev().into(),
            facts.ino().into(),
            facts.size().into(),
            time(facts.mtime(), facts.mtime_nsec()),
            time(facts.ctime(), facts.ctime_nsec()),
        ]))
    }
}

/// A range of a file, read piece by piece.
pub struct Ranged(Source);

enum Source {
    Small(Option<Bytes>),
    Large {
        /// `None` while a piece is read, and after a failure.
        reading: Option<Reading>,
        left: u64,
    },
}

impl Ranged {
    /// Opens a range of the only file of a tree. The range is within the file.
    pub async fn open(
        exchange: &Exchange,
        file: TreeFiles,
        start: u64,
        length: u64,
    ) -> Result<Self> {
        let row = file.rows().first().map(|file| file.blob);
        let row = row.ok_or_else(|| Bug::new("a range of no file"))?;
        if row.in_database {
            let bytes = small(exchange, file).await?;
            let end =
                usize::try_from(start + length).map_or(bytes.len(), |end| end.min(bytes.len()));
            let start = usize::try_from(start).map_or(end, |start| start.min(end));
            return Ok(Self(Source::Small(Some(bytes.slice(start..end)))));
        }
        let exchange = exchange.clone();
        let open = move || large(&exchange, &row, start);
        let reading = blocking(open).await??;
        Ok(Self(Source::Large {
            reading: Some(reading),
            left: length,
        }))
    }

    /// Returns the next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.0 {
            Source::Small(bytes) => Ok(bytes.take()),
            Source::Large { left: 0, .. } => Ok(None),
            Source::Large { reading, left } => {
                let length = usize::try_from(*left).map_or(CHUNK, |left| left.min(CHUNK));
                let taken = reading.take();
                let mut taken = taken.ok_or_else(|| Bug::new("a range is read after a failure"))?;
                let read = blocking(move || {
                    let mut bytes = vec![0; length];
                    taken.read_exact(&mut bytes)?;
                    Ok::<_, Error>((taken, Bytes::from(bytes)))
                });
                let (taken, bytes) = read.await??;
                *reading = Some(taken);
                *left -= bytes.len() as u64;
                Ok(Some(bytes))
            }
        }
    }
}

/// Returns the bytes of a small file, which are compared with their checksum.
async fn small(exchange: &Exchange, file: TreeFiles) -> Result<Bytes> {
    let mut contents = Contents::open(exchange, file).await?;
    let mut all = Vec::new();
    loop {
        let pieces = contents.next().await?;
        if pieces.is_empty() {
            return Ok(all.into());
        }
        for piece in pieces {
            if let Piece::Bytes(bytes) = piece {
                all.extend_from_slice(&bytes);
            }
        }
    }
}

/// Opens a large file at a place, once all of it was compared with its checksum.
fn large(exchange: &Exchange, row: &Row, start: u64) -> Result<Reading> {
    let damaged = |damage: Damage| objects::note_damage(exchange, row.id, row.blob.sha256, damage);
    let open = || exchange.blobs.read(row.id, &row.blob)?.map_err(damaged);
    let mut reading = open()?;
    let fingerprint = Fingerprint::of(row.id, &reading)?;
    if exchange.compared.0.get(&row.blob.sha256) != Some(fingerprint) {
        exchange.blobs.verify(row.id, &row.blob)?.map_err(damaged)?;
        reading = open()?;
        // Compared between two looks at the same file.
        if Fingerprint::of(row.id, &reading)? == fingerprint {
            exchange.compared.0.insert(row.blob.sha256, fingerprint);
        }
    }
    match &mut reading {
        Reading::File(file) => {
            file.seek(SeekFrom::Start(start))?;
        }
        Reading::Object(object) => {
            io::copy(&mut object.take(start), &mut io::sink())?;
        }
    }
    Ok(reading)
}
