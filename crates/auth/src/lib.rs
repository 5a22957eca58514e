//! Turns a request into a [`Caller`]; there is no other way to get one.
//!
//! With a hub (`with_hub`), a caller is identified by a token that the hub vouches for (`token`, `hub`, `cache`), or
//! by the session of a browser that has logged in there (`oauth`, `session`, `page_tokens`, `same_site`). `accounts`
//! distinguishes two accounts of the same name. Without a hub, the caller's own claim counts (`standalone`).
//! `unknown_tokens` limits questions to the hub about invented tokens. This crate decides nothing about courses, and it
//! never logs a secret. It also signs receipts (`receipts`), because it holds the signing key.

mod accounts;
mod admins;
mod cache;
mod caller;
mod checkup;
mod clock;
mod error;
mod form;
mod groups;
mod hook;
mod hub;
mod instance;
mod jwt;
mod key;
mod metrics;
mod next_page;
mod oauth;
mod page_tokens;
mod presence;
mod rates;
mod receipts;
mod same_site;
mod session;
mod spent;
mod standalone;
mod tickets;
mod token;
mod unknown_tokens;
mod vault;
mod with_hub;

#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use checkup::{Checkup, HubSays, check_up};
pub use error::{AuthError, SetupError};
pub use form::SentForm;
pub use groups::GroupList;
pub use hook::HookProof;
pub use instance::Instance;
pub use key::{KEY_FILE, KeyError, SigningKey};
pub use metrics::HubMetrics;
pub use nbcourier_identity::{CallerKind, Credential};
pub use next_page::page_below;
pub use oauth::Redirect;
pub use page_tokens::PageTokens;
pub use presence::{Sighting, Sightings};
pub use rates::Rates;
pub use receipts::ReceiptSigner;
pub use spent::{Answer, SharedEnds};
pub use tickets::{Place, Showing, Ticket, Tickets};
pub use vault::{Secret, Vault};
pub use with_hub::HubSettings;

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use admins::Admins;
use cache::Lifetimes;
use hub::TimeLimits;
use standalone::Standalone;
use std::sync::Arc;
use with_hub::{Hub, RequestKind};

/// Authentication of callers. Cheap to clone; all clones share one memory of the hub's answers.
#[derive(Clone)]
pub struct Authenticator(Arc<Mode>);

enum Mode {
    Hub(Box<Hub>),
    Standalone(Standalone),
}

impl Authenticator {
    /// Creates authentication by a hub. Asks the hub nothing yet.
    pub fn hub(settings: HubSettings) -> Result<Self, SetupError> {
        let lifetimes = Lifetimes::new(settings.cache_ttl, settings.grace);
        let hub = Hub::new(settings, lifetimes, TimeLimits::default())?;
        Ok(Self(Arc::new(Mode::Hub(Box::new(hub)))))
    }

    /// Creates authentication by the caller's own claim, for trying the exchange out on one's own machine.
    /// The key makes the tokens of pages.
    pub fn standalone(admins: impl IntoIterator<Item = String>, key: &SigningKey) -> Self {
        Self(Arc::new(Mode::Standalone(Standalone::new(admins, key))))
    }

    /// Returns the caller of this request. `body_user` is the argument `user` of its body, which counts only without
    /// a hub.
    ///
    /// A token takes precedence over a session: a bad token is an error even beside a good cookie. By session,
    /// reading and changing each need a token of one of our pages. Fails with `NoProof` without it, and with
    /// `CrossSite` when the browser reports that another site sent the request.
    pub async fn authenticate(
        &self,
        request: &HttpRequest,
        body_user: Option<&str>,
    ) -> Result<Caller, AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => hub.authenticate(request, RequestKind::Data).await,
            Mode::Standalone(standalone) => standalone.identify(request, body_user),
        }
    }

    /// Returns the person who opens a page. By session, the caller carries the tokens that the page needs next.
    ///
    /// Fails with `NotOpenedAsPage` when there is no token and the browser reports that it will not show the reply as
    /// a page.
    pub async fn authenticate_page(&self, request: &HttpRequest) -> Result<Caller, AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => hub.authenticate(request, RequestKind::Page).await,
            Mode::Standalone(standalone) => standalone.open_page(request),
        }
    }

    /// Returns the person whose browser sends a form of a page. Nothing may be changed for them before the form is
    /// checked by [`SentForm::check`].
    pub async fn authenticate_form(&self, request: &HttpRequest) -> Result<SentForm, AuthError> {
        let caller = match &*self.0 {
            Mode::Hub(hub) => hub.authenticate(request, RequestKind::Form).await?,
            Mode::Standalone(standalone) => standalone.open_page(request)?,
        };
        Ok(SentForm::new(caller))
    }

    /// Returns the cookie by which a browser keeps a name in stand-alone mode. Fails with `NoLogin` with a hub, and with
    /// `Refused` for a name that cannot be a user's.
    pub fn claim(
        &self,
        request: &HttpRequest,
        name: &str,
        prefix: &str,
    ) -> Result<Cookie<'static>, AuthError> {
        match &*self.0 {
            Mode::Hub(_) => Err(AuthError::NoLogin),
            Mode::Standalone(_) => standalone::claim(request, name, prefix),
        }
    }

    /// Fails with `ForeignHost` when, without a hub, the request is for another host than this machine.
    pub fn check_host(&self, request: &HttpRequest) -> Result<(), AuthError> {
        match &*self.0 {
            Mode::Hub(_) => Ok(()),
            Mode::Standalone(_) => standalone::check_host(request),
        }
    }

    /// Fails with `CrossSite` when another site's page may have made a browser send this: for a GET that changes
    /// something.
    pub fn check_own_page(&self, request: &HttpRequest) -> Result<(), AuthError> {
        if same_site::may_be_foreign(request) {
            return Err(AuthError::CrossSite);
        }
        Ok(())
    }

    /// Returns the names of the listed administrators, sorted.
    pub fn admins(&self) -> Vec<&str> {
        match &*self.0 {
            Mode::Hub(hub) => hub.admins().names(),
            Mode::Standalone(standalone) => standalone.admins().names(),
        }
    }

    /// Whether browsers can log in, so that pages may send them there.
    pub fn has_login(&self) -> bool {
        matches!(*self.0, Mode::Hub(_))
    }

    /// Returns the metrics of the questions to the hub. `None` without a hub.
    pub fn hub_metrics(&self) -> Option<&HubMetrics> {
        self.of_hub().ok().map(Hub::metrics)
    }

    /// Returns every group of the hub with its members, as far as the service's own token may see them. `None`
    /// without a hub.
    pub async fn groups(&self) -> Option<GroupList> {
        match &*self.0 {
            Mode::Hub(hub) => Some(hub.groups().await),
            Mode::Standalone(_) => None,
        }
    }

    /// Returns the hub's word about the last activity of its users, which is at most five minutes old. `None` without a
    /// hub, and if the hub does not tell.
    pub async fn presence(&self) -> Option<Sightings> {
        match &*self.0 {
            Mode::Hub(hub) => hub.presence().await,
            Mode::Standalone(_) => None,
        }
    }

    /// Sends a browser to log in with the hub, and then to `next` if that is a page below our prefix.
    ///
    /// Fails with `NoLogin` without a hub.
    pub fn begin_login(
        &self,
        request: &HttpRequest,
        next: Option<&str>,
    ) -> Result<Redirect, AuthError> {
        self.of_hub()?.oauth.begin(request, next)
    }

    /// Begins a session for a browser that comes back from the hub, and returns the person who logged in. The session
    /// is always new, whatever cookies the browser had before.
    ///
    /// Fails with `BadState` when this browser has not begun this login, with `Refused` when the hub refuses, with
    /// `HubUnavailable`, and with `NoLogin` without a hub.
    pub async fn finish_login(
        &self,
        request: &HttpRequest,
    ) -> Result<(Redirect, Caller), AuthError> {
        self.of_hub()?.finish_login(request).await
    }

    /// Returns a cookie that ends the browser's session, if it has one. Fails with `NoProof` or `CrossSite` when none
    /// of our pages sent the request.
    pub async fn end_session(
        &self,
        request: &HttpRequest,
        csrf_field: Option<&str>,
    ) -> Result<Cookie<'static>, AuthError> {
        self.of_hub()?.end_session(request, csrf_field).await
    }

    async fn check_form(
        &self,
        request: &HttpRequest,
        field: Option<&str>,
    ) -> Result<(), AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => hub.check_form(request, field).await,
            Mode::Standalone(standalone) => standalone.check_form(request, field),
        }
    }

    #[cfg(test)]
    fn with_times(
        settings: HubSettings,
        lifetimes: Lifetimes,
        limits: TimeLimits,
    ) -> Result<Self, SetupError> {
        let hub = Hub::new(settings, lifetimes, limits)?;
        Ok(Self(Arc::new(Mode::Hub(Box::new(hub)))))
    }

    fn of_hub(&self) -> Result<&Hub, AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => Ok(hub),
            Mode::Standalone(_) => Err(AuthError::NoLogin),
        }
    }
}
