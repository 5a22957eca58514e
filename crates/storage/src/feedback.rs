//! Feedback on submissions. All feedback is kept. The newest that is not in the trash is the current one.

use super::Result;
use super::backend::prelude::*;
use super::schema::{feedback, feedback_readings, trees};
use super::seen::{ReadingRow, Times, reading, times_read};
use nbcourier_domain::{Sha256Sum, Timestamp, UserName};
use std::collections::HashMap;

/// Gives feedback on a submission. It replaces the current feedback. Returns the ID of its row.
pub fn replace(
    conn: &mut Connection,
    submission: i64,
    tree: i64,
    by: &UserName,
    now: Timestamp,
) -> Result<i64> {
    let id = diesel::insert_into(feedback::table)
        .values((
            feedback::submission_id.eq(submission),
            feedback::tree_id.eq(tree),
            feedback::returned_by.eq(by.as_str()),
            feedback::returned_at.eq(now.micros()),
        ))
        .returning(feedback::id)
        .get_result(conn)?;
    Ok(id)
}

/// The current feedback on a submission.
#[derive(Debug, Clone, Copy)]
pub struct CurrentFeedback {
    /// The ID of the row.
    pub id: i64,
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
    /// The times at which the student has read it.
    pub read: Option<Times>,
}

/// Returns the current feedback on these submissions, by submission. Runs one statement for any number of
/// submissions.
pub fn current_of_all(
    conn: &mut Connection,
    submissions: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, CurrentFeedback>> {
    type Columns = ((i64, i64), i64, (i64, Vec<u8>, i64, i64), ReadingRow);
    let rows = feedback::table
        .inner_join(trees::table)
        .left_join(feedback_readings::table)
        .filter(among(feedback::submission_id, submissions))
        .filter(feedback::deleted_at.is_null())
        .order(feedback::id)
        .select((
            (feedback::submission_id, feedback::id),
            feedback::returned_at,
            (feedback::tree_id, trees::digest, trees::files, trees::bytes),
            reading(),
        ))
        .load_iter::<Columns>(conn)?;
    // The newest of several comes last and remains.
    rows.map(|row| {
        let ((submission, id), returned_at, (tree_id, digest, files, bytes), read) = row?;
        let shown = CurrentFeedback {
            id,
            returned_at: Timestamp::from_micros(returned_at),
            tree_id,
            digest: super::blobs::parse_sha256(&digest)?,
            files,
            bytes,
            read: times_read(read),
        };
        Ok((submission, shown))
    })
    .collect()
}

/// Returns the row and the tree of the current feedback on a submission.
pub fn current(conn: &mut Connection, submission: i64) -> Result<Option<(i64, i64)>> {
    let newest = feedback::table
        .filter(
            feedback::submission_id
                .eq(submission)
                .and(feedback::deleted_at.is_null()),
        )
        .order(feedback::id.desc())
        .select((feedback::id, feedback::tree_id))
        .at_most(1)
        .get_result(conn)
        .optional()?;
    Ok(newest)
}
