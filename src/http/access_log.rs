//! One line in the log for every request, and what every reply carries.

use super::error::Error as Refusal;
use super::identify;
use super::metrics::Requests;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use bytes::Bytes;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// The log target of these lines.
pub const LOG_TARGET: &str = "nbcourier::access";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id taken over from a request, in bytes.
const MAX_ID: usize = 128;

/// The id of a request, which its line in the log has, its reply, and the events it causes.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Middleware: logs the request when the last byte of its answer has gone out.
pub async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let flight = request
        .app_data::<Data<Requests>>()
        .map(|requests| Flight::begin(requests.clone()));
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let mut response = next.call(request).await?.map_into_boxed_body();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        // What one person may see is nothing for a shared cache.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(flight) = &flight
        && let Some(limit) = response.response().error().and_then(limit)
    {
        flight.0.refused(limit);
    }
    let line = Line {
        flight,
        id,
        caller: identify::known(response.request()),
        route: response.request().match_pattern(),
        status: response.status().as_u16(),
        method,
        path,
        begun,
        bytes: 0,
    };
    Ok(response.map_body(|_, body| {
        BoxBody::new(Logged {
            body: body.boxed(),
            line,
        })
    }))
}

fn request_id(request: &ServiceRequest) -> String {
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

/// The limit that a refused request went over.
fn limit(error: &Error) -> Option<&'static str> {
    error.as_error::<Refusal>()?.limit()
}

/// A request that is being answered; also one whose client goes away is over when this is dropped.
struct Flight(Data<Requests>);

impl Flight {
    fn begin(requests: Data<Requests>) -> Self {
        requests.in_flight.up();
        Self(requests)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.down();
    }
}

struct Line {
    flight: Option<Flight>,
    id: String,
    caller: Option<String>,
    method: String,
    route: Option<String>,
    path: String,
    status: u16,
    begun: Instant,
    bytes: u64,
}

impl Drop for Line {
    fn drop(&mut self) {
        let time = self.begun.elapsed();
        if let Some(Flight(requests)) = &self.flight {
            requests.answered(self.route.as_deref(), &self.method, self.status, time);
            requests.bytes_out.add(self.bytes);
        }
        // To the microsecond.
        let milliseconds = (time.as_secs_f64() * 1e6).round() / 1e3;
        log::info!(
            target: LOG_TARGET,
            id = self.id.as_str(),
            caller = self.caller.as_deref().unwrap_or("-"),
            method = self.method.as_str(),
            route = self.route.as_deref().unwrap_or("-"),
            path = self.path.as_str(),
            status = self.status,
            bytes = self.bytes,
            ms = milliseconds;
            "request"
        );
    }
}

/// A body that counts what goes out, and logs the line when it is done with.
struct Logged {
    body: BoxBody,
    line: Line,
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
        let next = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.line.bytes += bytes.len() as u64;
        }
        next
    }
}
