//! Large files of an exchange whose blobs are in a bucket: rows first, then bytes, then what refers to them.

use crate::op::Rows;
use crate::{Error, Exchange, Result};
use nbcourier_blobs::{Complete, Damage, RemoteBlobs, Sending};
use nbcourier_domain::{BlobRef, Sha256Sum, Timestamp};
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::{Bug, blocking};
use std::collections::HashMap;
use std::sync::Arc;

/// Sends the complete files, unless their bytes are there already. Returns their rows. All bytes are durable when this
/// returns, and the rows say so.
pub(super) async fn send(
    rows: &Rows,
    blobs: &RemoteBlobs,
    files: Vec<BlobRef>,
    complete: Vec<Complete>,
) -> Result<Vec<(i64, BlobRef)>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = files.clone();
    let record =
        move |conn: &mut Connection| Ok(store::objects::record(conn, &wanted, Timestamp::now())?);
    let recorded = rows.without_policy().write(record).await?;
    let mut complete: HashMap<Sha256Sum, Complete> = complete
        .into_iter()
        .map(|file| (file.sha256(), file))
        .collect();
    let (mut sending, mut objects) = (Vec::new(), Vec::new());
    for blob in files {
        let row = recorded.get(&blob.sha256);
        let row = row.ok_or_else(|| Bug::new("a file that was recorded has no row"))?;
        objects.push((row.id, blob));
        if let Some(file) = complete.remove(&blob.sha256).filter(|_| !row.in_database) {
            sending.push(Sending {
                id: row.id,
                arrived: row.arrived,
                file: Arc::new(file),
            });
        }
    }
    let blobs = blobs.clone();
    let sent = blocking(move || blobs.send(sending)).await??;
    if !sent.is_empty() {
        let note = move |conn: &mut Connection| Ok(store::objects::mark_arrived(conn, &sent)?);
        rows.without_policy().write(note).await?;
    }
    Ok(objects)
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
