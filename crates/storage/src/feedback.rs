//! Feedback: every one ever given to a submission, of which the newest is shown that is not in the trash.

use super::schema::{feedback, trees};
use super::{Connection, Result};
use diesel::prelude::*;
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};
use std::collections::HashMap;

/// Gives a submission feedback, in the place of what was shown before.
pub fn replace(
    conn: &mut Connection,
    submission: i64,
    tree: i64,
    by: &UserName,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(feedback::table)
        .values((
            feedback::submission_id.eq(submission),
            feedback::tree_id.eq(tree),
            feedback::returned_by.eq(by.as_str()),
            feedback::returned_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The feedback shown on a submission.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// When it was given.
    pub returned_at: Timestamp,
    /// The row of its tree.
    pub tree_id: i64,
    /// The name of its tree.
    pub digest: Sha256Sum,
    /// How many files it has,
    pub files: i64,
    /// and how many bytes they have.
    pub bytes: i64,
}

/// The feedback shown on each of these submissions that has one, by one statement however many there are.
pub fn current_of_all(
    conn: &mut Connection,
    submissions: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Shown>> {
    let rows = feedback::table
        .inner_join(trees::table)
        .filter(super::among("feedback.submission_id", submissions))
        .filter(feedback::deleted_at.is_null())
        .order(feedback::id)
        .select((
            feedback::submission_id,
            feedback::returned_at,
            feedback::tree_id,
            trees::digest,
            trees::files,
            trees::bytes,
        ))
        .load_iter::<(i64, i64, i64, Vec<u8>, i64, i64), _>(conn)?;
    // Of several the newest comes last and stays.
    rows.map(|row| {
        let (submission, returned_at, tree_id, digest, files, bytes) = row?;
        let shown = Shown {
            returned_at: Timestamp::from_micros(returned_at),
            tree_id,
            digest: super::blobs::parse_sha256(&digest)?,
            files,
            bytes,
        };
        Ok((submission, shown))
    })
    .collect()
}

/// The tree shown as feedback of a submission.
pub fn current(conn: &mut Connection, submission: i64) -> Result<Option<i64>> {
    let newest = feedback::table
        .filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::deleted_at.is_null()),
        )
        .order(feedback::id.desc())
        .select(feedback::tree_id);
    super::first_row(newest.load_iter(conn)?)
}
