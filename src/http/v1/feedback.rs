//! `v1/courses/{course}/feedback`: the feedback of a course, on one submission, and on all submissions to an
//! assignment.

use crate::http::error::Result;
use crate::http::openapi::Query;
use crate::http::reply::paging;
use crate::http::reply::tar::{self, Archive, Bundled};
use crate::http::request::path::{InAssignment, InCourse, OfSubmission};
use crate::http::request::tree_body::{BatchBody, TreeBody};
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{AssignmentId, Rfc3339, Sha256Sum};
use nbcourier_exchange::collect::{self, Feedback, Submission};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, feedback};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The manifest of an archive of feedback, the oldest submission first.
#[derive(Serialize, JsonSchema)]
pub struct GivenBack {
    feedback: Vec<GivenBackOn>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
}

/// The feedback on one submission.
#[derive(Serialize, JsonSchema)]
struct GivenBackOn {
    /// The number of the submission. The files are below this number in the archive.
    submission: i64,
    assignment: String,
    student: String,
    submitted_at: Rfc3339,
    returned_at: Rfc3339,
    /// The digest of the tree.
    tree: Sha256Sum,
    /// The number of files.
    files: i64,
}

impl From<&(Submission, Feedback)> for GivenBackOn {
    fn from((submission, feedback): &(Submission, Feedback)) -> Self {
        Self {
            submission: submission.id,
            assignment: submission.assignment.clone(),
            student: submission.student.clone(),
            submitted_at: Rfc3339(submission.submitted_at),
            returned_at: Rfc3339(feedback.returned_at),
            tree: feedback.digest,
            files: feedback.files,
        }
    }
}

/// Which feedback is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Wanted {
    /// Only feedback on submissions to this assignment.
    assignment: Option<String>,
    /// The maximum number of submissions with feedback.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` in the manifest of an earlier reply.
    cursor: Option<String>,
}

/// `GET v1/courses/{course}/feedback`: the feedback that the caller may see, in archives.
pub async fn of_course(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Wanted>,
) -> Result<Bundled<GivenBack>> {
    let assignment = wanted
        .assignment
        .map(AssignmentId::parse)
        .transpose()
        .map_err(|_| Refusal::NotFound(Thing::Assignment))?;
    let after = paging::cursor(wanted.cursor.as_deref(), paging::parse_submission)?;
    let at_most = paging::limit(wanted.limit.as_deref(), paging::MOST)?;
    let page = collect::feedback(&exchange, &caller, course, assignment, after, at_most).await?;
    let manifest = GivenBack {
        feedback: page.feedback.iter().map(Into::into).collect(),
        next: page.next.map(paging::encode_submission),
    };
    let parts = page.feedback.iter().map(Into::into).collect();
    tar::bundle(&exchange, manifest, parts).await
}

/// `GET v1/courses/{course}/submissions/{id}/feedback`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<Archive> {
    let found = feedback::tree(&exchange, &caller, course, id).await?;
    tar::tree(&exchange, found).await
}

/// The result of giving feedback.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FeedbackGiven")]
pub struct Given {
    /// The number of the submission.
    submission: i64,
    /// The digest of the tree.
    tree: Sha256Sum,
    /// Whether the feedback is new. `false` if the submission already had the same feedback.
    changed: bool,
}

impl From<feedback::Given> for Given {
    fn from(given: feedback::Given) -> Self {
        Self {
            submission: given.submission,
            tree: given.tree,
            changed: given.changed,
        }
    }
}

/// `POST v1/courses/{course}/submissions/{id}/feedback`
pub async fn give(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
    body: TreeBody,
) -> Result<web::Json<Given>> {
    let ready = feedback::ready_on(&exchange, &caller, course, id).await?;
    let parcel = body.read(&exchange, ready.account()).await?;
    let given = ready.give(parcel).await?;
    Ok(web::Json(given.into()))
}

/// The result of giving feedback to a class.
#[derive(Serialize, JsonSchema)]
pub struct AllGiven {
    feedback: Vec<Given>,
}

/// `POST v1/courses/{course}/assignments/{assignment}/feedback`: feedback for a whole class, all or nothing.
pub async fn give_all(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    body: BatchBody,
) -> Result<web::Json<AllGiven>> {
    let ready = feedback::ready_for_all(&exchange, &caller, course, assignment).await?;
    let batch = body.read(&exchange, ready.account()).await?;
    let given = ready.give(batch).await?;
    let feedback = given.into_iter().map(Given::from).collect();
    Ok(web::Json(AllGiven { feedback }))
}
