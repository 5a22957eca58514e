//! What tells that something was handed in, so that it can be proved later.

use super::submissions::by_number;
use super::{Exchange, Result};
use nbcourier_domain::{CourseId, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use nbcourier_storage::receipts::Submission;

/// All that identifies a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub id: i64,
    /// Its course.
    pub course: String,
    /// Its assignment.
    pub assignment: String,
    /// Whose it is.
    pub student: String,
    /// When it was received.
    pub submitted_at: Timestamp,
    /// The name of its tree.
    pub tree: Sha256Sum,
    /// How many files it has.
    pub files: i64,
    /// Their bytes together.
    pub bytes: i64,
    /// Who handed it in for the student, if somebody did.
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

/// The receipt of the submission with that number, for the student themselves and instructors; even while the
/// assignment is not released.
pub async fn of_submission(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<Receipt> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            by_number(conn, standing, &caller, id).map(Receipt::from)
        })
        .await
}

/// What a receipt of the submission with that number would say now. Not to be shown: it is for comparing with a
/// receipt that the exchange itself has signed, which whoever holds it knows already.
pub async fn as_stored(exchange: &Exchange, id: i64) -> Result<Option<Receipt>> {
    let read = exchange
        .store
        .read(move |conn| store::receipts::find_anywhere(conn, id));
    Ok(read.await?.map(Receipt::from))
}
