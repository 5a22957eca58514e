//! Protects a stand-alone server against DNS rebinding: it answers only requests that call this machine by its own
//! name. A foreign page can have its domain point here. Its scripts could then read the replies, but cannot change the
//! host name of their requests.

use crate::http::error::Error;
use crate::http::state::AppState;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

/// Middleware: passes on requests that name this host, and refuses all others.
pub async fn check<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let checked = AppState::of(request.request()).and_then(|state| {
        let checked = state.authenticator.check_host(request.request());
        checked.map_err(Error::from)
    });
    match checked {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(error) => Ok(request.error_response(error).map_into_right_body()),
    }
}
