//! Large files of an exchange whose blobs are in a bucket: rows first, then bytes, then what refers to them.

use super::parcel::IncomingTrees;
use crate::op::{CourseOp, Entry, Rows};
use crate::{Error, Exchange, Result};
use nbcourier_blobs::{Complete, Damage, RemoteBlobs, Sending};
use nbcourier_domain::{BlobRef, Sha256Sum, Timestamp};
use nbcourier_storage::objects::Recorded;
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::{Bug, blocking};
use std::collections::HashMap;
use std::sync::Arc;

/// The maximum number of attempts to write the rows of files. A clean-up without grace may remove a row that is being used.
const ATTEMPTS: u32 = 5;

/// Sends the complete files, unless their bytes are there already. Returns their rows. All bytes are durable when this
/// returns, and the rows say so.
pub(super) async fn send(
    rows: &Rows,
    blobs: &RemoteBlobs,
    files: Vec<BlobRef>,
    complete: &[Arc<Complete>],
) -> Result<Vec<(i64, BlobRef)>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let recorded = record(rows, &files).await?;
    let mut complete: HashMap<Sha256Sum, &Arc<Complete>> =
        complete.iter().map(|file| (file.sha256(), file)).collect();
    let (mut sending, mut objects) = (Vec::new(), Vec::new());
    for blob in files {
        let row = recorded.get(&blob.sha256);
        let row = row.ok_or_else(|| Bug::new("a file that was recorded has no row"))?;
        objects.push((row.id, blob));
        if let Some(file) = complete.remove(&blob.sha256).filter(|_| !row.in_database) {
            sending.push(Sending {
                id: row.id,
                arrived: row.arrived,
                file: Arc::clone(file),
            });
        }
    }
    let blobs = blobs.clone();
    let sent = blocking(move || blobs.send(sending)).await??;
    if !sent.is_empty() {
        let mut arrived = objects.clone();
        arrived.retain(|(id, _)| sent.contains(id));
        let note = move |conn: &mut Connection| {
            store::objects::mark_arrived(conn, &sent)?;
            Ok(store::objects::note_late(conn, &arrived, Timestamp::now())?)
        };
        rows.without_policy().write(note).await?;
    }
    Ok(objects)
}

async fn record(rows: &Rows, files: &[BlobRef]) -> Result<HashMap<Sha256Sum, Recorded>> {
    let mut attempt = 1;
    loop {
        let wanted = files.to_vec();
        let record = move |conn: &mut Connection| {
            Ok(store::objects::record(conn, &wanted, Timestamp::now())?)
        };
        match rows.without_policy().write(record).await {
            Err(error) if is_overtaken(&error) && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

/// Names files in a change, and sends them again if a clean-up has removed their rows before. Such a change was undone
/// before its commit, so it can begin anew.
pub(crate) async fn name<T: Send + 'static>(
    entry: &Entry,
    sent: &impl IncomingTrees,
    change: impl FnMut(&mut CourseOp<'_>) -> Result<T> + Clone + Send + 'static,
    committed: impl FnOnce(&mut T) + Clone + Send + 'static,
) -> Result<T> {
    let attempt = || entry.write_then(change.clone(), committed.clone());
    renewed(sent, attempt).await
}

/// Attempts a change that names files, and sends them again if a clean-up has removed their rows before.
pub(crate) async fn renewed<T, F: Future<Output = Result<T>>>(
    sent: &impl IncomingTrees,
    attempt: impl Fn() -> F,
) -> Result<T> {
    let mut number = 1;
    loop {
        match attempt().await {
            Err(error) if is_overtaken(&error) && number < ATTEMPTS => {
                if !sent.send_again().await? {
                    return Err(error);
                }
                number += 1;
            }
            result => return result,
        }
    }
}

fn is_overtaken(error: &Error) -> bool {
    matches!(error, Error::Store(store::Error::Overtaken))
}

/// Returns the error for damaged bytes. If they are those of an object, it is noted first, so that whoever brings the
/// bytes again sends them.
pub(crate) fn note_damage(exchange: &Exchange, id: i64, sum: Sha256Sum, damage: Damage) -> Error {
    if let Some(blobs) = exchange.blobs.remote() {
        blobs.forget(id);
        exchange
            .without_policy()
            .write_later(move |conn| store::objects::mark_missing(conn, &[id]));
    }
    Error::Damaged(sum, damage)
}
