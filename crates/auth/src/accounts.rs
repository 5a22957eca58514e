//! Asks the hub when it made the account that a token belongs to. The time distinguishes two accounts that had the
//! same name.
//!
//! JupyterHub 5.5 and 6.1 return `created` in `GET /user` only to tokens with the scope `read:users` for their owner.
//! Tokens of notebook servers lack that scope. `GET /users/NAME` returns it to a service with that scope. A token
//! belongs to one account as long as it lives, so the question is asked once for each token, not each time its owner
//! is looked up.

use super::CallerKind;
use super::hub::{AccountAnswer, HubClient, HubUser, Outage};
use super::token::{Token, TokenHash};
use moka::future::Cache;
use nbcourier_domain::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time for which the answer about a token is valid.
const LIFETIME: Duration = Duration::from_hours(1);
/// The time for which a hub that reports no creation time is not asked about any.
const PAUSE: Duration = Duration::from_mins(10);

/// A hub that is asked when accounts were created.
pub(super) struct Accounts {
    hub: HubClient,
    /// The service's own token.
    token: Token,
    known: Cache<TokenHash, Option<Timestamp>>,
    withheld: Mutex<Withheld>,
}

#[derive(Default)]
struct Withheld {
    announced: bool,
    until: Option<Instant>,
}

impl Accounts {
    /// Creates a memory of the accounts of at most `most` tokens.
    pub(super) fn new(hub: HubClient, token: Token, most: u64) -> Self {
        Self {
            hub,
            token,
            known: Cache::builder()
                .max_capacity(most)
                .time_to_live(LIFETIME)
                .build(),
            withheld: Mutex::default(),
        }
    }

    /// Returns the owner of the token, with the time of their account where the hub reports it.
    ///
    /// Fails when a hub that reports such times does not answer, because the identity would be incomplete.
    pub(super) async fn complete(
        &self,
        token: TokenHash,
        mut user: HubUser,
    ) -> Result<HubUser, Outage> {
        // A name that nobody may have is refused later. In a URL, `..` would name another address of the hub.
        let is_asked_about = user.kind == CallerKind::User && user.user_name().is_ok();
        if !is_asked_about || user.created.is_some() {
            return Ok(user);
        }
        if let Some(known) = self.known.get(&token).await {
            user.created = known;
            return Ok(user);
        }
        if self.is_withheld() {
            return Ok(user);
        }
        match self.hub.account_of(&user.name, &self.token).await {
            AccountAnswer::MadeAt(time) => user.created = Some(time),
            AccountAnswer::NotThisOne => {}
            AccountAnswer::None => {
                self.note_withheld();
                return Ok(user);
            }
            AccountAnswer::Unavailable(outage) => return Err(outage),
        }
        self.known.insert(token, user.created).await;
        Ok(user)
    }

    fn is_withheld(&self) -> bool {
        let withheld = self.withheld.lock().unwrap_or_else(PoisonError::into_inner);
        withheld.until.is_some_and(|time| Instant::now() < time)
    }

    fn note_withheld(&self) {
        let mut withheld = self.withheld.lock().unwrap_or_else(PoisonError::into_inner);
        withheld.until = Instant::now().checked_add(PAUSE);
        if !std::mem::replace(&mut withheld.announced, true) {
            log::info!(
                "The hub does not report when accounts were created, so a user name that is used again gets what the former \
                 owner left. Grant the service the scope read:users, or run nbcourier user retire when somebody leaves"
            );
        }
    }
}
