//! Reads the body of a request in blocks, within its time limit.

use crate::http::error::{Error, Result};
use crate::http::limits::IdleTimeout;
use crate::http::state::AppState;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use nbcourier_auth::Caller;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::intake;
use nbcourier_work::Bug;

/// Number of bytes that are decoded at a time.
pub const BLOCK: usize = 128 * 1024;

/// Makes a type with the fields `request` and `body` an argument of handlers, which read the body explicitly.
macro_rules! unread {
    ($type:ident) => {
        impl actix_web::FromRequest for $type {
            type Error = actix_web::Error;
            type Future = std::future::Ready<Result<Self, actix_web::Error>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                payload: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let body = actix_web::web::Payload::from_request(request, payload).into_inner();
                std::future::ready(body.map(|body| Self {
                    request: request.clone(),
                    body,
                }))
            }
        }
    };
}
pub(in crate::http) use unread;

/// The body in blocks of about equal size, however small the pieces from the network are.
pub struct Blocks {
    body: web::Payload,
    limit: u64,
    idle: IdleTimeout,
    ended: bool,
}

impl Blocks {
    /// Returns the blocks of the body.
    pub fn of(request: &HttpRequest, body: web::Payload) -> Result<Self> {
        let state = AppState::of(request)?;
        Ok(Self {
            body,
            limit: state.max_request_size,
            idle: state.idle_timeout,
            ended: false,
        })
    }

    /// Returns the next block, or `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut block = BytesMut::new();
        while !self.ended && block.len() < BLOCK {
            match timely(self.idle, self.body.next()).await? {
                // A large piece is a block of its own and need not be copied.
                Some(Ok(bytes)) if block.is_empty() && bytes.len() >= BLOCK => {
                    return Ok(Some(bytes));
                }
                Some(Ok(bytes)) => block.extend_from_slice(&bytes),
                Some(Err(error)) if is_too_large(&error) => {
                    return Err(Error::RequestTooLarge(self.limit));
                }
                Some(Err(error)) if is_too_slow(&error) => return Err(Error::BodyTimeout),
                Some(Err(_)) => return Err(Error::bad("The request broke off")),
                None => self.ended = true,
            }
        }
        Ok((!block.is_empty()).then(|| block.freeze()))
    }
}

/// Returns the result of the work, or `BodyTimeout` if the client pauses for too long.
pub async fn timely<T>(idle: IdleTimeout, work: impl Future<Output = T>) -> Result<T> {
    idle.limit(work).await.ok_or(Error::BodyTimeout)
}

/// Returns the error for a body that arrives too slowly.
pub fn too_slow() -> PayloadError {
    PayloadError::Io(std::io::ErrorKind::TimedOut.into())
}

/// Returns the error for a body that exceeds the limit. The readers of forms use `PayloadError::Overflow` for limits of
/// their own.
pub fn too_large() -> PayloadError {
    PayloadError::Io(std::io::ErrorKind::FileTooLarge.into())
}

/// Whether a body failed because it exceeds the limit.
pub fn is_too_large(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge)
}

/// Whether a body failed because it arrived too slowly.
pub fn is_too_slow(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

/// Returns the size of the body in bytes, if the client announced it.
pub fn announced(request: &HttpRequest) -> Option<u64> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Checks for disk space and waits for the caller's turn, before the files of a request are read. The turn lasts until
/// the request is answered.
pub async fn admit(exchange: &Exchange, request: &HttpRequest) -> Result<()> {
    let announced = announced(request);
    // A request above the size limit is refused later, for its size.
    let state = AppState::of(request)?;
    let announced = announced.filter(|length| *length <= state.max_request_size);
    intake::check_space(exchange, announced.unwrap_or(0)).await?;
    let caller = request.extensions().get::<Caller>().cloned();
    let caller = caller.ok_or_else(|| Bug::new("an upload of nobody is read"))?;
    let turn = state.callers.upload(&caller).await?;
    request.extensions_mut().insert(turn);
    Ok(())
}
