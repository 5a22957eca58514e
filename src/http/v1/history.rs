//! `v1/courses/{course}/assignments/{assignment}/history` and `v1/courses/{course}/submissions/{id}/history`.

use crate::auth::Caller;
use crate::domain::Sha256Sum;
use crate::exchange::{Exchange, history};
use crate::http::error::Result;
use crate::http::listing;
use crate::http::names::{InAssignment, OfSubmission};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Releases<'a> {
    releases: Vec<Release<'a>>,
}

#[derive(Serialize)]
struct Release<'a> {
    version: i64,
    released_at: String,
    released_by: &'a str,
    tree: Sha256Sum,
    current: bool,
}

/// `GET v1/courses/{course}/assignments/{assignment}/history`
pub async fn releases(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let versions = history::releases(&exchange, &caller, course, assignment).await?;
    let releases = versions.iter().map(|version| Release {
        version: version.version,
        released_at: version.released_at.to_rfc3339(),
        released_by: &version.released_by,
        tree: version.digest,
        current: version.is_current,
    });
    let listing = Releases {
        releases: releases.collect(),
    };
    Ok(listing::reply_unless_known(&request, &listing))
}

#[derive(Serialize)]
struct Feedbacks<'a> {
    feedback: Vec<Feedback<'a>>,
}

#[derive(Serialize)]
struct Feedback<'a> {
    number: usize,
    returned_at: String,
    returned_by: &'a str,
    tree: Sha256Sum,
    deleted: bool,
    current: bool,
}

/// `GET v1/courses/{course}/submissions/{id}/history`
pub async fn feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let all = history::feedback(&exchange, &caller, course, submission).await?;
    let feedback = all.iter().map(|given| Feedback {
        number: given.number,
        returned_at: given.feedback.returned_at.to_rfc3339(),
        returned_by: &given.feedback.returned_by,
        tree: given.feedback.digest,
        deleted: given.feedback.is_deleted,
        current: given.is_current,
    });
    let listing = Feedbacks {
        feedback: feedback.collect(),
    };
    Ok(listing::reply_unless_known(&request, &listing))
}
