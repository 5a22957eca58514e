//! The files and folders in the versions of a directory. Each row is shown in a span of versions.

use super::Size;
use crate::backend::prelude::*;
use crate::blobs::{self, to_row};
use crate::schema::{blobs as blob_rows, directory_entries};
use crate::{Error, Portion, Result};
use diesel::dsl::{auto_type, sql};
use diesel::sql_types::{BigInt, Bool, Text};
use nbcourier_domain::RelativePath;

/// The maximum number of rows per statement.
const CHUNK: usize = 1000;

/// A file or folder in a version.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The ID of the row.
    pub id: i64,
    /// The path.
    pub path: RelativePath,
    /// The file, or `None` for a folder.
    pub file: Option<File>,
    /// The version with which it began.
    pub since: i64,
}

/// The content of a file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// The row of the bytes.
    pub blob: blobs::Row,
    /// Whether it can be executed.
    pub executable: bool,
}

type Columns = (
    directory_entries::id,
    directory_entries::path,
    directory_entries::executable,
    directory_entries::since,
    diesel::dsl::Nullable<BlobColumns>,
);
type BlobColumns = (
    blob_rows::id,
    blob_rows::sha256,
    blob_rows::md5,
    blob_rows::size,
    blob_rows::in_database,
    blob_rows::arrived,
);
type Row = (i64, String, bool, i64, Option<blobs::Columns>);

fn columns() -> Columns {
    (
        directory_entries::id,
        directory_entries::path,
        directory_entries::executable,
        directory_entries::since,
        blobs::COLUMNS.nullable(),
    )
}

fn parse((id, path, executable, since, blob): Row) -> Result<Entry> {
    let file = blob.map(|blob| {
        Ok::<_, Error>(File {
            blob: blobs::parse(blob)?,
            executable,
        })
    });
    Ok(Entry {
        id,
        path: RelativePath::parse_stored(path)
            .map_err(|_| Error::Damaged("an illegal path in a directory"))?,
        file: file.transpose()?,
        since,
    })
}

/// The entries of a directory in a version, with their contents.
#[auto_type]
fn shown_in(directory: i64, version: i64) -> _ {
    let is_shown = directory_entries::until
        .is_null()
        .or(directory_entries::until.gt(version));
    directory_entries::table
        .left_join(blob_rows::table)
        .filter(directory_entries::directory_id.eq(directory))
        .filter(directory_entries::since.le(version))
        .filter(is_shown)
}

/// The entries that are wanted of a version.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Only those below this folder.
    pub below: Option<&'a str>,
    /// Only those directly in the folder.
    pub is_flat: bool,
    /// Only those after this path, in the order of bytes.
    pub after: Option<&'a str>,
}

/// Returns a portion of the entries of a version by path, and whether there are more.
pub fn list(
    conn: &mut Connection,
    (directory, version): (i64, i64),
    filter: Filter<'_>,
    portion: Portion,
) -> Result<(Vec<Entry>, bool)> {
    let below = filter.below.map(is_below);
    let flat = filter.is_flat.then(|| {
        // SQL counts characters, not bytes.
        let skipped = filter.below.map_or(0, |folder| folder.chars().count() + 1);
        let skipped = i64::try_from(skipped).unwrap_or(i64::MAX);
        sql::<Bool>("substr(directory_entries.path, CAST(")
            .bind::<BigInt, _>(skipped + 1)
            .sql(" AS INTEGER)) NOT LIKE '%/%'")
    });
    let rows = shown_in(directory, version)
        .filter(maybe(below))
        .filter(maybe(flat))
        .filter(maybe(
            filter.after.map(|path| directory_entries::path.gt(path)),
        ))
        .order(directory_entries::path)
        .select(columns())
        .at_most(portion.limit())
        .load_iter::<Row>(conn)?;
    portion.take(rows, parse, |entry| entry.path.as_str().len())
}

/// The condition that an entry is below a folder: between `folder/` and `folder0`, the next text of that length.
pub(super) fn is_below(
    folder: &str,
) -> diesel::dsl::And<
    diesel::dsl::Gt<directory_entries::path, String>,
    diesel::dsl::Lt<directory_entries::path, String>,
> {
    directory_entries::path
        .gt(format!("{folder}/"))
        .and(directory_entries::path.lt(format!("{folder}0")))
}

/// Returns the entry with that path in a version.
pub fn find(
    conn: &mut Connection,
    (directory, version): (i64, i64),
    path: &str,
) -> Result<Option<Entry>> {
    let row = shown_in(directory, version)
        .filter(directory_entries::path.eq(path))
        .select(columns())
        .get_result::<Row>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns those of the paths that the current version has.
pub fn current<'a>(
    conn: &mut Connection,
    directory: i64,
    paths: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Entry>> {
    let rows = directory_entries::table
        .left_join(blob_rows::table)
        .filter(directory_entries::directory_id.eq(directory))
        .filter(directory_entries::until.is_null())
        .filter(among_texts(directory_entries::path, paths))
        .select(columns())
        .load_iter::<Row>(conn)?;
    rows.map(|row| parse(row?)).collect()
}

/// Returns everything below a folder in the current version.
pub fn current_below(conn: &mut Connection, directory: i64, folder: &str) -> Result<Vec<Entry>> {
    let rows = directory_entries::table
        .left_join(blob_rows::table)
        .filter(directory_entries::directory_id.eq(directory))
        .filter(directory_entries::until.is_null())
        .filter(is_below(folder))
        .select(columns())
        .load_iter::<Row>(conn)?;
    rows.map(|row| parse(row?)).collect()
}

/// Ends the entries with these rows with a version that no longer shows them.
pub fn end(conn: &mut Connection, ids: &[i64], version: i64) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    diesel::update(
        directory_entries::table.filter(among(directory_entries::id, ids.iter().copied())),
    )
    .set(directory_entries::until.eq(version))
    .execute(conn)?;
    Ok(())
}

/// A file or folder that begins with a version.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The path.
    pub path: String,
    /// The row of the bytes, or `None` for a folder.
    pub blob: Option<i64>,
    /// Whether it can be executed.
    pub executable: bool,
}

/// Adds entries that begin with a version.
pub fn begin(conn: &mut Connection, directory: i64, version: i64, new: &[NewEntry]) -> Result<()> {
    for chunk in new.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|entry| {
                (
                    directory_entries::directory_id.eq(directory),
                    directory_entries::path.eq(entry.path.as_str()),
                    directory_entries::blob_id.eq(entry.blob),
                    directory_entries::executable.eq(entry.executable),
                    directory_entries::since.eq(version),
                )
            })
            .collect();
        diesel::insert_into(directory_entries::table)
            .values(rows)
            .execute(conn)?;
    }
    Ok(())
}

/// Gives the first version of a new directory the entries of a version of another one.
pub(super) fn copy(conn: &mut Connection, (from, version): (i64, i64), to: i64) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO directory_entries (directory_id, path, blob_id, executable, since)
            SELECT $1, path, blob_id, executable, 1 FROM directory_entries
            WHERE directory_id = $2 AND since <= $3 AND (until IS NULL OR until > $3)",
    )
    .bind::<BigInt, _>(to)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(version)
    .execute(conn)?;
    Ok(())
}

/// Gives a new version the entries of an earlier one. Returns the number of rows that this has written.
pub fn bring_back(
    conn: &mut Connection,
    directory: i64,
    earlier: i64,
    version: i64,
) -> Result<usize> {
    let ended = diesel::sql_query(
        "UPDATE directory_entries SET until = $1
            WHERE directory_id = $2 AND until IS NULL AND NOT EXISTS (
                SELECT 1 FROM directory_entries AS old
                WHERE old.directory_id = $2 AND old.path = directory_entries.path AND old.since <= $3
                    AND (old.until IS NULL OR old.until > $3)
                    AND coalesce(old.blob_id, 0) = coalesce(directory_entries.blob_id, 0)
                    AND old.executable = directory_entries.executable)",
    )
    .bind::<BigInt, _>(version)
    .bind::<BigInt, _>(directory)
    .bind::<BigInt, _>(earlier)
    .execute(conn)?;
    let begun = diesel::sql_query(
        "INSERT INTO directory_entries (directory_id, path, blob_id, executable, since)
            SELECT $1, path, blob_id, executable, $2 FROM directory_entries AS old
            WHERE old.directory_id = $1 AND old.since <= $3 AND (old.until IS NULL OR old.until > $3)
                AND NOT EXISTS (SELECT 1 FROM directory_entries AS now
                    WHERE now.directory_id = $1 AND now.path = old.path AND now.until IS NULL)",
    )
    .bind::<BigInt, _>(directory)
    .bind::<BigInt, _>(version)
    .bind::<BigInt, _>(earlier)
    .execute(conn)?;
    Ok(ended + begun)
}

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    files: i64,
    #[diesel(sql_type = BigInt)]
    folders: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    path_bytes: i64,
}

/// Counts the entries of a version. It reads all of them.
pub fn size_at(conn: &mut Connection, directory: i64, version: i64) -> Result<Size> {
    let sums: Sums = diesel::sql_query(
        "SELECT count(e.blob_id) AS files, count(*) - count(e.blob_id) AS folders,
                CAST(coalesce(sum(b.size), 0) AS BIGINT) AS bytes,
                CAST(coalesce(sum(octet_length(e.path)), 0) AS BIGINT) AS path_bytes
            FROM directory_entries e LEFT JOIN blobs b ON b.id = e.blob_id
            WHERE e.directory_id = $1 AND e.since <= $2 AND (e.until IS NULL OR e.until > $2)",
    )
    .bind::<BigInt, _>(directory)
    .bind::<BigInt, _>(version)
    .get_result(conn)?;
    Ok(Size {
        files: sums.files,
        folders: sums.folders,
        bytes: sums.bytes,
        path_bytes: sums.path_bytes,
    })
}

/// A path that has changed, as it is now.
#[derive(Debug, Clone)]
pub struct Change {
    /// The path.
    pub path: RelativePath,
    /// The file or folder, or `None` if it was removed.
    pub now: Option<Entry>,
    /// The version of the last change.
    pub version: i64,
}

#[derive(QueryableByName)]
struct ChangedPath {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    path: String,
}

/// Returns a portion of the paths that have changed after the version `since`, after a version and a path, in this
/// order, and whether there are more.
pub fn changed(
    conn: &mut Connection,
    directory: i64,
    since: i64,
    (version, path): (i64, &str),
    portion: Portion,
) -> Result<(Vec<Change>, bool)> {
    let rows = diesel::sql_query(
        "SELECT version, path FROM (
                SELECT max(at) AS version, path FROM (
                    SELECT path, since AS at FROM directory_entries WHERE directory_id = $1 AND since > $2
                    UNION ALL
                    SELECT path, until AS at FROM directory_entries WHERE directory_id = $1 AND until > $2
                ) AS moments GROUP BY path) AS changes
            WHERE (version, path) > ($3, $4) ORDER BY version, path LIMIT $5",
    )
    .bind::<BigInt, _>(directory)
    .bind::<BigInt, _>(since)
    .bind::<BigInt, _>(version)
    .bind::<Text, _>(path)
    .bind::<BigInt, _>(to_row(portion.limit())?)
    .load::<ChangedPath>(conn)?;
    let parse = |row: ChangedPath| {
        Ok(Change {
            path: RelativePath::parse_stored(row.path)
                .map_err(|_| Error::Damaged("an illegal path in a directory"))?,
            now: None,
            version: row.version,
        })
    };
    let rows = rows.into_iter().map(Ok);
    let (mut changes, is_more) = portion.take(rows, parse, |change| change.path.as_str().len())?;
    let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
    let now = current(conn, directory, paths)?;
    let mut now: std::collections::HashMap<String, Entry> = now
        .into_iter()
        .map(|entry| (entry.path.as_str().to_owned(), entry))
        .collect();
    for change in &mut changes {
        change.now = now.remove(change.path.as_str());
    }
    Ok((changes, is_more))
}
