//! Login with the hub: the authorization-code flow of OAuth 2 (RFC 6749, section 4.1) with PKCE (RFC 7636).
//!
//! A signed cookie holds the data that a login needs when it comes back, so the same browser must begin and end it.
//! Hub 6 demands PKCE and 5 ignores it. The `redirect_uri` must be literally the one that the hub knows for this
//! client, and may be a path. The token from the hub is used once to ask for its owner, then forgotten.

use super::hub::{CodeAnswer, HubAnswer, HubClient, HubUser, Outage};
use super::jwt::{Purpose, Seal};
use super::session::{cookie, random_text, removal};
use super::spent::Spent;
use super::token::TokenHash;
use super::{AuthError, next_page, same_site};
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, web};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use nbcourier_domain::RESERVED;
use percent_encoding::utf8_percent_encode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The lifetime of a login, enough to type a password.
pub(super) const LOGIN_LIFETIME: Duration = Duration::from_mins(10);
const COOKIE_PREFIX: &str = "nbcourier-login-";
/// The length of the state's part in the cookie's name, so that logins in several tabs do not disturb each other.
const STATE_IN_NAME: usize = 12;
/// The maximum number of begun logins of one browser. Older ones are forgotten, or its requests would grow.
const MAX_PENDING: usize = 8;
/// The data by which the hub knows this service.
pub(super) struct OAuthClient {
    pub(super) id: String,
    /// The service's own API token.
    pub(super) secret: String,
    pub(super) authorize_url: String,
    pub(super) callback_url: String,
}

/// Begins and ends logins.
pub(super) struct OAuth {
    pub(super) client: OAuthClient,
    pub(super) hub: HubClient,
    pub(super) seal: Arc<Seal>,
    pub(super) prefix: String,
    /// The states of successful logins, whose cookies cannot be used again.
    pub(super) finished: Spent,
}

/// The address to which a browser is sent, with the cookies to set.
pub struct Redirect {
    /// The value of the header `Location`.
    pub location: String,
    /// Cookies that the same reply sets or removes.
    pub cookies: Vec<Cookie<'static>>,
}

/// A login that came back and is valid.
pub(super) struct Login {
    pub(super) user: HubUser,
    /// The key under which the hub's answers about the login are remembered.
    pub(super) token: TokenHash,
    pub(super) next: String,
    /// The cookie that removes the cookie of this login.
    pub(super) cookie: Cookie<'static>,
}

/// The reason why a login failed.
pub(super) enum LoginFailure {
    Because(AuthError),
    HubSilent(Outage),
}

impl From<AuthError> for LoginFailure {
    fn from(error: AuthError) -> Self {
        Self::Because(error)
    }
}

#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    verifier: String,
    next: String,
}

#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

impl OAuth {
    /// Sends the browser to the hub. Afterwards the browser opens `next`, if that is one of our pages.
    pub(super) fn begin(
        &self,
        request: &HttpRequest,
        next: Option<&str>,
    ) -> Result<Redirect, AuthError> {
        let begun = Begun {
            state: random_text()?,
            verifier: random_text()?,
            next: next_page::or_home(next, &self.prefix),
        };
        let location = self.authorize_location(&begun);
        let name = cookie_name(&begun.state);
        let text = self.seal.seal(Purpose::Login, LOGIN_LIFETIME, begun)?;
        let tls = same_site::is_tls(request);
        let mut cookies = self.too_many_pending(request, tls);
        cookies.push(cookie(name, text, LOGIN_LIFETIME, &self.prefix, tls));
        Ok(Redirect { location, cookies })
    }

    /// Returns the person who logged in when the browser comes back from the hub. Asks the hub only if that is
    /// `allowed`.
    pub(super) async fn finish(
        &self,
        request: &HttpRequest,
        allowed: impl FnOnce() -> Result<(), AuthError>,
    ) -> Result<Login, LoginFailure> {
        let callback = web::Query::<Callback>::from_query(request.query_string())
            .map_err(|_| AuthError::BadState)?
            .into_inner();
        if let Some(error) = callback.error {
            return Err(refused(&format!(
                "The hub did not log you in{}: ask its administrators whether you may use this service",
                plain_code(&error)
            )));
        }
        let state = callback.state.ok_or(AuthError::BadState)?;
        let begun = self.begun(request, &state).ok_or(AuthError::BadState)?;
        let code = callback.code.ok_or(AuthError::BadState)?;
        allowed()?;
        if !self.finished.add(&begun.state).await? {
            return Err(AuthError::BadState.into());
        }
        let found = self.user_for(&code, &begun.verifier).await;
        if found.is_err() {
            // The browser may try again if the hub could not answer.
            self.finished.remove(&begun.state).await?;
        }
        let (user, token) = found?;
        Ok(Login {
            user,
            token,
            next: next_page::or_home(Some(&begun.next), &self.prefix),
            cookie: removal(
                cookie_name(&begun.state),
                &self.prefix,
                same_site::is_tls(request),
            ),
        })
    }

    fn authorize_location(&self, begun: &Begun) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&begun.verifier));
        format!(
            "{}?client_id={}&redirect_uri={}&response_type=code&state={}&code_challenge={challenge}&code_challenge_method=S256",
            self.client.authorize_url,
            utf8_percent_encode(&self.client.id, RESERVED),
            utf8_percent_encode(&self.client.callback_url, RESERVED),
            begun.state,
        )
    }

    /// Returns the login that this browser began under this state.
    fn begun(&self, request: &HttpRequest, state: &str) -> Option<Begun> {
        let name = cookie_name(state);
        let cookies = request.cookies().ok()?;
        cookies
            .iter()
            .filter(|cookie| cookie.name() == name)
            .filter_map(|cookie| self.seal.open::<Begun>(Purpose::Login, cookie.value()))
            .find(|begun| begun.state.as_bytes().ct_eq(state.as_bytes()).into())
    }

    async fn user_for(
        &self,
        code: &str,
        verifier: &str,
    ) -> Result<(HubUser, TokenHash), LoginFailure> {
        let form = [
            ("client_id", self.client.id.as_str()),
            ("client_secret", &self.client.secret),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.client.callback_url),
            ("code_verifier", verifier),
        ];
        let token = match self.hub.token_for_code(&form).await {
            CodeAnswer::Token(token) => token,
            CodeAnswer::Refused(status) => {
                log::warn!("The hub refused a login with status {}", status.as_u16());
                return Err(refused("The hub did not accept this login: log in again"));
            }
            CodeAnswer::Unavailable(outage) => return Err(LoginFailure::HubSilent(outage)),
        };
        match self.hub.owner_of(&token).await {
            HubAnswer::Known(user) => Ok((user, token.hash())),
            HubAnswer::Unknown => Err(refused("The hub does not know who logged in: log in again")),
            HubAnswer::Unavailable(outage) => Err(LoginFailure::HubSilent(outage)),
        }
    }

    fn too_many_pending(&self, request: &HttpRequest, tls: bool) -> Vec<Cookie<'static>> {
        let Ok(cookies) = request.cookies() else {
            return Vec::new();
        };
        let pending: Vec<_> = cookies
            .iter()
            .map(Cookie::name)
            .filter(|name| name.starts_with(COOKIE_PREFIX))
            .collect();
        if pending.len() < MAX_PENDING {
            return Vec::new();
        }
        pending
            .into_iter()
            .map(|name| removal(name.to_owned(), &self.prefix, tls))
            .collect()
    }
}

fn cookie_name(state: &str) -> String {
    let start: String = state.chars().take(STATE_IN_NAME).collect();
    format!("{COOKIE_PREFIX}{start}")
}

fn refused(sentence: &str) -> LoginFailure {
    LoginFailure::Because(AuthError::Refused(sentence.to_owned()))
}

// Returns one of the codes of RFC 6749, section 4.1.2.1. Other text in the address is not repeated.
fn plain_code(error: &str) -> String {
    let plain = error.len() <= 40
        && error
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain {
        format!(" ({error})")
    } else {
        String::new()
    }
}
