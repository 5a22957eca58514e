//! Feedback: every one ever given to a submission, of which the newest is shown.

use super::schema::feedback;
use super::{Connection, Result};
use crate::domain::{Timestamp, UserName};
use diesel::prelude::*;

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

/// The tree shown as feedback of a submission.
pub fn current(conn: &mut Connection, submission: i64) -> Result<Option<i64>> {
    let newest = feedback::table
        .filter(feedback::submission_id.eq(submission))
        .order(feedback::id.desc())
        .select(feedback::tree_id);
    super::first_row(newest.load_iter(conn)?)
}
