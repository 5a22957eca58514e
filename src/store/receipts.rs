//! Submissions one by one, with all that a receipt says of them.

use super::blobs::parse_sha256;
use super::schema::{assignments, submissions, trees};
use super::{Connection, Error, Result};
use crate::domain::{AssignmentId, Sha256Sum, Timestamp};
use diesel::prelude::*;

/// A submission.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The row's id.
    pub id: i64,
    /// The assignment's row,
    pub assignment_id: i64,
    /// and its name.
    pub assignment: AssignmentId,
    /// Who handed it in.
    pub student: String,
    /// Who did that for them, where it was not themselves.
    pub submitted_by: Option<String>,
    /// When it was received.
    pub submitted_at: Timestamp,
    /// The row of its tree,
    pub tree_id: i64,
    /// its name,
    pub digest: Sha256Sum,
    /// how many files it has,
    pub files: i64,
    /// and their bytes.
    pub bytes: i64,
}

/// The submission with that row, if it is one of the course.
pub fn find(conn: &mut Connection, course: i64, id: i64) -> Result<Option<Submission>> {
    type Columns = (
        (i64, i64, String, Option<String>, i64),
        String,
        (i64, Vec<u8>, i64, i64),
    );
    let row = submissions::table
        .inner_join(assignments::table)
        .inner_join(trees::table)
        .filter(
            submissions::id
                .eq(id)
                .and(submissions::deleted_at.is_null())
                .and(assignments::course_id.eq(course))
                .and(assignments::deleted_at.is_null()),
        )
        .select((
            (
                submissions::id,
                submissions::assignment_id,
                submissions::student,
                submissions::submitted_by,
                submissions::submitted_at,
            ),
            assignments::name,
            (trees::id, trees::digest, trees::files, trees::bytes),
        ))
        .get_result::<Columns>(conn)
        .optional()?;
    row.map(|(of_submission, assignment, of_tree)| {
        let (id, assignment_id, student, submitted_by, submitted_at) = of_submission;
        let (tree_id, digest, files, bytes) = of_tree;
        Ok(Submission {
            id,
            assignment_id,
            assignment: AssignmentId::parse(assignment)
                .map_err(|_| Error::Damaged("an illegal name of an assignment"))?,
            student,
            submitted_by,
            submitted_at: Timestamp::from_micros(submitted_at),
            tree_id,
            digest: parse_sha256(&digest)?,
            files,
            bytes,
        })
    })
    .transpose()
}
