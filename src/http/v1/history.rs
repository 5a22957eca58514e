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
pub struct Releases {
    releases: Vec<Release>,
}

/// A version of an assignment.
#[derive(Serialize, JsonSchema)]
struct Release {
    /// 1 for the first.
    version: i64,
    released_at: Rfc3339,
    released_by: String,
    /// Names the files as a whole.
    tree: Sha256Sum,
    /// Whether it is what is released now.
    current: bool,
}

/// `GET v1/courses/{course}/assignments/{assignment}/history`
pub async fn releases(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<Listing<Releases>> {
    let versions = history::releases(&exchange, &caller, course, assignment).await?;
    let releases = versions.into_iter().map(|version| Release {
        version: version.version,
        released_at: Rfc3339(version.released_at),
        released_by: version.released_by,
        tree: version.digest,
        current: version.is_current,
    });
    Ok(Listing(Releases {
        releases: releases.collect(),
    }))
}

/// Everything that was given back on a submission, the first first.
#[derive(Serialize, JsonSchema)]
pub struct FeedbackHistory {
    feedback: Vec<GivenFeedback>,
}

/// What was given back once.
#[derive(Serialize, JsonSchema)]
struct GivenFeedback {
    /// 1 for the first.
    number: usize,
    returned_at: Rfc3339,
    returned_by: String,
    /// Names the files as a whole.
    tree: Sha256Sum,
    /// Whether it is in the trash.
    deleted: bool,
    /// Whether it is what is shown now.
    current: bool,
}

/// `GET v1/courses/{course}/submissions/{id}/history`
pub async fn feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
) -> Result<Listing<FeedbackHistory>> {
    let all = history::feedback(&exchange, &caller, course, submission).await?;
    let feedback = all.into_iter().map(|given| GivenFeedback {
        number: given.number,
        returned_at: Rfc3339(given.feedback.returned_at),
        returned_by: given.feedback.returned_by,
        tree: given.feedback.digest,
        deleted: given.feedback.is_deleted,
        current: given.is_current,
    });
    Ok(Listing(FeedbackHistory {
        feedback: feedback.collect(),
    }))
}
