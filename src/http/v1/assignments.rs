//! `v1/courses/{course}/assignments`.

use super::files::Files;
use crate::auth::Caller;
use crate::domain::Sha256Sum;
use crate::exchange::{Exchange, releases};
use crate::http::error::Result;
use crate::http::listing;
use crate::http::names::InCourse;
use actix_web::{HttpResponse, web};
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
    files: Files<'a>,
}

/// `GET v1/courses/{course}/assignments`: what is released, in order of release.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
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
            files: Files(overview.files.of(release.tree_id)),
        })
        .collect();
    Ok(listing::reply(&Listing { assignments }))
}
