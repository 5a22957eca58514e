//! What the middleware and the readers of bodies need of the application.

use super::body::IdleTimeout;
use super::error::Result;
use super::fair_share::FairShare;
use super::metrics::Requests;
use super::server::Prefix;
use actix_web::HttpRequest;
use actix_web::web::Data;
use nbcourier_auth::Authenticator;
use nbcourier_exchange::Exchange;
use nbcourier_work::Bug;

/// The state of the application, which all workers share.
///
/// It is one item, so that no limit can be forgotten by itself: a request that finds no state is answered with 500.
pub struct AppState {
    /// The exchange behind it.
    pub exchange: Exchange,
    /// Tells who calls.
    pub authenticator: Authenticator,
    /// What each caller may take.
    pub share: FairShare,
    /// The numbers of requests.
    pub requests: Data<Requests>,
    /// The path under which all is served.
    pub prefix: Prefix,
    /// Bytes of a request's body.
    pub max_request_size: u64,
    /// How long a client may send nothing of a body that it began.
    pub idle_timeout: IdleTimeout,
}

impl AppState {
    /// The state of the application that the request came to.
    pub fn of(request: &HttpRequest) -> Result<Data<Self>> {
        let state = request.app_data::<Data<Self>>();
        Ok(state
            .ok_or_else(|| Bug::new("the application was assembled without its state"))?
            .clone())
    }
}

#[cfg(test)]
impl AppState {
    /// The state of a test: no caller is limited.
    pub fn unlimited(exchange: Exchange, authenticator: Authenticator, prefix: &str) -> Self {
        Self {
            exchange,
            authenticator,
            share: FairShare::new(None, None, None),
            requests: Data::new(Requests::new(prefix, std::iter::empty())),
            prefix: Prefix(prefix.to_owned()),
            max_request_size: 1024 * 1024,
            idle_timeout: IdleTimeout(std::time::Duration::from_mins(1)),
        }
    }
}
