//! `v1/courses/{course}/assignments/{assignment}/tree` and `…/release`: the release that students fetch.

use crate::http::error::Result;
use crate::http::openapi::NoContent;
use crate::http::reply::tar::{self, Archive};
use crate::http::request::path::{InAssignment, NewAssignment};
use crate::http::request::query::{self, Query};
use crate::http::request::tree_body::TreeBody;
use actix_web::web;
use nbcourier_api::Released;
use nbcourier_auth::Caller;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::releases::{self, IfReleased};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which release is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct VersionQuery {
    /// A version other than the current one.
    #[schemars(with = "Option<i64>")]
    version: Option<String>,
}

/// `GET v1/courses/{course}/assignments/{assignment}/tree`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<VersionQuery>,
) -> Result<Archive> {
    let version = query::version(wanted.version.as_deref())?;
    let found = releases::tree(&exchange, &caller, course, assignment, version).await?;
    tar::tree(&exchange, found).await
}

/// How to release.
#[derive(Deserialize, JsonSchema)]
pub struct ReleaseQuery {
    /// Release only if nothing is released under this name. It counts only if it is exactly `true`.
    #[schemars(with = "Option<bool>")]
    only_first: Option<String>,
}

/// `PUT v1/courses/{course}/assignments/{assignment}/tree`
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewAssignment(course, assignment): NewAssignment,
    Query(how): Query<ReleaseQuery>,
    body: TreeBody,
) -> Result<web::Json<Released>> {
    let if_released = match how.only_first.as_deref() {
        Some("true") => IfReleased::Refuse,
        _ => IfReleased::Replace,
    };
    let ready = releases::ready(&exchange, &caller, course, assignment, if_released).await?;
    let parcel = body.read(&exchange, ready.account()).await?;
    let released = ready.release(parcel).await?;
    Ok(web::Json(Released {
        version: released.version,
        tree: released.tree,
        changed: released.changed,
    }))
}

/// `DELETE v1/courses/{course}/assignments/{assignment}/release`
pub async fn unrelease(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<NoContent> {
    releases::unrelease(&exchange, &caller, course, assignment).await?;
    Ok(NoContent)
}
