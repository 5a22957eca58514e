//! `v1/courses/{course}/assignments/{assignment}/collect`: the submissions of a class in one archive.

use crate::http::error::Result;
use crate::http::openapi::Query;
use crate::http::reply::paging;
use crate::http::reply::tar::{self, Bundled};
use crate::http::request::path::InAssignment;
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{Rfc3339, Sha256Sum, Timestamp, UserName};
use nbcourier_exchange::collect::{self, Question};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The manifest of an archive of submissions, by student. The archive has the files of one page.
#[derive(Serialize, JsonSchema)]
pub struct Collected {
    submissions: Vec<CollectedSubmission>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
}

/// A submission in the archive.
#[derive(Serialize, JsonSchema)]
struct CollectedSubmission {
    /// The number of the submission. Its files are below this number in the archive.
    id: i64,
    student: String,
    submitted_at: Rfc3339,
    /// Whether it was submitted after the due time.
    late: bool,
    /// The digest of the tree.
    tree: Sha256Sum,
    /// The number of files.
    files: i64,
}

impl From<&collect::Submission> for CollectedSubmission {
    fn from(submission: &collect::Submission) -> Self {
        Self {
            id: submission.id,
            student: submission.student.clone(),
            submitted_at: Rfc3339(submission.submitted_at),
            late: submission.late,
            tree: submission.digest,
            files: submission.files,
        }
    }
}

/// Which submissions are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Wanted {
    /// Only the submission of this student.
    student: Option<String>,
    /// Only submissions of this time or earlier.
    #[schemars(with = "Option<Rfc3339>")]
    before: Option<String>,
    /// The maximum number of students.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` in the manifest of an earlier reply.
    cursor: Option<String>,
}

/// `GET v1/courses/{course}/assignments/{assignment}/collect`
pub async fn collect(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<Wanted>,
) -> Result<Bundled<Collected>> {
    let question = Question {
        course,
        assignment,
        student: wanted
            .student
            .map(UserName::parse)
            .transpose()
            .map_err(|_| Refusal::NotFound(Thing::Student))?,
        before: wanted.before.as_deref().map(Timestamp::parse).transpose()?,
        after: paging::cursor(wanted.cursor.as_deref(), paging::parse_name)?,
        at_most: paging::limit(wanted.limit.as_deref(), paging::MOST)?,
    };
    let page = collect::collect(&exchange, &caller, question).await?;
    let manifest = Collected {
        submissions: page.submissions.iter().map(Into::into).collect(),
        next: page.next.as_deref().map(paging::encode_name),
    };
    let parts = page.submissions.iter().map(Into::into).collect();
    tar::bundle(&exchange, manifest, parts).await
}
