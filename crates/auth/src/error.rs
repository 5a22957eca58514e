//! Errors of authentication, with sentences that say what to do next. None of them ever repeats a secret.

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use nbcourier_domain::Span;
use std::time::Duration;

/// The reason why a request has no caller. The status is decided here; the body of the reply depends on the
/// interface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The request carried neither a token nor a session.
    #[error(
        "No caller is known: send a JupyterHub token as \"Authorization: token …\", or log in with the browser"
    )]
    Anonymous,
    /// The request carried a token that the hub does not know, or that cannot be a token.
    #[error("The hub does not know this token: it may have expired; make a new one and send that")]
    UnknownToken,
    /// The caller is known but not admitted. The sentence says why.
    #[error("{0}")]
    Refused(String),
    /// The hub could not be asked, and no earlier answer is recent enough.
    #[error(
        "The hub cannot be asked who you are just now: try again in {}",
        Span(*retry_after).rounded()
    )]
    HubUnavailable {
        /// The time to wait before trying again.
        retry_after: Duration,
        /// The reason why the hub could not be asked, for the log.
        reason: String,
    },
    /// Whether the session has ended cannot be looked up.
    #[error("The server cannot look up sessions just now: try again soon")]
    SessionsUnavailable {
        /// The reason why it cannot be looked up, for the log.
        reason: String,
    },
    /// Too many tokens that the hub does not know came lately from the same source.
    #[error(
        "Too many tokens that the hub does not know came from your address: try again in {}",
        Span(*retry_after).rounded()
    )]
    TooManyUnknownTokens {
        /// The time to wait before trying again.
        retry_after: Duration,
    },
    /// The browser reports that another site sent the request.
    #[error("This request comes from another site: go back to the page, reload it and try again")]
    CrossSite,
    /// A request by cookie lacked the token of one of our pages.
    #[error(
        "By session this needs the token of a page of this service: reload the page and try again, or send a JupyterHub \
         token as \"Authorization: token …\""
    )]
    NoProof,
    /// A request by cookie asked for a page, but its sender would read the page rather than show it.
    #[error("This is a page for people: open its address in a tab of the browser")]
    NotOpenedAsPage,
    /// In stand-alone mode, a request was addressed to another name than this machine's own.
    #[error(
        "Stand-alone, the exchange is asked as localhost or by its IP address: a page of another site may have asked this"
    )]
    ForeignHost,
    /// A login came back that this browser did not begin, or began too long ago.
    #[error("This login was not begun in this browser, or too long ago: log in again")]
    BadState,
    /// Login is impossible: in stand-alone mode there is no hub.
    #[error("There is no login here: the exchange runs stand-alone, without a hub")]
    NoLogin,
    /// The server itself failed.
    #[error("The server cannot do this now: {0}")]
    Failed(&'static str),
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Anonymous | Self::UnknownToken => StatusCode::UNAUTHORIZED,
            Self::Refused(_)
            | Self::CrossSite
            | Self::NoProof
            | Self::NotOpenedAsPage
            | Self::ForeignHost
            | Self::BadState => StatusCode::FORBIDDEN,
            Self::NoLogin => StatusCode::NOT_FOUND,
            Self::HubUnavailable { .. } | Self::SessionsUnavailable { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooManyUnknownTokens { .. } => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// A setting that cannot work, so the service must not start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address of the hub's API is not an address.
    #[error(
        "The hub's API URL must begin with http:// or https:// and hold no user name or password"
    )]
    ApiUrl,
    /// The token that the hub gave the service cannot be sent in a header.
    #[error("The service's own API token is empty or holds characters that no token has")]
    ApiToken,
    /// The HTTP client cannot be created. For https, usually no certificates are installed.
    #[error("The client for asking the hub cannot be made (are CA certificates installed?): {0}")]
    Client(String),
}
