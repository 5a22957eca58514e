//! The errors of a request to an exchange.

use nbcourier_domain::Sha256Sum;

/// An error of a request. Its message says what to do, where that is known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No reply came from the address.
    #[error(
        "The exchange at {way} does not answer ({reason}). Is that the right address, and is it running? {advice}"
    )]
    Unreachable {
        /// The address, and the proxy on the way there.
        way: String,
        /// The attempt and its failure.
        reason: String,
        /// Advice in case the address is wrong.
        advice: String,
    },
    /// The reply does not come from an exchange.
    #[error("The server at {way} is not an exchange ({reason}). {advice}")]
    NoExchange {
        /// The address, and the proxy on the way there.
        way: String,
        /// A description of the reply.
        reason: String,
        /// Advice in case the address is wrong.
        advice: String,
    },
    /// The reply comes from a program between here and the exchange, such as a proxy.
    #[error("A server in front of the exchange at {way} answers \"{reason}\". {advice}{}", hint_before(*.status))]
    Before {
        /// The address, and the proxy on the way there.
        way: String,
        /// The HTTP status of the reply.
        status: u16,
        /// The status in words.
        reason: String,
        /// Advice in case the address is wrong.
        advice: String,
    },
    /// The reply redirects to another address.
    #[error(
        "The server at {way} redirects to {target}, which was not followed. If that is the exchange's address, set \
         NBCOURIER_URL or --url to {target}"
    )]
    Moved {
        /// The address, and the proxy on the way there.
        way: String,
        /// The address that the reply redirects to.
        target: String,
    },
    /// The server speaks ngshare's protocol but does not know nbcourier's additions to it.
    #[error(
        "The server at {0} does not know this request. This command needs nbcourier. If the server is ngshare or an \
         older nbcourier, ask its administrators; otherwise correct the address with --url or NBCOURIER_URL"
    )]
    TooOld(String),
    /// The exchange refused the request.
    #[error("{sentence}{}", hint(*.status))]
    Refused {
        /// The HTTP status of the reply.
        status: u16,
        /// The reason, in the words of the exchange.
        sentence: String,
    },
    /// The exchange does not have these bytes, or the caller may not know of them.
    #[error("The exchange lacks the bytes of {} files", .0.len())]
    MissingBlobs(Vec<Sha256Sum>),
    /// Some paths of a directory are not as a change requires. Nothing was changed.
    #[error("{sentence}")]
    Conflicts {
        /// The reason, in the words of the exchange.
        sentence: String,
        /// The paths.
        paths: Vec<String>,
    },
    /// The request cannot be made.
    #[error("{0}")]
    Impossible(String),
}

impl Error {
    /// Returns the HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::Before { status, .. } => Some(*status),
            Self::Conflicts { .. } | Self::MissingBlobs(_) => Some(409),
            _ => None,
        }
    }
}

/// Returns advice on a refusal with this status.
fn hint(status: u16) -> &'static str {
    match status {
        401 => ". Is JUPYTERHUB_API_TOKEN a token of the hub that the exchange belongs to?",
        403 => ". Ask an instructor of the course, or an administrator of the exchange",
        413 | 507 => ". Ask the administrators of the exchange",
        429 | 502..=504 => ". Try again in a moment",
        _ => "",
    }
}

/// Returns advice on such a reply of a program before the exchange.
fn hint_before(status: u16) -> &'static str {
    match status {
        // These are about the request. It does not matter which program sends them.
        413 | 429 | 502..=504 | 507 => hint(status),
        _ => ". Tell the administrators of your JupyterHub",
    }
}
