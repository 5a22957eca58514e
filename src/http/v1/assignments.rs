//! `v1/courses/{course}/assignments`.

use super::files::Files;
use crate::auth::Caller;
use crate::domain::{Rfc3339, Sha256Sum};
use crate::exchange::{Exchange, releases};
use crate::http::error::Result;
use crate::http::names::InCourse;
use crate::http::openapi::Listing;
use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

/// What students fetch now, in order of release.
#[derive(Serialize, JsonSchema)]
pub struct Assignments {
    assignments: Vec<Shown>,
}

/// A released assignment.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Assignment")]
struct Shown {
    assignment: String,
    /// Grows with each release of the assignment.
    version: i64,
    released_at: Rfc3339,
    /// Names the files as a whole.
    tree: Sha256Sum,
    /// Students do not see it before.
    opens_at: Option<Rfc3339>,
    /// What comes later is late. Of a student their own, as is the next.
    due_at: Option<Rfc3339>,
    /// What comes later is refused.
    cutoff_at: Option<Rfc3339>,
    /// Whether the caller has an extension.
    extended: bool,
    files: Files,
}

/// `GET v1/courses/{course}/assignments`: what is released and shown to the caller, in order of release.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<Listing<Assignments>> {
    let overview = releases::overview(&exchange, &caller, course).await?;
    let assignments = overview
        .releases
        .into_iter()
        .map(|release| Shown {
            assignment: release.assignment,
            version: release.version,
            released_at: Rfc3339(release.released_at),
            tree: release.digest,
            opens_at: release.dates.opens_at.map(Rfc3339),
            due_at: release.dates.due_at.map(Rfc3339),
            cutoff_at: release.dates.cutoff_at.map(Rfc3339),
            extended: release.extension.is_some(),
            files: Files(overview.files.of(release.tree_id)),
        })
        .collect();
    Ok(Listing(Assignments { assignments }))
}
