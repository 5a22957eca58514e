//! The content of receipts, which prove submissions.

use super::op::Need;
use super::{Exchange, Result};
use nbcourier_domain::{CourseId, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use nbcourier_storage::receipts::Submission;

/// The facts that identify a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub id: i64,
    /// Its course.
    pub course: String,
    /// Its assignment.
    pub assignment: String,
    /// Its student.
    pub student: String,
    /// The time it was received.
    pub submitted_at: Timestamp,
    /// The digest of its tree.
    pub tree: Sha256Sum,
    /// Number of its files.
    pub files: i64,
    /// Total bytes of its files.
    pub bytes: i64,
    /// The person who submitted it for the student, if it was not the student.
    pub submitted_by: Option<String>,
}

impl From<Submission> for Receipt {
    fn from(submission: Submission) -> Self {
        Self {
            id: submission.id,
            course: submission.course,
            assignment: submission.assignment.to_string(),
            student: submission.student.to_string(),
            submitted_at: submission.submitted_at,
            tree: submission.digest,
            files: submission.files,
            bytes: submission.bytes,
            submitted_by: submission.submitted_by,
        }
    }
}

/// Returns the receipt of the submission with that number, for its student and for instructors, even while the
/// assignment is not released.
pub async fn of_submission(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<Receipt> {
    exchange
        .read_in(caller, course, Need::Course, move |op| {
            op.submission(id).map(Receipt::from)
        })
        .await
}

/// Returns the receipt that the submission with that number would have now. It must not be shown. It is for comparison
/// with a receipt signed by the exchange, whose holder knows these facts already.
pub async fn as_stored(exchange: &Exchange, id: i64) -> Result<Option<Receipt>> {
    let read = exchange
        .without_policy()
        .read(move |conn| Ok(store::receipts::find_anywhere(conn, id)?));
    Ok(read.await?.map(Receipt::from))
}
