//! Counts the body of a request against the limits on size and speed while it arrives.
//!
//! The rest of a body that a handler leaves unread is read and discarded before the reply is sent. A client that is
//! still sending would otherwise see a broken connection instead of its reply.

use crate::http::request::body::{too_large, too_slow};
use crate::http::state::AppState;
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

/// Minimum rate of a body in bytes per second, averaged over each span of the idle timeout. The slowest modem lines are
/// several times as fast. A client that sends a byte now and then is dropped.
pub const LEAST_RATE: u64 = 512;

/// Maximum time for reading the rest of an unread body.
const DRAIN: Duration = Duration::from_secs(30);

/// Minimum number of bytes that are read of the rest, even under a lower limit.
const DRAIN_AT_LEAST: u64 = 64 * 1024 * 1024;

struct Counted {
    payload: Payload,
    seen: u64,
    limit: u64,
    pace: Pace,
    // A body that is announced as too large is refused before any of it is read.
    refused: bool,
    ended: bool,
}

/// The speed at which a body arrives. Only the time spent waiting for the client counts. A busy server is not the
/// client's fault.
struct Pace {
    span: Duration,
    /// Time waited in this span, without the current wait.
    waited: Duration,
    /// Bytes that arrived in this span.
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

    /// Counts bytes that arrived. Returns whether they arrived fast enough.
    fn arrived(&mut self, bytes: usize) -> bool {
        self.came += bytes as u64;
        if let Some((since, _)) = self.wait.take() {
            self.waited += since.elapsed();
        }
        self.waited < self.span || self.next_span()
    }

    /// Polls the timer while no bytes arrive. Returns whether to wait longer.
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

    /// Begins the next span. Returns whether enough bytes arrived in the last one.
    fn next_span(&mut self) -> bool {
        let least = self.span.as_secs().saturating_mul(LEAST_RATE);
        let is_enough = self.came >= least;
        self.waited = Duration::ZERO;
        self.came = 0;
        is_enough
    }
}

/// The handler's handle on the body. The middleware keeps the other one.
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

/// Middleware: passes on the body under the limit, and reads the unread rest afterwards.
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
    state.requests.bytes_in.inc_by(counted.borrow().seen);
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

/// Whether another protocol follows the headers instead of a body (RFC 9110, sections 7.8 and 9.3.6). It would last
/// until the connection ends. The server supports no such protocol, so it reads none of it.
fn is_endless(request: &ServiceRequest) -> bool {
    let mut upgrades = request.headers().get_all(header::UPGRADE);
    let is_websocket =
        upgrades.any(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
    is_websocket || request.method() == Method::CONNECT
}

/// Reads the rest of the body. Returns whether it ended in time, within the limit or `DRAIN_AT_LEAST`, whichever is
/// larger.
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
