//! Authenticates callers with a hub: by a token, or by the session of a browser after a login.

use super::admins::Admins;
use super::cache::{HubCache, Lifetimes};
use super::hub::{HubClient, HubUser, TimeLimits};
use super::jwt::Seal;
use super::oauth::{LOGIN_LIFETIME, LoginFailure, OAuth, OAuthClient, Redirect};
use super::page_tokens::Use;
use super::presence::{HubPresence, Sightings};
use super::session::{Session, Sessions};
use super::spent::{SharedEnds, Spent};
use super::token::Token;
use super::unknown_tokens::Origin;
use super::{
    AuthError, Caller, CallerKind, Credential, GroupList, HubMetrics, SetupError, SigningKey,
    same_site,
};
use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use nbcourier_identity::{Caller as Identity, HubGroups};
use std::sync::Arc;
use std::time::Duration;

/// The settings for a hub.
pub struct HubSettings {
    /// The URL of the hub's API, such as `http://127.0.0.1:8081/hub/api`.
    pub api_url: String,
    /// The service's own token, which is also its OAuth secret.
    pub api_token: String,
    /// The name by which the hub knows the service.
    pub service_name: String,
    /// The OAuth client ID: `service-NAME`.
    pub client_id: String,
    /// Scheme and host under which browsers reach the hub. Empty if they are those of the service.
    pub hub_host: String,
    /// The path of the hub below that host. It begins and ends with `/`.
    pub base_url: String,
    /// The address to which the hub sends browsers after a login, exactly as the hub knows it. It may be a path.
    pub callback_url: String,
    /// The path of the service. It begins and ends with `/`.
    pub prefix: String,
    /// The key that signs session cookies.
    pub signing_key: SigningKey,
    /// The memory of ended sessions and logins, if several servers share one.
    pub ends: Option<Arc<dyn SharedEnds>>,
    /// How long the hub's answer about a token is trusted. With zero, every request asks the hub.
    pub cache_ttl: Duration,
    /// Maximum number of tokens about which the hub's answers are remembered.
    pub cache_size: u64,
    /// For how much longer it is trusted while the hub does not respond.
    pub grace: Duration,
    /// Whether a token must have the scope `access:services` for this service.
    pub require_service_scope: bool,
    /// The names of administrators. A service is named `service:NAME`.
    pub admins: Vec<String>,
    /// Whether administrators of the hub are administrators here.
    pub hub_admins: bool,
}

impl HubSettings {
    /// Returns the settings of a service at JupyterHub's usual addresses, without administrators.
    pub fn usual(
        api_url: String,
        api_token: String,
        service_name: &str,
        signing_key: SigningKey,
    ) -> Self {
        let prefix = format!("/services/{service_name}/");
        Self {
            api_url,
            api_token,
            service_name: service_name.to_owned(),
            client_id: format!("service-{service_name}"),
            hub_host: String::new(),
            base_url: "/".to_owned(),
            callback_url: format!("{prefix}oauth_callback"),
            prefix,
            signing_key,
            ends: None,
            cache_ttl: Duration::from_mins(1),
            cache_size: 100_000,
            grace: Duration::from_mins(10),
            require_service_scope: false,
            admins: Vec::new(),
            hub_admins: false,
        }
    }
}

/// The kind of a request. It decides which proof a session's cookie needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// A page that the browser shows.
    Page,
    /// A form of a page. Its proof is in its body, which is read later.
    Form,
    /// Data that a program reads or changes.
    Data,
}

/// A hub, and the state that identifies its callers.
pub(super) struct Hub {
    pub(super) oauth: OAuth,
    cache: HubCache,
    /// The client for questions that callers' tokens do not permit, with the service's own token.
    own: (HubClient, Token),
    sessions: Sessions,
    admins: Admins,
    /// The scopes of which a token must have one, narrowest first. `None` if no scope is required.
    scopes: Option<[String; 2]>,
    presence: HubPresence,
}

impl Hub {
    pub(super) fn new(
        settings: HubSettings,
        lifetimes: Lifetimes,
        limits: TimeLimits,
    ) -> Result<Self, SetupError> {
        let client = HubClient::new(&settings.api_url, limits)?;
        let secret = Token::parse(&settings.api_token).ok_or(SetupError::ApiToken)?;
        let seal = Arc::new(Seal::new(&settings.signing_key, &settings.prefix));
        let scopes = settings.require_service_scope.then(|| {
            let general = "access:services".to_owned();
            [
                format!("{general}!service={}", settings.service_name),
                general,
            ]
        });
        Ok(Self {
            oauth: OAuth {
                client: OAuthClient {
                    id: settings.client_id,
                    secret: secret.reveal().to_owned(),
                    authorize_url: format!(
                        "{}{}hub/api/oauth2/authorize",
                        settings.hub_host.trim_end_matches('/'),
                        settings.base_url
                    ),
                    callback_url: settings.callback_url,
                },
                hub: client.clone(),
                seal: Arc::clone(&seal),
                prefix: settings.prefix.clone(),
                finished: Spent::new(LOGIN_LIFETIME, settings.ends.clone()),
            },
            own: (client.clone(), secret.clone()),
            cache: HubCache::new(client, secret, lifetimes, settings.cache_size),
            sessions: Sessions::new(seal, &settings.signing_key, settings.prefix, settings.ends),
            admins: Admins::new(settings.admins, settings.hub_admins),
            scopes,
            presence: HubPresence::default(),
        })
    }

    pub(super) fn admins(&self) -> &Admins {
        &self.admins
    }

    pub(super) fn metrics(&self) -> &HubMetrics {
        self.cache.metrics()
    }

    pub(super) async fn presence(&self) -> Option<Sightings> {
        let (client, token) = &self.own;
        self.presence.users(client, token).await
    }

    pub(super) async fn groups(&self) -> GroupList {
        let (client, token) = &self.own;
        client.groups(token).await
    }

    pub(super) async fn authenticate(
        &self,
        request: &HttpRequest,
        kind: RequestKind,
    ) -> Result<Caller, AuthError> {
        if let Some(token) = Token::read(request.headers())? {
            return self.by_token(&token, Origin::of(request)).await;
        }
        if kind == RequestKind::Page && !same_site::is_navigation(request) {
            return Err(AuthError::NotOpenedAsPage);
        }
        let session = self
            .sessions
            .read(request)
            .await?
            .ok_or(AuthError::Anonymous)?;
        let tokens = match kind {
            RequestKind::Page | RequestKind::Form => Some(self.sessions.page_tokens(&session)?),
            RequestKind::Data => {
                let usage = if same_site::is_safe(request.method()) {
                    Use::Reading
                } else {
                    Use::Writing
                };
                self.check_proof(request, &session, usage, None)?;
                None
            }
        };
        let caller = self.by_session(session);
        Ok(match tokens {
            Some(tokens) => caller.with_page_tokens(tokens),
            None => caller,
        })
    }

    /// Checks that a form came from one of our pages: `field` is its field `csrf_token`. A request with a token of the
    /// hub needs no such proof.
    pub(super) async fn check_form(
        &self,
        request: &HttpRequest,
        field: Option<&str>,
    ) -> Result<(), AuthError> {
        if Token::read(request.headers())?.is_some() {
            return Ok(());
        }
        let session = self.sessions.read(request).await?;
        let session = session.ok_or(AuthError::Anonymous)?;
        self.check_proof(request, &session, Use::Writing, field)
    }

    pub(super) async fn finish_login(
        &self,
        request: &HttpRequest,
    ) -> Result<(Redirect, Caller), AuthError> {
        let allowed = || self.cache.count_login(Origin::of(request));
        let login = match self.oauth.finish(request, allowed).await {
            Ok(login) => login,
            Err(LoginFailure::Because(error)) => return Err(error),
            Err(LoginFailure::HubSilent(outage)) => {
                self.cache.note_outage(&outage);
                return Err(self.cache.unavailable());
            }
        };
        self.check_scope(&login.user)?;
        let user = self.cache.with_account(login.token, login.user).await?;
        let session = self.sessions.begin(&user, same_site::is_tls(request))?;
        let redirect = Redirect {
            location: login.next,
            cookies: vec![session, login.cookie],
        };
        Ok((redirect, self.told_by_hub(&user, Credential::Session)?))
    }

    pub(super) async fn end_session(
        &self,
        request: &HttpRequest,
        csrf_field: Option<&str>,
    ) -> Result<Cookie<'static>, AuthError> {
        if let Some(session) = self.sessions.read(request).await? {
            self.check_proof(request, &session, Use::Writing, csrf_field)?;
            self.sessions.end(&session).await?;
        }
        Ok(self.sessions.removal(request))
    }

    async fn by_token(&self, token: &Token, origin: Origin) -> Result<Caller, AuthError> {
        let user = self.cache.owner_of(token, origin).await?;
        self.check_scope(&user)?;
        self.told_by_hub(&user, Credential::Token)
    }

    /// Returns the caller for a fresh answer of the hub.
    fn told_by_hub(&self, user: &HubUser, via: Credential) -> Result<Caller, AuthError> {
        let name = user.user_name()?;
        let admin = self.admins.include(&name, user.kind, user.admin);
        let groups = HubGroups::Fresh {
            names: user.groups.clone(),
            as_of: user.as_of,
        };
        let caller = Identity::new(name, user.kind, admin, via);
        Ok(caller.with_groups(groups).with_account(user.created).into())
    }

    fn by_session(&self, session: Session) -> Caller {
        let kind = CallerKind::User;
        let admin = self.admins.include(&session.name, kind, session.hub_admin);
        Identity::new(session.name, kind, admin, Credential::Session)
            .with_groups(HubGroups::AsOfLogin(session.groups))
            .with_account(session.account_made_at)
            .into()
    }

    /// Checks that the request has the session's token for that use, in the header `X-CSRF-Token` or in the form. Fails
    /// also if the browser says that another site sends the request.
    fn check_proof(
        &self,
        request: &HttpRequest,
        session: &Session,
        usage: Use,
        field: Option<&str>,
    ) -> Result<(), AuthError> {
        if same_site::is_foreign(request) {
            return Err(AuthError::CrossSite);
        }
        let given = same_site::csrf_header(request).into_iter().chain(field);
        if self.sessions.is_proved(session, usage, given) {
            Ok(())
        } else {
            Err(AuthError::NoProof)
        }
    }

    fn check_scope(&self, user: &HubUser) -> Result<(), AuthError> {
        let Some(accepted) = &self.scopes else {
            return Ok(());
        };
        if user.scopes.iter().any(|scope| accepted.contains(scope)) {
            return Ok(());
        }
        Err(AuthError::Refused(format!(
            "This token lacks the scope {}: ask for a token that holds it",
            accepted[0]
        )))
    }
}
