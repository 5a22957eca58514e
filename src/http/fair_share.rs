//! That nobody, with a loop perhaps, takes what there is for all: how often a caller may ask, and how many uploads of
//! theirs are read at the same time.

use super::error::{Error, Result};
use super::state::AppState;
use crate::auth::{Caller, Rates};
use crate::domain::{Bug, UserName};
use crate::exchange::{Exchange, intake};
use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For how many seconds' worth of requests somebody may come at once: an instructor whose client asks for each
/// submission of a large class by itself sends thousands in a few seconds.
const BURST_S: u32 = 30;
/// How many uploads of a caller wait for each that is read.
const WAITING: usize = 8;

/// What each caller may take. Cheap to clone.
#[derive(Clone)]
pub struct FairShare(Arc<Shares>);

struct Shares {
    requests: Option<(NonZeroU32, Rates)>,
    uploads: Option<usize>,
    lines: Mutex<HashMap<UserName, Line>>,
}

impl FairShare {
    /// So many requests a second, averaged over half a minute, and so many uploads at the same time; `None`: as many as
    /// come.
    pub fn new(requests: Option<NonZeroU32>, uploads: Option<usize>) -> Self {
        let rates = |per_second: NonZeroU32| {
            let at_once = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_S - 1));
            (per_second, Rates::new(per_second, at_once))
        };
        Self(Arc::new(Shares {
            requests: requests.map(rates),
            uploads,
            lines: Mutex::default(),
        }))
    }

    /// Counts a request of the caller.
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

    /// Waits for a turn of the caller to upload.
    async fn turn(&self, caller: &Caller) -> Result<Option<Turn>> {
        let Some(uploads) = self.0.uploads else {
            return Ok(None);
        };
        let name = caller.name().clone();
        let gate = {
            let mut lines = self.0.lines();
            let line = lines
                .entry(name.clone())
                .or_insert_with(|| Line::new(uploads));
            if line.waiting >= uploads.saturating_mul(1 + WAITING) {
                return Err(Error::TooManyUploads(uploads));
            }
            line.waiting += 1;
            Arc::clone(&line.gate)
        };
        let mut turn = Turn {
            shares: Arc::clone(&self.0),
            name,
            permit: None,
        };
        let permit = gate.acquire_owned().await.map_err(Bug::new)?;
        turn.permit = Some(permit);
        Ok(Some(turn))
    }
}

impl Shares {
    fn lines(&self) -> MutexGuard<'_, HashMap<UserName, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The uploads of one caller.
struct Line {
    gate: Arc<Semaphore>,
    /// Those that are read, too.
    waiting: usize,
}

impl Line {
    fn new(uploads: usize) -> Self {
        Self {
            gate: Arc::new(Semaphore::new(uploads)),
            waiting: 0,
        }
    }
}

/// An upload that is read, or waits to be.
pub struct Turn {
    shares: Arc<Shares>,
    name: UserName,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        let mut lines = self.shares.lines();
        if let Some(line) = lines.get_mut(&self.name) {
            line.waiting -= 1;
            if line.waiting == 0 {
                lines.remove(&self.name);
            }
        }
    }
}

/// What comes before the files of a request are read: there is room for them, and it is the caller's turn. To be kept
/// until they are read.
pub async fn admit(exchange: &Exchange, request: &HttpRequest) -> Result<Option<Turn>> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    // What is larger than a request may be is refused for that.
    let state = AppState::of(request)?;
    let announced = announced.filter(|length| *length <= state.max_request_size);
    intake::check_space(exchange, announced.unwrap_or(0)).await?;
    let caller = request.extensions().get::<Caller>().cloned();
    let caller = caller.ok_or_else(|| Bug::new("an upload of nobody is read"))?;
    state.share.turn(&caller).await
}
