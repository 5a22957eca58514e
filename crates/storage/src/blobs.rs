//! The rows of blobs, and the bytes of small blobs.

use super::backend::prelude::*;
use super::schema::{blob_contents, blobs, tree_files};
use super::{Error, Result};
use bytes::Bytes;
use diesel::upsert::excluded;
use nbcourier_domain::{BlobRef, Md5Sum, Sha256Sum, Timestamp};
use nbcourier_work::Bug;
use std::collections::HashMap;

/// The maximum number of rows per statement.
const CHUNK: usize = 1000;

/// The row of a blob.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The ID of the row.
    pub id: i64,
    /// The name, checksum and size of the blob.
    pub blob: BlobRef,
    /// Whether the bytes are in the database rather than in a file.
    pub in_database: bool,
}

pub(super) type Columns = (i64, Vec<u8>, Vec<u8>, i64, bool);
pub(super) const COLUMNS: (
    blobs::id,
    blobs::sha256,
    blobs::md5,
    blobs::size,
    blobs::in_database,
) = (
    blobs::id,
    blobs::sha256,
    blobs::md5,
    blobs::size,
    blobs::in_database,
);

/// The row IDs of blobs, by their SHA-256.
pub type Ids = HashMap<Sha256Sum, i64>;

/// Records blobs whose bytes are already durable in files.
pub(super) fn record_files(
    conn: &mut Connection,
    files: &[BlobRef],
    now: Timestamp,
) -> Result<Ids> {
    insert(conn, files.iter(), false, now)
}

/// Stores small blobs with their bytes.
pub fn store_contents(
    conn: &mut Connection,
    contents: &[(BlobRef, Bytes)],
    now: Timestamp,
) -> Result<Ids> {
    let ids = insert(conn, contents.iter().map(|(blob, _)| blob), true, now)?;
    for (blob, bytes) in contents {
        let id = ids
            .get(&blob.sha256)
            .ok_or_else(|| Bug::new("a blob just stored is not there"))?;
        store_content(conn, *id, bytes)?;
    }
    Ok(ids)
}

/// Restores the bytes of small blobs that have a row but lost their bytes.
pub(super) fn repair_contents(conn: &mut Connection, contents: &[(BlobRef, Bytes)]) -> Result<()> {
    let ids = ids(conn, contents.iter().map(|(blob, _)| blob.sha256))?;
    for (blob, bytes) in contents {
        if let Some(id) = ids.get(&blob.sha256) {
            store_content(conn, *id, bytes)?;
        }
    }
    Ok(())
}

/// Stores the bytes of a blob. Replaces stored bytes only if they differ: then they changed on the disk, since these
/// bytes match the name.
fn store_content(conn: &mut Connection, id: i64, bytes: &Bytes) -> Result<()> {
    let stored = diesel::insert_into(blob_contents::table)
        .values((
            blob_contents::blob_id.eq(id),
            blob_contents::content.eq(bytes.as_ref()),
        ))
        .on_conflict(blob_contents::blob_id)
        .do_update()
        .set(blob_contents::content.eq(excluded(blob_contents::content)));
    let changed = blob_contents::content.ne(excluded(blob_contents::content));
    // By its full name, since `QueryDsl` has another `filter`.
    diesel::query_dsl::methods::FilterDsl::filter(stored, changed).execute(conn)?;
    Ok(())
}

fn insert<'a>(
    conn: &mut Connection,
    stored: impl Iterator<Item = &'a BlobRef>,
    in_database: bool,
    now: Timestamp,
) -> Result<Ids> {
    let rows = stored
        .map(|blob| {
            Ok((
                blobs::sha256.eq(blob.sha256.0.as_slice()),
                blobs::md5.eq(blob.md5.0.as_slice()),
                blobs::size.eq(to_row(blob.size)?),
                blobs::in_database.eq(in_database),
                blobs::stored_at.eq(now.micros()),
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut ids = Ids::new();
    for chunk in rows.chunks(CHUNK) {
        let stored = diesel::insert_into(blobs::table)
            .values(chunk.to_vec())
            .on_conflict(blobs::sha256)
            .do_update()
            .set(blobs::stored_at.eq(excluded(blobs::stored_at)))
            .returning((blobs::id, blobs::sha256))
            .load::<(i64, Vec<u8>)>(conn)?;
        for (id, sum) in stored {
            ids.insert(parse_sha256(&sum)?, id);
        }
    }
    Ok(ids)
}

/// Returns the row IDs of the blobs that are stored.
pub fn ids(conn: &mut Connection, wanted: impl Iterator<Item = Sha256Sum>) -> Result<Ids> {
    let wanted: Vec<_> = wanted.map(|sum| sum.0.to_vec()).collect();
    let mut found = HashMap::new();
    for chunk in wanted.chunks(CHUNK) {
        let rows = blobs::table
            .filter(blobs::sha256.eq_any(chunk))
            .select((blobs::id, blobs::sha256))
            .load::<(i64, Vec<u8>)>(conn)?;
        for (id, sum) in rows {
            found.insert(parse_sha256(&sum)?, id);
        }
    }
    Ok(found)
}

/// Returns the bytes of small blobs, by row ID.
pub fn contents(conn: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Vec<u8>>> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let rows = blob_contents::table
            .filter(blob_contents::blob_id.eq_any(chunk))
            .load::<(i64, Vec<u8>)>(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Returns the IDs of the small blobs that lost their bytes. A later upload restores them.
pub fn lost(
    conn: &mut Connection,
    ids: impl IntoIterator<Item = i64>,
) -> Result<std::collections::HashSet<i64>> {
    let rows = blobs::table
        .left_join(blob_contents::table)
        .filter(super::among("blobs.id", ids))
        .filter(blobs::in_database)
        .filter(blob_contents::blob_id.nullable().is_null())
        .select(blobs::id)
        .load_iter::<i64>(conn)?;
    Ok(rows.collect::<QueryResult<_>>()?)
}

/// Replaces the bytes of a small blob.
pub fn put_content(conn: &mut Connection, id: i64, content: &[u8]) -> Result<()> {
    diesel::replace_into(blob_contents::table)
        .values((
            blob_contents::blob_id.eq(id),
            blob_contents::content.eq(content),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes the bytes of a small blob, so that it counts as missing.
pub fn remove_content(conn: &mut Connection, id: i64) -> Result<()> {
    diesel::delete(blob_contents::table.find(id)).execute(conn)?;
    Ok(())
}

/// Returns the number of blobs and their bytes.
pub fn totals(conn: &mut Connection) -> Result<(u64, u64)> {
    use diesel::dsl::{count_star, sql};
    let (blobs, bytes) = blobs::table
        .select((
            count_star(),
            sql::<diesel::sql_types::BigInt>("coalesce(sum(size), 0)"),
        ))
        .get_result::<(i64, i64)>(conn)?;
    let not_negative =
        |number| u64::try_from(number).map_err(|_| Error::Damaged("a negative number of bytes"));
    Ok((not_negative(blobs)?, not_negative(bytes)?))
}

/// Returns up to `limit` blobs with an ID above `after`, by ID. Repeated calls visit all blobs.
pub fn page(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<Row>> {
    let rows = blobs::table
        .filter(blobs::id.gt(after))
        .order(blobs::id)
        .limit(limit)
        .select(COLUMNS)
        .load::<Columns>(conn)?;
    rows.into_iter().map(parse).collect()
}

/// Returns the bytes of all blobs.
pub fn total_bytes(conn: &mut Connection) -> Result<u64> {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    let total: i64 = blobs::table
        .select(sql::<BigInt>("coalesce(sum(size), 0)"))
        .get_result(conn)?;
    u64::try_from(total).map_err(|_| Error::Damaged("a negative size"))
}

/// Returns up to `limit` blobs that no tree contains and that were stored earlier than `before`.
pub fn unnamed(conn: &mut Connection, before: Timestamp, limit: i64) -> Result<Vec<Row>> {
    let rows = blobs::table
        .filter(blobs::stored_at.lt(before.micros()))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            tree_files::table.filter(tree_files::blob_id.eq(blobs::id)),
        )))
        .order(blobs::id)
        .limit(limit)
        .select(COLUMNS)
        .load::<Columns>(conn)?;
    rows.into_iter().map(parse).collect()
}

/// Removes those of the small blobs that no tree contains, with their bytes.
pub fn remove_unnamed_contents(conn: &mut Connection, sums: &[Sha256Sum]) -> Result<()> {
    for chunk in sums.chunks(CHUNK) {
        let wanted: Vec<&[u8]> = chunk.iter().map(|sum| sum.0.as_slice()).collect();
        let unnamed = diesel::dsl::not(diesel::dsl::exists(
            tree_files::table.filter(tree_files::blob_id.eq(blobs::id)),
        ));
        diesel::delete(
            blobs::table
                .filter(blobs::sha256.eq_any(wanted))
                .filter(blobs::in_database)
                .filter(unnamed),
        )
        .execute(conn)?;
    }
    Ok(())
}

/// Removes the row of a blob. Bytes in the database are removed with it.
pub fn remove(conn: &mut Connection, id: i64) -> Result<()> {
    diesel::delete(blobs::table.find(id)).execute(conn)?;
    Ok(())
}

pub(super) fn parse((id, sha256, md5, size, in_database): Columns) -> Result<Row> {
    let md5 = Md5Sum::from_slice(&md5).ok_or(Error::Damaged("an MD5 of the wrong length"))?;
    let size = u64::try_from(size).map_err(|_| Error::Damaged("a negative size"))?;
    Ok(Row {
        id,
        blob: BlobRef {
            sha256: parse_sha256(&sha256)?,
            md5,
            size,
        },
        in_database,
    })
}

pub(super) fn parse_sha256(bytes: &[u8]) -> Result<Sha256Sum> {
    Sha256Sum::from_slice(bytes).ok_or(Error::Damaged("a SHA-256 of the wrong length"))
}

pub(super) fn to_row(number: impl TryInto<i64>) -> Result<i64> {
    number
        .try_into()
        .map_err(|_| Bug::new("a number too large for a row").into())
}
