//! Asking the hub: who a token belongs to, and which token a login's code stands for.
//!
//! JupyterHub's REST API, as read in the sources of 5.5 and 6.1: `GET /user` answers any valid token with its owner's
//! `kind`, `name`, `admin` and `groups` and the token's `scopes`, and an invalid one with 403; a service has no groups.
//! `GET /users/NAME` answers 403 without any scope for users, 404 outside of its scopes, and leaves out what the scopes do
//! not cover.

use super::{AuthError, CallerKind, SetupError, token::Token};
use nbcourier_domain::{Group, RESERVED, Timestamp, UserName};
use percent_encoding::utf8_percent_encode;
use reqwest::header::{ACCEPT, AUTHORIZATION, DATE, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::error::Error as _;
use std::fmt::Write;
use std::time::{Duration, Instant, SystemTime};

/// The maximum size of an answer. Most have a few hundred bytes and the user's groups.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// The maximum size of a page of groups, which names all their members, or of users.
const MAX_PAGE_BYTES: usize = 32 << 20;
/// Asks the hub to say where the next page begins (JupyterHub 2 and later).
const PAGES: &str = "application/jupyterhub-pagination+json";
/// Shorter than the five seconds after which Node's HTTP server, in front of most hubs, closes an idle connection.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Time limits for the hub's answers.
#[derive(Clone, Copy)]
pub(super) struct TimeLimits {
    /// The limit for accepting a connection.
    pub(super) connect: Duration,
    /// The limit for the complete answer.
    pub(super) total: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            total: Duration::from_secs(5),
        }
    }
}

/// The owner of a token, as the hub reports it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct HubUser {
    pub(super) name: String,
    pub(super) kind: CallerKind,
    /// The hub's own admin mark.
    #[serde(default)]
    pub(super) admin: bool,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    /// The scopes of the token, not the permissions of its owner.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// The time of the hub's answer.
    #[serde(skip, default = "Instant::now")]
    pub(super) as_of: Instant,
    /// The time when the hub created the account, if the token may know it.
    #[serde(default, deserialize_with = "moment")]
    pub(super) created: Option<Timestamp>,
}

/// Parses a time. Returns `None` for a text that is not one, and says so in the log: without the time, another owner of
/// a name is not recognised.
fn moment<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Timestamp>, D::Error> {
    let value = serde_json::Value::deserialize(json)?;
    Ok(value.as_str().and_then(|text| {
        let time = Timestamp::parse(text);
        let unread = |_: &_| {
            log::warn!("The hub says when it created an account, in an unknown form: {text:?}");
        };
        time.inspect_err(unread).ok()
    }))
}

impl HubUser {
    /// Returns the name in our rosters: `service:NAME` for a service, and never that for a user.
    pub(super) fn user_name(&self) -> Result<UserName, AuthError> {
        let name = match self.kind {
            CallerKind::User => UserName::parse(self.name.as_str()),
            CallerKind::Service => UserName::of_service(&self.name),
        };
        let name = name.map_err(|_| {
            refused("The hub's name for you cannot be used here: ask for one without slashes and control characters")
        })?;
        if self.kind == CallerKind::User && name.is_reserved() {
            return Err(refused(
                "Your name on the hub begins with \"service:\", \"operator:\" or \"former:\", which no user's name may: \
                 ask for another one",
            ));
        }
        Ok(name)
    }
}

fn refused(sentence: &str) -> AuthError {
    AuthError::Refused(sentence.to_owned())
}

/// The result of asking the hub who owns a token.
#[derive(Debug, PartialEq)]
pub(super) enum HubAnswer {
    Known(HubUser),
    Unknown,
    Unavailable(Outage),
}

/// The result of asking the hub when it created an account.
pub(super) enum AccountAnswer {
    MadeAt(Timestamp),
    /// The hub does not show this account to the service, or not when it was created.
    NotThisOne,
    /// The hub shows the service no account's time.
    None,
    Unavailable(Outage),
}

/// An account, as the hub describes it to a service.
#[derive(Deserialize)]
struct Account {
    name: String,
    #[serde(default)]
    created: Created,
}

/// When the hub created an account.
#[derive(Default)]
enum Created {
    At(Timestamp),
    /// The hub does not know, as for accounts of very old hubs, or reports it in an unknown form.
    Unknown,
    /// The hub shows no such time of any account, because the service may not know it.
    #[default]
    Withheld,
}

impl<'de> Deserialize<'de> for Created {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(moment(json)?.map_or(Self::Unknown, Self::At))
    }
}

impl From<Created> for AccountAnswer {
    fn from(created: Created) -> Self {
        match created {
            Created::At(time) => Self::MadeAt(time),
            Created::Unknown => Self::NotThisOne,
            Created::Withheld => Self::None,
        }
    }
}

/// The result of asking for some of the hub's groups or users.
pub(super) enum PageAnswer<T> {
    Page(HubPage<T>),
    /// The service may not list them.
    Withheld,
    Unavailable(Outage),
}

/// Some of the hub's groups or users.
#[derive(Deserialize)]
pub(super) struct HubPage<T> {
    pub(super) items: Vec<T>,
    #[serde(default, rename = "_pagination")]
    pagination: Pagination,
    /// The number of items before the next page, if there is one.
    #[serde(skip)]
    pub(super) next: Option<usize>,
}

#[derive(Default, Deserialize)]
struct Pagination {
    next: Option<NextPage>,
}

#[derive(Deserialize)]
struct NextPage {
    offset: usize,
}

/// The result of exchanging a login's code for a token.
pub(super) enum CodeAnswer {
    Token(Token),
    Refused(StatusCode),
    Unavailable(Outage),
}

/// The reason why the hub could not be asked. It holds no secret.
#[derive(Debug, PartialEq)]
pub(super) struct Outage {
    pub(super) reason: String,
    /// The hub did not answer at all, so for a moment no other request needs to try.
    pub(super) silent: bool,
}

/// A pooled client for one hub.
#[derive(Clone)]
pub(super) struct HubClient {
    client: Client,
    user_url: String,
    groups_url: String,
    users_url: String,
    token_url: String,
}

impl HubClient {
    /// Creates a client for the hub whose API is at this address. Asks nothing yet.
    pub(super) fn new(api_url: &str, limits: TimeLimits) -> Result<Self, SetupError> {
        let url = Url::parse(api_url).map_err(|_| SetupError::ApiUrl)?;
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_credentials {
            return Err(SetupError::ApiUrl);
        }
        // An error only says that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("nbcourier/", env!("CARGO_PKG_VERSION")));
        if url.scheme() == "http" {
            // A bare container has no certificates to load, and needs none to speak plain HTTP.
            builder = builder.tls_certs_only([]);
        }
        let client = builder
            .build()
            .map_err(|error| SetupError::Client(with_causes(error)))?;
        let base = api_url.trim_end_matches('/');
        Ok(Self {
            client,
            user_url: format!("{base}/user"),
            groups_url: format!("{base}/groups"),
            users_url: format!("{base}/users"),
            token_url: format!("{base}/oauth2/token"),
        })
    }

    /// Asks who owns this token.
    pub(super) async fn owner_of(&self, token: &Token) -> HubAnswer {
        self.owner_and_time(token).await.0
    }

    /// Asks who owns this token, and returns the hub's time where it reports one.
    pub(super) async fn owner_and_time(&self, token: &Token) -> (HubAnswer, Option<SystemTime>) {
        let Some(authorization) = secret_header(token) else {
            return (HubAnswer::Unknown, None);
        };
        let request = self
            .client
            .get(&self.user_url)
            .header(AUTHORIZATION, authorization);
        let response = match send_twice(request).await {
            Ok(response) => response,
            Err(outage) => return (HubAnswer::Unavailable(outage), None),
        };
        let time = date(&response);
        (self.understand(response).await, time)
    }

    async fn understand(&self, response: Response) -> HubAnswer {
        match response.status() {
            StatusCode::OK => match json(response).await {
                Ok(user) => known(user),
                Err(outage) => HubAnswer::Unavailable(outage),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => HubAnswer::Unknown,
            StatusCode::NOT_FOUND => {
                // A hub answers this address with 200 or 403, so it is not the token that is wrong.
                log::warn!(
                    "The hub has nothing at {}: is its API URL right?",
                    self.user_url
                );
                HubAnswer::Unavailable(unexpected(StatusCode::NOT_FOUND))
            }
            status => HubAnswer::Unavailable(unexpected(status)),
        }
    }

    /// Asks for the hub's version, if it reports one.
    pub(super) async fn version(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Root {
            version: String,
        }
        let root = format!("{}/", self.user_url.strip_suffix("/user")?);
        let response = self.client.get(root).send().await.ok()?;
        let version = json::<Root>(response).await.ok()?.version;
        // The version is shown to people, so it must not hold unusual characters.
        let plain = version.len() < 30 && version.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then_some(version)
    }

    /// Asks with the service's own token when the account of that name was created.
    pub(super) async fn account_of(&self, name: &str, own: &Token) -> AccountAnswer {
        let Some(authorization) = secret_header(own) else {
            return AccountAnswer::None;
        };
        let url = format!("{}/{}", self.users_url, utf8_percent_encode(name, RESERVED));
        let request = self.client.get(url).header(AUTHORIZATION, authorization);
        let response = match send_twice(request).await {
            Ok(response) => response,
            Err(outage) => return AccountAnswer::Unavailable(outage),
        };
        match response.status() {
            StatusCode::OK => match json::<Account>(response).await {
                Ok(account) if account.name == name => account.created.into(),
                Ok(_) => AccountAnswer::NotThisOne,
                Err(outage) => AccountAnswer::Unavailable(outage),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => AccountAnswer::None,
            StatusCode::NOT_FOUND => AccountAnswer::NotThisOne,
            status => AccountAnswer::Unavailable(unexpected(status)),
        }
    }

    /// Asks with the service's own token for at most so many groups after the first `offset`.
    pub(super) async fn page_of_groups(
        &self,
        own: &Token,
        offset: usize,
        limit: usize,
    ) -> PageAnswer<Group> {
        self.page_of(&self.groups_url, own, offset, limit).await
    }

    /// Asks with the service's own token for at most so many users after the first `offset`.
    pub(super) async fn page_of_users<T: DeserializeOwned>(
        &self,
        own: &Token,
        offset: usize,
        limit: usize,
    ) -> PageAnswer<T> {
        self.page_of(&self.users_url, own, offset, limit).await
    }

    async fn page_of<T: DeserializeOwned>(
        &self,
        url: &str,
        own: &Token,
        offset: usize,
        limit: usize,
    ) -> PageAnswer<T> {
        let Some(authorization) = secret_header(own) else {
            return PageAnswer::Withheld;
        };
        let request = self
            .client
            .get(url)
            .query(&[("offset", offset), ("limit", limit)])
            .header(ACCEPT, PAGES)
            .header(AUTHORIZATION, authorization);
        let response = match send_twice(request).await {
            Ok(response) => response,
            Err(outage) => return PageAnswer::Unavailable(outage),
        };
        match response.status() {
            StatusCode::OK => match limited_json::<HubPage<T>>(response, MAX_PAGE_BYTES).await {
                Ok(mut page) => {
                    page.next = page.pagination.next.take().map(|next| next.offset);
                    PageAnswer::Page(page)
                }
                Err(outage) => PageAnswer::Unavailable(outage),
            },
            // A hub without this address does not show them, either.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                PageAnswer::Withheld
            }
            status => PageAnswer::Unavailable(unexpected(status)),
        }
    }

    /// The token that the hub gives for the code of a login (RFC 6749, section 4.1.3), asked for with this form.
    pub(super) async fn token_for_code(&self, form: &[(&str, &str)]) -> CodeAnswer {
        #[derive(Deserialize)]
        struct Grant {
            access_token: String,
        }
        let request = self.client.post(&self.token_url).form(form);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return CodeAnswer::Unavailable(outage(error)),
        };
        match response.status() {
            StatusCode::OK => match json::<Grant>(response).await {
                Ok(grant) => Token::parse(&grant.access_token).map_or_else(
                    || CodeAnswer::Unavailable(rubbish("its token is none")),
                    CodeAnswer::Token,
                ),
                Err(outage) => CodeAnswer::Unavailable(outage),
            },
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                CodeAnswer::Refused(status)
            }
            status => CodeAnswer::Unavailable(unexpected(status)),
        }
    }
}

/// Returns the time in a reply's `Date`.
fn date(response: &Response) -> Option<SystemTime> {
    let date = response.headers().get(DATE)?.to_str().ok()?;
    Some(chrono::DateTime::parse_from_rfc2822(date).ok()?.into())
}

/// Returns `token T` as a header that the client's own logs leave out.
fn secret_header(token: &Token) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("token {}", token.reveal())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn known(user: HubUser) -> HubAnswer {
    if user.name.is_empty() {
        return HubAnswer::Unavailable(rubbish("it names nobody"));
    }
    HubAnswer::Known(user)
}

// A kept connection may be closed by the other side just as it is used again. Asking twice does no harm.
async fn send_twice(request: RequestBuilder) -> Result<Response, Outage> {
    let again = request.try_clone();
    match (request.send().await, again) {
        (Err(error), Some(again)) if !error.is_timeout() && !error.is_connect() => {
            again.send().await.map_err(outage)
        }
        (result, _) => result.map_err(outage),
    }
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Outage> {
    limited_json(response, MAX_ANSWER_BYTES).await
}

async fn limited_json<T: DeserializeOwned>(
    mut response: Response,
    max_bytes: usize,
) -> Result<T, Outage> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(outage)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(rubbish("it is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    // The parser's own message may quote the answer, and with it a token.
    serde_json::from_slice(&body)
        .map_err(|_| rubbish("it is not the JSON that a hub (2 or later) sends"))
}

fn rubbish(what: &str) -> Outage {
    Outage {
        reason: format!("its answer makes no sense: {what}"),
        silent: false,
    }
}

fn unexpected(status: StatusCode) -> Outage {
    Outage {
        reason: format!("it answers with status {}", status.as_u16()),
        silent: false,
    }
}

fn outage(error: reqwest::Error) -> Outage {
    Outage {
        reason: with_causes(error),
        silent: true,
    }
}

// reqwest's message alone is "error sending request"; what happened is in the causes.
fn with_causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
