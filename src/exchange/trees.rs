//! Files on their way out.

use super::{Error, Exchange, Result};
use crate::domain::Sha256Sum;
use crate::store;
use bytes::Bytes;
use std::collections::HashMap;
use std::io::Read;

pub use crate::store::trees::File as ListedFile;

/// Bytes read at a time from a large file.
const CHUNK: usize = 256 * 1024;
/// Small contents read from the database at a time, in bytes.
const BATCH: u64 = 1024 * 1024;

/// A part of a tree's content.
#[derive(Debug)]
pub enum Piece {
    /// The next file, by its place in the list, begins.
    Begin(usize),
    /// More of its bytes.
    Bytes(Bytes),
    /// It is complete.
    End,
}

/// Reads the contents of listed files in order, a bounded number of bytes at a time.
pub struct Contents {
    exchange: Exchange,
    files: Vec<ListedFile>,
    next: usize,
    open: Option<Open>,
}

struct Open {
    file: std::fs::File,
    left: u64,
    sha256: Sha256Sum,
}

impl Contents {
    /// Begins to read; fails when a large file is not there as it should be.
    pub async fn open(exchange: &Exchange, files: Vec<ListedFile>) -> Result<Self> {
        let blobs = exchange.blobs.clone();
        let files = blocking(move || {
            for file in files.iter().filter(|file| !file.blob.in_database) {
                let blob = &file.blob.blob;
                blobs
                    .read(blob)
                    .map_err(|damage| Error::Damaged(blob.sha256, damage))?;
            }
            Ok(files)
        })
        .await?;
        Ok(Self {
            exchange: exchange.clone(),
            files,
            next: 0,
            open: None,
        })
    }

    /// The next pieces, about a megabyte of them; none at the end.
    pub async fn next(&mut self) -> Result<Vec<Piece>> {
        if let Some(open) = self.open.take() {
            return self.read_on(open).await;
        }
        let Some(file) = self.files.get(self.next) else {
            return Ok(Vec::new());
        };
        if file.blob.in_database {
            return self.read_small().await;
        }
        let (blobs, blob, begin) = (
            self.exchange.blobs.clone(),
            file.blob.blob,
            Piece::Begin(self.next),
        );
        self.next += 1;
        let file = blocking(move || {
            blobs
                .read(&blob)
                .map_err(|damage| Error::Damaged(blob.sha256, damage))
        })
        .await?;
        let mut pieces = vec![begin];
        pieces.extend(
            self.read_on(Open {
                file,
                left: blob.size,
                sha256: blob.sha256,
            })
            .await?,
        );
        Ok(pieces)
    }

    async fn read_on(&mut self, mut open: Open) -> Result<Vec<Piece>> {
        let (open, bytes) = blocking(move || {
            let mut bytes =
                vec![0; usize::try_from(open.left).map_or(CHUNK, |left| left.min(CHUNK))];
            open.file
                .read_exact(&mut bytes)
                .map_err(|_| Error::Damaged(open.sha256, crate::blobs::Damage::WrongLength))?;
            open.left -= bytes.len() as u64;
            Ok((open, bytes))
        })
        .await?;
        let mut pieces = vec![Piece::Bytes(bytes.into())];
        if open.left == 0 {
            pieces.push(Piece::End);
        } else {
            self.open = Some(open);
        }
        Ok(pieces)
    }

    async fn read_small(&mut self) -> Result<Vec<Piece>> {
        let first = self.next;
        let mut bytes = 0;
        while let Some(file) = self
            .files
            .get(self.next)
            .filter(|file| file.blob.in_database && bytes < BATCH)
        {
            bytes += file.blob.blob.size;
            self.next += 1;
        }
        let batch = &self.files[first..self.next];
        let ids: Vec<i64> = batch.iter().map(|file| file.blob.id).collect();
        let contents: HashMap<i64, Bytes> = self
            .exchange
            .store
            .read(move |conn| store::blobs::contents(conn, &ids))
            .await?
            .into_iter()
            .map(|(id, content)| (id, Bytes::from(content)))
            .collect();
        let mut pieces = Vec::with_capacity(3 * batch.len());
        for (place, file) in (first..).zip(batch) {
            let blob = file.blob.blob;
            let content = contents
                .get(&file.blob.id)
                .ok_or(Error::Damaged(blob.sha256, crate::blobs::Damage::Missing))?;
            if content.len() as u64 != blob.size {
                return Err(Error::Damaged(
                    blob.sha256,
                    crate::blobs::Damage::WrongLength,
                ));
            }
            pieces.extend([
                Piece::Begin(place),
                Piece::Bytes(content.clone()),
                Piece::End,
            ]);
        }
        Ok(pieces)
    }
}

/// Runs `work` where it may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(Error::Disk(std::io::Error::other(
            "the work was broken off",
        )))
    })
}
