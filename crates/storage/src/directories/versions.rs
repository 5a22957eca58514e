//! The versions of directories.

use super::{Size, VERSION, Version, VersionRow, parse_version};
use crate::backend::prelude::*;
use crate::schema::{directories, directory_entries, directory_versions};
use crate::{Portion, Result};
use diesel::sql_types::BigInt;
use nbcourier_domain::{Sha256Sum, Timestamp};

/// The facts of a version to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    /// The person who makes it.
    pub by: &'a str,
    /// The time.
    pub now: Timestamp,
    /// The device on which it is made.
    pub device: Option<&'a str>,
    /// The message of its maker.
    pub message: Option<&'a str>,
    /// The commit that it is made from, as JSON.
    pub origin: Option<&'a str>,
}

/// Inserts the row of a version.
pub(super) fn insert(
    conn: &mut Connection,
    directory: i64,
    number: i64,
    new: &NewVersion<'_>,
    size: Size,
) -> Result<()> {
    diesel::insert_into(directory_versions::table)
        .values((
            directory_versions::directory_id.eq(directory),
            directory_versions::version.eq(number),
            directory_versions::made_at.eq(new.now.micros()),
            directory_versions::made_by.eq(new.by),
            directory_versions::device.eq(new.device),
            directory_versions::message.eq(new.message),
            directory_versions::origin.eq(new.origin),
            directory_versions::files.eq(size.files),
            directory_versions::folders.eq(size.folders),
            directory_versions::bytes.eq(size.bytes),
            directory_versions::path_bytes.eq(size.path_bytes),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes the version with that number the current one. Its entries are there already.
pub fn advance(
    conn: &mut Connection,
    directory: i64,
    number: i64,
    new: &NewVersion<'_>,
    size: Size,
) -> Result<()> {
    insert(conn, directory, number, new, size)?;
    diesel::update(directories::table.find(directory))
        .set(directories::head.eq(number))
        .execute(conn)?;
    Ok(())
}

/// Returns the version with that number, if it is kept.
pub fn find(conn: &mut Connection, directory: i64, number: i64) -> Result<Option<Version>> {
    let row = directory_versions::table
        .find((directory, number))
        .select(VERSION)
        .get_result::<VersionRow>(conn)
        .optional()?;
    row.map(parse_version).transpose()
}

/// Returns a portion of the versions below a number, the newest first, and whether there are more.
pub fn list(
    conn: &mut Connection,
    directory: i64,
    below: i64,
    portion: Portion,
) -> Result<(Vec<Version>, bool)> {
    let rows = directory_versions::table
        .filter(directory_versions::directory_id.eq(directory))
        .filter(directory_versions::version.lt(below))
        .order(directory_versions::version.desc())
        .select(VERSION)
        .at_most(portion.limit())
        .load_iter::<VersionRow>(conn)?;
    portion.take(rows, parse_version, Version::text)
}

/// Returns a portion of the kept versions below a number in which a path changed, or anything below it, the newest first,
/// and whether there are more.
pub fn of_path(
    conn: &mut Connection,
    directory: i64,
    path: &str,
    below: i64,
    portion: Portion,
) -> Result<(Vec<Version>, bool)> {
    let here = || {
        directory_entries::table
            .filter(directory_entries::directory_id.eq(directory))
            .filter(
                directory_entries::path
                    .eq(path)
                    .or(super::entries::is_below(path)),
            )
    };
    let began = here().select(directory_entries::since);
    let ended = here()
        .filter(directory_entries::until.is_not_null())
        .select(directory_entries::until.assume_not_null());
    let rows = directory_versions::table
        .filter(directory_versions::directory_id.eq(directory))
        .filter(directory_versions::version.lt(below))
        .filter(
            directory_versions::version
                .eq_any(began)
                .or(directory_versions::version.eq_any(ended)),
        )
        .order(directory_versions::version.desc())
        .select(VERSION)
        .at_most(portion.limit())
        .load_iter::<VersionRow>(conn)?;
    portion.take(rows, parse_version, Version::text)
}

/// Sets or removes the label of a version.
pub fn set_label(
    conn: &mut Connection,
    directory: i64,
    number: i64,
    label: Option<&str>,
) -> Result<()> {
    diesel::update(directory_versions::table.find((directory, number)))
        .set(directory_versions::label.eq(label))
        .execute(conn)?;
    Ok(())
}

/// Notes the computed digest of a version.
pub fn set_digest(
    conn: &mut Connection,
    directory: i64,
    number: i64,
    digest: Sha256Sum,
) -> Result<()> {
    diesel::update(directory_versions::table.find((directory, number)))
        .set(directory_versions::digest.eq(digest.0.as_slice()))
        .execute(conn)?;
    Ok(())
}

/// A version, as far as it decides whether it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The number.
    pub number: i64,
    /// The time at which it was made.
    pub made_at: Timestamp,
    /// Whether it has a label.
    pub is_labelled: bool,
    /// Whether it was made from a commit.
    pub is_from_source: bool,
}

/// Returns all versions of a directory by number.
pub fn dated(conn: &mut Connection, directory: i64) -> Result<Vec<Dated>> {
    let rows = directory_versions::table
        .filter(directory_versions::directory_id.eq(directory))
        .order(directory_versions::version)
        .select((
            directory_versions::version,
            directory_versions::made_at,
            directory_versions::label.is_not_null(),
            directory_versions::origin.is_not_null(),
        ))
        .load::<(i64, i64, bool, bool)>(conn)?;
    let dated = rows.into_iter();
    let dated = dated.map(|(number, made_at, is_labelled, is_from_source)| Dated {
        number,
        made_at: Timestamp::from_micros(made_at),
        is_labelled,
        is_from_source,
    });
    Ok(dated.collect())
}

/// Returns up to `limit` directories with a row above `after` that have versions besides their current one, by row.
/// Repeated calls visit all of them.
pub fn with_history(conn: &mut Connection, after: i64, limit: usize) -> Result<Vec<i64>> {
    let earlier = directory_versions::table
        .filter(directory_versions::directory_id.eq(directories::id))
        .filter(directory_versions::version.lt(directories::head));
    Ok(directories::table
        .filter(directories::id.gt(after))
        .filter(diesel::dsl::exists(earlier))
        .order(directories::id)
        .select(directories::id)
        .at_most(limit)
        .load(conn)?)
}

/// Removes versions of a directory, and the entries that only they show. Returns the number of removed entries.
pub fn remove(conn: &mut Connection, directory: i64, numbers: &[i64]) -> Result<usize> {
    let versions = directory_versions::table
        .filter(directory_versions::directory_id.eq(directory))
        .filter(among(directory_versions::version, numbers.iter().copied()));
    diesel::delete(versions).execute(conn)?;
    let removed = diesel::sql_query(
        "DELETE FROM directory_entries WHERE directory_id = $1 AND until IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM directory_versions AS kept WHERE kept.directory_id = $1
                AND kept.version >= directory_entries.since AND kept.version < directory_entries.until)",
    )
    .bind::<BigInt, _>(directory)
    .execute(conn)?;
    Ok(removed)
}
