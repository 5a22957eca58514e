//! Checks that the large files of a copy are there.

use super::ProgressEvent;
use super::copy::{Present, leave_out_unfinished};
use super::error::{Error, Result};
use nbcourier_blobs::{Blobs, FoundObject, ObjectName, RemoteBlobs};
use nbcourier_storage::blobs::Row;
use nbcourier_storage::{self as store, Connection};
use std::collections::HashSet;

/// The number of rows looked at together.
const PAGE: i64 = 500;
/// The number of listed objects looked up together.
const LISTED: usize = 500;
/// The maximum number of missing files that are named.
const NAMED: usize = 20;

/// Refuses a copy that lacks a file of a row, except those of these IDs.
pub(super) fn require_all(
    conn: &mut Connection,
    blobs: &Blobs,
    damaged: &[i64],
    present: Present,
) -> Result<()> {
    let damaged: HashSet<i64> = damaged.iter().copied().collect();
    let missing = match blobs {
        Blobs::Local(directory) => missing(conn, &damaged, present, |rows| {
            let looked = rows.iter();
            Ok(looked
                .map(|row| directory.has(row.blob.sha256, row.blob.size))
                .collect())
        })?,
        Blobs::Remote(bucket) => {
            if listed(conn, bucket, &damaged)? == count(conn, &damaged, present)? {
                return Ok(());
            }
            // The list of a bucket may be late, so the bucket is asked for each object.
            missing(conn, &damaged, present, |rows| {
                let names = rows.iter();
                let names: Vec<_> = names
                    .map(|row| ObjectName::new(row.blob.sha256, row.id))
                    .collect();
                let sizes = bucket.sizes(&names).map_err(Error::Objects)?;
                let looked = rows.iter().zip(sizes);
                Ok(looked
                    .map(|(row, size)| size == Some(row.blob.size))
                    .collect())
            })?
        }
    };
    if missing.is_empty() {
        return Ok(());
    }
    if blobs.remote().is_some() && present == Present::Trusted {
        // The next run sends them again.
        let ids: Vec<i64> = missing.iter().map(|row| row.id).collect();
        store::objects::mark_missing(conn, &ids)?;
    }
    let named: Vec<String> = missing
        .iter()
        .take(NAMED)
        .map(|row| format!("blob {} of {} bytes", row.blob.sha256, row.blob.size))
        .collect();
    Err(Error::Refused(format!(
        "Copied before, and not there any more: {} files, among them\n{}\nNo server uses the new place yet. Repeat the \
         command, which copies them again",
        missing.len(),
        named.join("\n")
    )))
}

/// Reads the files of all rows again, except those of these IDs. Returns their number.
pub(super) fn read_all(
    conn: &mut Connection,
    blobs: &Blobs,
    damaged: &[i64],
    present: Present,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<u64> {
    let damaged: HashSet<i64> = damaged.iter().copied().collect();
    let mut read = 0;
    each_page(conn, &damaged, present, |conn, rows| {
        for row in rows {
            if let Err(damage) = blobs.verify(row.id, &row.blob).map_err(Error::Objects)? {
                if blobs.remote().is_some() && present == Present::Trusted {
                    store::objects::mark_missing(conn, &[row.id])?;
                }
                return Err(Error::Refused(format!(
                    "The copy of blob {} of {} bytes {damage}. No server uses the new place yet. Repeat the command, which \
                     copies it again. If this happens again, use another disk or bucket",
                    row.blob.sha256, row.blob.size
                )));
            }
            read += 1;
            watch(ProgressEvent::Done(row.blob.size));
        }
        Ok(())
    })?;
    Ok(read)
}

/// Calls `visit` for the rows of large files.
fn each_page(
    conn: &mut Connection,
    damaged: &HashSet<i64>,
    present: Present,
    mut visit: impl FnMut(&mut Connection, Vec<Row>) -> Result<()>,
) -> Result<()> {
    let mut after = 0;
    loop {
        let mut rows = store::blobs::page(conn, after, PAGE)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id;
        if present == Present::Doubted {
            leave_out_unfinished(conn, &mut rows)?;
        }
        rows.retain(|row| !row.in_database && !damaged.contains(&row.id));
        visit(conn, rows)?;
    }
}

fn count(conn: &mut Connection, damaged: &HashSet<i64>, present: Present) -> Result<u64> {
    let mut count = 0;
    each_page(conn, damaged, present, |_, rows| {
        count += rows.len() as u64;
        Ok(())
    })?;
    Ok(count)
}

fn missing(
    conn: &mut Connection,
    damaged: &HashSet<i64>,
    present: Present,
    look: impl Fn(&[Row]) -> Result<Vec<bool>>,
) -> Result<Vec<Row>> {
    let mut missing = Vec::new();
    each_page(conn, damaged, present, |_, rows| {
        let there = look(&rows)?;
        let looked = rows.into_iter().zip(there);
        missing.extend(looked.filter(|(_, there)| !there).map(|(row, _)| row));
        Ok(())
    })?;
    Ok(missing)
}

/// Returns the number of objects in the list of the bucket that are those of rows. The list needs one request for a thousand
/// objects.
fn listed(conn: &mut Connection, bucket: &RemoteBlobs, damaged: &HashSet<i64>) -> Result<u64> {
    let (mut found, mut page, mut failure) = (0, Vec::new(), None);
    let mut compare = |page: &mut Vec<(ObjectName, u64)>| -> Result<()> {
        let ids: Vec<i64> = page.iter().map(|(name, _)| name.id).collect();
        let rows = store::blobs::by_id(conn, &ids)?;
        for (name, size) in page.drain(..) {
            let row = rows.get(&name.id).filter(|row| !row.in_database);
            let is_there =
                row.is_some_and(|row| row.blob.sha256 == name.sha256 && row.blob.size == size);
            if is_there && !damaged.contains(&name.id) {
                found += 1;
            }
        }
        Ok(())
    };
    let walked = bucket.walk(|object| {
        if let FoundObject::Named(name, size) = object {
            page.push((name, size));
            if page.len() >= LISTED && failure.is_none() {
                failure = compare(&mut page).err();
            }
        }
    });
    walked.map_err(Error::Objects)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    compare(&mut page)?;
    Ok(found)
}
