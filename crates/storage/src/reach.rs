//! Finds the blobs that a person can already read. Their checksums may then stand for their bytes.

use super::Result;
use super::backend::prelude::*;
use super::blobs::{self, COLUMNS, Row};
use super::schema::{
    assignments, blobs as rows, directories, directory_entries, feedback, releases, submissions,
    tree_files,
};
use diesel::dsl::{auto_type, exists};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};
use std::collections::{BTreeSet, HashMap};

/// The maximum number of checksums per statement.
const CHUNK: usize = 1000;

/// The things that a person may read in a course.
#[derive(Debug, Clone)]
pub enum Reach {
    /// Nothing.
    Nothing,
    /// All releases, submissions and feedback of the course, former ones included, and its directories.
    Everything {
        /// The row of the course.
        course: i64,
    },
    /// All kept versions of the directories with these rows.
    Directories(Vec<i64>),
    /// The current releases, the directories of the course, and the person's own submissions with their feedback.
    Own {
        /// The row of the course.
        course: i64,
        /// The name of the person.
        person: UserName,
    },
}

/// Returns those of the wanted blobs that the person may read.
pub fn blobs(
    conn: &mut Connection,
    reach: &Reach,
    wanted: &BTreeSet<Sha256Sum>,
) -> Result<HashMap<Sha256Sum, Row>> {
    let wanted: Vec<Vec<u8>> = wanted.iter().map(|sum| sum.0.to_vec()).collect();
    let mut found = HashMap::new();
    for chunk in wanted.chunks(CHUNK) {
        let in_reach = match reach {
            Reach::Nothing => Vec::new(),
            Reach::Everything { course } => everything(conn, *course, chunk)?,
            Reach::Own { course, person } => own(conn, *course, person, chunk)?,
            Reach::Directories(rows) => super::directories::contents::in_reach(conn, rows, chunk)?,
        };
        for columns in in_reach {
            let row = blobs::parse(columns)?;
            found.insert(row.blob.sha256, row);
        }
    }
    Ok(found)
}

fn everything(
    conn: &mut Connection,
    course: i64,
    wanted: &[Vec<u8>],
) -> QueryResult<Vec<blobs::Columns>> {
    let released = releases::table
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .filter(assignments::course_id.eq(course))
        .filter(releases::tree_id.eq(tree_files::tree_id));
    let handed_in = submissions::table
        .inner_join(assignments::table)
        .filter(assignments::course_id.eq(course))
        .filter(submissions::tree_id.eq(tree_files::tree_id));
    let given_back = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table))
        .filter(assignments::course_id.eq(course))
        .filter(feedback::tree_id.eq(tree_files::tree_id));
    let in_a_tree = tree_files::table
        .filter(tree_files::blob_id.eq(rows::id))
        .filter(
            exists(released)
                .or(exists(handed_in))
                .or(exists(given_back)),
        );
    rows::table
        .filter(rows::sha256.eq_any(wanted))
        .filter(exists(in_a_tree).or(in_directories(course)))
        .select(COLUMNS)
        .load(conn)
}

fn own(
    conn: &mut Connection,
    course: i64,
    person: &UserName,
    wanted: &[Vec<u8>],
) -> QueryResult<Vec<blobs::Columns>> {
    let is_open = assignments::opens_at
        .is_null()
        .or(assignments::opens_at.le(Timestamp::now().micros()));
    let released = releases::table
        .inner_join(assignments::table.on(assignments::current_release.eq(releases::id.nullable())))
        .filter(assignments::course_id.eq(course))
        .filter(assignments::deleted_at.is_null())
        .filter(is_open.assume_not_null())
        .filter(releases::tree_id.eq(tree_files::tree_id));
    let handed_in = submissions::table
        .inner_join(assignments::table)
        .filter(assignments::course_id.eq(course))
        .filter(assignments::deleted_at.is_null())
        .filter(submissions::student.eq(person.as_str()))
        .filter(submissions::deleted_at.is_null())
        .filter(submissions::tree_id.eq(tree_files::tree_id));
    let given_back = feedback::table
        .inner_join(submissions::table.inner_join(assignments::table))
        .filter(assignments::course_id.eq(course))
        .filter(assignments::deleted_at.is_null())
        .filter(submissions::student.eq(person.as_str()))
        .filter(submissions::deleted_at.is_null())
        .filter(feedback::deleted_at.is_null())
        .filter(feedback::tree_id.eq(tree_files::tree_id));
    let in_a_tree = tree_files::table
        .filter(tree_files::blob_id.eq(rows::id))
        .filter(
            exists(released)
                .or(exists(handed_in))
                .or(exists(given_back)),
        );
    rows::table
        .filter(rows::sha256.eq_any(wanted))
        .filter(exists(in_a_tree).or(in_directories(course)))
        .select(COLUMNS)
        .load(conn)
}

/// The condition that a directory of the course has a blob in any kept version.
#[auto_type]
fn in_directories(course: i64) -> _ {
    let named = directory_entries::table
        .inner_join(directories::table)
        .filter(directory_entries::blob_id.eq(rows::id.nullable()))
        .filter(directories::course_id.eq(course))
        .filter(directories::deleted_at.is_null());
    exists(named)
}
