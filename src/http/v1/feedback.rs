//! `v1/courses/{course}/feedback`: the feedback of a course, on one submission, and on all submissions to an
//! assignment.

use crate::http::error::Result;
use crate::http::reply::paging;
use crate::http::reply::tar::{self, Archive, Bundled};
use crate::http::request::path::{InAssignment, InCourse, OfSubmission};
use crate::http::request::query::Query;
use crate::http::request::tree_body::{BatchBody, TreeBody};
use actix_web::web;
use nbcourier_api::{ClassFeedback, FeedbackGiven, FeedbackManifest, FeedbackManifestEntry};
use nbcourier_auth::Caller;
use nbcourier_domain::{AssignmentId, Rfc3339};
use nbcourier_exchange::collect;
use nbcourier_exchange::submission_pages::{CurrentFeedback, ListedSubmission};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, feedback};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which feedback is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct FeedbackQuery {
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
    Query(wanted): Query<FeedbackQuery>,
) -> Result<Bundled<FeedbackManifest>> {
    let assignment = wanted
        .assignment
        .map(AssignmentId::parse)
        .transpose()
        .map_err(|_| Refusal::NotFound(Thing::Assignment))?;
    let after = paging::cursor(wanted.cursor.as_deref(), paging::parse_submission)?;
    let at_most = paging::limit(wanted.limit.as_deref(), paging::MOST)?;
    let page = collect::feedback(&exchange, &caller, course, assignment, after, at_most).await?;
    let manifest = FeedbackManifest {
        feedback: page.feedback.iter().map(manifest_entry).collect(),
        next: page.next.map(paging::encode_submission),
    };
    let trees = page.feedback.iter();
    let trees = trees.map(|(submission, feedback)| feedback.tree(submission.id));
    let reply = tar::bundle(&exchange, manifest, trees.collect()).await?;
    Ok(reply.noting(page.seen))
}

fn manifest_entry(
    (submission, feedback): &(ListedSubmission, CurrentFeedback),
) -> FeedbackManifestEntry {
    FeedbackManifestEntry {
        submission: submission.id,
        assignment: submission.assignment.clone(),
        student: submission.student.clone(),
        submitted_at: Rfc3339(submission.submitted_at),
        returned_at: Rfc3339(feedback.returned_at),
        tree: feedback.digest,
        files: feedback.files,
    }
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

/// `POST v1/courses/{course}/submissions/{id}/feedback`
pub async fn give(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
    body: TreeBody,
) -> Result<web::Json<FeedbackGiven>> {
    let ready = feedback::ready_on(&exchange, &caller, course, id).await?;
    let parcel = body.read(&exchange, ready.account()).await?;
    let given = ready.give(parcel).await?;
    Ok(web::Json(result(given)))
}

/// `POST v1/courses/{course}/assignments/{assignment}/feedback`: feedback for a whole class, all or nothing.
pub async fn give_all(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    body: BatchBody,
) -> Result<web::Json<ClassFeedback>> {
    let ready = feedback::ready_for_all(&exchange, &caller, course, assignment).await?;
    let batch = body.read(&exchange, ready.account()).await?;
    let given = ready.give(batch).await?;
    let feedback = given.into_iter().map(result).collect();
    Ok(web::Json(ClassFeedback { feedback }))
}

fn result(given: feedback::FeedbackResult) -> FeedbackGiven {
    FeedbackGiven {
        submission: given.submission,
        tree: given.tree,
        changed: given.changed,
    }
}
