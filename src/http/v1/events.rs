//! `v1/courses/{course}/events`: who did what.

use crate::auth::Caller;
use crate::domain::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::events::{self, Recorded};
use crate::http::error::Result;
use crate::http::names::InCourse;
use crate::http::receive::Fields;
use crate::http::{listing, paging};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

/// How many events one reply holds where nothing is said.
const PAGE: usize = 1000;

#[derive(Serialize)]
struct Listing<'a> {
    events: Vec<Event<'a>>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: i64,
    at: String,
    action: &'a str,
    actor: &'a str,
    subject: Option<&'a str>,
    assignment: Option<&'a str>,
    submission: Option<i64>,
    detail: Option<Value>,
    request: Option<&'a str>,
}

/// `GET v1/courses/{course}/events`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let before = paging::cursor(&fields, |text| text.parse().ok())?;
    let at_most = paging::limit(&fields, PAGE)?;
    let page = events::page(&exchange, &caller, course, before, at_most).await?;
    let listing = Listing {
        events: page.events.iter().map(shown).collect(),
        next: page.next.map(|id| id.to_string()),
    };
    Ok(listing::reply_unless_known(&request, &listing))
}

fn shown(event: &Recorded) -> Event<'_> {
    Event {
        id: event.id,
        at: Timestamp::from_micros(event.at).to_rfc3339(),
        action: &event.action,
        actor: &event.actor,
        subject: event.subject.as_deref(),
        assignment: event.assignment.as_deref(),
        submission: event.submission_id,
        detail: event.detail.as_deref().map(json),
        request: event.request_id.as_deref(),
    }
}

fn json(detail: &str) -> Value {
    serde_json::from_str(detail).unwrap_or_else(|_| detail.into())
}
