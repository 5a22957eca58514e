//! Copies all rows from one database to another, which may be of another kind.
//!
//! The rows go table by table in the order of their references, in batches with a transaction each. IDs stay. A copy that
//! was interrupted continues behind the last row of each table. In the end, the checksums over all rows of each table are
//! compared.

mod numbers;
mod places;
mod rows;

pub use places::{Destination, Guard, Origin, State};

use super::backend::prelude::*;
use super::schema::{blobs as blob_rows, identity, removed_objects as removed_rows};
use super::{Error, Result, signing_keys, snapshot};
use nbcourier_domain::Sha256Sum;
use rows::{
    Table, activity, allowances, assignments, blob_contents, blobs, courses, directories,
    directory_entries, directory_grants, directory_versions, ended_sessions, event_people, events,
    extensions, feedback, feedback_readings, fetches, hub_members, members, people, releases,
    removed_objects, runs, shares, source_runs, sources, starts, submission_keys, submissions,
    tree_files, trees,
};
use sha2::{Digest as _, Sha256};

/// The place of the large files, after their rows were copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// They stay where they are.
    Stay,
    /// They are copied to a directory.
    ToDirectory,
    /// They are copied to a bucket. A row says when its file has arrived.
    ToBucket,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSum {
    /// The name of the table.
    pub table: &'static str,
    /// The number of rows.
    pub rows: u64,
    /// The checksum over all values of all rows.
    pub sha256: Sha256Sum,
}

/// The rows that were copied.
#[derive(Debug)]
pub struct Copied {
    /// The rows of each table, which are the same in both databases.
    pub tables: Vec<TableSum>,
    /// The number of rows that this run has written.
    pub written: u64,
}

/// Calls the same function for each table, in the order of references.
macro_rules! each_table {
    ($function:ident($($argument:expr),*)) => {
        [
            $function::<courses::All>($($argument),*)?,
            $function::<members::All>($($argument),*)?,
            $function::<hub_members::All>($($argument),*)?,
            $function::<people::All>($($argument),*)?,
            $function::<blobs::All>($($argument),*)?,
            $function::<blob_contents::All>($($argument),*)?,
            $function::<trees::All>($($argument),*)?,
            $function::<tree_files::All>($($argument),*)?,
            $function::<assignments::All>($($argument),*)?,
            $function::<extensions::All>($($argument),*)?,
            $function::<allowances::All>($($argument),*)?,
            $function::<releases::All>($($argument),*)?,
            $function::<fetches::All>($($argument),*)?,
            $function::<submissions::All>($($argument),*)?,
            $function::<submission_keys::All>($($argument),*)?,
            $function::<feedback::All>($($argument),*)?,
            $function::<feedback_readings::All>($($argument),*)?,
            $function::<directories::All>($($argument),*)?,
            $function::<directory_versions::All>($($argument),*)?,
            $function::<directory_entries::All>($($argument),*)?,
            $function::<directory_grants::All>($($argument),*)?,
            $function::<sources::All>($($argument),*)?,
            $function::<source_runs::All>($($argument),*)?,
            $function::<starts::All>($($argument),*)?,
            $function::<shares::All>($($argument),*)?,
            $function::<activity::All>($($argument),*)?,
            $function::<events::All>($($argument),*)?,
            $function::<event_people::All>($($argument),*)?,
            $function::<runs::All>($($argument),*)?,
            $function::<removed_objects::All>($($argument),*)?,
            $function::<ended_sessions::All>($($argument),*)?,
        ]
    };
}

/// Returns the number of rows to copy, for the progress.
pub fn count(from: &mut Connection) -> Result<u64> {
    Ok(each_table!(count_rows(from)).into_iter().sum())
}

fn count_rows<T: Table>(conn: &mut Connection) -> Result<u64> {
    T::count(conn)
}

/// Copies all rows as they are at one moment, and compares them. `done` is told the numbers of copied rows, and of rows
/// that were there already.
///
/// The destination has the tables, and rows of an earlier attempt or none. If the rows of the source have changed since, it
/// is emptied first.
pub fn copy(
    from: &mut Connection,
    to: &mut Connection,
    files: Files,
    done: &mut dyn FnMut(u64),
) -> Result<Copied> {
    let begun = each_table!(count_rows(to)).into_iter().sum::<u64>() > 0;
    let first = from.transaction(|from| attempt(from, to, files, done));
    match first {
        Err(Error::Database(_) | Error::Differs(_)) if begun => {
            to.transaction(clear)?;
            from.transaction(|from| attempt(from, to, files, done))
        }
        other => other,
    }
}

fn attempt(
    from: &mut Connection,
    to: &mut Connection,
    files: Files,
    done: &mut dyn FnMut(u64),
) -> Result<Copied> {
    let mut written = 0;
    let mut note = |copied: u64, is_new: bool| {
        if is_new {
            written += copied;
        }
        done(copied);
    };
    let sent = each_table!(copy_table(from, to, files, &mut note));
    let found = each_table!(sum_table(to, files));
    for (sent, found) in sent.iter().zip(&found) {
        if sent != found {
            return Err(Error::Differs(sent.table));
        }
    }
    numbers::copy(from, to)?;
    Ok(Copied {
        tables: sent.into(),
        written,
    })
}

/// Copies the rows of a table that are behind the last one of an earlier attempt. Returns the checksum of all.
fn copy_table<T: Table>(
    from: &mut Connection,
    to: &mut Connection,
    files: Files,
    note: &mut impl FnMut(u64, bool),
) -> Result<TableSum> {
    let mut present = T::count(to)?;
    let (mut sum, mut after) = (Sum::new(T::NAME), None);
    loop {
        let page = T::page(from, after.as_ref())?;
        let Some(last) = page.last().cloned() else {
            break;
        };
        after = Some(last);
        let mut rows = T::chosen(from, page, files)?;
        sum.add::<T>(&mut rows, files);
        // The rows of an earlier attempt are read and summed up, but not written again.
        let old = usize::try_from(present).map_or(rows.len(), |left| left.min(rows.len()));
        present -= old as u64;
        note(old as u64, false);
        let new = rows.split_off(old);
        let number = new.len() as u64;
        insert::<T>(to, new, files)?;
        note(number, true);
    }
    if T::NAME == releases::All::NAME {
        note_current_releases(from, to)?;
    }
    Ok(sum.finish())
}

fn insert<T: Table>(to: &mut Connection, mut rows: Vec<T::Row>, files: Files) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    for row in &mut rows {
        T::inserted(row, files);
        if to.is_postgres()
            && let Some(column) = T::unstorable(row)
        {
            return Err(Error::Unusable(format!(
                "A row of the table {} has the character U+0000 in the column {column}, and PostgreSQL cannot store \
                 that. Correct the row first, and repeat the command",
                T::NAME
            )));
        }
    }
    to.transaction(|to| T::insert(to, &rows))
}

/// Returns the checksum over the rows of a table.
fn sum_table<T: Table>(conn: &mut Connection, files: Files) -> Result<TableSum> {
    let (mut sum, mut after) = (Sum::new(T::NAME), None);
    loop {
        let mut page = T::page(conn, after.as_ref())?;
        let Some(last) = page.last().cloned() else {
            return Ok(sum.finish());
        };
        after = Some(last);
        sum.add::<T>(&mut page, files);
    }
}

/// A checksum in the making.
struct Sum {
    table: &'static str,
    rows: u64,
    hasher: Sha256,
}

impl Sum {
    fn new(table: &'static str) -> Self {
        Self {
            table,
            rows: 0,
            hasher: Sha256::new(),
        }
    }

    fn add<T: Table>(&mut self, rows: &mut [T::Row], files: Files) {
        for row in rows {
            T::compared(row, files);
            T::feed(row, &mut self.hasher);
            self.rows += 1;
        }
    }

    fn finish(self) -> TableSum {
        TableSum {
            table: self.table,
            rows: self.rows,
            sha256: Sha256Sum(self.hasher.finalize().into()),
        }
    }
}

/// Notes the current releases of the assignments, once all releases are there.
fn note_current_releases(from: &mut Connection, to: &mut Connection) -> Result<()> {
    use super::schema::assignments as columns;
    let mut after = None;
    loop {
        let page = assignments::All::page(from, after.as_ref())?;
        let Some(last) = page.last().cloned() else {
            return Ok(());
        };
        after = Some(last);
        to.transaction(|to| {
            for row in page.iter().filter(|row| row.current_release.is_some()) {
                diesel::update(columns::table.find(row.id))
                    .set(columns::current_release.eq(row.current_release))
                    .execute(to)?;
            }
            Ok::<_, Error>(())
        })?;
    }
}

/// Removes the rows of an earlier attempt.
fn clear(conn: &mut Connection) -> Result<()> {
    use super::schema::assignments as columns;
    diesel::update(columns::table)
        .set(columns::current_release.eq(None::<i64>))
        .execute(conn)?;
    // What refers to other rows comes after them.
    let tables: [fn(&mut Connection) -> Result<()>; 31] = [
        ended_sessions::All::clear,
        removed_objects::All::clear,
        runs::All::clear,
        event_people::All::clear,
        events::All::clear,
        shares::All::clear,
        activity::All::clear,
        starts::All::clear,
        source_runs::All::clear,
        sources::All::clear,
        directory_grants::All::clear,
        directory_entries::All::clear,
        directory_versions::All::clear,
        directories::All::clear,
        feedback_readings::All::clear,
        feedback::All::clear,
        submission_keys::All::clear,
        submissions::All::clear,
        fetches::All::clear,
        releases::All::clear,
        allowances::All::clear,
        extensions::All::clear,
        assignments::All::clear,
        tree_files::All::clear,
        trees::All::clear,
        blob_contents::All::clear,
        blobs::All::clear,
        people::All::clear,
        hub_members::All::clear,
        members::All::clear,
        courses::All::clear,
    ];
    tables.into_iter().try_for_each(|clear| clear(conn))
}

/// Completes a copy: notes the exchange, the bucket with its large files, and its signing key.
pub fn complete(
    conn: &mut Connection,
    exchange: &str,
    bucket: Option<&str>,
    key: Option<&[u8]>,
) -> Result<()> {
    diesel::update(identity::table)
        .set((identity::id.eq(exchange), identity::bucket.eq(bucket)))
        .execute(conn)?;
    if let Some(key) = key {
        signing_keys::keep(conn, key)?;
    }
    Ok(())
}

/// Notes in one change that the large files of the database are now in that bucket, or in a directory. `missing` are the
/// IDs of those that could not be copied. Objects that wait for their deletion stay in their bucket.
///
/// Uploads that did not end are forgotten, since nothing of them was copied.
pub fn relocate(conn: &mut Connection, bucket: Option<&str>, missing: &[i64]) -> Result<()> {
    conn.transaction(|conn| {
        let open = blob_rows::table
            .filter(blob_rows::in_database.eq(false))
            .filter(blob_rows::arrived.eq(false))
            .filter(super::blobs::is_unnamed());
        diesel::delete(open).execute(conn)?;
        diesel::update(blob_rows::table.filter(blob_rows::arrived.eq(false)))
            .set(blob_rows::arrived.eq(true))
            .execute(conn)?;
        if bucket.is_some() {
            super::objects::mark_missing(conn, missing)?;
        }
        diesel::delete(removed_rows::table).execute(conn)?;
        let exchange = snapshot::exchange_id(conn)?;
        complete(conn, &exchange, bucket, None)
    })
}

/// Changes a copy of a database whose large files are in a bucket to one whose files are in a directory.
pub fn embed(conn: &mut Connection) -> Result<()> {
    relocate(conn, None, &[])
}

#[cfg(test)]
mod tests;
