//! Errors below `v1/`: `application/problem+json` (RFC 9457) in the place of the ngshare protocol's failures.

use super::error::Error;
use super::server::Prefix;
use crate::auth::AuthError;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Serialize;

/// What is below it speaks of errors as problems.
const V1: &str = "v1/";
/// What a problem is (RFC 9457, section 3).
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong. More keys may come with a `type` of its own.
#[derive(Serialize, JsonSchema)]
pub struct Problem<'a> {
    /// Which kind of problem: `about:blank` where the status says that.
    #[serde(rename = "type")]
    kind: &'a str,
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// A sentence for people.
    detail: &'a str,
}

/// Middleware: whatever went wrong further in, below `v1/` the reply says it as a problem, with the same status,
/// headers and sentence.
pub async fn below_v1<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let concerned = is_below_v1(&request);
    let response = next.call(request).await?;
    let sentence = response.response().error().map(sentence);
    let Some(sentence) = sentence.filter(|_| concerned) else {
        return Ok(response.map_into_left_body());
    };
    let status = response.status();
    let problem = serde_json::to_string(&Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &sentence,
    })?;
    let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(problem)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    // They spoke of the body that was replaced.
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Ok(response)
}

fn is_below_v1(request: &ServiceRequest) -> bool {
    let prefix = request.app_data::<web::Data<Prefix>>();
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    prefix.is_some_and(|prefix| {
        decoded(request.uri().path())
            .strip_prefix(decoded(&prefix.0).as_slice())
            .is_some_and(|rest| rest.starts_with(V1.as_bytes()))
    })
}

fn sentence(error: &actix_web::Error) -> String {
    if let Some(error) = error.as_error::<Error>() {
        return error.message().into_owned();
    }
    if let Some(error) = error.as_error::<AuthError>() {
        return error.to_string();
    }
    error.to_string()
}
