//! Turns a request into a [`Caller`]; there is no other way to get one.
//!
//! Three ways lead here. With a hub (`with_hub`): a token that the hub vouches for (`token`, `hub`, `cache`), and the
//! session of a browser that has logged in there (`oauth`, `session`, `page_tokens`, `same_site`); `accounts` tells namesakes apart.
//! Without one: the caller's own word (`standalone`). `strangers` keeps those who make up tokens from keeping the hub busy.
//! Nothing in this room is decided about courses, and nothing secret is ever logged. Since the
//! signing key is here, so is what signs receipts with it (`receipts`).

mod accounts;
mod admins;
mod cache;
mod caller;
mod checkup;
mod clock;
mod error;
mod groups;
mod hub;
mod instance;
mod jwt;
mod key;
mod next_page;
mod oauth;
mod page_tokens;
mod rates;
mod receipts;
mod same_site;
mod session;
mod spent;
mod standalone;
mod strangers;
mod tally;
mod token;
mod with_hub;

#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use checkup::{Checkup, HubSays, check_up};
pub use error::{AuthError, SetupError};
pub use groups::GroupList;
pub use instance::Instance;
pub use key::{KEY_FILE, KeyError, SigningKey};
pub use nbcourier_identity::{CallerKind, Credential};
pub use oauth::Redirect;
pub use page_tokens::PageTokens;
pub use rates::Rates;
pub use receipts::ReceiptSigner;
pub use tally::HubTally;
pub use with_hub::HubSettings;

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use admins::Admins;
use cache::Lifetimes;
use hub::TimeLimits;
use std::sync::Arc;
use with_hub::{Asked, Hub};

/// Finds out who calls. Cheap to clone; all clones share one memory of the hub's answers.
#[derive(Clone)]
pub struct Authenticator(Arc<Mode>);

enum Mode {
    Hub(Box<Hub>),
    Standalone(Admins),
}

impl Authenticator {
    /// Callers are whom the hub knows. Asks the hub nothing yet.
    pub fn hub(settings: HubSettings) -> Result<Self, SetupError> {
        let lifetimes = Lifetimes::new(settings.cache_ttl, settings.grace);
        let hub = Hub::new(settings, lifetimes, TimeLimits::default())?;
        Ok(Self(Arc::new(Mode::Hub(Box::new(hub)))))
    }

    /// Callers are who they say they are. For trying the exchange out on one's own machine.
    pub fn standalone(admins: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(Mode::Standalone(Admins::new(admins, false))))
    }

    /// Who makes this request; `body_user` is the argument `user` of its body, which counts only without a hub.
    ///
    /// A token counts before a session: a bad one is an error even beside a good cookie. By session, reading and changing
    /// each need a token of a page of ours, else `NoProof`; `CrossSite` when the browser says that another site asks.
    pub async fn authenticate(
        &self,
        request: &HttpRequest,
        body_user: Option<&str>,
    ) -> Result<Caller, AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => hub.authenticate(request, Asked::Data).await,
            Mode::Standalone(admins) => standalone::identify(admins, request, body_user),
        }
    }

    /// Who opens a page. By session, it is given the tokens for what the page does next.
    ///
    /// `NotOpenedAsPage` when there is no token and the browser says that it is not about to show the reply as a page.
    pub async fn authenticate_page(&self, request: &HttpRequest) -> Result<Caller, AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => hub.authenticate(request, Asked::Page).await,
            Mode::Standalone(admins) => standalone::identify(admins, request, None),
        }
    }

    /// Who sends a form of a page of ours, with the session's token for changes in a field.
    pub async fn authenticate_form(
        &self,
        request: &HttpRequest,
        csrf_field: Option<&str>,
    ) -> Result<Caller, AuthError> {
        match &*self.0 {
            Mode::Hub(hub) => hub.authenticate(request, Asked::Form(csrf_field)).await,
            Mode::Standalone(admins) => standalone::identify(admins, request, None),
        }
    }

    /// `ForeignHost` when, without a hub, somebody asks for another host than this machine.
    pub fn check_host(&self, request: &HttpRequest) -> Result<(), AuthError> {
        match &*self.0 {
            Mode::Hub(_) => Ok(()),
            Mode::Standalone(_) => standalone::check_host(request),
        }
    }

    /// `CrossSite` when a page elsewhere may have made a browser ask for this: for a GET that changes something.
    pub fn check_own_page(&self, request: &HttpRequest) -> Result<(), AuthError> {
        if same_site::may_be_foreign(request) {
            return Err(AuthError::CrossSite);
        }
        Ok(())
    }

    /// The names of those listed as administrators, sorted.
    pub fn admins(&self) -> Vec<&str> {
        match &*self.0 {
            Mode::Hub(hub) => hub.admins().names(),
            Mode::Standalone(admins) => admins.names(),
        }
    }

    /// Whether browsers can log in, so that pages may send them there.
    pub fn has_login(&self) -> bool {
        matches!(*self.0, Mode::Hub(_))
    }

    /// How often the hub was asked, and what came of it; `None` without a hub.
    pub fn hub_tally(&self) -> Option<&HubTally> {
        self.of_hub().ok().map(Hub::tally)
    }

    /// Every group of the hub with its members, as far as the service's own token may know; `None` without a hub.
    pub async fn groups(&self) -> Option<GroupList> {
        match &*self.0 {
            Mode::Hub(hub) => Some(hub.groups().await),
            Mode::Standalone(_) => None,
        }
    }

    /// Sends a browser to log in with the hub, and then to `next` if that is a page below our prefix.
    ///
    /// `NoLogin` without a hub.
    pub fn begin_login(
        &self,
        request: &HttpRequest,
        next: Option<&str>,
    ) -> Result<Redirect, AuthError> {
        self.of_hub()?.oauth.begin(request, next)
    }

    /// Begins a session for a browser that comes back from the hub, a new one whatever cookies it had before, and tells who
    /// logged in.
    ///
    /// `BadState` when this browser has not begun this login, `Refused` when the hub says no, `HubUnavailable`,
    /// `NoLogin` without a hub.
    pub async fn finish_login(
        &self,
        request: &HttpRequest,
    ) -> Result<(Redirect, Caller), AuthError> {
        self.of_hub()?.finish_login(request).await
    }

    /// A cookie that ends the browser's session, if it has one; `NoProof` or `CrossSite` when no page of ours asked for that.
    pub fn end_session(
        &self,
        request: &HttpRequest,
        csrf_field: Option<&str>,
    ) -> Result<Cookie<'static>, AuthError> {
        self.of_hub()?.end_session(request, csrf_field)
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
