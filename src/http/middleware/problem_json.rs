//! Errors below `v1/`: `application/problem+json` (RFC 9457) instead of the failures of the ngshare protocol.

use super::rate_limit;
use crate::http::error::Error;
use crate::http::state::AppState;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use nbcourier_api::{ConflictingPath, EntryKind, PathNow, Problem};
use nbcourier_auth::AuthError;
use nbcourier_exchange::{self as exchange, PathConflict, PathState};
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
    let known = match error.as_error::<Error>() {
        Some(Error::Exchange(error)) => Some(error),
        _ => None,
    };
    let mut problem = Problem {
        kind: Problem::BLANK.into(),
        title: status.canonical_reason().unwrap_or("Error").into(),
        status: status.as_u16(),
        detail: sentence(error).into(),
        missing: None,
        conflicts: None,
        version: None,
    };
    match known {
        Some(exchange::Error::MissingBlobs(missing)) => {
            problem.kind = Problem::MISSING_BLOBS.into();
            problem.missing = Some(Cow::Borrowed(missing));
        }
        Some(exchange::Error::Conflicts {
            conflicts, version, ..
        }) => {
            problem.kind = Problem::CONFLICT.into();
            problem.conflicts = Some(conflicts.iter().map(conflicting).collect());
            problem.version = Some(*version);
        }
        Some(exchange::Error::OtherVersion(version)) => {
            problem.kind = Problem::CONFLICT.into();
            problem.version = Some(*version);
        }
        Some(exchange::Error::FromSource(_)) => problem.kind = Problem::FROM_SOURCE.into(),
        Some(exchange::Error::ChangesTooOld(_) | exchange::Error::NoSuchVersion { .. }) => {
            problem.kind = Problem::TOO_OLD.into();
        }
        _ => {}
    }
    let problem = serde_json::to_string(&problem);
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

fn conflicting(conflict: &PathConflict) -> ConflictingPath {
    let now = match conflict.now {
        PathState::Nothing => None,
        PathState::Folder => Some(PathNow {
            kind: EntryKind::Directory,
            sha256: None,
            size: None,
            executable: None,
        }),
        PathState::File {
            sha256,
            size,
            executable,
        } => Some(PathNow {
            kind: EntryKind::File,
            sha256: Some(sha256),
            size: Some(size),
            executable: Some(executable),
        }),
    };
    ConflictingPath {
        path: conflict.path.as_str().to_owned(),
        now,
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
