//! The bytes in directories: their digest, the bytes in reach, and how much room they take.

use super::entries::{Filter, list};
use crate::backend::prelude::*;
use crate::blobs;
use crate::schema::{blobs as blob_rows, directory_entries};
use crate::{Error, Portion, Result};
use diesel::dsl::exists;
use diesel::sql_types::BigInt;
use nbcourier_domain::{Sha256Sum, TreeHasher};

/// The number of entries that are read at a time for a digest.
const PAGE: usize = 5000;

/// Computes the digest of the files in a version, as that of a tree. It reads all entries, a portion at a time.
pub fn digest(conn: &mut Connection, directory: i64, version: i64) -> Result<Sha256Sum> {
    let mut hasher = TreeHasher::default();
    let mut after: Option<String> = None;
    loop {
        let filter = Filter {
            after: after.as_deref(),
            ..Filter::default()
        };
        let (page, is_more) = list(conn, (directory, version), filter, Portion::of(PAGE))?;
        for entry in &page {
            if let Some(file) = entry.file {
                hasher.add(&entry.path, file.blob.blob.sha256);
            }
        }
        let last = page.last().filter(|_| is_more);
        let Some(last) = last else {
            return Ok(hasher.finish());
        };
        after = Some(last.path.as_str().to_owned());
    }
}

/// Returns those of the wanted blobs that any kept version of these directories has.
pub(crate) fn in_reach(
    conn: &mut Connection,
    directories: &[i64],
    wanted: &[Vec<u8>],
) -> QueryResult<Vec<blobs::Columns>> {
    let named = directory_entries::table
        .filter(directory_entries::blob_id.eq(blob_rows::id.nullable()))
        .filter(among(
            directory_entries::directory_id,
            directories.iter().copied(),
        ));
    blob_rows::table
        .filter(blob_rows::sha256.eq_any(wanted))
        .filter(exists(named))
        .select(blobs::COLUMNS)
        .load(conn)
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Returns the bytes of those of these blobs that the current version of a directory has.
pub fn held(conn: &mut Connection, directory: i64, blobs: &[i64]) -> Result<u64> {
    let current = directory_entries::table
        .filter(directory_entries::directory_id.eq(directory))
        .filter(directory_entries::until.is_null())
        .filter(directory_entries::blob_id.eq(blob_rows::id.nullable()));
    let sizes = blob_rows::table
        .filter(among(blob_rows::id, blobs.iter().copied()))
        .filter(exists(current))
        .select(blob_rows::size)
        .load::<i64>(conn)?;
    sizes.into_iter().try_fold(0_u64, |sum, size| {
        let size = u64::try_from(size).map_err(|_| Error::Damaged("a negative size"))?;
        Ok(sum.saturating_add(size))
    })
}

/// Returns the bytes of the distinct contents of a directory's current version.
pub fn distinct_bytes(conn: &mut Connection, directory: i64) -> Result<u64> {
    let sum: Sum = diesel::sql_query(
        "SELECT CAST(coalesce(sum(b.size), 0) AS BIGINT) AS bytes FROM (
                SELECT DISTINCT blob_id FROM directory_entries WHERE directory_id = $1 AND until IS NULL) AS held
            JOIN blobs b ON b.id = held.blob_id",
    )
    .bind::<BigInt, _>(directory)
    .get_result(conn)?;
    u64::try_from(sum.bytes).map_err(|_| Error::Damaged("a negative size"))
}
