//! Errors below `v1/`: `application/problem+json` (RFC 9457) instead of the failures of the ngshare protocol.

use super::rate_limit;
use crate::http::error::Error;
use crate::http::state::AppState;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use nbcourier_api::Problem;
use nbcourier_auth::AuthError;
use nbcourier_domain::Sha256Sum;
use nbcourier_exchange as exchange;
use nbcourier_work::Bug;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The path below which errors are problems.
const V1: &str = "v1/";

/// Middleware: replaces a failure below `v1/` by a problem with the same status, headers and message.
pub async fn below_v1<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let concerned = is_below_v1(&request)?;
    let response = next.call(request).await?;
    let error = response.response().error().filter(|_| concerned);
    let Some(error) = error else {
        return Ok(response.map_into_left_body());
    };
    let status = response.status();
    let missing = missing(error);
    let problem = serde_json::to_string(&Problem {
        kind: missing
            .map_or(Problem::BLANK, |_| Problem::MISSING_BLOBS)
            .into(),
        title: status.canonical_reason().unwrap_or("Error").into(),
        status: status.as_u16(),
        detail: sentence(error).into(),
        missing: missing.map(Cow::Borrowed),
    });
    let problem = problem.map_err(|error| Error::from(Bug::new(error)))?;
    // The replaced body has the caller's place among the open requests.
    let mut response =
        response.map_body(|_, replaced| EitherBody::right(rate_limit::keeping(problem, replaced)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(Problem::CONTENT_TYPE),
    );
    // These headers describe the body that was replaced.
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Ok(response)
}

fn is_below_v1(request: &ServiceRequest) -> Result<bool, Error> {
    let state = AppState::of(request.request())?;
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    Ok(decoded(request.uri().path())
        .strip_prefix(decoded(&state.prefix.0).as_slice())
        .is_some_and(|rest| rest.starts_with(V1.as_bytes())))
}

fn missing(error: &actix_web::Error) -> Option<&[Sha256Sum]> {
    match error.as_error::<Error>() {
        Some(Error::Exchange(exchange::Error::MissingBlobs(missing))) => Some(missing),
        _ => None,
    }
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
