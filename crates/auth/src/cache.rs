//! Memory of the hub's answers, so that the hub is asked about a token once a minute and not for every request.
//!
//! While the hub does not answer, its last answer about a token stays valid for a grace time. A token that the hub
//! refused is forgotten at once.

use super::accounts::Accounts;
use super::clock::Clock;
use super::hub::{HubAnswer, HubClient, HubUser, Outage};
use super::token::{Token, TokenHash};
use super::unknown_tokens::{Origin, UnknownTokens};
use super::{AuthError, HubMetrics};
use moka::{Expiry, future::Cache};
use nbcourier_domain::Span;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::SemaphorePermit;

/// The minimum time for which a token that the hub knew is not counted as a stranger's.
const ACQUAINTED: Duration = Duration::from_mins(10);

/// The lifetimes of answers, and the clock that measures them.
#[derive(Clone)]
pub(super) struct Lifetimes {
    pub(super) clock: Clock,
    /// Lifetime of an answer that names an owner. With zero, every request asks the hub, but simultaneous requests
    /// share one question.
    pub(super) known: Duration,
    /// Lifetime of the answer that there is no such token.
    pub(super) unknown: Duration,
    /// Lifetime of a failure to answer, so that not every request waits for the hub.
    pub(super) outage: Duration,
    /// The additional time for which a known owner counts while the hub does not answer.
    pub(super) grace: Duration,
}

impl Lifetimes {
    pub(super) fn new(known: Duration, grace: Duration) -> Self {
        Self {
            clock: Clock::default(),
            known,
            unknown: Duration::from_secs(5),
            outage: Duration::from_secs(5),
            grace,
        }
    }
}

#[derive(Clone)]
enum Answer {
    Known(Arc<HubUser>),
    /// The hub does not answer, but it knew the token not long ago.
    Remembered(Arc<HubUser>),
    Unknown,
    Unavailable,
}

impl Lifetimes {
    fn of(&self, answer: &Answer) -> Duration {
        match answer {
            Answer::Known(_) => self.known,
            Answer::Unknown => self.unknown,
            Answer::Remembered(_) | Answer::Unavailable => self.outage,
        }
    }

    /// Returns the value with an expiry that lies this time ahead.
    fn keep<T>(&self, value: T, lifetime: Duration) -> Expiring<T> {
        Expiring {
            value,
            until: self.clock.now().checked_add(lifetime),
        }
    }

    /// Whether the value has expired.
    fn is_over<T>(&self, kept: &Expiring<T>) -> bool {
        kept.until.is_some_and(|until| self.clock.now() >= until)
    }
}

/// A value and its expiry.
#[derive(Clone)]
struct Expiring<T> {
    value: T,
    /// `None` when the expiry is later than the clock can represent.
    until: Option<Instant>,
}

/// Removes expired answers from memory. [`Lifetimes`] decides whether an answer counts.
struct ByAnswer(Lifetimes);

impl Expiry<TokenHash, Expiring<Answer>> for ByAnswer {
    fn expire_after_create(
        &self,
        _: &TokenHash,
        answer: &Expiring<Answer>,
        _: Instant,
    ) -> Option<Duration> {
        Some(self.0.of(&answer.value))
    }

    fn expire_after_update(
        &self,
        _: &TokenHash,
        answer: &Expiring<Answer>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(self.0.of(&answer.value))
    }
}

/// A hub that is asked as seldom as possible.
pub(super) struct HubCache {
    hub: HubClient,
    accounts: Accounts,
    answers: Cache<TokenHash, Expiring<Answer>>,
    last_good: Cache<TokenHash, Expiring<Arc<HubUser>>>,
    acquainted: Cache<TokenHash, ()>,
    unknown_tokens: UnknownTokens,
    lifetimes: Lifetimes,
    outage: Mutex<OutageWatch>,
    metrics: HubMetrics,
}

#[derive(Default)]
struct OutageWatch {
    announced: bool,
    ask_again: Option<Instant>,
    /// The reason why the hub could not be asked the last time.
    reason: String,
}

impl HubCache {
    /// Creates a memory of at most `most` tokens, each of some hundred bytes.
    pub(super) fn new(hub: HubClient, own: Token, lifetimes: Lifetimes, most: u64) -> Self {
        Self {
            accounts: Accounts::new(hub.clone(), own, most),
            hub,
            answers: Cache::builder()
                .max_capacity(most)
                .expire_after(ByAnswer(lifetimes.clone()))
                .build(),
            last_good: Cache::builder()
                .max_capacity(most)
                .time_to_live(lifetimes.known.saturating_add(lifetimes.grace))
                .build(),
            acquainted: Cache::builder()
                .max_capacity(most)
                .time_to_live(ACQUAINTED.max(lifetimes.known.saturating_add(lifetimes.grace)))
                .build(),
            unknown_tokens: UnknownTokens::new(),
            lifetimes,
            outage: Mutex::default(),
            metrics: HubMetrics::default(),
        }
    }

    /// Returns the owner of the token, from the hub or from memory.
    ///
    /// Fails with `UnknownToken` when the hub does not know the token, with `HubUnavailable` when the hub cannot
    /// answer and nothing is remembered, and with `TooManyUnknownTokens` when nothing is known of the token and the hub
    /// was asked too often about such tokens.
    pub(super) async fn owner_of(
        &self,
        token: &Token,
        origin: Origin,
    ) -> Result<Arc<HubUser>, AuthError> {
        let key = token.hash();
        if !self.acquainted.contains_key(&key) && !self.is_answered(&key).await {
            self.unknown_tokens.count(origin)?;
        }
        let ask = async {
            let answer = self.ask(key, token).await;
            let lifetime = self.lifetimes.of(&answer);
            self.lifetimes.keep(answer, lifetime)
        };
        let is_over = |kept: &Expiring<Answer>| self.lifetimes.is_over(kept);
        // Simultaneous requests for one token wait for the same answer.
        let answer = self.answers.entry(key).or_insert_with_if(ask, is_over);
        let answer = answer.await;
        if answer.is_fresh() {
            self.metrics.misses.inc();
        } else {
            self.metrics.hits.inc();
        }
        match answer.into_value().value {
            Answer::Known(user) | Answer::Remembered(user) => Ok(user),
            Answer::Unknown => Err(AuthError::UnknownToken),
            Answer::Unavailable => Err(self.unavailable()),
        }
    }

    async fn is_answered(&self, key: &TokenHash) -> bool {
        let answer = self.answers.get(key).await;
        answer.is_some_and(|answer| !self.lifetimes.is_over(&answer))
    }

    /// Checks that the hub may be asked about somebody who logs in.
    pub(super) fn count_login(&self, origin: Origin) -> Result<(), AuthError> {
        self.unknown_tokens.count(origin)
    }

    /// Returns the metrics of the questions to the hub.
    pub(super) fn metrics(&self) -> &HubMetrics {
        &self.metrics
    }

    /// Returns the owner of a login that has just ended, with the time of their account where the hub reports it.
    pub(super) async fn with_account(
        &self,
        token: TokenHash,
        user: HubUser,
    ) -> Result<HubUser, AuthError> {
        self.accounts.complete(token, user).await.map_err(|outage| {
            self.note_outage(&outage);
            self.unavailable()
        })
    }

    /// Returns the error for a hub that cannot be asked.
    pub(super) fn unavailable(&self) -> AuthError {
        AuthError::HubUnavailable {
            retry_after: self.lifetimes.outage.max(Duration::from_secs(1)),
            reason: self.watch().reason.clone(),
        }
    }

    async fn ask(&self, key: TokenHash, token: &Token) -> Answer {
        if self.is_known_to_be_silent()
            && let Some(user) = self.remembered(key).await
        {
            self.metrics.remembered.inc();
            return Answer::Remembered(user);
        }
        let _turn = if self.acquainted.contains_key(&key) {
            None
        } else {
            let Some(turn) = self.turn().await else {
                return Answer::Unavailable;
            };
            Some(turn)
        };
        let asked = Instant::now();
        let mut answer = self.hub.owner_of(token).await;
        self.metrics.answers.observe(asked.elapsed().as_secs_f64());
        if let HubAnswer::Known(user) = answer {
            answer = match self.accounts.complete(key, user).await {
                Ok(user) => HubAnswer::Known(user),
                Err(outage) => HubAnswer::Unavailable(outage),
            };
        }
        match answer {
            HubAnswer::Known(user) => {
                self.note_answer();
                self.metrics.known.inc();
                self.acquainted.insert(key, ()).await;
                let user = Arc::new(user);
                let longest = self.lifetimes.known.saturating_add(self.lifetimes.grace);
                let last_good = self.lifetimes.keep(Arc::clone(&user), longest);
                self.last_good.insert(key, last_good).await;
                Answer::Known(user)
            }
            HubAnswer::Unknown => {
                self.note_answer();
                self.metrics.unknown.inc();
                self.last_good.invalidate(&key).await;
                self.acquainted.invalidate(&key).await;
                Answer::Unknown
            }
            HubAnswer::Unavailable(outage) => {
                self.note_outage(&outage);
                self.metrics.unavailable.inc();
                let Some(user) = self.remembered(key).await else {
                    return Answer::Unavailable;
                };
                self.metrics.remembered.inc();
                Answer::Remembered(user)
            }
        }
    }

    /// Waits for a turn to ask about a stranger. Returns `None` when the hub stopped answering in the meantime,
    /// because the waiting requests would otherwise time out one after the other.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if let Some(turn) = self.unknown_tokens.turn_now() {
            return Some(turn);
        }
        let turn = self.unknown_tokens.turn().await;
        turn.filter(|_| !self.is_known_to_be_silent())
    }

    async fn remembered(&self, key: TokenHash) -> Option<Arc<HubUser>> {
        if self.lifetimes.grace.is_zero() {
            return None;
        }
        let last_good = self.last_good.get(&key).await?;
        (!self.lifetimes.is_over(&last_good)).then_some(last_good.value)
    }

    fn is_known_to_be_silent(&self) -> bool {
        let ask_again = self.watch().ask_again;
        ask_again.is_some_and(|time| self.lifetimes.clock.now() < time)
    }

    fn note_answer(&self) {
        let mut watch = self.watch();
        watch.ask_again = None;
        if std::mem::take(&mut watch.announced) {
            log::info!("The hub answers again");
        }
    }

    /// Logs once per outage that the hub does not answer, and keeps other requests from waiting for it.
    pub(super) fn note_outage(&self, outage: &Outage) {
        let mut watch = self.watch();
        watch.reason.clone_from(&outage.reason);
        if outage.silent {
            // Only a missing answer counts: a senseless answer for one token says nothing about the others.
            let now = self.lifetimes.clock.now();
            watch.ask_again = now.checked_add(self.lifetimes.outage);
        }
        if !std::mem::replace(&mut watch.announced, true) {
            log::warn!(
                "The hub cannot be asked who a caller is: {}. Callers it knew lately are let in for up to {}",
                outage.reason,
                Span(self.lifetimes.grace).rounded()
            );
        }
    }

    fn watch(&self) -> MutexGuard<'_, OutageWatch> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
