//! When the hub made the account that a token belongs to: by it a name that is used again is told from the name it was.
//!
//! JupyterHub 5.5 and 6.1 tell `created` in `GET /user` only to tokens with the scope `read:users` for their owner, which
//! those of notebook servers have not; and in `GET /users/NAME` to a service with that scope. A token belongs to one
//! account as long as it lives, so this is asked once for a token, not each time its owner is.

use super::CallerKind;
use super::hub::{AccountAnswer, HubClient, HubUser, Outage};
use super::token::{Token, TokenHash};
use moka::future::Cache;
use nbcourier_domain::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the answer about a token counts.
const LIFETIME: Duration = Duration::from_hours(1);
/// How long a hub that tells us of no account is not asked about any.
const PAUSE: Duration = Duration::from_mins(10);
/// Tokens remembered at most.
const MAX_ENTRIES: u64 = 100_000;

/// The hub, asked when accounts were made.
pub(super) struct Accounts {
    hub: HubClient,
    /// The service's own.
    token: Token,
    known: Cache<TokenHash, Option<Timestamp>>,
    untold: Mutex<Untold>,
}

#[derive(Default)]
struct Untold {
    announced: bool,
    until: Option<Instant>,
}

impl Accounts {
    pub(super) fn new(hub: HubClient, token: Token) -> Self {
        Self {
            hub,
            token,
            known: Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .time_to_live(LIFETIME)
                .build(),
            untold: Mutex::default(),
        }
    }

    /// The owner of that token with the time of their account, where the hub tells it.
    ///
    /// Fails when a hub that tells it does not answer: who somebody is would be half known.
    pub(super) async fn complete(
        &self,
        token: TokenHash,
        mut user: HubUser,
    ) -> Result<HubUser, Outage> {
        if user.kind != CallerKind::User || user.created.is_some() {
            return Ok(user);
        }
        if let Some(known) = self.known.get(&token).await {
            user.created = known;
            return Ok(user);
        }
        if self.is_untold() {
            return Ok(user);
        }
        match self.hub.account_of(&user.name, &self.token).await {
            AccountAnswer::MadeAt(time) => user.created = Some(time),
            AccountAnswer::NotThisOne => {}
            AccountAnswer::None => {
                self.note_untold();
                return Ok(user);
            }
            AccountAnswer::Unavailable(outage) => return Err(outage),
        }
        self.known.insert(token, user.created).await;
        Ok(user)
    }

    fn is_untold(&self) -> bool {
        let untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.until.is_some_and(|time| Instant::now() < time)
    }

    fn note_untold(&self) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.until = Instant::now().checked_add(PAUSE);
        if !std::mem::replace(&mut untold.announced, true) {
            log::info!(
                "The hub does not tell when accounts were made, so a user name that is used again gets what the former \
                 owner left. Grant the service the scope read:users, or run nbcourier user retire when somebody leaves"
            );
        }
    }
}
