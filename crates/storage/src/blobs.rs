//! The rows of blobs, and the bytes of small blobs.

use super::backend::prelude::*;
use super::schema::{blob_contents, blobs, directory_entries, shares, tree_files};
use super::{Error, Result};
use bytes::Bytes;
use diesel::dsl::{auto_type, exists, not, sql};
use diesel::expression::SqlLiteral;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;
use nbcourier_domain::{BlobRef, Md5Sum, Sha256Sum, Timestamp};
use nbcourier_work::Bug;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// The maximum number of rows per statement.
pub(super) const CHUNK: usize = 1000;

/// The row of a blob.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The ID of the row.
    pub id: i64,
    /// The name, checksum and size of the blob.
    pub blob: BlobRef,
    /// Whether the bytes are in the database rather than in a file.
    pub in_database: bool,
    /// Whether the bytes are there, as far as is known. Those of an object are sent after its row is written.
    pub arrived: bool,
}

pub(super) type Columns = (i64, Vec<u8>, Option<Vec<u8>>, i64, bool, bool);
pub(super) const COLUMNS: (
    blobs::id,
    blobs::sha256,
    blobs::md5,
    blobs::size,
    blobs::in_database,
    blobs::arrived,
) = (
    blobs::id,
    blobs::sha256,
    blobs::md5,
    blobs::size,
    blobs::in_database,
    blobs::arrived,
);

/// The row IDs of blobs, by their SHA-256.
pub type Ids = HashMap<Sha256Sum, i64>;

/// The time for which a row's note of its last arrival is recent enough.
pub(super) const RECENT: Duration = Duration::from_hours(1);

/// Records blobs whose bytes are already durable in files.
///
/// It writes only new rows, like [`store_contents`].
pub(super) fn record_files(
    conn: &mut Connection,
    files: &[BlobRef],
    now: Timestamp,
) -> Result<Ids> {
    let mut known = insert_new(conn, files.iter(), Kept::File, now)?;
    let older = files.iter().map(|blob| blob.sha256);
    let older: Vec<_> = older.filter(|sum| !known.contains_key(sum)).collect();
    known.extend(ids(conn, older.into_iter())?);
    Ok(known)
}

/// Stores small blobs with their bytes.
///
/// It writes only new rows, and bytes that changed on the disk. The rows of a file that a whole class submits belong
/// to all of them, and a change that writes such a row makes the others wait.
pub fn store_contents(
    conn: &mut Connection,
    contents: &[(BlobRef, Bytes)],
    now: Timestamp,
) -> Result<Ids> {
    let mut ids = insert_new(conn, contents.iter().map(|(blob, _)| blob), Kept::Row, now)?;
    let new: Vec<(i64, &[u8])> = contents
        .iter()
        .filter_map(|(blob, bytes)| Some((*ids.get(&blob.sha256)?, bytes.as_ref())))
        .collect();
    insert_contents(conn, &new)?;
    let is_older = |(blob, _): &&(BlobRef, Bytes)| !ids.contains_key(&blob.sha256);
    let older: Vec<_> = contents.iter().filter(is_older).collect();
    ids.extend(repair(conn, &older)?);
    Ok(ids)
}

/// Stores small blobs before the tree that will name them, and notes that they arrived. The clean-up leaves them alone
/// for a while.
pub fn store_ahead(
    conn: &mut Connection,
    contents: &[(BlobRef, Bytes)],
    now: Timestamp,
) -> Result<()> {
    let ids = store_contents(conn, contents, now)?;
    let recent = i64::try_from(RECENT.as_micros()).unwrap_or(i64::MAX);
    let others = blobs::table
        .filter(among(blobs::id, ids.into_values()))
        .filter(blobs::stored_at.lt(now.micros().saturating_sub(recent)));
    diesel::update(others)
        .set(blobs::stored_at.eq(now.micros()))
        .execute(conn)?;
    Ok(())
}

/// Restores the bytes of small blobs that have a row but lost their bytes.
pub(super) fn repair_contents(conn: &mut Connection, contents: &[(BlobRef, Bytes)]) -> Result<()> {
    let contents: Vec<_> = contents.iter().collect();
    repair(conn, &contents).map(drop)
}

/// Restores the bytes of those small blobs that have a row. Returns their IDs. It writes only bytes that are missing or
/// changed on the disk: these bytes match the name.
fn repair(conn: &mut Connection, contents: &[&(BlobRef, Bytes)]) -> Result<Ids> {
    let mut ids = Ids::new();
    for chunk in contents.chunks(CHUNK) {
        let sums = chunk.iter().map(|(blob, _)| blob.sha256.0.as_slice());
        let rows = blobs::table
            .left_join(blob_contents::table)
            .filter(blobs::sha256.eq_any(sums.collect::<Vec<_>>()))
            .select((
                blobs::id,
                blobs::sha256,
                blob_contents::blob_id.nullable().is_not_null(),
            ))
            .load::<(i64, Vec<u8>, bool)>(conn)?;
        let mut present = HashSet::new();
        for (id, sum, has_bytes) in rows {
            ids.insert(parse_sha256(&sum)?, id);
            if has_bytes {
                present.insert(id);
            }
        }
        let mut missing = Vec::new();
        for (blob, bytes) in chunk.iter().copied() {
            let Some(id) = ids.get(&blob.sha256) else {
                continue;
            };
            if !present.contains(id) {
                missing.push((*id, bytes.as_ref()));
                continue;
            }
            let changed = blob_contents::table
                .filter(blob_contents::blob_id.eq(id))
                .filter(blob_contents::content.ne(bytes.as_ref()));
            diesel::update(changed)
                .set(blob_contents::content.eq(bytes.as_ref()))
                .execute(conn)?;
        }
        insert_contents(conn, &missing)?;
    }
    Ok(ids)
}

fn insert_contents(conn: &mut Connection, contents: &[(i64, &[u8])]) -> Result<()> {
    for chunk in contents.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|(id, bytes)| {
                (
                    blob_contents::blob_id.eq(*id),
                    blob_contents::content.eq(*bytes),
                )
            })
            .collect();
        diesel::insert_into(blob_contents::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

/// The place of the bytes of a new row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The database.
    Row,
    /// A file that is durable.
    File,
    /// An object that has yet to be sent.
    Object,
}

/// Inserts the rows of blobs that have none. Returns the IDs of the new rows. The rows are written in the order of
/// their names, so that two changes with the same blobs do not wait for each other.
pub(super) fn insert_new<'a>(
    conn: &mut Connection,
    stored: impl Iterator<Item = &'a BlobRef>,
    kept: Kept,
    now: Timestamp,
) -> Result<Ids> {
    let mut stored: Vec<&BlobRef> = stored.collect();
    stored.sort_by_key(|blob| blob.sha256);
    let rows = stored
        .into_iter()
        .map(|blob| {
            Ok((
                blobs::sha256.eq(blob.sha256.0.as_slice()),
                blobs::md5.eq(blob.md5.as_ref().map(|md5| md5.0.as_slice())),
                blobs::size.eq(to_row(blob.size)?),
                blobs::in_database.eq(kept == Kept::Row),
                blobs::stored_at.eq(now.micros()),
                blobs::arrived.eq(kept != Kept::Object),
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut ids = Ids::new();
    for chunk in rows.chunks(CHUNK) {
        let stored = diesel::insert_into(blobs::table)
            .values(chunk.to_vec())
            .on_conflict(blobs::sha256)
            .do_nothing()
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

/// Returns the MD5 of those of these blobs for which it is stored, by row ID.
pub fn md5(conn: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Md5Sum>> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let rows = blobs::table
            .filter(blobs::id.eq_any(chunk))
            .filter(blobs::md5.is_not_null())
            .select((blobs::id, blobs::md5.assume_not_null()))
            .load::<(i64, Vec<u8>)>(conn)?;
        for (id, md5) in rows {
            found.insert(id, parse_md5(&md5)?);
        }
    }
    Ok(found)
}

/// Stores the MD5 of blobs, by row ID.
pub fn set_md5(conn: &mut Connection, computed: &[(i64, Md5Sum)]) -> Result<()> {
    for (id, md5) in computed {
        diesel::update(blobs::table.find(id))
            .set(blobs::md5.eq(md5.0.as_slice()))
            .execute(conn)?;
    }
    Ok(())
}

/// Returns up to `limit` blobs with an ID above `after` whose MD5 is not stored, by ID. Repeated calls visit all such
/// blobs.
pub fn without_md5(conn: &mut Connection, after: i64, limit: i64) -> Result<Vec<Row>> {
    let rows = blobs::table
        .filter(blobs::id.gt(after))
        .filter(blobs::md5.is_null())
        .order(blobs::id)
        .limit(limit)
        .select(COLUMNS)
        .load::<Columns>(conn)?;
    rows.into_iter().map(parse).collect()
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
pub fn lost(conn: &mut Connection, ids: impl IntoIterator<Item = i64>) -> Result<HashSet<i64>> {
    let rows = blobs::table
        .left_join(blob_contents::table)
        .filter(among(blobs::id, ids))
        .filter(blobs::in_database)
        .filter(blob_contents::blob_id.nullable().is_null())
        .select(blobs::id)
        .load_iter::<i64>(conn)?;
    Ok(rows.collect::<QueryResult<_>>()?)
}

/// Replaces the bytes of a small blob.
pub fn put_content(conn: &mut Connection, id: i64, content: &[u8]) -> Result<()> {
    diesel::insert_into(blob_contents::table)
        .values((
            blob_contents::blob_id.eq(id),
            blob_contents::content.eq(content),
        ))
        .on_conflict(blob_contents::blob_id)
        .do_update()
        .set(blob_contents::content.eq(excluded(blob_contents::content)))
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
    let select = (diesel::dsl::count_star(), sum_of_sizes());
    parse_totals(blobs::table.select(select).get_result(conn)?)
}

/// Returns the sum of the column `size`, in a type that is the same for both databases.
pub(super) fn sum_of_sizes() -> SqlLiteral<BigInt> {
    sql("CAST(coalesce(sum(size), 0) AS BIGINT)")
}

/// Parses a number of rows and the sum of their sizes.
pub(super) fn parse_totals((rows, bytes): (i64, i64)) -> Result<(u64, u64)> {
    let not_negative =
        |number| u64::try_from(number).map_err(|_| Error::Damaged("a negative number of bytes"));
    Ok((not_negative(rows)?, not_negative(bytes)?))
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

/// Returns those of these rows that exist, by ID.
pub fn by_id(conn: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Row>> {
    let rows = blobs::table
        .filter(among(blobs::id, ids.iter().copied()))
        .select(COLUMNS)
        .load::<Columns>(conn)?;
    let rows = rows.into_iter().map(|columns| {
        let row = parse(columns)?;
        Ok((row.id, row))
    });
    rows.collect()
}

/// Returns the bytes of all blobs.
pub fn total_bytes(conn: &mut Connection) -> Result<u64> {
    let total: i64 = blobs::table.select(sum_of_sizes()).get_result(conn)?;
    u64::try_from(total).map_err(|_| Error::Damaged("a negative size"))
}

/// Returns up to `limit` blobs with an ID above `after` that nothing contains and that were stored earlier than
/// `before`, by ID. Repeated calls visit all such blobs.
pub fn unnamed(
    conn: &mut Connection,
    before: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    let found = blobs::table
        .filter(blobs::id.gt(after))
        .filter(blobs::stored_at.lt(before.micros()))
        .filter(is_unnamed())
        .order(blobs::id)
        .limit(limit)
        .select(blobs::id)
        .load(conn)?;
    Ok(found)
}

/// Removes those of the blobs that nothing contains and that were stored earlier than `before`. Returns their number,
/// and the bytes that were in the database. If large contents are objects, `objects_at` is the time, and the objects are
/// noted for their deletion.
pub fn remove_unnamed(
    conn: &mut Connection,
    before: Timestamp,
    found: &[i64],
    objects_at: Option<Timestamp>,
) -> Result<(usize, u64)> {
    let unnamed = blobs::table
        .filter(among(blobs::id, found.iter().copied()))
        .filter(blobs::stored_at.lt(before.micros()))
        .filter(is_unnamed());
    let removed = diesel::delete(unnamed)
        .returning((blobs::id, blobs::sha256, blobs::size, blobs::in_database))
        .load::<(i64, Vec<u8>, i64, bool)>(conn)?;
    let (mut bytes, mut objects) = (0, Vec::new());
    let rows = removed.len();
    for (id, sha256, size, in_database) in removed {
        if in_database {
            bytes += u64::try_from(size).map_err(|_| Error::Damaged("a negative size"))?;
        } else {
            objects.push((id, sha256, size));
        }
    }
    if let Some(now) = objects_at {
        super::objects::note_removed(conn, objects, now)?;
    }
    Ok((rows, bytes))
}

/// The condition that no tree, no directory and no shared page contains a blob.
#[auto_type]
pub(super) fn is_unnamed() -> _ {
    let in_trees = tree_files::table.filter(tree_files::blob_id.eq(blobs::id));
    let in_directories =
        directory_entries::table.filter(directory_entries::blob_id.eq(blobs::id.nullable()));
    let shared_pages = shares::table.filter(shares::page_blob.eq(blobs::id.nullable()));
    let shared_sources = shares::table.filter(shares::source_blob.eq(blobs::id.nullable()));
    not(exists(in_trees))
        .and(not(exists(in_directories)))
        .and(not(exists(shared_pages)))
        .and(not(exists(shared_sources)))
}

/// Removes those of the small blobs that nothing contains, with their bytes.
pub fn remove_unnamed_contents(conn: &mut Connection, sums: &[Sha256Sum]) -> Result<()> {
    for chunk in sums.chunks(CHUNK) {
        let wanted: Vec<&[u8]> = chunk.iter().map(|sum| sum.0.as_slice()).collect();
        diesel::delete(
            blobs::table
                .filter(blobs::sha256.eq_any(wanted))
                .filter(blobs::in_database)
                .filter(is_unnamed()),
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

pub(super) fn parse((id, sha256, md5, size, in_database, arrived): Columns) -> Result<Row> {
    let md5 = md5.map(|md5| parse_md5(&md5)).transpose()?;
    let size = u64::try_from(size).map_err(|_| Error::Damaged("a negative size"))?;
    Ok(Row {
        id,
        blob: BlobRef {
            sha256: parse_sha256(&sha256)?,
            md5,
            size,
        },
        in_database,
        arrived,
    })
}

pub(super) fn parse_sha256(bytes: &[u8]) -> Result<Sha256Sum> {
    Sha256Sum::from_slice(bytes).ok_or(Error::Damaged("a SHA-256 of the wrong length"))
}

fn parse_md5(bytes: &[u8]) -> Result<Md5Sum> {
    Md5Sum::from_slice(bytes).ok_or(Error::Damaged("an MD5 of the wrong length"))
}

pub(super) fn to_row(number: impl TryInto<i64>) -> Result<i64> {
    number
        .try_into()
        .map_err(|_| Bug::new("a number too large for a row").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opening, migrate, trees};
    use diesel::sql_types::BigInt;
    use nbcourier_domain::{RelativePath, Tree, TreeEntry};

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    fn number(conn: &mut Connection, query: &str) -> i64 {
        let row = diesel::sql_query(format!("SELECT {query} AS number"));
        row.get_result::<Number>(conn).unwrap().number
    }

    fn connection(place: &tempfile::TempDir) -> Connection {
        let path = place.path().join("nbcourier.db");
        let mut conn = Connection::open(path.to_str().unwrap()).unwrap();
        migrate::migrate(conn.sqlite(), &path, Opening::Migrate).unwrap();
        conn
    }

    fn content(text: &'static str) -> (BlobRef, Bytes) {
        // The sums need not be right here.
        let mut sha256 = Sha256Sum([0; 32]);
        sha256.0[..text.len()].copy_from_slice(text.as_bytes());
        let blob = BlobRef {
            sha256,
            md5: None,
            size: text.len() as u64,
        };
        (blob, Bytes::from_static(text.as_bytes()))
    }

    const DAY: i64 = 24 * 3_600_000_000;

    #[test]
    fn bytes_that_came_before_write_no_row() {
        let place = tempfile::tempdir().unwrap();
        let mut conn = connection(&place);
        let contents = [content("header"), content("data"), content("")];
        let files = [content("a large file").0];
        let mut store = |days: i64| {
            let now = Timestamp::from_micros(days * DAY);
            let mut ids = store_contents(&mut conn, &contents, now).unwrap();
            ids.extend(record_files(&mut conn, &files, now).unwrap());
            (ids, number(&mut conn, "total_changes()"))
        };
        let (first, changes) = store(1);
        assert_eq!(first.len(), 4);
        assert_eq!(store(2), (first, changes));
    }

    #[test]
    fn the_second_submission_of_a_header_writes_only_rows_of_its_own() {
        let place = tempfile::tempdir().unwrap();
        let mut conn = connection(&place);
        let tree = |texts: &[&'static str]| {
            let entry = |text: &&'static str| TreeEntry {
                path: RelativePath::parse(format!("file{text}")).unwrap(),
                blob: content(text).0,
            };
            let arrivals = trees::Arrivals {
                contents: texts.iter().map(|text| content(text)).collect(),
                files: Vec::new(),
                ..trees::Arrivals::default()
            };
            let tree = Tree {
                entries: texts.iter().map(entry).collect(),
            };
            (tree, arrivals)
        };
        let mut save = |texts: &[&'static str]| {
            let (tree, arrivals) = tree(texts);
            let before = number(&mut conn, "total_changes()");
            trees::save(&mut conn, &tree, &arrivals, Timestamp::now()).unwrap();
            number(&mut conn, "total_changes()") - before
        };
        // A tree, and for each file its blob, its bytes and its place in the tree.
        assert_eq!(save(&["header", "work of lawrence"]), 1 + 2 * 3);
        assert_eq!(save(&["header", "work of mallory"]), 1 + 3 + 1);
    }

    #[test]
    fn bytes_that_were_lost_or_changed_are_restored_when_they_come_again() {
        let place = tempfile::tempdir().unwrap();
        let mut conn = connection(&place);
        let contents = [content("header"), content("data"), content("intact")];
        let now = Timestamp::now();
        let ids = store_contents(&mut conn, &contents, now).unwrap();
        let id = |text: &'static str| ids[&content(text).0.sha256];
        let damage = |conn: &mut Connection| {
            remove_content(conn, id("header")).unwrap();
            put_content(conn, id("data"), b"Data").unwrap();
        };
        for repair in [
            (|conn, contents, now| store_contents(conn, contents, now).map(drop))
                as fn(&mut Connection, &[(BlobRef, Bytes)], Timestamp) -> Result<()>,
            |conn, contents, _| repair_contents(conn, contents),
            store_ahead,
        ] {
            damage(&mut conn);
            let before = number(&mut conn, "total_changes()");
            repair(&mut conn, &contents, now).unwrap();
            assert_eq!(number(&mut conn, "total_changes()") - before, 2);
            let all: Vec<i64> = ids.values().copied().collect();
            let stored = super::contents(&mut conn, &all).unwrap();
            for (blob, bytes) in &contents {
                assert_eq!(stored[&ids[&blob.sha256]], bytes.as_ref());
            }
        }
    }

    #[test]
    fn an_arrival_ahead_of_its_tree_is_noted_at_most_once_an_hour() {
        let place = tempfile::tempdir().unwrap();
        let mut conn = connection(&place);
        let contents = [content("header")];
        for (hour, noted) in [(100, 100), (101, 100), (102, 102), (500, 500)] {
            // A microsecond more than whole hours have passed.
            let at = |hour: i64| hour * DAY / 24 + hour / 2;
            store_ahead(&mut conn, &contents, Timestamp::from_micros(at(hour))).unwrap();
            let stored_at = number(&mut conn, "(SELECT stored_at FROM blobs)");
            assert_eq!(stored_at, at(noted), "{hour}");
        }
    }
}
