//! All versions and all feedback, current or not.

use super::backend::prelude::*;
use super::blobs::parse_sha256;
use super::schema::{assignments, feedback, feedback_readings, releases, trees};
use super::seen::{ReadingRow, Times, reading, times_read};
use super::{Portion, Result};
use diesel::dsl::max;
use nbcourier_domain::{Sha256Sum, Timestamp};

/// A version of an assignment.
#[derive(Debug, Clone)]
pub struct Release {
    /// The number of the version, starting at 1.
    pub version: i64,
    /// The time of the release.
    pub released_at: Timestamp,
    /// The person who released it.
    pub released_by: String,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// Whether it is the current version.
    pub is_current: bool,
}

/// Returns a portion of the versions of an assignment after a version, oldest first, and whether there are more.
pub fn releases(
    conn: &mut Connection,
    assignment: i64,
    after: i64,
    portion: Portion,
) -> Result<(Vec<Release>, bool)> {
    let rows = releases::table
        .inner_join(trees::table)
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .filter(
            releases::assignment_id
                .eq(assignment)
                .and(assignments::deleted_at.is_null())
                .and(releases::version.gt(after)),
        )
        .order(releases::version)
        .select((
            (releases::id, assignments::current_release),
            releases::version,
            releases::released_at,
            releases::released_by,
            trees::digest,
        ))
        .at_most(portion.limit())
        .load_iter::<((i64, Option<i64>), i64, i64, String, Vec<u8>)>(conn)?;
    let parse = |row: ((i64, Option<i64>), i64, i64, String, Vec<u8>)| {
        let ((id, current), version, released_at, released_by, digest) = row;
        Ok(Release {
            version,
            released_at: Timestamp::from_micros(released_at),
            released_by,
            digest: parse_sha256(&digest)?,
            is_current: current == Some(id),
        })
    };
    portion.take(rows, parse, |release| release.released_by.len())
}

/// A version of an assignment with its tree.
#[derive(Debug, Clone)]
pub struct Version {
    /// The version.
    pub release: Release,
    /// The row of the tree.
    pub tree: i64,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

/// Returns a portion of the versions of an assignment up to a version, newest first, and whether there are more.
pub fn versions(
    conn: &mut Connection,
    assignment: i64,
    up_to: i64,
    portion: Portion,
) -> Result<(Vec<Version>, bool)> {
    type Columns = (
        (i64, Option<i64>),
        (i64, i64, String),
        (i64, Vec<u8>, i64, i64),
    );
    let rows = releases::table
        .inner_join(trees::table)
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .filter(
            releases::assignment_id
                .eq(assignment)
                .and(assignments::deleted_at.is_null())
                .and(releases::version.le(up_to)),
        )
        .order(releases::version.desc())
        .select((
            (releases::id, assignments::current_release),
            (
                releases::version,
                releases::released_at,
                releases::released_by,
            ),
            (trees::id, trees::digest, trees::files, trees::bytes),
        ))
        .at_most(portion.limit())
        .load_iter::<Columns>(conn)?;
    let parse = |row: Columns| {
        let ((id, current), (version, released_at, released_by), (tree, digest, files, bytes)) =
            row;
        let release = Release {
            version,
            released_at: Timestamp::from_micros(released_at),
            released_by,
            digest: parse_sha256(&digest)?,
            is_current: current == Some(id),
        };
        Ok(Version {
            release,
            tree,
            files,
            bytes,
        })
    };
    portion.take(rows, parse, |version| version.release.released_by.len())
}

/// Feedback on a submission.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The ID of the row.
    pub id: i64,
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The person who gave it.
    pub returned_by: String,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// Whether it is in the trash.
    pub is_deleted: bool,
    /// The times at which the student has read it.
    pub read: Option<Times>,
}

/// Returns a portion of the feedback on a submission after a row, oldest first and including the trash, and whether
/// there is more.
pub fn feedback(
    conn: &mut Connection,
    submission: i64,
    after: i64,
    portion: Portion,
) -> Result<(Vec<Feedback>, bool)> {
    type Columns = (i64, i64, String, Vec<u8>, bool, ReadingRow);
    let rows = feedback::table
        .inner_join(trees::table)
        .left_join(feedback_readings::table)
        .filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::id.gt(after)),
        )
        .order(feedback::id)
        .select((
            feedback::id,
            feedback::returned_at,
            feedback::returned_by,
            trees::digest,
            feedback::deleted_at.is_not_null(),
            reading(),
        ))
        .at_most(portion.limit())
        .load_iter::<Columns>(conn)?;
    let parse = |row: Columns| {
        let (id, returned_at, returned_by, digest, is_deleted, read) = row;
        Ok(Feedback {
            id,
            returned_at: Timestamp::from_micros(returned_at),
            returned_by,
            digest: parse_sha256(&digest)?,
            is_deleted,
            read: times_read(read),
        })
    };
    portion.take(rows, parse, |feedback| feedback.returned_by.len())
}

/// Returns the row of the current feedback on a submission.
pub fn shown_feedback(conn: &mut Connection, submission: i64) -> Result<Option<i64>> {
    let newest = feedback::table
        .filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::deleted_at.is_null()),
        )
        .select(max(feedback::id))
        .get_result(conn)?;
    Ok(newest)
}
