//! Writes one log line for every request, and sets the headers of every reply.

use super::authenticate;
use crate::http::error::Error as Refusal;
use crate::http::handler::or_bug;
use crate::http::metrics::Requests;
use crate::http::request_id::{self, RequestId};
use crate::http::routes::REST_OF_PATH;
use crate::http::state::AppState;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use bytes::Bytes;
use log::kv::Value;
use log::{Level, Record};
use nbcourier_work::Bug;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// The log target of the lines for requests.
pub const LOG_TARGET: &str = "nbcourier::access";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A header that only an exchange sends. Clients recognise its replies by it among those of other servers at the same
/// address.
const MARK: HeaderName = HeaderName::from_static("x-nbcourier");
const MARK_VALUE: HeaderValue = HeaderValue::from_static("exchange");
/// Maximum length of an ID that a request brings, in bytes. A longer ID is replaced.
const MAX_ID: usize = 128;

/// Maximum length of a text from a request in its log line, in bytes. Unknown callers are logged too. They must not
/// make the log grow by as much as they send.
const MAX_TEXT: usize = 1024;

/// Middleware: logs the request after the last byte of its reply, with the cause of an internal error.
pub async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = id_of(&request);
    let mut line = LogLine::begin(&request, id.clone());
    request.extensions_mut().insert(RequestId(id.clone()));
    request_id::scope(id, async move {
        let response = match AppState::of(request.request()) {
            Ok(state) => {
                line.flight = Some(Flight::begin(state.requests.clone()));
                match or_bug(async { next.call(request).await }).await {
                    Ok(Ok(response)) => response.map_into_boxed_body(),
                    Ok(Err(error)) => return Err(line.without_a_response(error)),
                    Err(bug) => {
                        return Err(line.without_a_response(Refusal::from(bug).into()));
                    }
                }
            }
            Err(error) => request.error_response(error),
        };
        Ok(finish(response, line))
    })
    .await
}

/// Returns the response with the headers of every reply. Its body logs the line after it was sent.
fn finish(mut response: ServiceResponse<BoxBody>, mut line: LogLine) -> ServiceResponse<BoxBody> {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&line.id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(MARK, MARK_VALUE);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        // A shared cache must not keep a reply that is meant for one person.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(flight) = &line.flight
        && let Some(limit) = response.response().error().and_then(limit)
    {
        flight.0.refused(limit);
    }
    line.caller = authenticate::known(response.request());
    line.route = response.request().match_pattern();
    line.status = response.status().as_u16();
    if response.status().is_server_error() {
        match response.response().error() {
            Some(error) => line.fail(&cause(error)),
            None => line.fail("the reply gives no reason"),
        }
    }
    response.map_body(|_, body| BoxBody::new(Logged { body, line }))
}

/// Returns the cause of an error for the log.
fn cause(error: &Error) -> String {
    error
        .as_error::<Refusal>()
        .map_or_else(|| error.to_string(), Refusal::cause)
}

fn id_of(request: &ServiceRequest) -> String {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    let harmless = |id: &&str| {
        (1..=MAX_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    given
        .filter(harmless)
        .map_or_else(|| uuid::Uuid::new_v4().simple().to_string(), str::to_owned)
}

/// Returns a text from a client for the log: the beginning of a long text, and its length in bytes.
fn shortened(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(MAX_TEXT)];
    format!("{kept}… ({} bytes)", text.len())
}

/// Returns the path without the secrets in it: the ticket that follows `view`, and the secret of a link that follows
/// `shared`.
fn without_secrets(path: &str) -> String {
    let mut before = "";
    let segments = path.split('/').map(|segment| {
        let is_secret = !segment.is_empty() && ["view", "shared"].contains(&before);
        if !segment.is_empty() {
            before = segment;
        }
        if is_secret { "…" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Returns the name of the limit that a refused request exceeded.
fn limit(error: &Error) -> Option<&'static str> {
    error.as_error::<Refusal>()?.limit()
}

/// A request in progress. Dropping it ends the request, also when the client went away.
struct Flight(Data<Requests>);

impl Flight {
    fn begin(requests: Data<Requests>) -> Self {
        requests.in_flight.inc();
        Self(requests)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

struct LogLine {
    flight: Option<Flight>,
    id: String,
    caller: Option<String>,
    method: String,
    route: Option<String>,
    path: String,
    status: u16,
    begun: Instant,
    bytes: u64,
    /// The cause of an internal error.
    error: Option<String>,
}

impl LogLine {
    fn begin(request: &ServiceRequest, id: String) -> Self {
        Self {
            flight: None,
            id,
            caller: None,
            method: shortened(request.method().as_str()),
            route: None,
            path: shortened(&without_secrets(request.uri().path())),
            status: StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
            begun: Instant::now(),
            bytes: 0,
            error: None,
        }
    }

    /// Notes why the request failed. The cause also gets a line of its own, since the access log may be off.
    fn fail(&mut self, cause: &str) {
        let cause = shortened(cause);
        log::error!(id = self.id.as_str(); "{cause}");
        self.error = Some(cause);
    }

    /// Notes why the rest of a reply is missing. Its status was sent already.
    fn break_off(&mut self, error: &dyn std::error::Error) {
        // The compressing middleware reports only its own error. The cause is at the end of the chain of sources.
        let chain = std::iter::successors(Some(error), |error| error.source());
        let cause = shortened(&chain.last().unwrap_or(error).to_string());
        log::error!(id = self.id.as_str(); "A reply was broken off: {cause}");
        self.error = Some(cause);
    }

    /// Returns the error that replaces a missing response of middleware. It carries the ID of the request.
    fn without_a_response(mut self, error: Error) -> Error {
        self.fail(&cause(&error));
        let mut response = error.as_response_error().error_response();
        self.status = response.status().as_u16();
        response.headers_mut().insert(MARK, MARK_VALUE);
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        InternalError::from_response(error, response).into()
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let time = self.begun.elapsed();
        if let Some(Flight(requests)) = &self.flight {
            requests.answered(self.route.as_deref(), &self.method, self.status, time);
            requests.bytes_out.inc_by(self.bytes);
        }
        if !log::log_enabled!(target: LOG_TARGET, Level::Info) {
            return;
        }
        // Rounded to microseconds.
        let milliseconds = (time.as_secs_f64() * 1e6).round() / 1e3;
        let route = shown_route(self.route.as_deref().unwrap_or("-"));
        let mut values: Vec<(&str, Value<'_>)> = vec![
            ("id", self.id.as_str().into()),
            ("caller", self.caller.as_deref().unwrap_or("-").into()),
            ("method", self.method.as_str().into()),
            ("route", route.as_ref().into()),
            ("path", self.path.as_str().into()),
            ("status", self.status.into()),
            ("bytes", self.bytes.into()),
            ("ms", milliseconds.into()),
        ];
        if let Some(error) = &self.error {
            values.push(("error", error.as_str().into()));
        }
        let record = Record::builder()
            .target(LOG_TARGET)
            .level(Level::Info)
            .module_path_static(Some(module_path!()))
            .key_values(&values)
            .args(format_args!("request"))
            .build();
        log::logger().log(&record);
    }
}

/// Returns the route as the documents write it.
fn shown_route(pattern: &str) -> Cow<'_, str> {
    if pattern.contains(REST_OF_PATH) {
        pattern.replace(REST_OF_PATH, "{path}").into()
    } else {
        pattern.into()
    }
}

/// A body that counts its bytes, and logs the line when it is dropped.
struct Logged {
    body: BoxBody,
    line: LogLine,
}

impl MessageBody for Logged {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let next = catch_unwind(AssertUnwindSafe(|| {
            Pin::new(&mut this.body).poll_next(context)
        }));
        let next = next.unwrap_or_else(|payload| {
            let bug: Self::Error = Bug::from_panic(payload.as_ref()).into();
            Poll::Ready(Some(Err(bug)))
        });
        match &next {
            Poll::Ready(Some(Ok(bytes))) => this.line.bytes += bytes.len() as u64,
            Poll::Ready(Some(Err(error))) => this.line.break_off(error.as_ref()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn tickets_and_links_are_not_logged() {
        for (path, logged) in [
            (
                "/services/x/view/ey.J0.eX/data/p.html",
                "/services/x/view/…/data/p.html",
            ),
            ("/services/x/shared/5eC/page", "/services/x/shared/…/page"),
            ("/shared//5eC", "/shared//…"),
            ("/x/shared/", "/x/shared/"),
            ("/api/courses", "/api/courses"),
        ] {
            assert_eq!(without_secrets(path), logged);
        }
    }
}
