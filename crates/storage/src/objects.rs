//! The rows of large contents in a bucket: written before the bytes are sent, and outlived by the objects.
//!
//! The ID of a row is part of the name of its object, and no ID is used twice.

use super::backend::prelude::*;
use super::blobs::{
    CHUNK, Ids, Kept, RECENT, insert_new, parse_sha256, parse_totals, sum_of_sizes,
};
use super::schema::{blobs, identity, removed_objects};
use super::{Error, Result};
use nbcourier_domain::{BlobRef, Sha256Sum, Timestamp};
use std::collections::{HashMap, HashSet};

/// The row of a content that is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// The ID of the row.
    pub id: i64,
    /// Whether the bytes are there.
    pub arrived: bool,
    /// Whether the bytes belong into the database.
    pub in_database: bool,
}

/// Writes the rows of contents that are about to be sent, and returns them with those that are there already. The
/// clean-up leaves all of them alone for a while.
pub fn record(
    conn: &mut Connection,
    files: &[BlobRef],
    now: Timestamp,
) -> Result<HashMap<Sha256Sum, Recorded>> {
    let new = insert_new(conn, files.iter(), Kept::Object, now)?;
    let mut recorded: HashMap<Sha256Sum, Recorded> = new
        .into_iter()
        .map(|(sum, id)| {
            let row = Recorded {
                id,
                arrived: false,
                in_database: false,
            };
            (sum, row)
        })
        .collect();
    let older = files.iter().map(|blob| blob.sha256);
    let older: Vec<Vec<u8>> = older
        .filter(|sum| !recorded.contains_key(sum))
        .map(|sum| sum.0.to_vec())
        .collect();
    for chunk in older.chunks(CHUNK) {
        let rows = blobs::table
            .filter(blobs::sha256.eq_any(chunk))
            .select((blobs::id, blobs::sha256, blobs::arrived, blobs::in_database))
            .load::<(i64, Vec<u8>, bool, bool)>(conn)?;
        let mut ids = Vec::new();
        for (id, sum, arrived, in_database) in rows {
            ids.push(id);
            let row = Recorded {
                id,
                arrived,
                in_database,
            };
            recorded.insert(parse_sha256(&sum)?, row);
        }
        note_use(conn, ids, now)?;
    }
    if files.iter().all(|blob| recorded.contains_key(&blob.sha256)) {
        Ok(recorded)
    } else {
        // Between the two statements, a clean-up without grace removed a row.
        Err(Error::Overtaken)
    }
}

/// Notes that these contents are about to be referred to, unless they arrived lately.
fn note_use(conn: &mut Connection, ids: Vec<i64>, now: Timestamp) -> Result<()> {
    let recent = i64::try_from(RECENT.as_micros()).unwrap_or(i64::MAX);
    let old = blobs::table
        .filter(among(blobs::id, ids))
        .filter(blobs::stored_at.lt(now.micros().saturating_sub(recent)));
    diesel::update(old)
        .set(blobs::stored_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Notes that the bytes of these rows are durable. It is no part of the change that refers to them: the rows may belong
/// to a whole class, whose other members would wait for it.
pub fn mark_arrived(conn: &mut Connection, ids: &[i64]) -> Result<()> {
    let missing = blobs::table
        .filter(among(blobs::id, ids.iter().copied()))
        .filter(blobs::arrived.eq(false));
    diesel::update(missing)
        .set(blobs::arrived.eq(true))
        .execute(conn)?;
    Ok(())
}

/// Notes again the objects of those of these rows that a clean-up removed while their bytes were on the way. The object may
/// have been deleted before its bytes were there.
pub fn note_late(conn: &mut Connection, objects: &[(i64, BlobRef)], now: Timestamp) -> Result<()> {
    let there = present(conn, objects)?;
    for (id, blob) in objects.iter().filter(|(id, _)| !there.contains(id)) {
        let removed = (
            removed_objects::blob_id.eq(id),
            removed_objects::sha256.eq(blob.sha256.0.to_vec()),
            removed_objects::size.eq(i64::try_from(blob.size).unwrap_or(i64::MAX)),
            removed_objects::removed_at.eq(now.micros()),
        );
        diesel::insert_into(removed_objects::table)
            .values(removed)
            .on_conflict(removed_objects::blob_id)
            .do_update()
            .set(removed_objects::removed_at.eq(now.micros()))
            .execute(conn)?;
    }
    Ok(())
}

/// Returns the IDs of those of these rows that exist.
fn present(conn: &mut Connection, objects: &[(i64, BlobRef)]) -> Result<HashSet<i64>> {
    let rows = blobs::table
        .filter(among(blobs::id, objects.iter().map(|(id, _)| *id)))
        .select(blobs::id);
    Ok(rows.load::<i64>(conn)?.into_iter().collect())
}

/// Notes that the bytes of these rows are missing or damaged, so that the next one who brings them sends them.
pub fn mark_missing(conn: &mut Connection, ids: &[i64]) -> Result<()> {
    let stored = blobs::table
        .filter(among(blobs::id, ids.iter().copied()))
        .filter(blobs::in_database.eq(false));
    diesel::update(stored)
        .set(blobs::arrived.eq(false))
        .execute(conn)?;
    Ok(())
}

/// Checks, inside the change that refers to them, that the rows are still there with their bytes. Returns their IDs.
pub(super) fn confirm(conn: &mut Connection, objects: &[(i64, BlobRef)]) -> Result<Ids> {
    if objects.is_empty() {
        return Ok(Ids::new());
    }
    let there = blobs::table
        .filter(among(blobs::id, objects.iter().map(|(id, _)| *id)))
        .filter(blobs::arrived)
        .select(blobs::id)
        .load::<i64>(conn)?;
    let there: HashSet<i64> = there.into_iter().collect();
    if objects.iter().any(|(id, _)| !there.contains(id)) {
        return Err(Error::Overtaken);
    }
    Ok(objects
        .iter()
        .map(|(id, blob)| (blob.sha256, *id))
        .collect())
}

/// Notes objects whose rows were removed in this change: ID, checksum and size.
pub(super) fn note_removed(
    conn: &mut Connection,
    objects: Vec<(i64, Vec<u8>, i64)>,
    now: Timestamp,
) -> Result<()> {
    let rows: Vec<_> = objects
        .into_iter()
        .map(|(id, sha256, size)| {
            (
                removed_objects::blob_id.eq(id),
                removed_objects::sha256.eq(sha256),
                removed_objects::size.eq(size),
                removed_objects::removed_at.eq(now.micros()),
            )
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(removed_objects::table)
            .values(chunk.to_vec())
            .execute(conn)?;
    }
    Ok(())
}

/// Notes the objects of all rows, which are about to be removed, if there is a bucket.
pub(super) fn note_all_removed(conn: &mut Connection, now: Timestamp) -> Result<()> {
    if bucket(conn)?.is_none() {
        return Ok(());
    }
    let all = blobs::table
        .filter(blobs::in_database.eq(false))
        .select((blobs::id, blobs::sha256, blobs::size))
        .load::<(i64, Vec<u8>, i64)>(conn)?;
    note_removed(conn, all, now)
}

/// An object whose row was removed.
#[derive(Debug, Clone, Copy)]
pub struct Removed {
    /// The ID that the row had.
    pub id: i64,
    /// The checksum of the bytes.
    pub sha256: Sha256Sum,
    /// The size in bytes.
    pub size: u64,
}

/// Returns up to `limit` objects whose rows were removed earlier than `before`.
pub fn removed(conn: &mut Connection, before: Timestamp, limit: i64) -> Result<Vec<Removed>> {
    let rows = removed_objects::table
        .filter(removed_objects::removed_at.lt(before.micros()))
        .order(removed_objects::blob_id)
        .limit(limit)
        .select((
            removed_objects::blob_id,
            removed_objects::sha256,
            removed_objects::size,
        ))
        .load::<(i64, Vec<u8>, i64)>(conn)?;
    rows.into_iter()
        .map(|(id, sha256, size)| {
            Ok(Removed {
                id,
                sha256: parse_sha256(&sha256)?,
                size: u64::try_from(size).map_err(|_| Error::Damaged("a negative size"))?,
            })
        })
        .collect()
}

/// Returns the number of objects that wait for their deletion, and their bytes.
pub fn waiting(conn: &mut Connection) -> Result<(u64, u64)> {
    waiting_since(conn, Timestamp::from_micros(i64::MAX))
}

/// Returns the number of objects whose rows were removed earlier than `before`, and their bytes.
pub fn waiting_since(conn: &mut Connection, before: Timestamp) -> Result<(u64, u64)> {
    let select = (diesel::dsl::count_star(), sum_of_sizes());
    let removed = removed_objects::table.filter(removed_objects::removed_at.lt(before.micros()));
    parse_totals(removed.select(select).get_result(conn)?)
}

/// Forgets objects that are deleted, unless they were noted again since `before`.
pub fn forget_removed(conn: &mut Connection, ids: &[i64], before: Timestamp) -> Result<()> {
    let deleted = removed_objects::table
        .filter(among(removed_objects::blob_id, ids.iter().copied()))
        .filter(removed_objects::removed_at.lt(before.micros()));
    diesel::delete(deleted).execute(conn)?;
    Ok(())
}

/// Returns those of these IDs that belong to an object of ours, with the checksum: it has a row, or waits for its
/// deletion.
pub fn known(conn: &mut Connection, ids: &[i64]) -> Result<HashSet<(i64, Sha256Sum)>> {
    let rows = blobs::table
        .filter(among(blobs::id, ids.iter().copied()))
        .filter(blobs::in_database.eq(false))
        .select((blobs::id, blobs::sha256))
        .load::<(i64, Vec<u8>)>(conn)?;
    let waiting = removed_objects::table
        .filter(among(removed_objects::blob_id, ids.iter().copied()))
        .select((removed_objects::blob_id, removed_objects::sha256))
        .load::<(i64, Vec<u8>)>(conn)?;
    rows.into_iter()
        .chain(waiting)
        .map(|(id, sum)| Ok((id, parse_sha256(&sum)?)))
        .collect()
}

/// Returns those of these rows that a tree or a directory contains.
pub fn named(conn: &mut Connection, ids: &[i64]) -> Result<HashSet<i64>> {
    let unnamed = blobs::table
        .filter(among(blobs::id, ids.iter().copied()))
        .filter(super::blobs::is_unnamed())
        .select(blobs::id)
        .load::<i64>(conn)?;
    let unnamed: HashSet<i64> = unnamed.into_iter().collect();
    let mut named: HashSet<i64> = ids.iter().copied().collect();
    named.retain(|id| !unnamed.contains(id));
    Ok(named)
}

/// Returns the bucket with the large contents, or `None` if they are in a directory.
fn bucket(conn: &mut Connection) -> Result<Option<String>> {
    Ok(identity::table.select(identity::bucket).get_result(conn)?)
}

/// Notes the bucket with the large contents.
pub fn set_bucket(conn: &mut Connection, bucket: &str) -> Result<()> {
    diesel::update(identity::table)
        .set(identity::bucket.eq(bucket))
        .execute(conn)?;
    Ok(())
}

/// The knowledge of a database about the place of its large contents.
#[derive(Debug, Clone)]
pub struct Place {
    /// The ID of the exchange.
    pub exchange: String,
    /// The bucket, or `None` if large contents are in a directory.
    pub bucket: Option<String>,
    /// Whether there are large contents.
    pub has_large: bool,
}

/// Returns what the database knows about the place of its large contents.
pub fn place(conn: &mut Connection) -> Result<Place> {
    let large = blobs::table.filter(blobs::in_database.eq(false));
    Ok(Place {
        exchange: super::snapshot::exchange_id(conn)?,
        bucket: bucket(conn)?,
        has_large: diesel::select(diesel::dsl::exists(large)).get_result(conn)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opening, blobs, migrate};

    fn blob(number: u8) -> BlobRef {
        BlobRef {
            sha256: Sha256Sum([number; 32]),
            md5: None,
            size: 100,
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn connection(place: &tempfile::TempDir) -> Connection {
        let path = place.path().join("nbcourier.db");
        let mut conn = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(conn.sqlite(), &path, Opening::Migrate).unwrap();
        conn
    }

    #[test]
    fn a_row_that_a_clean_up_removed_is_noticed_and_its_successor_has_another_name() {
        let place = tempfile::tempdir().unwrap();
        let conn = &mut connection(&place);
        let old = record(conn, &[blob(1)], at(1)).unwrap()[&blob(1).sha256];
        assert!(!old.arrived);
        let refused = confirm(conn, &[(old.id, blob(1))]);
        assert!(
            matches!(refused, Err(Error::Overtaken)),
            "it has not arrived"
        );
        mark_arrived(conn, &[old.id]).unwrap();
        assert_eq!(
            confirm(conn, &[(old.id, blob(1))]).unwrap()[&blob(1).sha256],
            old.id
        );

        let removed = blobs::remove_unnamed(conn, at(2), &[old.id], Some(at(5))).unwrap();
        assert_eq!(removed, (1, 0));
        let refused = confirm(conn, &[(old.id, blob(1))]);
        assert!(matches!(refused, Err(Error::Overtaken)), "it is gone");
        let new = record(conn, &[blob(1)], at(3)).unwrap()[&blob(1).sha256];
        assert!(new.id > old.id && !new.arrived);

        let known = known(conn, &[old.id, new.id, 99]).unwrap();
        assert_eq!(known.len(), 2, "a row, and an object that waits");
        assert_eq!(waiting(conn).unwrap(), (1, 100));
        let counted = [at(5), at(6)].map(|before| waiting_since(conn, before).unwrap());
        assert_eq!(counted, [(0, 0), (1, 100)]);
        assert!(super::removed(conn, at(5), 10).unwrap().is_empty());
        let due = super::removed(conn, at(6), 10).unwrap();
        assert_eq!(
            (due[0].id, due[0].sha256, due[0].size),
            (old.id, blob(1).sha256, 100)
        );
        // The bytes arrive after the object was deleted.
        let both = [(old.id, blob(1)), (new.id, blob(1))];
        note_late(conn, &both, at(6)).unwrap();
        forget_removed(conn, &[old.id], at(6)).unwrap();
        assert_eq!(waiting(conn).unwrap(), (1, 100), "it is deleted once more");
        forget_removed(conn, &[old.id], at(7)).unwrap();
        assert_eq!(waiting(conn).unwrap(), (0, 0));
        note_late(conn, &both, at(8)).unwrap();
        let late = super::removed(conn, at(9), 10).unwrap();
        assert_eq!((late.len(), late[0].id), (1, old.id));
    }

    #[test]
    fn damage_makes_the_next_one_send_the_bytes() {
        let place = tempfile::tempdir().unwrap();
        let conn = &mut connection(&place);
        let row = record(conn, &[blob(1)], at(1)).unwrap()[&blob(1).sha256];
        mark_arrived(conn, &[row.id]).unwrap();
        assert!(record(conn, &[blob(1)], at(2)).unwrap()[&blob(1).sha256].arrived);
        mark_missing(conn, &[row.id]).unwrap();
        let again = record(conn, &[blob(1)], at(2)).unwrap()[&blob(1).sha256];
        assert_eq!((again.id, again.arrived), (row.id, false));
    }
}
