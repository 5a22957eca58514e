//! The space that courses, people and the trash take, and the space that a clean-up would free.

use super::sizes::{self, Sizes};
use crate::upkeep::{gc, measure};
use crate::{Error, Exchange, Result};
use nbcourier_blobs::Space;
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, DatabaseFiles};
use nbcourier_work::blocking;
use std::sync::Arc;
use std::time::Duration;

pub use nbcourier_storage::administration::TrashSize;

/// The space of an exchange.
#[derive(Debug, Clone)]
pub struct Room {
    /// The space of the disk with large files, or with the uploads if large files are in a bucket.
    pub disk: Space,
    /// The bucket with large files, if there is one.
    pub bucket: Option<String>,
    /// The sizes of the database's files, if it has some on this machine.
    pub database: Option<DatabaseFiles>,
    /// The number of different contents and their bytes. It may be some seconds old.
    pub blobs: (u64, u64),
    /// The number and the bytes of objects that wait for their deletion, if there is a bucket.
    pub removed_objects: Option<(u64, u64)>,
    /// The contents of the trash.
    pub trash: TrashSize,
    /// The bytes of courses and people, if they were counted.
    pub sizes: Option<Arc<Sizes>>,
    /// Maximum bytes of a course and of a person.
    pub quotas: [Option<u64>; 2],
}

/// Returns the space of the exchange, for administrators. Things that were deleted longer ago than `retention` are over
/// their time.
pub async fn room(exchange: &Exchange, caller: &Caller, retention: Duration) -> Result<Room> {
    let limit = gc::limit(retention);
    let has_bucket = exchange.blobs.remote().is_some();
    let read = exchange.read_as_admin(caller, move |op| {
        let waiting = has_bucket.then(|| store::objects::waiting(op.conn));
        Ok((
            store::administration::trash(op.conn, limit)?,
            waiting.transpose()?,
        ))
    });
    let (trash, removed_objects) = read.await?;
    let (blobs, rows) = (exchange.blobs.clone(), exchange.rows.clone());
    let (disk, database) =
        blocking(move || Ok::<_, Error>((blobs.space()?, rows.files()?))).await??;
    let limits = exchange.quota.limits();
    Ok(Room {
        disk,
        bucket: exchange
            .blobs
            .remote()
            .map(|remote| remote.bucket().to_string()),
        database,
        blobs: measure::count(exchange).await?,
        removed_objects,
        trash,
        sizes: sizes::last(exchange, caller)?,
        quotas: [limits.course_bytes, limits.person_bytes],
    })
}
