//! The deletion of objects whose rows are gone.
//!
//! A row and its object are never removed together. The change that removes the row notes the object, and the object is
//! deleted after a while. A name is never used twice, so a deletion can be repeated, and several servers can do it at the
//! same time. Until then, a database that is restored to an earlier moment finds its objects.

use super::gc::{self, GcReport};
use crate::{Exchange, Result};
use nbcourier_blobs::{Blobs, ObjectName};
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::blocking;

/// Number of objects deleted between two changes of the database.
const AT_ONCE: i64 = 200;

/// Deletes the objects whose rows were removed longer ago than the retention time of objects.
pub(super) async fn delete_removed(exchange: &Exchange, report: &mut GcReport) -> Result<()> {
    let Some(bucket) = exchange.blobs.remote() else {
        return Ok(());
    };
    let before = gc::limit(bucket.retention());
    loop {
        let find = move |conn: &mut Connection| Ok(store::objects::removed(conn, before, AT_ONCE)?);
        let found = exchange.without_policy().read(find).await?;
        if found.is_empty() {
            return Ok(());
        }
        let names: Vec<ObjectName> = found
            .iter()
            .map(|object| ObjectName::new(object.sha256, object.id))
            .collect();
        let blobs = bucket.clone();
        let deleted = blocking(move || {
            let Some(_clearing) = blobs.spool().try_clear()? else {
                return Ok(false);
            };
            blobs.delete(&names)?;
            Ok::<_, crate::Error>(true)
        });
        if !deleted.await?? {
            report.held = true;
            return Ok(());
        }
        report.files += found.len();
        report.bytes += found.iter().map(|object| object.size).sum::<u64>();
        let ids: Vec<i64> = found.iter().map(|object| object.id).collect();
        let forget =
            move |conn: &mut Connection| Ok(store::objects::forget_removed(conn, &ids, before)?);
        exchange.without_policy().write(forget).await?;
    }
}

/// Counts the same objects.
pub(super) fn rehearse(conn: &mut Connection, blobs: &Blobs, report: &mut GcReport) -> Result<()> {
    if let Some(bucket) = blobs.remote() {
        let due = gc::limit(bucket.retention());
        let (objects, bytes) = store::objects::waiting_since(conn, due)?;
        report.files += usize::try_from(objects).unwrap_or(usize::MAX);
        report.bytes += bytes;
    }
    Ok(())
}
