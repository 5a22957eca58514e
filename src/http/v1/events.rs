//! `v1/courses/{course}/events` and `v1/events`: the log of changes.

use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Event, Events};
use nbcourier_auth::Caller;
use nbcourier_domain::{CourseId, Rfc3339, Timestamp};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::events::{self, EventFilter};
use schemars::JsonSchema;
use serde::Deserialize;

/// Number of events in a reply without a limit.
const PAGE: usize = 1000;

/// Number of bytes of details that take about as long to write as one line.
const LINE: usize = 256;

/// Which events are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct EventQuery {
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
    /// The earliest time.
    #[schemars(with = "Option<Rfc3339>")]
    since: Option<String>,
}

/// `GET v1/courses/{course}/events`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<EventQuery>,
) -> Result<Listing<Events>> {
    page(&exchange, &caller, Some(course), &wanted).await
}

/// `GET v1/events`
pub async fn list_all(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Query(wanted): Query<EventQuery>,
) -> Result<Listing<Events>> {
    page(&exchange, &caller, None, &wanted).await
}

async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: Option<CourseId>,
    wanted: &EventQuery,
) -> Result<Listing<Events>> {
    let since = wanted.since.as_deref().map(Timestamp::parse).transpose()?;
    let filter = EventFilter {
        course,
        before: paging::cursor(wanted.cursor.as_deref(), |text| text.parse().ok())?,
        since,
        ..EventFilter::default()
    };
    let at_most = paging::limit(wanted.limit.as_deref(), PAGE)?;
    let page = events::page(exchange, caller, filter, at_most).await?;
    // The details of one event may be as long as those of many others.
    let text = page
        .events
        .iter()
        .map(|event| event.detail.as_ref().map_or(0, String::len));
    let lines = page.events.len() + text.sum::<usize>() / LINE;
    Listing::of(lines, move || Events {
        events: page.events.into_iter().map(event).collect(),
        next: page.next.map(|id| id.to_string()),
    })
    .await
}

/// Returns an event as the API has it.
pub fn event(event: events::Event) -> Event {
    let detail = event.detail.map(|text| {
        // The detail of every event is an object. A damaged one is shown as it is.
        serde_json::from_str(&text).unwrap_or_else(|_| {
            serde_json::Map::from_iter([("unreadable".to_owned(), text.into())])
        })
    });
    Event {
        id: event.id,
        at: Rfc3339(event.at),
        action: event.action,
        actor: event.actor,
        subject: event.subject,
        course: event.course,
        assignment: event.assignment,
        submission: event.submission,
        detail,
        request: event.request_id,
    }
}
