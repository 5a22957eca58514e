//! `v1/courses/{course}/assignments`.

use super::files::Files;
use crate::auth::Caller;
use crate::domain::{Sha256Sum, Timestamp};
use crate::exchange::{Exchange, releases};
use crate::http::error::Result;
use crate::http::listing;
use crate::http::names::InCourse;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Listing<'a> {
    assignments: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    assignment: &'a str,
    version: i64,
    released_at: String,
    tree: Sha256Sum,
    opens_at: Option<String>,
    due_at: Option<String>,
    cutoff_at: Option<String>,
    extended: bool,
    files: Files<'a>,
}

/// `GET v1/courses/{course}/assignments`: what is released and shown to the caller, in order of release.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let overview = releases::overview(&exchange, &caller, course).await?;
    let assignments = overview
        .releases
        .iter()
        .map(|release| Shown {
            assignment: &release.assignment,
            version: release.version,
            released_at: release.released_at.to_rfc3339(),
            tree: release.digest,
            opens_at: release.dates.opens_at.map(Timestamp::to_rfc3339),
            due_at: release.dates.due_at.map(Timestamp::to_rfc3339),
            cutoff_at: release.dates.cutoff_at.map(Timestamp::to_rfc3339),
            extended: release.extension.is_some(),
            files: Files(overview.files.of(release.tree_id)),
        })
        .collect();
    Ok(listing::reply_unless_known(
        &request,
        &Listing { assignments },
    ))
}
