//! The events of a course as sentences.

use super::tabs;
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::sentences::{Line, line};
use crate::http::pages::view::{Head, View};
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::events::{self, EventFilter};

/// Number of events on the page.
const EVENTS: usize = 200;

#[derive(Template)]
#[template(path = "course/activity.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    events: Vec<Line>,
    /// The address of earlier events.
    earlier: Option<String>,
}

/// The events that the page shows.
#[derive(serde::Deserialize)]
pub struct ActivityQuery {
    before: Option<String>,
}

/// `GET c/{course}/activity`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<ActivityQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let filter = EventFilter {
        course: Some(course.clone()),
        before: query.before.and_then(|text| text.parse().ok()),
        ..EventFilter::default()
    };
    let page = events::page(&exchange, &caller, filter, EVENTS).await?;
    let events = page.events.iter();
    let events = events.map(|event| line(&view, Some(course.as_str()), event));
    let events = events.collect();
    view.page(&Page {
        head: Head {
            title: view.say("activity-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "activity"),
            ..Head::default()
        },
        events,
        earlier: page.next.map(|before| format!("?before={before}")),
        view: &view,
    })
}
