//! Checking that all bytes that were handed in are there, unchanged.

use crate::blobs::{Damage, LocalBlobs};
use crate::domain::{BlobRef, Sha256Sum};
use crate::store::{self, Store, blobs::Row};
use sha2::{Digest, Sha256};

/// Blobs looked at between two calls of `progress`.
const PAGE: i64 = 256;

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Blobs looked at.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The blobs that are not as they should be.
    pub damaged: Vec<(BlobRef, Damage)>,
    /// What is wrong inside the database file.
    pub database: Vec<String>,
    /// Files no row names: an upload in flight or broken off. They harm nobody; a clean-up removes them.
    pub unclaimed: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.damaged.is_empty() && self.database.is_empty()
    }
}

/// How many bytes there are to check.
pub async fn stored_bytes(store: &Store) -> store::Result<u64> {
    store.read(store::blobs::total_bytes).await
}

/// Reads every blob that a row names and compares it with its name and size; changes nothing.
pub async fn check(
    store: &Store,
    blobs: &LocalBlobs,
    mut progress: impl FnMut(&Report),
) -> store::Result<Report> {
    let mut report = Report {
        database: store.read(store::check_integrity).await?,
        ..Report::default()
    };
    let mut after = 0;
    loop {
        let blobs = blobs.clone();
        let page = store
            .read(move |conn| {
                let rows = store::blobs::page(conn, after, PAGE)?;
                let small: Vec<i64> = rows
                    .iter()
                    .filter(|row| row.in_database)
                    .map(|row| row.id)
                    .collect();
                let contents = store::blobs::contents(conn, &small)?;
                let checked = rows
                    .into_iter()
                    .map(|row| (row, check_one(&blobs, &row, contents.get(&row.id))));
                Ok::<_, store::Error>(checked.collect::<Vec<_>>())
            })
            .await?;
        let Some((last, _)) = page.last() else { break };
        after = last.id;
        for (row, damage) in page {
            report.blobs += 1;
            report.bytes += row.blob.size;
            report
                .damaged
                .extend(damage.map(|damage| (row.blob, damage)));
        }
        progress(&report);
    }
    report.unclaimed = count_unclaimed(store, blobs).await?;
    Ok(report)
}

fn check_one(blobs: &LocalBlobs, row: &Row, content: Option<&Vec<u8>>) -> Option<Damage> {
    if !row.in_database {
        return blobs.verify(&row.blob).err();
    }
    let Some(content) = content else {
        return Some(Damage::Missing);
    };
    if content.len() as u64 != row.blob.size {
        return Some(Damage::WrongLength);
    }
    (Sha256::digest(content).as_slice() != row.blob.sha256.0).then_some(Damage::WrongBytes)
}

async fn count_unclaimed(store: &Store, blobs: &LocalBlobs) -> store::Result<u64> {
    let mut sums: Vec<Sha256Sum> = Vec::new();
    // A directory that cannot be listed shows as damage of the blobs in it.
    if blobs.walk(|file| sums.push(file.sha256)).is_err() {
        return Ok(0);
    }
    let files = sums.len();
    let claimed = store
        .read(move |conn| store::blobs::ids(conn, sums.into_iter()))
        .await?
        .len();
    Ok((files - claimed) as u64)
}
