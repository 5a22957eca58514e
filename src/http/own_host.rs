//! Stand-alone, only whoever asks this machine by a name of its own is answered. A page of another site can have its
//! domain point here ("DNS rebinding"); its scripts then read what we answer, but cannot change the name they ask.

use super::error::Error;
use super::state::AppState;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

/// Middleware: lets through what was meant for us.
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
