//! `v1/courses/{course}/assignments/{assignment}/tree`: what students fetch.

use crate::auth::Caller;
use crate::exchange::{Exchange, releases};
use crate::http::error::{Error, Result};
use crate::http::names::InAssignment;
use crate::http::openapi::Query;
use crate::http::tar_reply::{self, Archive};
use actix_web::web;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which release is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Wanted {
    /// This version of it, rather than the one that is shown.
    #[schemars(with = "Option<i64>")]
    version: Option<String>,
}

/// `GET v1/courses/{course}/assignments/{assignment}/tree`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<Wanted>,
) -> Result<Archive> {
    let version = wanted.version.as_deref().map(parse_version).transpose()?;
    let found = releases::tree(&exchange, &caller, course, assignment, version).await?;
    tar_reply::tree(&exchange, found).await
}

fn parse_version(text: &str) -> Result<i64> {
    text.parse()
        .map_err(|_| Error::bad("The version is a number"))
}
