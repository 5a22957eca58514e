//! The state of the application that middleware and readers of bodies need.

use super::error::Result;
use super::limits::{CallerLimits, IdleTimeout};
use super::metrics::Requests;
use super::pages::PageSettings;
use actix_web::HttpRequest;
use actix_web::web::Data;
use nbcourier_auth::Authenticator;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_work::Bug;
use std::time::Duration;

/// The path below which everything is served. It begins and ends with `/`.
#[derive(Debug, Clone)]
pub struct Prefix(pub String);

/// Whether the page with example data is on.
#[derive(Debug, Clone, Copy)]
pub struct Debugging(pub bool);

/// How long deleted things can be restored.
#[derive(Debug, Clone, Copy)]
pub struct Retention(pub Duration);

impl Retention {
    /// Returns the number of whole days.
    pub fn days(self) -> u64 {
        self.0.as_secs() / (24 * 3600)
    }

    /// Returns the time at which a thing that was deleted at this time is removed for good.
    pub fn end(self, deleted_at: Timestamp) -> Timestamp {
        let micros = i64::try_from(self.0.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(deleted_at.micros().saturating_add(micros))
    }
}

/// The state of the application, which all workers share.
///
/// It is one item, so that no limit can be forgotten by itself. A request without a state is answered with 500.
pub struct AppState {
    /// The exchange behind the application.
    pub exchange: Exchange,
    /// Finds the caller of a request.
    pub authenticator: Authenticator,
    /// The limits on each caller.
    pub callers: CallerLimits,
    /// The metrics of requests.
    pub requests: Data<Requests>,
    /// The path below which everything is served.
    pub prefix: Prefix,
    /// Maximum size of a request's body, in bytes.
    pub max_request_size: u64,
    /// How long a client may pause while it sends a body.
    pub idle_timeout: IdleTimeout,
    /// The settings of the pages.
    pub pages: PageSettings,
}

impl AppState {
    /// Returns the state of the application that got the request.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>> {
        let state = request.app_data::<Data<Self>>();
        Ok(state
            .ok_or_else(|| Bug::new("the application was assembled without its state"))?
            .clone())
    }
}

#[cfg(test)]
impl AppState {
    /// Returns the state for a test, without limits on callers.
    pub fn unlimited(exchange: Exchange, authenticator: Authenticator, prefix: &str) -> Self {
        Self {
            exchange,
            authenticator,
            callers: CallerLimits::new(None, None, None),
            requests: Data::new(Requests::new(prefix, std::iter::empty())),
            prefix: Prefix(prefix.to_owned()),
            max_request_size: 1024 * 1024,
            idle_timeout: IdleTimeout(Duration::from_mins(1)),
            pages: PageSettings::default(),
        }
    }
}
