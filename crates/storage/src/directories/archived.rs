//! Directories of a course for its archive, and directories that come from an archive with numbers and times of their own.

use super::versions::{self, NewVersion};
use super::{Directory, NewDirectory, Row, columns, entries, insert, is_there, parse, with_heads};
use crate::backend::prelude::*;
use crate::schema::directories;
use crate::{Error, Result};

/// Returns the directories of a course by row. Deleted ones are left out.
pub fn of_course(conn: &mut Connection, course: i64) -> Result<Vec<Directory>> {
    let rows = with_heads()
        .filter(is_there())
        .filter(directories::course_id.eq(course))
        .order(directories::id)
        .select(columns())
        .load_iter::<Row>(conn)?;
    rows.map(|row| parse(row?)).collect()
}

/// Adds a directory without any version, whose current one will have that number. Returns its row.
pub fn add(conn: &mut Connection, new: &NewDirectory<'_>, head: i64) -> Result<i64> {
    let id = insert(conn, new, head)?;
    id.ok_or(Error::Damaged("a course with two directories of one name"))
}

/// The entries by which a version differs from the one before.
#[derive(Debug, Default)]
pub struct Step<'a> {
    /// The paths whose entries end, because they are gone or others begin.
    pub ended: Vec<&'a str>,
    /// The entries that begin.
    pub begun: Vec<entries::NewEntry>,
}

/// Adds a version after all that the directory has, with its label.
pub fn add_version(
    conn: &mut Connection,
    directory: i64,
    number: i64,
    (new, label): (&NewVersion<'_>, Option<&str>),
    step: &Step<'_>,
) -> Result<()> {
    let ended = entries::current(conn, directory, step.ended.iter().copied())?;
    let ended: Vec<i64> = ended.iter().map(|entry| entry.id).collect();
    entries::end(conn, &ended, number)?;
    entries::begin(conn, directory, number, &step.begun)?;
    let size = entries::size_at(conn, directory, number)?;
    versions::insert(conn, directory, number, new, size)?;
    if label.is_some() {
        versions::set_label(conn, directory, number, label)?;
    }
    Ok(())
}
