//! Clearing away what nobody can ask for any more: what was deleted longer ago than the retention time, and the bytes
//! that only it named.
//!
//! An upload may be bringing bytes that no row names yet, so what came in lately (`GRACE`) is left alone, and a file is
//! removed only inside a writing transaction that finds no row naming it, while an upload looks for its files inside
//! the transaction that names them. So no row ever names a file that is gone.

use super::{Error, Exchange, Result};
use crate::domain::Timestamp;
use crate::store;
use std::time::{Duration, SystemTime};

pub use crate::store::trash::Purged;

/// How long bytes nobody names are left alone, for the upload that may be about to name them.
pub const GRACE: Duration = Duration::from_hours(24);

/// Rows looked at in one transaction, so that submissions are not kept waiting.
const CHUNK: i64 = 200;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Courses deleted longer ago than the retention time.
    pub courses: usize,
    /// What else was deleted longer ago than that.
    pub trash: Purged,
    /// Trees that were only theirs.
    pub trees: usize,
    /// Contents that were only theirs, small and large.
    pub blobs: usize,
    /// The bytes of those.
    pub bytes: u64,
}

/// The latest moment of a deletion that is over its retention time now.
pub(super) fn limit(age: Duration) -> Timestamp {
    let micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(Timestamp::now().micros().saturating_sub(micros))
}

/// Removes what is over its retention time. Safe while uploads go on when `grace` is longer than any upload.
pub async fn collect(exchange: &Exchange, retention: Duration, grace: Duration) -> Result<Report> {
    let deleted_before = limit(retention);
    let mut report = Report::default();
    (report.courses, report.trash, report.trees) = exchange
        .store
        .write(move |conn| {
            let courses = store::courses::purge_deleted_before(conn, deleted_before)?;
            let trash = store::trash::purge_before(conn, deleted_before)?;
            Ok::<_, Error>((courses, trash, store::trees::purge_unnamed(conn)?))
        })
        .await?;
    let arrived_before = limit(grace);
    loop {
        let (blobs, bytes) = exchange
            .store
            .write(move |conn| {
                let unnamed = store::blobs::unnamed(conn, arrived_before, CHUNK)?;
                for row in &unnamed {
                    store::blobs::remove(conn, row.id)?;
                }
                let bytes: u64 = unnamed.iter().map(|row| row.blob.size).sum();
                Ok::<_, Error>((unnamed.len(), bytes))
            })
            .await?;
        report.blobs += blobs;
        report.bytes += bytes;
        if blobs == 0 {
            break;
        }
    }
    remove_unclaimed_files(exchange, grace).await?;
    Ok(report)
}

/// Forgets the events that are older than this; their number.
pub async fn forget_events(exchange: &Exchange, age: Duration) -> Result<usize> {
    let limit = limit(age);
    let forgotten = exchange
        .store
        .write(move |conn| store::events::purge_before(conn, limit));
    Ok(forgotten.await?)
}

async fn remove_unclaimed_files(exchange: &Exchange, grace: Duration) -> Result<()> {
    let arrived_before = SystemTime::now()
        .checked_sub(grace)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let blobs = exchange.blobs.clone();
    let old = super::trees::blocking(move || {
        let mut old = Vec::new();
        blobs.walk(|file| {
            if file.modified <= arrived_before {
                old.push(file.sha256);
            }
        })?;
        Ok(old)
    })
    .await?;
    for chunk in old.chunks(usize::try_from(CHUNK).unwrap_or(1)) {
        let (sums, blobs) = (chunk.to_vec(), exchange.blobs.clone());
        exchange
            .store
            .write(move |conn| {
                let claimed = store::blobs::ids(conn, sums.iter().copied())?;
                for sum in sums.into_iter().filter(|sum| !claimed.contains_key(sum)) {
                    if blobs
                        .look(sum)
                        .is_some_and(|file| file.modified <= arrived_before)
                    {
                        blobs.remove(sum)?;
                    }
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(())
}
