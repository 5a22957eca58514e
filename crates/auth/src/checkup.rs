//! A single check of the hub, for operators who want to know whether it works.

use super::hub::{CodeAnswer, HubAnswer, HubClient, TimeLimits};
use super::token::Token;
use super::{CallerKind, GroupList, SetupError};
use std::time::{Duration, Instant, SystemTime};

/// The result of the check.
#[derive(Debug)]
pub struct Checkup {
    /// The hub's answer about our token.
    pub says: HubSays,
    /// The duration of that answer.
    pub took: Duration,
    /// The seconds by which the hub's clock is ahead of ours, where it reported the time.
    pub clock_ahead: Option<i64>,
    /// The hub's version, where it reported one.
    pub version: Option<String>,
    /// The hub's groups, as far as it lists them to us.
    pub groups: Option<GroupList>,
    /// Whether the hub accepts our token as the secret of this OAuth client. `None` when that could not be found out.
    pub accepts_login: Option<bool>,
}

/// The hub's answer about our token.
#[derive(Debug, PartialEq, Eq)]
pub enum HubSays {
    /// The token has an owner.
    Known {
        /// The owner's name.
        name: String,
        /// The owner's kind.
        kind: CallerKind,
        /// The scopes of the token.
        scopes: Vec<String>,
    },
    /// There is no such token.
    UnknownToken,
    /// The hub does not answer as a hub does. The sentence says how.
    NoSense(String),
    /// The hub does not answer. The sentence says why.
    Silent(String),
}

/// Asks the hub at that address about our own token. Changes nothing.
pub async fn check_up(
    api_url: &str,
    api_token: &str,
    client_id: &str,
) -> Result<Checkup, SetupError> {
    let hub = HubClient::new(api_url, TimeLimits::default())?;
    let token = Token::parse(api_token).ok_or(SetupError::ApiToken)?;
    let begun = Instant::now();
    let (answer, time) = hub.owner_and_time(&token).await;
    let mut checkup = Checkup {
        says: match answer {
            HubAnswer::Known(user) => HubSays::Known {
                name: user.name,
                kind: user.kind,
                scopes: user.scopes,
            },
            HubAnswer::Unknown => HubSays::UnknownToken,
            HubAnswer::Unavailable(outage) if outage.silent => HubSays::Silent(outage.reason),
            HubAnswer::Unavailable(outage) => HubSays::NoSense(outage.reason),
        },
        took: begun.elapsed(),
        clock_ahead: time.and_then(ahead),
        version: None,
        groups: None,
        accepts_login: None,
    };
    if let HubSays::Known { .. } = checkup.says {
        checkup.version = hub.version().await;
        checkup.groups = Some(hub.groups(&token).await);
        checkup.accepts_login = accepts_login(&hub, &token, client_id).await;
    }
    Ok(checkup)
}

fn ahead(time: SystemTime) -> Option<i64> {
    let (sign, differ) = match time.duration_since(SystemTime::now()) {
        Ok(ahead) => (1, ahead),
        Err(behind) => (-1, behind.duration()),
    };
    // Rounding to seconds and the time of transfer do not count as a difference.
    let seconds = differ.saturating_sub(Duration::from_secs(1)).as_secs();
    i64::try_from(seconds).ok().map(|seconds| sign * seconds)
}

/// A hub checks the client before it checks the code (RFC 6749, section 5.2: `invalid_client` is a 401).
async fn accepts_login(hub: &HubClient, token: &Token, client_id: &str) -> Option<bool> {
    let form = [
        ("client_id", client_id),
        ("client_secret", token.reveal()),
        ("grant_type", "authorization_code"),
        ("code", "of-no-login"),
        ("redirect_uri", ""),
    ];
    match hub.token_for_code(&form).await {
        CodeAnswer::Refused(status) if status.as_u16() == 401 => Some(false),
        CodeAnswer::Refused(status) if status.as_u16() == 400 => Some(true),
        _ => None,
    }
}
