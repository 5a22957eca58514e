//! Middleware that finds the caller of every request below the prefix, and refuses unknown callers.

use crate::http::error::Error;
use crate::http::request::body::{is_too_large, is_too_slow};
use crate::http::request::user_argument;
use crate::http::request_id::RequestId;
use crate::http::state::AppState;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use nbcourier_auth::{AuthError, Caller, SentForm};
use nbcourier_exchange::{self as exchange, Exchange, accounts, groups};
use nbcourier_work::blocking;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fs::File;
use std::io::{Read, Write};
use std::pin::Pin;
use std::time::Duration;
use tempfile::NamedTempFile;

/// The caller as the exchange knows them, percent-encoded. A refusal carries it, since the caller may be somebody else
/// than the person thinks, for example a service of the hub.
const CALLER: HeaderName = HeaderName::from_static("x-nbcourier-caller");
/// Maximum number of bytes of a body that are held in memory during the search for the argument `user`.
const HELD: usize = 64 * 1024;
/// Maximum wait for the note of a caller's groups.
const NOTING: Duration = Duration::from_secs(2);
/// Number of bytes that are read back at a time.
const CHUNK: usize = 256 * 1024;

/// Middleware: finds the caller, or replies with an error.
pub async fn identify<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let found = find(&mut request).await.map(Some);
    go_on(request, next, found).await
}

/// Middleware of pages: like `identify`, but also admits unknown callers, since a page may ask them to log in. The
/// sender of a form becomes the caller only when the form is read and proves to come from one of our pages.
pub async fn identify_reader<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if !request.method().is_safe() {
        return match find_sender(&request).await {
            Ok(()) | Err(Error::Auth(AuthError::Anonymous)) => {
                Ok(next.call(request).await?.map_into_left_body())
            }
            Err(error) => Ok(request.error_response(error).map_into_right_body()),
        };
    }
    let found = match find_reader(&request).await {
        Ok(caller) => Ok(Some(caller)),
        Err(Error::Auth(AuthError::Anonymous)) => Ok(None),
        Err(error) => Err(error),
    };
    let claimed = found.as_ref().ok().and_then(Option::as_ref);
    let claimed = claimed.and_then(|caller| claim_of(&request, caller));
    let mut response = go_on(request, next, found).await?;
    if let Some(cookie) = claimed {
        // A name that no cookie can hold stays in the address.
        let _ = response.response_mut().add_cookie(&cookie);
    }
    Ok(response)
}

/// Returns the cookie for a name that the address of a page claims without a hub, so that links need not carry it.
fn claim_of(request: &ServiceRequest, caller: &Caller) -> Option<Cookie<'static>> {
    let state = AppState::of(request.request()).ok()?;
    let is_in_address = request.query_string().contains("user=");
    if !is_in_address || state.authenticator.has_login() {
        return None;
    }
    let name = caller.name().as_str();
    let cookie = state
        .authenticator
        .claim(request.request(), name, &state.prefix.0);
    cookie.ok()
}

async fn go_on<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    found: Result<Option<Caller>, Error>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    match found {
        Ok(caller) => {
            let name = caller.as_ref().map(|caller| caller.name().clone());
            if let Some(caller) = caller {
                caller.attach(&request);
            }
            let mut response = next.call(request).await?.map_into_left_body();
            if let (StatusCode::FORBIDDEN, Some(name)) = (response.status(), name) {
                let encoded = utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC).to_string();
                if let Ok(value) = HeaderValue::try_from(encoded) {
                    response.headers_mut().insert(CALLER, value);
                }
            }
            Ok(response)
        }
        // A reply instead of an error, so that the outer middleware sees it too.
        Err(error) => Ok(request.error_response(error).map_into_right_body()),
    }
}

async fn find(request: &mut ServiceRequest) -> Result<Caller, Error> {
    let state = AppState::of(request.request())?;
    let user = if state.authenticator.has_login() {
        None
    } else {
        user_in_body(request, &state).await?
    };
    let caller = state
        .authenticator
        .authenticate(request.request(), user.as_deref())
        .await?;
    admit(request.request(), &state, caller).await
}

async fn find_reader(request: &ServiceRequest) -> Result<Caller, Error> {
    let state = AppState::of(request.request())?;
    let caller = state.authenticator.authenticate_page(request.request());
    let caller = caller.await?;
    admit(request.request(), &state, caller).await
}

async fn find_sender(request: &ServiceRequest) -> Result<(), Error> {
    let state = AppState::of(request.request())?;
    if !state.pages.may_change {
        return Err(Error::PagesReadOnly);
    }
    let sent = state.authenticator.authenticate_form(request.request());
    let sent = sent.await?;
    let sender = admit(request.request(), &state, sent.sender().clone()).await?;
    sent.map(|_| sender).attach(request);
    Ok(())
}

/// Checks a caller who has just logged in, and notes their groups.
pub async fn welcome(request: &HttpRequest, caller: Caller) -> Result<(), Error> {
    let state = AppState::of(request)?;
    note(&state.exchange, &in_request(request, caller)).await
}

/// Counts the request, checks the caller, and notes their groups before the request goes on.
async fn admit(request: &HttpRequest, state: &AppState, caller: Caller) -> Result<Caller, Error> {
    let caller = in_request(request, caller);
    state.callers.count(&caller)?;
    note(&state.exchange, &caller).await?;
    Ok(caller)
}

/// Returns the caller with the ID of the request, which the events of the request carry.
fn in_request(request: &HttpRequest, caller: Caller) -> Caller {
    match request.extensions().get::<RequestId>() {
        Some(RequestId(id)) => caller.in_request(id.clone()),
        None => caller,
    }
}

/// Checks that the caller is not a new owner of an earlier account's name, and notes their groups of the hub for the
/// rosters. The permissions of the caller do not depend on that note. So a full disk or a database locked by another
/// program must not keep people from reading.
async fn note(exchange: &Exchange, caller: &Caller) -> Result<(), Error> {
    accounts::check(exchange, caller).await?;
    let noting = groups::note_groups(exchange, caller);
    match tokio::time::timeout(NOTING, noting).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::warn!("The groups of a caller could not be recorded: {error}"),
        Err(_) => log::warn!("Noting the groups of a caller takes long; it is not waited for"),
    }
    Ok(())
}

/// Returns the argument `user` of the body, by which callers name themselves without a hub. The body is read for it and
/// put back. A long body goes through a file.
async fn user_in_body(
    request: &mut ServiceRequest,
    state: &AppState,
) -> Result<Option<String>, Error> {
    if request.method().is_safe() || !user_argument::may_be_in_body(request.request()) {
        return Ok(None);
    }
    let idle = state.idle_timeout;
    let mut body = request.take_payload();
    let mut held = Vec::new();
    let mut ended = false;
    while !ended && held.len() <= HELD {
        let next = idle.limit(body.next()).await;
        match next.ok_or(Error::BodyTimeout)? {
            Some(Ok(bytes)) => held.extend_from_slice(&bytes),
            Some(Err(error)) => return Err(broken(state, &error)),
            None => ended = true,
        }
    }
    let held = Bytes::from(held);
    let user = user_argument::at_beginning(request.request(), &held, ended).await?;
    if ended || user.is_some() {
        let beginning = stream::iter([Ok(held)]);
        put_back(request, beginning.chain(body));
        return Ok(user);
    }
    let file = spool(state, held, body).await?;
    let (file, again) = reopened(file).await?;
    let user = user_argument::in_stream(request.request(), chunks(again)).await?;
    let (_, again) = reopened(file).await?;
    put_back(request, chunks(again));
    Ok(user)
}

async fn spool(state: &AppState, held: Bytes, mut body: Payload) -> Result<NamedTempFile, Error> {
    let mut file = on_disk(move || {
        let mut file = NamedTempFile::new()?;
        file.write_all(&held)?;
        Ok(file)
    })
    .await?;
    let idle = state.idle_timeout;
    let mut ended = false;
    while !ended {
        // A body may arrive in pieces of a few bytes. Going to another thread costs more than writing them.
        let mut block = BytesMut::new();
        while !ended && block.len() < CHUNK {
            let next = idle.limit(body.next()).await;
            match next.ok_or(Error::BodyTimeout)? {
                Some(bytes) => {
                    block.extend_from_slice(&bytes.map_err(|error| broken(state, &error))?);
                }
                None => ended = true,
            }
        }
        file = on_disk(move || file.write_all(&block).map(|()| file)).await?;
    }
    Ok(file)
}

/// Returns the spooled file, and a second reader from its beginning.
async fn reopened(file: NamedTempFile) -> Result<(NamedTempFile, File), Error> {
    on_disk(move || file.reopen().map(|again| (file, again))).await
}

/// Runs file access on a blocking thread, since waiting for the disk would block the threads that answer requests.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    blocking(work)
        .await?
        .map_err(|error| exchange::Error::Disk(error).into())
}

fn broken(state: &AppState, error: &PayloadError) -> Error {
    match error {
        error if is_too_large(error) => Error::RequestTooLarge(state.max_request_size),
        error if is_too_slow(error) => Error::BodyTimeout,
        _ => Error::bad("The request broke off"),
    }
}

fn chunks(file: File) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    stream::try_unfold(file, |mut file| async move {
        let read = on_disk(move || {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk)?;
            chunk.truncate(read);
            Ok((Bytes::from(chunk), file))
        });
        let (chunk, file) = read.await.map_err(std::io::Error::other)?;
        Ok((!chunk.is_empty()).then_some((chunk, file)))
    })
}

fn put_back(
    request: &mut ServiceRequest,
    body: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
) {
    let body: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(body);
    request.set_payload(Payload::from(body));
}

/// Returns the caller's name for the log, if the caller was found.
pub fn known(request: &actix_web::HttpRequest) -> Option<String> {
    let extensions = request.extensions();
    let caller = extensions
        .get::<Caller>()
        .or_else(|| Some(extensions.get::<SentForm>()?.sender()));
    caller.map(|caller| caller.name().to_string())
}
