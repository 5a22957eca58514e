//! Single submissions with everything that a receipt states, and the idempotency keys that identify repeated
//! attempts.

use super::backend::prelude::*;
use super::blobs::parse_sha256;
use super::dates::{self, DATES, DatesRow};
use super::schema::{assignments, courses, submission_keys, submissions, trees};
use super::{Error, Result};
use diesel::dsl::auto_type;
use nbcourier_domain::{AssignmentId, Dates, IdempotencyKey, Sha256Sum, Timestamp, UserName};

/// A submission.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The ID of the row.
    pub id: i64,
    /// The name of the course.
    pub course: String,
    /// The row of the assignment.
    pub assignment_id: i64,
    /// The name of the assignment.
    pub assignment: AssignmentId,
    /// The dates of the assignment, without an extension.
    pub dates: Dates,
    /// Whether the assignment is released.
    pub is_released: bool,
    /// The student.
    pub student: UserName,
    /// The person who submitted it for the student; `None` if the student did.
    pub submitted_by: Option<String>,
    /// The time of submission.
    pub submitted_at: Timestamp,
    /// The row of the tree.
    pub tree_id: i64,
    /// The digest of the tree.
    pub digest: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The number of bytes.
    pub bytes: i64,
}

/// Returns the submission with that row, if it belongs to the course.
pub fn find(conn: &mut Connection, course: i64, id: i64) -> Result<Option<Submission>> {
    let row = present()
        .filter(submissions::id.eq(id))
        .filter(assignments::course_id.eq(course))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns the submission with that row, of any course.
pub fn find_anywhere(conn: &mut Connection, id: i64) -> Result<Option<Submission>> {
    let row = present()
        .filter(submissions::id.eq(id))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns the student's submission with that key, even if it was deleted since, or the assignment is no longer
/// released.
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

/// Records the key with which the submission arrived.
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

/// Returns the query for submissions outside the trash.
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
type OfAssignment = (
    assignments::id,
    assignments::name,
    dates::Columns,
    assignments::current_release,
);
const COLUMNS: (OfSubmission, courses::name, OfAssignment, OfTree) = (
    (
        submissions::id,
        submissions::student,
        submissions::submitted_by,
        submissions::submitted_at,
    ),
    courses::name,
    (
        assignments::id,
        assignments::name,
        DATES,
        assignments::current_release,
    ),
    (trees::id, trees::digest, trees::files, trees::bytes),
);
type Columns = (
    (i64, String, Option<String>, i64),
    String,
    (i64, String, DatesRow, Option<i64>),
    (i64, Vec<u8>, i64, i64),
);

fn parse((of_submission, course, of_assignment, of_tree): Columns) -> Result<Submission> {
    let (id, student, submitted_by, submitted_at) = of_submission;
    let (assignment_id, assignment, of_all, release) = of_assignment;
    let (tree_id, digest, files, bytes) = of_tree;
    Ok(Submission {
        id,
        course,
        assignment_id,
        assignment: AssignmentId::parse(assignment)
            .map_err(|_| Error::Damaged("an illegal name of an assignment"))?,
        dates: dates::dates(of_all),
        is_released: release.is_some(),
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
