//! Why somebody is not let in, in sentences that say what to do next. None of them ever repeats a secret.

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use std::time::Duration;

/// A request has no caller. The status stands here; the body of the reply is the form of the surface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Neither a token nor a session came with the request.
    #[error(
        "No caller is known: send a JupyterHub token as \"Authorization: token …\", or log in with the browser"
    )]
    Anonymous,
    /// A token came, and the hub does not know it, or it cannot be one.
    #[error("The hub does not know this token: it may have expired; make a new one and send that")]
    UnknownToken,
    /// Somebody is known, and not let in; the sentence says why.
    #[error("{0}")]
    Refused(String),
    /// The hub could not be asked, and nothing it said before is recent enough.
    #[error(
        "The hub cannot be asked who you are just now: try again in {} seconds",
        retry_after.as_secs()
    )]
    HubUnavailable {
        /// How long to wait before trying again.
        retry_after: Duration,
        /// Why the hub could not be asked, for the log.
        reason: String,
    },
    /// From where this comes, too many tokens came lately that the hub does not know.
    #[error(
        "Too many tokens that the hub does not know came from your address: try again in {} seconds",
        retry_after.as_secs()
    )]
    TooManyStrangers {
        /// How long to wait before trying again.
        retry_after: Duration,
    },
    /// The browser says that another site asks.
    #[error("This request comes from another site: go back to the page, reload it and try again")]
    CrossSite,
    /// By cookie, something was asked for without the token of a page of ours.
    #[error(
        "By session this needs the token of a page of this service: reload the page and try again, or send a JupyterHub \
         token as \"Authorization: token …\""
    )]
    NoProof,
    /// By cookie, a page was asked for by something that would read it rather than show it.
    #[error("This is a page for people: open its address in a tab of the browser")]
    NotOpenedAsPage,
    /// Stand-alone, a request came for another name than this machine's own.
    #[error(
        "Stand-alone, the exchange is asked as localhost or by its IP address: a page of another site may have asked this"
    )]
    ForeignHost,
    /// A login came back that this browser has not begun, or has begun too long ago.
    #[error("This login was not begun in this browser, or too long ago: log in again")]
    BadState,
    /// There is nothing to log in to: in stand-alone mode no hub stands behind the service.
    #[error("There is no login here: the exchange runs stand-alone, without a hub")]
    NoLogin,
    /// The server itself could not do its part.
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
            Self::HubUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooManyStrangers { .. } => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// The settings cannot work, so the service must not start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address of the hub's API is none.
    #[error(
        "The hub's API URL must begin with http:// or https:// and hold no user name or password"
    )]
    ApiUrl,
    /// The token the hub gave the service cannot be sent in a header.
    #[error("The service's own API token is empty or holds characters that no token has")]
    ApiToken,
    /// The HTTP client cannot be made; for https usually because no certificates are installed.
    #[error("The client for asking the hub cannot be made (are CA certificates installed?): {0}")]
    Client(String),
}
