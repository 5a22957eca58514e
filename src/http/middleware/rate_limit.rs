//! Limits what one caller can take from all others: the rate of requests, and the number of open requests, concurrent
//! uploads and concurrent long replies.

use crate::http::error::Result;
use crate::http::limits::CallerLimits;
use crate::http::state::AppState;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use bytes::Bytes;
use nbcourier_auth::{Caller, SentForm};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Middleware after `identify`: counts the caller's request as open until its reply is sent.
pub async fn open<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let place = match limits_of(request.request())? {
        Some((limits, caller)) => match limits.open(&caller) {
            Ok(place) => Some(place),
            // A reply instead of an error, so that the outer middleware sees it too.
            Err(error) => return Ok(request.error_response(error).map_into_boxed_body()),
        },
        None => None,
    };
    Ok(held(next.call(request).await?, place))
}

/// Middleware of resources with long replies: waits for the caller's turn, which lasts until the reply is sent.
pub async fn reply<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut turn = None;
    if *request.method() == Method::GET
        && let Some((limits, caller)) = limits_of(request.request())?
    {
        turn = limits.reply(&caller).await?;
    }
    Ok(held(next.call(request).await?, turn))
}

fn limits_of(request: &HttpRequest) -> Result<Option<(CallerLimits, Caller)>> {
    let limits = AppState::of(request)?.callers.clone();
    let extensions = request.extensions();
    let caller = extensions
        .get::<Caller>()
        .or_else(|| Some(extensions.get::<SentForm>()?.sender()));
    Ok(caller.map(|caller| (limits, caller.clone())))
}

fn held<B: MessageBody + 'static, T: 'static>(
    response: ServiceResponse<B>,
    kept: T,
) -> ServiceResponse<BoxBody> {
    response.map_body(|_, body| keeping(body, kept))
}

/// Returns the body with a value that is kept until the body is sent.
pub fn keeping<T: 'static>(body: impl MessageBody + 'static, kept: T) -> BoxBody {
    BoxBody::new(KeepingBody {
        body: body.boxed(),
        _kept: kept,
    })
}

/// A body, and a value that is kept until the body is sent.
struct KeepingBody<T> {
    body: BoxBody,
    _kept: T,
}

// Only the box inside `body` is ever pinned.
impl<T> Unpin for KeepingBody<T> {}

impl<T> MessageBody for KeepingBody<T> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
