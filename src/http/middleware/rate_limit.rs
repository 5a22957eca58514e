//! Limits what one caller can take from all others: the rate of requests, and the number of open requests, concurrent
//! uploads and concurrent long replies.

use crate::http::error::{Error, Result};
use crate::http::state::AppState;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use bytes::Bytes;
use nbcourier_auth::{Caller, Rates};
use nbcourier_domain::UserName;
use nbcourier_exchange::{Exchange, intake};
use nbcourier_work::Bug;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The burst that a caller may send at once, in seconds of the permitted rate. The client of an instructor may ask for
/// each submission of a large class in turn, which makes thousands of requests in a few seconds.
const BURST_S: u32 = 30;
/// Number of waiting uploads of a caller for each upload that is read.
const WAITING: usize = 8;

/// The limits on each caller, and what each has open. Cheap to clone.
#[derive(Clone)]
pub struct FairShare(Arc<Shares>);

struct Shares {
    requests: Option<(NonZeroU32, Rates)>,
    open: Option<usize>,
    uploads: Option<usize>,
    lines: Mutex<HashMap<UserName, Line>>,
}

impl FairShare {
    /// Returns the limits: requests per second, averaged over half a minute; open requests; and concurrent uploads,
    /// which is also the limit on concurrent long replies. `None` means no limit.
    pub fn new(requests: Option<NonZeroU32>, open: Option<usize>, uploads: Option<usize>) -> Self {
        let rates = |per_second: NonZeroU32| {
            let at_once = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_S - 1));
            (per_second, Rates::new(per_second, at_once))
        };
        Self(Arc::new(Shares {
            requests: requests.map(rates),
            open,
            uploads,
            lines: Mutex::default(),
        }))
    }

    /// Counts a request of the caller. Fails with `TooManyRequests` if the rate is exceeded.
    pub fn count(&self, caller: &Caller) -> Result<()> {
        let Some((per_second, rates)) = &self.0.requests else {
            return Ok(());
        };
        let counted = rates.count(caller.name());
        counted.map_err(|wait| Error::TooManyRequests {
            per_second: per_second.get(),
            retry_after: wait.as_secs() + 1,
        })
    }

    /// Counts a request of the caller as open until the place is dropped. Fails with `TooManyOpen` at the limit.
    fn open(&self, caller: &Caller) -> Result<Place> {
        let most = self.0.open.unwrap_or(usize::MAX);
        self.0
            .place(caller, |line| {
                if line.open >= most {
                    return Err(Error::TooManyOpen(most));
                }
                line.open += 1;
                Ok(())
            })
            .map(|place| place.leaving(|line| line.open -= 1))
    }

    /// Waits until the caller may upload. Fails with `TooManyUploads` if too many wait already.
    async fn turn(&self, caller: &Caller) -> Result<Option<Turn>> {
        let Some(uploads) = self.0.uploads else {
            return Ok(None);
        };
        let mut gate = None;
        let place = self.0.place(caller, |line| {
            if line.uploads >= uploads.saturating_mul(1 + WAITING) {
                return Err(Error::TooManyUploads(uploads));
            }
            line.uploads += 1;
            gate = Some(Arc::clone(
                line.upload_gate.get_or_insert_with(|| semaphore(uploads)),
            ));
            Ok(())
        })?;
        Ok(Some(
            Turn::wait(gate, place.leaving(|line| line.uploads -= 1)).await,
        ))
    }

    /// Waits until the caller may receive a long reply. The limit on open requests bounds the number of those that
    /// wait.
    async fn reply(&self, caller: &Caller) -> Result<Option<Turn>> {
        let Some(replies) = self.0.uploads else {
            return Ok(None);
        };
        let mut gate = None;
        let place = self.0.place(caller, |line| {
            line.replies += 1;
            gate = Some(Arc::clone(
                line.reply_gate.get_or_insert_with(|| semaphore(replies)),
            ));
            Ok(())
        })?;
        Ok(Some(
            Turn::wait(gate, place.leaving(|line| line.replies -= 1)).await,
        ))
    }
}

fn semaphore(turns: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(turns.min(Semaphore::MAX_PERMITS)))
}

impl Shares {
    fn lines(&self) -> MutexGuard<'_, HashMap<UserName, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a place in the caller's line, unless `enter` refuses it.
    fn place(
        self: &Arc<Self>,
        caller: &Caller,
        enter: impl FnOnce(&mut Line) -> Result<()>,
    ) -> Result<Place> {
        let name = caller.name().clone();
        let mut lines = self.lines();
        let entered = enter(lines.entry(name.clone()).or_default());
        if lines.get(&name).is_some_and(Line::is_empty) {
            lines.remove(&name);
        }
        entered.map(|()| Place {
            shares: Arc::clone(self),
            name,
            leave: |_| {},
        })
    }
}

/// The open requests, uploads and long replies of one caller.
#[derive(Default)]
struct Line {
    open: usize,
    /// Includes the uploads that wait for their turn.
    uploads: usize,
    replies: usize,
    upload_gate: Option<Arc<Semaphore>>,
    reply_gate: Option<Arc<Semaphore>>,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.open == 0 && self.uploads == 0 && self.replies == 0
    }
}

/// A place in a caller's line. Dropping it leaves the line.
struct Place {
    shares: Arc<Shares>,
    name: UserName,
    leave: fn(&mut Line),
}

impl Place {
    fn leaving(mut self, leave: fn(&mut Line)) -> Self {
        self.leave = leave;
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.shares.lines();
        if let Some(line) = lines.get_mut(&self.name) {
            (self.leave)(line);
            if line.is_empty() {
                lines.remove(&self.name);
            }
        }
    }
}

/// The turn of an upload or of a long reply. It ends when it is dropped.
struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    _place: Place,
}

impl Turn {
    async fn wait(gate: Option<Arc<Semaphore>>, place: Place) -> Self {
        let permit = match gate {
            Some(gate) => gate.acquire_owned().await.ok(),
            None => None,
        };
        Self {
            _permit: permit,
            _place: place,
        }
    }
}

/// Middleware after `identify`: counts the caller's request as open until its reply is sent.
pub async fn open<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let place = match share_of(request.request())? {
        Some((share, caller)) => match share.open(&caller) {
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
        && let Some((share, caller)) = share_of(request.request())?
    {
        turn = share.reply(&caller).await?;
    }
    Ok(held(next.call(request).await?, turn))
}

fn share_of(request: &HttpRequest) -> Result<Option<(FairShare, Caller)>> {
    let share = AppState::of(request)?.share.clone();
    let caller = request.extensions().get::<Caller>().cloned();
    Ok(caller.map(|caller| (share, caller)))
}

fn held<B: MessageBody + 'static, T: 'static>(
    response: ServiceResponse<B>,
    kept: T,
) -> ServiceResponse<BoxBody> {
    response.map_body(|_, body| keeping(body, kept))
}

/// Returns the body with a value that is kept until the body is sent.
pub fn keeping<T: 'static>(body: impl MessageBody + 'static, kept: T) -> BoxBody {
    BoxBody::new(Held {
        body: body.boxed(),
        _kept: kept,
    })
}

/// A body, and a value that is kept until the body is sent.
struct Held<T> {
    body: BoxBody,
    _kept: T,
}

// Only the box inside `body` is ever pinned.
impl<T> Unpin for Held<T> {}

impl<T> MessageBody for Held<T> {
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

/// Checks for disk space and waits for the caller's turn, before the files of a request are read. The turn lasts until
/// the request is answered.
pub async fn admit(exchange: &Exchange, request: &HttpRequest) -> Result<()> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    // A request above the size limit is refused later, for its size.
    let state = AppState::of(request)?;
    let announced = announced.filter(|length| *length <= state.max_request_size);
    intake::check_space(exchange, announced.unwrap_or(0)).await?;
    let caller = request.extensions().get::<Caller>().cloned();
    let caller = caller.ok_or_else(|| Bug::new("an upload of nobody is read"))?;
    let turn = state.share.turn(&caller).await?;
    request.extensions_mut().insert(turn);
    Ok(())
}
