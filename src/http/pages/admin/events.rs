//! All events, of every course and of none.

use super::head;
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::sentences::{Line, line};
use crate::http::pages::view::{Head, View};
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::events::{self, EventFilter};

/// Number of events on the page.
const EVENTS: usize = 200;

#[derive(Template)]
#[template(path = "admin/events.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    events: Vec<(Line, Option<(String, String)>)>,
    /// The address of earlier events.
    earlier: Option<String>,
}

/// The events that the page shows.
#[derive(serde::Deserialize)]
pub struct EventsQuery {
    before: Option<String>,
}

/// `GET admin/events`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    Query(query): Query<EventsQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let filter = EventFilter {
        before: query.before.and_then(|text| text.parse().ok()),
        ..EventFilter::default()
    };
    let page = events::page(&exchange, &caller, filter, EVENTS).await?;
    let events = page.events.iter().map(|event| {
        let course = event.course.as_deref();
        let link = course.map(|course| (view.course(course), course.to_owned()));
        (line(&view, course, event), link)
    });
    view.page(&Page {
        head: head(&view, "events"),
        events: events.collect(),
        earlier: page.next.map(|before| format!("?before={before}")),
        view: &view,
    })
}
