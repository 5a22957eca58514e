//! The events of a course as sentences.

use super::tabs;
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_exchange::events::{self, Event, EventFilter};
use nbcourier_exchange::{Exchange, may};
use serde_json::Value;

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

/// An event on the page.
struct Line {
    at: Moment,
    sentence: String,
    note: Option<String>,
    submission: Option<(String, i64)>,
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
    let may = may(&exchange, &caller, course.clone()).await?;
    let events = page.events.iter();
    let events = events.map(|event| line(&view, &course, event)).collect();
    view.page(&Page {
        head: Head {
            title: view.say("activity-title"),
            crumbs: vec![
                view.home_crumb(),
                view.link(view.course(course.as_str()), course.as_str()),
            ],
            tabs: tabs(&view, &course, may, "activity"),
            ..Head::default()
        },
        events,
        earlier: page.next.map(|before| format!("?before={before}")),
        view: &view,
    })
}

fn line(view: &View, course: &CourseId, event: &Event) -> Line {
    let detail: Value = event
        .detail
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or(Value::Null);
    let note = detail["note"].as_str().map(str::to_owned);
    let submission = event
        .submission
        .filter(|_| event.action != "submission deleted")
        .map(|id| (view.submission(course.as_str(), &id), id));
    Line {
        at: view.times.second(event.at),
        sentence: sentence(view, event, &detail),
        note,
        submission,
    }
}

/// Returns what happened, in the reader's language. Stored text appears only as names, times and numbers.
fn sentence(view: &View, event: &Event, detail: &Value) -> String {
    let actor = event.actor.as_str();
    let subject = event.subject.as_deref().unwrap_or(actor);
    let assignment = event.assignment.as_deref().unwrap_or_default();
    let time = |value: &Value| {
        let at = value.as_str().and_then(|text| Timestamp::parse(text).ok());
        at.map_or_else(
            || "–".to_owned(),
            |at| view.times.short(at).text().to_owned(),
        )
    };
    let (due, was) = (time(&detail["due_at"]), time(&detail["before"]["due_at"]));
    let key = match (event.action.as_str(), event.subject.is_some()) {
        ("course created", _) => "event-course-created",
        ("course deleted", _) => "event-course-deleted",
        ("course restored", _) => "event-course-restored",
        ("course changed", _) => "event-course-changed",
        ("roster changed", _) => "event-roster-changed",
        ("roster removed", _) => "event-roster-removed",
        ("released", _) => "event-released",
        ("unreleased", _) => "event-unreleased",
        ("assignment deleted", _) => "event-assignment-deleted",
        ("assignment restored", _) => "event-assignment-restored",
        ("dates set", _) => "event-dates-set",
        ("extension set", _) => "event-extension-set",
        ("extension removed", _) => "event-extension-removed",
        ("submitted", false) => "event-submitted",
        ("submitted", true) => "event-submitted-for",
        ("submission refused", _) => "event-refused",
        ("submission deleted", _) => "event-submission-deleted",
        ("submission restored", _) => "event-submission-restored",
        ("feedback given", _) => "event-feedback-given",
        ("feedback deleted", _) => "event-feedback-deleted",
        ("feedback restored", _) => "event-feedback-restored",
        ("imported", _) => "event-imported",
        ("joined by group", _) => "event-joined",
        ("left by group", _) => "event-left",
        _ => {
            let action = event.action.as_str();
            return view.say_all(
                "event-other",
                &[("actor", actor.to_value()), ("action", action.to_value())],
            );
        }
    };
    view.say_all(
        key,
        &[
            ("actor", actor.to_value()),
            ("subject", subject.to_value()),
            ("assignment", assignment.to_value()),
            ("due", due.to_value()),
            ("was", was.to_value()),
        ],
    )
}
