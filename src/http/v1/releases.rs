//! `v1/courses/{course}/assignments/{assignment}/tree`: what students fetch.

use crate::auth::Caller;
use crate::exchange::{Exchange, releases};
use crate::http::error::{Error, Result};
use crate::http::names::InAssignment;
use crate::http::receive::Fields;
use crate::http::tar_reply;
use actix_web::{HttpRequest, HttpResponse, web};

/// `GET v1/courses/{course}/assignments/{assignment}/tree`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let version = fields.given("version")?.map(parse_version).transpose()?;
    let found = releases::tree(&exchange, &caller, course, assignment, version).await?;
    tar_reply::tree(&exchange, found).await
}

fn parse_version(text: &str) -> Result<i64> {
    text.parse()
        .map_err(|_| Error::bad("The version is a number"))
}
