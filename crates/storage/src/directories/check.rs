//! Checks that the rows of a version agree with each other.

use super::{Size, VERSION, Version, VersionRow, contents, entries, parse_version};
use crate::Result;
use crate::backend::prelude::*;
use crate::schema::{directories, directory_versions};
use diesel::sql_types::BigInt;

/// A version whose rows are checked.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The row of the directory.
    pub directory: i64,
    /// The version as its row has it.
    pub version: Version,
    /// The size of its entries.
    pub size: Size,
    /// Whether the noted digest, if there is one, is that of its entries.
    pub is_digest_right: bool,
    /// The number of entries below a file.
    pub below_files: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Checks up to `limit` of the versions behind a directory and a version, in this order: those that are current or have a
/// label. Repeated calls visit all of them.
pub fn versions(
    conn: &mut Connection,
    (directory, version): (i64, i64),
    limit: usize,
) -> Result<Vec<Checked>> {
    let is_behind =
        directory_versions::directory_id
            .gt(directory)
            .or(directory_versions::directory_id
                .eq(directory)
                .and(directory_versions::version.gt(version)));
    let is_kept = directory_versions::version
        .eq(directories::head)
        .or(directory_versions::label.is_not_null());
    let rows = directory_versions::table
        .inner_join(directories::table)
        .filter(is_behind)
        .filter(is_kept)
        .order((
            directory_versions::directory_id,
            directory_versions::version,
        ))
        .select((directory_versions::directory_id, VERSION))
        .at_most(limit)
        .load::<(i64, VersionRow)>(conn)?;
    rows.into_iter()
        .map(|(directory, row)| check(conn, directory, parse_version(row)?))
        .collect()
}

fn check(conn: &mut Connection, directory: i64, version: Version) -> Result<Checked> {
    let number = version.number;
    let is_digest_right = match version.digest {
        None => true,
        Some(digest) => contents::digest(conn, directory, number)? == digest,
    };
    let below: Number = diesel::sql_query(
        "SELECT count(*) AS number FROM directory_entries f
            JOIN directory_entries e ON e.directory_id = f.directory_id
                AND e.path > f.path || '/' AND e.path < f.path || '0'
            WHERE f.directory_id = $1 AND f.blob_id IS NOT NULL
                AND f.since <= $2 AND (f.until IS NULL OR f.until > $2)
                AND e.since <= $2 AND (e.until IS NULL OR e.until > $2)",
    )
    .bind::<BigInt, _>(directory)
    .bind::<BigInt, _>(number)
    .get_result(conn)?;
    Ok(Checked {
        size: entries::size_at(conn, directory, number)?,
        directory,
        version,
        is_digest_right,
        below_files: below.number,
    })
}

/// Corrects the size in the row of a version, and forgets its digest, which is computed again when a reader needs it.
pub fn correct(conn: &mut Connection, directory: i64, version: i64, size: Size) -> Result<()> {
    diesel::update(directory_versions::table.find((directory, version)))
        .set((
            directory_versions::files.eq(size.files),
            directory_versions::folders.eq(size.folders),
            directory_versions::bytes.eq(size.bytes),
            directory_versions::path_bytes.eq(size.path_bytes),
            directory_versions::digest.eq(None::<Vec<u8>>),
        ))
        .execute(conn)?;
    Ok(())
}
