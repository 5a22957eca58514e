//! Submissions one by one, with all that a receipt says of them, and the keys by which second attempts are recognised.

use super::blobs::parse_sha256;
use super::schema::{assignments, courses, submission_keys, submissions, trees};
use super::{Connection, Error, Result};
use diesel::dsl::auto_type;
use diesel::prelude::*;
use nbcourier_domain::{AssignmentId, IdempotencyKey, Sha256Sum, Timestamp, UserName};

/// A submission.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The row's id.
    pub id: i64,
    /// The course's name.
    pub course: String,
    /// The assignment's row,
    pub assignment_id: i64,
    /// and its name.
    pub assignment: AssignmentId,
    /// Who handed it in.
    pub student: UserName,
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
    let row = present()
        .filter(submissions::id.eq(id))
        .filter(assignments::course_id.eq(course))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// The submission with that row, of any course.
pub fn find_anywhere(conn: &mut Connection, id: i64) -> Result<Option<Submission>> {
    let row = present()
        .filter(submissions::id.eq(id))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// What the student handed in with that key, even if it was deleted since or the assignment taken back.
pub fn by_key(
    conn: &mut Connection,
    course: i64,
    assignment: &AssignmentId,
    student: &UserName,
    key: &IdempotencyKey,
) -> Result<Option<Submission>> {
    let row = all()
        .inner_join(submission_keys::table.on(submission_keys::submission_id.eq(submissions::id)))
        .filter(assignments::course_id.eq(course))
        .filter(assignments::name.eq(assignment.as_str()))
        .filter(assignments::deleted_at.is_null())
        .filter(submission_keys::assignment_id.eq(assignments::id))
        .filter(submission_keys::student.eq(student.as_str()))
        .filter(submission_keys::idempotency.eq(key.as_str()))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Remembers with which key the submission came.
pub fn remember(
    conn: &mut Connection,
    assignment: i64,
    student: &UserName,
    key: &IdempotencyKey,
    submission: i64,
) -> Result<()> {
    diesel::insert_into(submission_keys::table)
        .values((
            submission_keys::assignment_id.eq(assignment),
            submission_keys::student.eq(student.as_str()),
            submission_keys::idempotency.eq(key.as_str()),
            submission_keys::submission_id.eq(submission),
        ))
        .execute(conn)?;
    Ok(())
}

#[auto_type]
fn all() -> _ {
    submissions::table
        .inner_join(assignments::table.inner_join(courses::table))
        .inner_join(trees::table)
}

/// What is not in the trash.
#[auto_type]
fn present() -> _ {
    all()
        .filter(submissions::deleted_at.is_null())
        .filter(assignments::deleted_at.is_null())
        .filter(courses::deleted_at.is_null())
}

type OfSubmission = (
    submissions::id,
    submissions::student,
    submissions::submitted_by,
    submissions::submitted_at,
);
type OfTree = (trees::id, trees::digest, trees::files, trees::bytes);
const COLUMNS: (
    OfSubmission,
    courses::name,
    (assignments::id, assignments::name),
    OfTree,
) = (
    (
        submissions::id,
        submissions::student,
        submissions::submitted_by,
        submissions::submitted_at,
    ),
    courses::name,
    (assignments::id, assignments::name),
    (trees::id, trees::digest, trees::files, trees::bytes),
);
type Columns = (
    (i64, String, Option<String>, i64),
    String,
    (i64, String),
    (i64, Vec<u8>, i64, i64),
);

fn parse((of_submission, course, of_assignment, of_tree): Columns) -> Result<Submission> {
    let (id, student, submitted_by, submitted_at) = of_submission;
    let (assignment_id, assignment) = of_assignment;
    let (tree_id, digest, files, bytes) = of_tree;
    Ok(Submission {
        id,
        course,
        assignment_id,
        assignment: AssignmentId::parse(assignment)
            .map_err(|_| Error::Damaged("an illegal name of an assignment"))?,
        student: UserName::parse(student)
            .map_err(|_| Error::Damaged("an illegal name of a student"))?,
        submitted_by,
        submitted_at: Timestamp::from_micros(submitted_at),
        tree_id,
        digest: parse_sha256(&digest)?,
        files,
        bytes,
    })
}
