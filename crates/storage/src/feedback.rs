//! Feedback on submissions. All feedback is kept. The newest that is not in the trash is the current one.

use super::Result;
use super::backend::prelude::*;
use super::schema::{feedback, trees};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};
use std::collections::HashMap;

/// Gives feedback on a submission. It replaces the current feedback.
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

/// The current feedback on a submission.
#[derive(Debug, Clone, Copy)]
pub struct CurrentFeedback {
    /// The time of the feedback.
    pub returned_at: Timestamp,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

/// Returns the current feedback on these submissions, by submission. Runs one statement for any number of
/// submissions.
pub fn current_of_all(
    conn: &mut Connection,
    submissions: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, CurrentFeedback>> {
    let rows = feedback::table
        .inner_join(trees::table)
        .filter(among(feedback::submission_id, submissions))
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
        .load_iter::<(i64, i64, i64, Vec<u8>, i64, i64)>(conn)?;
    // The newest of several comes last and remains.
    rows.map(|row| {
        let (submission, returned_at, tree_id, digest, files, bytes) = row?;
        let shown = CurrentFeedback {
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

/// Returns the tree of the current feedback on a submission.
pub fn current(conn: &mut Connection, submission: i64) -> Result<Option<i64>> {
    let newest = feedback::table
        .filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::deleted_at.is_null()),
        )
        .order(feedback::id.desc())
        .select(feedback::tree_id)
        .at_most(1)
        .get_result(conn)
        .optional()?;
    Ok(newest)
}
