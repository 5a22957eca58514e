//! Why an exchange was asked in vain.

/// The sentence says what to do about it, where that is known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers.
    #[error(
        "The exchange at {way} does not answer ({reason}). Is that the right address, and is it running? {advice}"
    )]
    Unreachable {
        /// Its address, and the proxy on the way there.
        way: String,
        /// What was tried and how it went.
        reason: String,
        /// What to do if the address is the wrong one.
        advice: String,
    },
    /// Somebody answers, but no exchange.
    #[error("What answers at {way} is no exchange ({reason}). {advice}")]
    NoExchange {
        /// The address, and the proxy on the way there.
        way: String,
        /// How it answers.
        reason: String,
        /// What to do if the address is the wrong one.
        advice: String,
    },
    /// The address is another one by now, as far as can be told.
    #[error(
        "What answers at {way} redirects to {target}, where nothing was sent to: if that is the exchange's address, set \
         NBCOURIER_URL or --url to {target}"
    )]
    Moved {
        /// The address, and the proxy on the way there.
        way: String,
        /// Where it would be.
        target: String,
    },
    /// It speaks ngshare's protocol and does not know what nbcourier has beside that.
    #[error(
        "What answers at {0} does not know this request. This command needs nbcourier there: if it is ngshare or an \
         older nbcourier, ask whoever runs it; else correct the address with --url or NBCOURIER_URL"
    )]
    TooOld(String),
    /// It says no.
    #[error("{sentence}{}", hint(*.status))]
    Refused {
        /// The status of its reply.
        status: u16,
        /// Why, in its own words.
        sentence: String,
    },
    /// The request cannot be made.
    #[error("{0}")]
    Impossible(String),
}

/// What somebody can do about a refusal of this kind.
fn hint(status: u16) -> &'static str {
    match status {
        401 => ". Is JUPYTERHUB_API_TOKEN a token of the hub that the exchange belongs to?",
        403 => ". Ask an instructor of the course, or an administrator of the exchange",
        413 | 507 => ". Ask whoever runs the exchange",
        429 | 502..=504 => ". Try again in a moment",
        _ => "",
    }
}

impl Error {
    /// Whether the exchange says that there is no such thing.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}
