//! The HTTP client: sends requests and checks replies.

use super::files::Source;
use super::recognition::{Server, is_marked, recognise};
use super::token::oddity;
use super::{Error, Result};
use nbcourier_api::{ConflictingPath, Problem};
use nbcourier_domain::RESERVED;
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashSet;
use std::error::Error as _;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// The timeout of a connection attempt.
const CONNECT: Duration = Duration::from_secs(10);
/// The time for which a connection without requests is used again. The exchange closes it after 5 seconds, by the default
/// of actix-web, as the proxy of JupyterHub does by that of Node.js. A program that has been busy may not have noticed.
const UNUSED: Duration = Duration::from_secs(3);
/// The longest pause between two parts of a reply.
const SILENCE: Duration = Duration::from_mins(1);
/// The maximum number of attempts for a request that may be repeated.
const ATTEMPTS: u32 = 4;
/// The pause before the second attempt. It doubles with each further attempt.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause, even if the exchange asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The maximum length of a reply, in bytes. It exceeds any listing of a large course.
const LONGEST_REPLY: usize = 1 << 28;
/// The maximum length of all pages of a listing, in bytes. A server that always has another page takes no more memory.
pub(super) const LONGEST_LISTING: usize = 1 << 30;
/// The number of bytes for which a shorter page counts. A listing of empty pages ends, too.
const SHORTEST_PAGE: usize = 1 << 18;
/// The header of a refusal that holds the caller's name as the exchange knows it.
const CALLER: &str = "X-NbCourier-Caller";

/// How the client reaches an exchange.
#[derive(Clone)]
pub struct Address {
    /// The address below which all requests are sent.
    pub url: String,
    /// A sentence that says what to do if the address is wrong.
    pub advice: String,
    /// The proxy, and the hosts that are reached without it.
    pub proxy: Option<(String, Option<String>)>,
    /// A file or directory of PEM certificates of authorities. They are trusted in place of the system's.
    pub certificates: Option<PathBuf>,
}

impl Address {
    /// Returns the address, and the proxy without its password.
    fn shown(&self) -> String {
        let proxy = self.proxy.as_ref();
        let Some(proxy) = proxy.and_then(|(proxy, _)| reqwest::Url::parse(proxy).ok()) else {
            return self.url.clone();
        };
        format!(
            "{} through the proxy {}",
            self.url,
            proxy.origin().ascii_serialization()
        )
    }
}

/// A client that sends requests to one exchange as one caller.
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) way: Address,
    authorization: HeaderValue,
    /// A sentence about the length of the token, if it is odd.
    odd_token: Option<String>,
    /// The caller's name, which ngshare's stand-alone mode requires.
    pub(super) user: Option<String>,
}

/// The arguments or the body of a request.
pub(super) enum Body<'a> {
    Nothing,
    /// Arguments in the query of the address.
    Query(&'a [(&'a str, &'a str)]),
    /// The same, and the entity tag of a reply that is known.
    QueryUnless(&'a [(&'a str, &'a str)], &'a str),
    Json(&'a Value),
    /// The same, and the entity tag that the resource must have.
    JsonIf(&'a Value, &'a str),
    /// Bytes and files, of this content type.
    Source(&'a str, &'a Source),
    /// The same, with arguments in the query.
    QueryAndSource(&'a [(&'a str, &'a str)], &'a str, &'a Source),
    Form(&'a [(&'a str, &'a str)]),
}

/// The reply to a request.
enum Reply {
    /// From this address.
    Here(Response),
    /// A redirect to the same address over TLS, with the client for it.
    ByTls(Client),
}

/// Returns the settings that all clients for this address share.
pub(super) fn builder(url: &str) -> reqwest::ClientBuilder {
    // An error only means that a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        // A redirected request would lose its token, or carry it to another host.
        .redirect(redirect::Policy::none())
        .pool_idle_timeout(UNUSED)
        .user_agent(concat!("nbcourier/", env!("CARGO_PKG_VERSION")));
    if url.starts_with("http:") {
        // A bare container has no certificates to load, and plain HTTP needs none.
        builder.tls_certs_only([])
    } else {
        builder
    }
}

/// Builds the client. Fails with `Impossible`.
pub(super) fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    // No other part of a client can fail. A bare container has no certificates, or a variable names no usable ones.
    builder.build().map_err(|error| {
        Error::Impossible(format!(
            "The certificates for HTTPS cannot be read ({}). Install those of the system (ca-certificates), or set \
             REQUESTS_CA_BUNDLE or SSL_CERT_FILE to a file with certificates",
            with_causes(&error)
        ))
    })
}

impl Client {
    /// Returns a client for the exchange. Sends no request yet.
    pub fn new(way: Address, token: &str, user: Option<String>) -> Result<Self> {
        let http = http(&way)?;
        let mut authorization = HeaderValue::from_bytes(format!("token {token}").as_bytes())
            .map_err(|_| {
                Error::Impossible(
                    "JUPYTERHUB_API_TOKEN, or the file of --token-file, holds no token of a hub: it has several lines \
                     or invisible characters. Copy the token again"
                        .into(),
                )
            })?;
        authorization.set_sensitive(true);
        Ok(Self {
            http,
            way,
            authorization,
            odd_token: oddity(token, &[]),
            user,
        })
    }

    /// Sends a GET request. `names` are the parts of the path below the exchange's address.
    pub(super) async fn get<T: DeserializeOwned>(&self, names: &[&str]) -> Result<T> {
        self.send(Method::GET, names, Body::Nothing).await
    }

    /// Reads a listing page by page. `take` receives each page and returns the cursor of the next page, if there is
    /// one.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        names: &[&str],
        take: impl FnMut(T) -> Option<String>,
    ) -> Result<()> {
        self.pages_with(names, &[], take).await
    }

    /// Returns all items of a listing. `parts` returns the items of a page, and the cursor of the next page if there is one.
    pub(super) async fn listed<P: DeserializeOwned, T>(
        &self,
        names: &[&str],
        parts: impl Fn(P) -> (Vec<T>, Option<String>),
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let take = |page| {
            let (items, next) = parts(page);
            all.extend(items);
            next
        };
        self.pages(names, take).await?;
        Ok(all)
    }

    /// Reads a listing page by page, with arguments in the query.
    pub(super) async fn pages_with<T: DeserializeOwned>(
        &self,
        names: &[&str],
        arguments: &[(&str, &str)],
        mut take: impl FnMut(T) -> Option<String>,
    ) -> Result<()> {
        let mut seen = HashSet::new();
        let mut left = LONGEST_LISTING;
        let mut next = take(self.page(names, arguments, &mut left).await?);
        while let Some(cursor) = next {
            let mut arguments = arguments.to_vec();
            arguments.push(("cursor", &cursor));
            next = take(self.page(names, &arguments, &mut left).await?);
            if !seen.insert(cursor) {
                return Err(self.no_exchange("it sends the same page of a listing again"));
            }
        }
        Ok(())
    }

    /// Returns a page of a listing. Reads at most `left` bytes, and takes its length from `left`.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        names: &[&str],
        arguments: &[(&str, &str)],
        left: &mut usize,
    ) -> Result<T> {
        match self
            .reply(Method::GET, names, &Body::Query(arguments))
            .await?
        {
            Reply::Here(reply) => self.understood_within(reply, names, left).await,
            Reply::ByTls(again) => Box::pin(again.page(names, arguments, left)).await,
        }
    }

    /// Sends a GET request, and returns the reply before its body was received.
    pub(super) async fn receive(
        &self,
        names: &[&str],
        arguments: &[(&str, &str)],
    ) -> Result<Response> {
        let body = Body::Query(arguments);
        match Box::pin(self.reply(Method::GET, names, &body)).await? {
            Reply::Here(reply) if reply.status().is_success() => Ok(reply),
            Reply::Here(reply) => {
                let refused = self.understood::<Value>(reply, names).await;
                Err(refused
                    .err()
                    .unwrap_or_else(|| self.no_exchange("its answer has another form")))
            }
            Reply::ByTls(again) => Box::pin(again.receive(names, arguments)).await,
        }
    }

    /// Sends a GET request, and returns the reply with its entity tag, or `None` if it still has the tag that is known.
    pub(super) async fn get_if_new<T: DeserializeOwned>(
        &self,
        names: &[&str],
        arguments: &[(&str, &str)],
        known: Option<&str>,
    ) -> Result<Option<(T, Option<String>)>> {
        let body = match known {
            Some(tag) => Body::QueryUnless(arguments, tag),
            None => Body::Query(arguments),
        };
        match Box::pin(self.reply(Method::GET, names, &body)).await? {
            Reply::Here(reply) if reply.status() == StatusCode::NOT_MODIFIED && known.is_some() => {
                Ok(None)
            }
            Reply::Here(reply) => {
                let tag = reply.headers().get(ETAG);
                let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
                Ok(Some((self.understood(reply, names).await?, tag)))
            }
            Reply::ByTls(again) => Box::pin(again.get_if_new(names, arguments, known)).await,
        }
    }

    /// Sends a DELETE request.
    pub(super) async fn delete(&self, names: &[&str]) -> Result<()> {
        self.send(Method::DELETE, names, Body::Nothing).await
    }

    /// Sends a request. Repeats it after a failure if that is harmless and may succeed.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        names: &[&str],
        body: Body<'_>,
    ) -> Result<T> {
        match self.reply(method.clone(), names, &body).await? {
            Reply::Here(reply) => self.understood(reply, names).await,
            Reply::ByTls(again) => Box::pin(again.send(method, names, body)).await,
        }
    }

    async fn reply(&self, method: Method, names: &[&str], body: &Body<'_>) -> Result<Reply> {
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let result = self.build(method.clone(), names, body).send().await;
            if attempt == ATTEMPTS || !may_be_sent_again(&method, &result) {
                let reply = result.map_err(|error| self.unreachable(&error))?;
                let again = self.by_tls(&reply, names)?;
                return Ok(again.map_or(Reply::Here(reply), Reply::ByTls));
            }
            let asked = result.ok().and_then(|reply| asked_pause(&reply));
            tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE)).await;
            attempt += 1;
            pause *= 2;
        }
    }

    fn build(&self, method: Method, names: &[&str], body: &Body<'_>) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{}", self.way.url, path(names)))
            .header(AUTHORIZATION, self.authorization.clone());
        match body {
            Body::Nothing => request,
            Body::Query(arguments) => request.query(arguments),
            Body::QueryUnless(arguments, tag) => {
                request.query(arguments).header(IF_NONE_MATCH, *tag)
            }
            Body::Json(value) => request.json(value),
            Body::JsonIf(value, tag) => request.json(value).header(IF_MATCH, *tag),
            Body::Source(kind, source) => request.header(CONTENT_TYPE, *kind).body(source.body()),
            Body::QueryAndSource(arguments, kind, source) => request
                .query(arguments)
                .header(CONTENT_TYPE, *kind)
                .body(source.body()),
            Body::Form(fields) => request.form(fields),
        }
    }

    async fn understood<T: DeserializeOwned>(&self, reply: Response, names: &[&str]) -> Result<T> {
        let mut left = LONGEST_REPLY;
        self.understood_within(reply, names, &mut left).await
    }

    /// Returns what a reply of at most `left` bytes says, and takes its length from `left`.
    async fn understood_within<T: DeserializeOwned>(
        &self,
        mut reply: Response,
        names: &[&str],
        left: &mut usize,
    ) -> Result<T> {
        let status = reply.status();
        let kind = reply.headers().get(CONTENT_TYPE).cloned();
        let is_problem = kind.is_some_and(|kind| {
            kind.as_bytes()
                .starts_with(Problem::CONTENT_TYPE.as_bytes())
        });
        let caller = reply.headers().get(CALLER);
        let caller = caller
            .and_then(|name| name.to_str().ok())
            .map(str::to_owned);
        let is_marked = is_marked(&reply);
        let mut body = Vec::new();
        while let Some(part) = reply
            .chunk()
            .await
            .map_err(|error| self.unreachable(&error))?
        {
            if body.len() + part.len() > LONGEST_REPLY.min(*left) {
                return Err(self.no_exchange("its answer does not end"));
            }
            body.extend_from_slice(&part);
        }
        *left = left.saturating_sub(body.len().max(SHORTEST_PAGE));
        let said: Option<Value> = if status == StatusCode::NO_CONTENT {
            Some(Value::Null)
        } else {
            serde_json::from_slice(&body).ok().filter(Value::is_object)
        };
        let said = match said {
            Some(value) if !is_marked && has_form(status, is_problem, &value) => {
                let server = recognise(&self.http, &self.way.url).await;
                match server.map_err(|error| self.unreachable(&error))? {
                    server if server.speaks_unmarked() => Some(value),
                    Server::Marked => return Err(self.answered_before(status)),
                    _ => None,
                }
            }
            said => said,
        };
        let is_v1 = names.first() == Some(&"v1");
        match said {
            // A reply of the ngshare protocol states its success. A reply of our own API has members of its own.
            Some(value)
                if status.is_success()
                    && value["success"] != false
                    && (is_v1 || value["success"] == true) =>
            {
                serde_json::from_value(value)
                    .map_err(|_| self.no_exchange("its answer has another form"))
            }
            // The two forms of an exchange's refusals. Hubs and proxies send pages, or JSON of another form.
            Some(value)
                if (is_problem && value["status"].is_number() && value["detail"].is_string())
                    || (!is_v1 && value["success"] == false) =>
            {
                if value["type"] == Problem::MISSING_BLOBS
                    && let Ok(missing) = serde_json::from_value(value["missing"].clone())
                {
                    return Err(Error::MissingBlobs(missing));
                }
                let sentence = value["detail"].as_str().or(value["message"].as_str());
                let sentence = sentence.unwrap_or("The exchange gave no reason").to_owned();
                if value["type"] == Problem::CONFLICT
                    && let Some(paths) = conflicting(&value["conflicts"])
                {
                    return Err(Error::Conflicts { sentence, paths });
                }
                // The exchange sends this sentence for an unknown address.
                if is_v1 && status == StatusCode::NOT_FOUND && sentence == "Not found" {
                    return Err(Error::TooOld(self.way.url.clone()));
                }
                Err(Error::Refused {
                    status: status.as_u16(),
                    sentence: sentence
                        + &known_as(status, caller.as_deref())
                        + &self.odd_token(status),
                })
            }
            Some(value) if is_v1 && value["success"] == false => {
                Err(Error::TooOld(self.way.url.clone()))
            }
            _ if is_v1 && status == StatusCode::NOT_FOUND && self.is_there().await => {
                Err(Error::TooOld(self.way.url.clone()))
            }
            _ if status.as_u16() == 413 || status.as_u16() == 429 || status.is_server_error() => {
                Err(self.answered_before(status))
            }
            None if status.is_success() && serde_json::from_slice::<Value>(&body).is_ok() => {
                Err(self.no_exchange("nothing in its answer says that it is one"))
            }
            _ => Err(self.no_exchange(&format!("it answers \"{status}\""))),
        }
    }

    /// Whether an exchange answers at all, or an ngshare.
    async fn is_there(&self) -> bool {
        let server = recognise(&self.http, &self.way.url).await;
        server.is_ok_and(|server| server != Server::Stranger)
    }

    /// Returns the error for the reply of a program between here and the exchange.
    fn answered_before(&self, status: StatusCode) -> Error {
        Error::Before {
            way: self.way.shown(),
            status: status.as_u16(),
            reason: status.to_string(),
            advice: self.way.advice.clone(),
        }
    }

    /// Returns the same client over TLS if the redirect changes only that. Returns an error that names the target of
    /// any other redirect.
    fn by_tls(&self, reply: &Response, names: &[&str]) -> Result<Option<Self>> {
        if !reply.status().is_redirection() {
            return Ok(None);
        }
        let target = reply
            .headers()
            .get(LOCATION)
            .and_then(|to| to.to_str().ok());
        let target = target.and_then(|target| reply.url().join(target).ok());
        let Some(mut target) = target else {
            return Ok(None);
        };
        target.set_query(None);
        target.set_fragment(None);
        let asked = reply.url();
        if target.path() != asked.path() {
            return Err(self.no_exchange(&format!("it redirects to {target}")));
        }
        let is_upgrade = (asked.scheme(), target.scheme()) == ("http", "https")
            && (asked.port(), target.port()) == (None, None)
            && asked.host_str() == target.host_str()
            && target.username().is_empty();
        let target = target
            .as_str()
            .strip_suffix(&path(names))
            .unwrap_or(target.as_str());
        if !is_upgrade {
            return Err(Error::Moved {
                way: self.way.shown(),
                target: target.to_owned(),
            });
        }
        let way = Address {
            url: target.to_owned(),
            ..self.way.clone()
        };
        Ok(Some(Self {
            http: http(&way)?,
            way,
            authorization: self.authorization.clone(),
            odd_token: self.odd_token.clone(),
            user: self.user.clone(),
        }))
    }

    /// Returns what to add to the refusal of an unknown caller.
    fn odd_token(&self, status: StatusCode) -> String {
        let hint = self.odd_token.as_ref();
        let hint = hint.filter(|_| status == StatusCode::UNAUTHORIZED);
        hint.map_or_else(String::new, |hint| format!(". {hint}"))
    }

    fn no_exchange(&self, reason: &str) -> Error {
        Error::NoExchange {
            way: self.way.shown(),
            reason: reason.to_owned(),
            advice: self.way.advice.clone(),
        }
    }

    /// Hands the bytes of a reply to `take` piece by piece. The inner error is that of `take`, which ends the transfer.
    pub(super) async fn pour(
        &self,
        mut reply: Response,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>> {
        loop {
            match reply.chunk().await {
                Ok(None) => return Ok(Ok(())),
                Ok(Some(bytes)) => {
                    if let Err(error) = take(&bytes) {
                        return Ok(Err(error));
                    }
                }
                Err(error) => return Err(self.unreachable(&error)),
            }
        }
    }

    pub(super) fn unreachable(&self, error: &reqwest::Error) -> Error {
        Error::Unreachable {
            way: self.way.shown(),
            reason: with_causes(error),
            advice: self.way.advice.clone(),
        }
    }
}

/// Returns the paths of conflicts, if there are any.
fn conflicting(conflicts: &Value) -> Option<Vec<String>> {
    let conflicts: Vec<ConflictingPath> = serde_json::from_value(conflicts.clone()).ok()?;
    let paths = conflicts.into_iter().map(|conflict| conflict.path);
    Some(paths.collect()).filter(|paths: &Vec<String>| !paths.is_empty())
}

/// Whether the reply has the form of an exchange's success or refusal.
fn has_form(status: StatusCode, is_problem: bool, value: &Value) -> bool {
    status.is_success() || is_problem || value["success"] == false
}

fn path(names: &[&str]) -> String {
    names.iter().fold(String::new(), |path, name| {
        format!("{path}/{}", utf8_percent_encode(name, RESERVED))
    })
}

/// Returns an HTTP client that uses this way and no other proxy: no other host may receive the token.
fn http(way: &Address) -> Result<reqwest::Client> {
    let mut builder = builder(&way.url)
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .no_proxy();
    if let Some(path) = &way.certificates
        && way.url.starts_with("https:")
    {
        builder = builder.tls_certs_only(authorities(path)?);
    }
    if let Some((url, except)) = &way.proxy {
        let proxy = reqwest::Proxy::all(url).map_err(|_| {
            Error::Impossible("The proxy of the environment has no usable address".into())
        })?;
        let except = except.as_deref().and_then(reqwest::NoProxy::from_string);
        builder = builder.proxy(proxy.no_proxy(except));
    }
    build(builder)
}

/// Reads the certificates to trust.
fn authorities(path: &Path) -> Result<Vec<Certificate>> {
    let unusable = |reason: String| {
        Error::Impossible(format!(
            "The certificates in {} (REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE) cannot be read: {reason}",
            path.display()
        ))
    };
    let mut found = Vec::new();
    for file in certificate_files(path).map_err(|error| unusable(error.to_string()))? {
        let pem = fs::read(&file).map_err(|error| unusable(error.to_string()))?;
        let bundle = Certificate::from_pem_bundle(&pem);
        found.extend(bundle.map_err(|error| unusable(with_causes(&error)))?);
    }
    if found.is_empty() {
        return Err(unusable("the file contains no certificate in PEM".into()));
    }
    Ok(found)
}

fn certificate_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
    let files: io::Result<Vec<PathBuf>> = entries.collect();
    Ok(files?.into_iter().filter(|file| file.is_file()).collect())
}

/// Returns the part of a refusal's message that names the caller. The name is percent-encoded in the header.
fn known_as(status: StatusCode, caller: Option<&str>) -> String {
    let Some(caller) = caller.filter(|_| status == StatusCode::FORBIDDEN) else {
        return String::new();
    };
    let caller = percent_decode_str(caller).decode_utf8_lossy();
    let caller: String = caller
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    let mut sentence = format!(". The exchange knows you as '{caller}'");
    if caller.starts_with("service:") {
        let _ = write!(
            sentence,
            ": an administrator admits a service of the hub with `nbcourier roster add COURSE {caller} --role \
             instructor`"
        );
    }
    sentence
}

/// Whether another attempt may succeed and is harmless: the exchange has certainly done nothing yet, or may do it
/// twice.
fn may_be_sent_again(method: &Method, result: &reqwest::Result<Response>) -> bool {
    let repeatable = matches!(*method, Method::GET | Method::PUT);
    match result {
        Ok(reply) => match reply.status().as_u16() {
            // An exchange sends these before it starts to process a request. A proxy sends them when it has no server
            // to ask.
            429 | 503 => true,
            502 | 504 => repeatable,
            _ => false,
        },
        // A wrong name or address stays wrong, and the user is waiting. But a server may be restarting.
        Err(error) => repeatable && !error.is_connect() && !error.is_builder(),
    }
}

fn asked_pause(reply: &Response) -> Option<Duration> {
    let seconds = reply.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.parse().ok().map(Duration::from_secs)
}

// reqwest's own message is only "error sending request". Its causes say what happened.
pub(super) fn with_causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let separator = if text.is_empty() { "" } else { ": " };
        let _ = write!(text, "{separator}{error}");
        cause = error.source();
    }
    if text.is_empty() {
        return error.to_string();
    }
    text
}
