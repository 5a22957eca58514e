//! `v1/courses/{course}/assignments/{assignment}/history` and `v1/courses/{course}/submissions/{id}/history`.

use crate::auth::Caller;
use crate::domain::{Rfc3339, Sha256Sum};
use crate::exchange::{Exchange, history};
use crate::http::error::Result;
use crate::http::names::{InAssignment, OfSubmission};
use crate::http::openapi::Listing;
use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

/// Every version of an assignment, the first one first.
#[derive(Serialize, JsonSchema)]
pub struct ReleaseHistory {
    releases: Vec<PastRelease>,
}

/// A version.
#[derive(Serialize, JsonSchema)]
struct PastRelease {
    version: i64,
    released_at: Rfc3339,
    released_by: String,
    /// Names the files as a whole.
    tree: Sha256Sum,
    /// Whether it is the one that students fetch.
    current: bool,
}

/// `GET v1/courses/{course}/assignments/{assignment}/history`
pub async fn releases(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<Listing<ReleaseHistory>> {
    let versions = history::releases(&exchange, &caller, course, assignment).await?;
    let releases = versions.into_iter().map(|version| PastRelease {
        version: version.version,
        released_at: Rfc3339(version.released_at),
        released_by: version.released_by,
        tree: version.digest,
        current: version.is_current,
    });
    Listing::of(ReleaseHistory {
        releases: releases.collect(),
    })
    .await
}

/// All feedback on a submission, the first one first.
#[derive(Serialize, JsonSchema)]
pub struct FeedbackHistory {
    feedback: Vec<PastFeedback>,
}

/// Feedback that was given.
#[derive(Serialize, JsonSchema)]
struct PastFeedback {
    /// 1 for the first.
    number: usize,
    returned_at: Rfc3339,
    returned_by: String,
    /// Names the files as a whole.
    tree: Sha256Sum,
    /// Whether it is in the trash.
    deleted: bool,
    /// Whether it is the one that is shown.
    current: bool,
}

/// `GET v1/courses/{course}/submissions/{id}/history`
pub async fn feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
) -> Result<Listing<FeedbackHistory>> {
    let all = history::feedback(&exchange, &caller, course, submission).await?;
    let feedback = all.into_iter().map(|given| PastFeedback {
        number: given.number,
        returned_at: Rfc3339(given.feedback.returned_at),
        returned_by: given.feedback.returned_by,
        tree: given.feedback.digest,
        deleted: given.feedback.is_deleted,
        current: given.is_current,
    });
    Listing::of(FeedbackHistory {
        feedback: feedback.collect(),
    })
    .await
}
