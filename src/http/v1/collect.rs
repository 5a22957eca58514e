//! `v1/courses/{course}/assignments/{assignment}/collect`: the submissions of a class in one archive.

use crate::http::error::Result;
use crate::http::names::InAssignment;
use crate::http::openapi::Query;
use crate::http::paging;
use crate::http::tar_reply::{self, Bundled};
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{Rfc3339, Sha256Sum, Timestamp, UserName};
use nbcourier_exchange::collect::{self, Question};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an archive of submissions holds, by student. The files of one page are in it.
#[derive(Serialize, JsonSchema)]
pub struct Collected {
    submissions: Vec<CollectedSubmission>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
}

/// One of them.
#[derive(Serialize, JsonSchema)]
struct CollectedSubmission {
    /// Its number, below which its files are in the archive.
    id: i64,
    student: String,
    submitted_at: Rfc3339,
    /// Whether that was after it was due.
    late: bool,
    /// Names the files as a whole.
    tree: Sha256Sum,
    /// How many they are.
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
    /// Those of this student only.
    student: Option<String>,
    /// Each student's latest of this time or before it.
    #[schemars(with = "Option<Rfc3339>")]
    before: Option<String>,
    /// Those of so many students at most.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// What the manifest of an earlier reply gave as `next`.
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
    tar_reply::bundle(&exchange, manifest, parts).await
}
