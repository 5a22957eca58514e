//! Directories of a course for its archive, and directories that come from an archive with numbers and times of their own.

use super::versions::{self, NewVersion};
use super::{Directory, Facts, Row, columns, entries, is_there, parse, with_heads};
use crate::backend::prelude::*;
use crate::schema::directories;
use crate::{Error, Result};
use nbcourier_domain::{DirectoryName, Timestamp};

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

/// A directory of a course, as it was elsewhere.
#[derive(Debug)]
pub struct Archived<'a> {
    /// The row of the course.
    pub course: i64,
    /// The name.
    pub name: &'a DirectoryName,
    /// The changeable facts.
    pub facts: &'a Facts,
    /// The person who made it.
    pub created_by: &'a str,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The number of its current version.
    pub head: i64,
}

/// Adds a directory without any version. Returns its row.
pub fn add(conn: &mut Connection, new: &Archived<'_>) -> Result<i64> {
    let id = diesel::insert_into(directories::table)
        .values((
            directories::course_id.eq(new.course),
            directories::name.eq(new.name.as_str()),
            directories::description.eq(new.facts.description.as_deref()),
            directories::head.eq(new.head),
            directories::deliver.eq(new.facts.deliver.as_deref()),
            directories::deliver_at_start.eq(new.facts.deliver_at_start),
            directories::created_by.eq(new.created_by),
            directories::created_at.eq(new.created_at.micros()),
        ))
        .on_conflict_do_nothing()
        .returning(directories::id)
        .get_result::<i64>(conn)
        .optional()?;
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
