//! `v1/courses/{course}/assignments/{assignment}/collect`: the submissions of a class in one archive.

use crate::http::error::Result;
use crate::http::reply::paging;
use crate::http::reply::tar::{self, Bundled};
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{CollectedSubmission, CollectedSubmissions};
use nbcourier_auth::Caller;
use nbcourier_domain::{Rfc3339, Timestamp, UserName};
use nbcourier_exchange::collect::{self, CollectionQuery};
use nbcourier_exchange::submission_pages::ListedSubmission;
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which submissions are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct CollectQuery {
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
    Query(wanted): Query<CollectQuery>,
) -> Result<Bundled<CollectedSubmissions>> {
    let query = CollectionQuery {
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
    let page = collect::collect(&exchange, &caller, query).await?;
    let manifest = CollectedSubmissions {
        submissions: page.submissions.iter().map(collected).collect(),
        next: page.next.as_deref().map(paging::encode_name),
    };
    let trees = page
        .submissions
        .iter()
        .map(ListedSubmission::tree)
        .collect();
    tar::bundle(&exchange, manifest, trees).await
}

fn collected(submission: &ListedSubmission) -> CollectedSubmission {
    CollectedSubmission {
        id: submission.id,
        student: submission.student.clone(),
        submitted_at: Rfc3339(submission.submitted_at),
        late: submission.late,
        tree: submission.digest,
        files: submission.files,
    }
}
