//! What was released and given back before, whatever is shown now.

use super::blobs::parse_sha256;
use super::schema::{assignments, feedback, releases, trees};
use super::{Connection, Result};
use crate::domain::{Sha256Sum, Timestamp};
use diesel::prelude::*;

/// A version of an assignment.
#[derive(Debug, Clone)]
pub struct Release {
    /// 1 for the first, growing.
    pub version: i64,
    /// When it was released,
    pub released_at: Timestamp,
    /// and by whom.
    pub released_by: String,
    /// The name of its tree.
    pub digest: Sha256Sum,
    /// Whether it is what is shown.
    pub is_current: bool,
}

/// The versions of an assignment, the first one first.
pub fn releases(conn: &mut Connection, assignment: i64) -> Result<Vec<Release>> {
    let rows = releases::table
        .inner_join(trees::table)
        .inner_join(assignments::table.on(assignments::id.eq(releases::assignment_id)))
        .filter(
            releases::assignment_id
                .eq(assignment)
                .and(assignments::deleted_at.is_null()),
        )
        .order(releases::version)
        .select((
            (releases::id, assignments::current_release),
            releases::version,
            releases::released_at,
            releases::released_by,
            trees::digest,
        ))
        .load::<((i64, Option<i64>), i64, i64, String, Vec<u8>)>(conn)?;
    rows.into_iter()
        .map(
            |((id, current), version, released_at, released_by, digest)| {
                Ok(Release {
                    version,
                    released_at: Timestamp::from_micros(released_at),
                    released_by,
                    digest: parse_sha256(&digest)?,
                    is_current: current == Some(id),
                })
            },
        )
        .collect()
}

/// What was given back on a submission once.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// When,
    pub returned_at: Timestamp,
    /// and by whom.
    pub returned_by: String,
    /// The name of its tree.
    pub digest: Sha256Sum,
    /// Whether it is in the trash.
    pub is_deleted: bool,
}

/// All that was given back on a submission, the first one first, what is in the trash included.
pub fn feedback(conn: &mut Connection, submission: i64) -> Result<Vec<Feedback>> {
    let rows = feedback::table
        .inner_join(trees::table)
        .filter(feedback::submission_id.eq(submission))
        .order(feedback::id)
        .select((
            feedback::returned_at,
            feedback::returned_by,
            trees::digest,
            feedback::deleted_at.is_not_null(),
        ))
        .load::<(i64, String, Vec<u8>, bool)>(conn)?;
    rows.into_iter()
        .map(|(returned_at, returned_by, digest, is_deleted)| {
            Ok(Feedback {
                returned_at: Timestamp::from_micros(returned_at),
                returned_by,
                digest: parse_sha256(&digest)?,
                is_deleted,
            })
        })
        .collect()
}
