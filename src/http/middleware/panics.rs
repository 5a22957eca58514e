//! Answers a panic of a handler as an internal error instead of a broken connection.

use crate::http::error::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;
use nbcourier_work::Bug;
use std::panic::AssertUnwindSafe;

/// Middleware of a resource: replies with 500 when the handler panicked.
pub async fn caught<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    // This must run after routing: actix-web finds no route for a request with a second owner.
    let kept = request.request().clone();
    match or_bug(async { next.call(request).await }).await {
        Ok(response) => Ok(response?.map_into_left_body()),
        Err(bug) => Ok(ServiceResponse::from_err(Error::from(bug), kept).map_into_right_body()),
    }
}

/// Returns the result of the work, or the bug if it panics.
pub async fn or_bug<T>(work: impl Future<Output = T>) -> Result<T, Bug> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|payload| Bug::from_panic(payload.as_ref()))
}
