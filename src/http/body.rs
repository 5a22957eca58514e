//! The body of a request, counted against the limit while it comes.
//!
//! Whatever a handler leaves unread is read and thrown away before the reply is sent: a client that is still sending
//! would otherwise see a broken connection instead of its answer.

use super::state::AppState;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{ConnectionType, Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, body::MessageBody};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

/// How long a client may send nothing of a body that it began, or take nothing of a reply.
#[derive(Debug, Clone, Copy)]
pub struct IdleTimeout(pub Duration);

impl IdleTimeout {
    /// What comes of the work, unless it takes longer.
    pub async fn limit<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.0, work).await.ok()
    }
}

/// The fewest bytes a second of a body that is waited for, averaged over each span of the idle timeout. A line of the
/// slowest modems is several times as fast, while somebody who sends a byte now and then is given up.
pub const LEAST_RATE: u64 = 512;

/// How long the rest of a body that nobody wants may take.
const DRAIN: Duration = Duration::from_secs(30);

/// How much of it is read however low the limit is, in bytes.
const DRAIN_AT_LEAST: u64 = 64 * 1024 * 1024;

struct Counted {
    payload: Payload,
    seen: u64,
    limit: u64,
    pace: Pace,
    // A body announced as too large is refused before any of it is read.
    refused: bool,
    ended: bool,
}

/// How fast a body comes. Only the time counts in which it is waited for: a busy server is not the client's fault.
struct Pace {
    span: Duration,
    /// Time waited in this span, but for the wait that goes on,
    waited: Duration,
    /// and the bytes that came in it.
    came: u64,
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Pace {
    fn new(span: Duration) -> Self {
        Self {
            span,
            waited: Duration::ZERO,
            came: 0,
            wait: None,
        }
    }

    /// More bytes came. Whether they came fast enough.
    fn arrived(&mut self, bytes: usize) -> bool {
        self.came += bytes as u64;
        if let Some((since, _)) = self.wait.take() {
            self.waited += since.elapsed();
        }
        self.waited < self.span || self.next_span()
    }

    /// Nothing came yet. Whether it may still be waited for.
    fn waits(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let rest = self.span.saturating_sub(self.waited);
            let (_, sleep) = self
                .wait
                .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(rest))));
            if sleep.as_mut().poll(context).is_pending() {
                return true;
            }
            self.wait = None;
            if !self.next_span() {
                return false;
            }
        }
    }

    /// Begins the next span. Whether enough came in the one before.
    fn next_span(&mut self) -> bool {
        let least = self.span.as_secs().saturating_mul(LEAST_RATE);
        let is_enough = self.came >= least;
        self.waited = Duration::ZERO;
        self.came = 0;
        is_enough
    }
}

/// The failure of a body that comes too slowly.
fn too_slow() -> PayloadError {
    PayloadError::Io(std::io::ErrorKind::TimedOut.into())
}

/// The failure of a body that is larger than the limit. `PayloadError::Overflow` is left to readers of forms, which say so
/// of limits of their own.
fn too_large() -> PayloadError {
    PayloadError::Io(std::io::ErrorKind::FileTooLarge.into())
}

/// Whether a body failed since it is larger than the limit.
pub fn is_too_large(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge)
}

/// Whether a body failed since it came too slowly.
pub fn is_too_slow(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

/// One end of the body; the middleware keeps the other.
struct Shared(Rc<RefCell<Counted>>);

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut counted = self.0.borrow_mut();
        let next = if counted.refused {
            Poll::Ready(None)
        } else {
            counted.poll(context)
        };
        counted.refused |= counted.seen > counted.limit;
        if counted.refused {
            Poll::Ready(Some(Err(too_large())))
        } else {
            next
        }
    }
}

impl Counted {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = self.payload.poll_next_unpin(context);
        match &next {
            Poll::Ready(Some(Ok(bytes))) => {
                self.seen += bytes.len() as u64;
                if !self.pace.arrived(bytes.len()) {
                    return Poll::Ready(Some(Err(too_slow())));
                }
            }
            Poll::Ready(_) => self.ended = true,
            Poll::Pending => {
                if !self.pace.waits(context) {
                    return Poll::Ready(Some(Err(too_slow())));
                }
            }
        }
        next
    }
}

/// Middleware: hands on the body under the limit, and reads the rest of it afterwards.
pub async fn bounded<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let state = AppState::of(request.request())?;
    let limit = state.max_request_size;
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    let endless = is_endless(&request);
    let counted = Rc::new(RefCell::new(Counted {
        payload: request.take_payload(),
        seen: 0,
        limit,
        pace: Pace::new(state.idle_timeout.0),
        refused: announced.is_some_and(|length| length > limit),
        ended: endless,
    }));
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
        Box::pin(Shared(Rc::clone(&counted)));
    request.set_payload(Payload::from(stream));
    let mut response = next.call(request).await;
    let drained = endless || drain(&counted, limit).await;
    state.requests.bytes_in.add(counted.borrow().seen);
    if (endless || !drained)
        && let Ok(response) = &mut response
    {
        response
            .response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    response
}

/// Whether what follows the headers is no body but another protocol, which goes on until the connection ends (RFC 9110,
/// sections 7.8 and 9.3.6). Nobody here speaks any, so not a byte of it is waited for.
fn is_endless(request: &ServiceRequest) -> bool {
    let mut upgrades = request.headers().get_all(header::UPGRADE);
    let is_websocket =
        upgrades.any(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
    is_websocket || request.method() == Method::CONNECT
}

/// Whether the rest of the body came in time, and was not more than the limit, or `DRAIN_AT_LEAST`, once more.
async fn drain(counted: &RefCell<Counted>, limit: u64) -> bool {
    let enough = counted
        .borrow()
        .seen
        .saturating_add(limit.max(DRAIN_AT_LEAST));
    let rest = std::future::poll_fn(|context| {
        let mut counted = counted.borrow_mut();
        loop {
            match std::task::ready!(counted.poll(context)) {
                Some(Ok(_)) if counted.seen <= enough => {}
                Some(_) => return Poll::Ready(false),
                None => return Poll::Ready(true),
            }
        }
    });
    tokio::time::timeout(DRAIN, rest).await.unwrap_or(false)
}
