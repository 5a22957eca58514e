//! The events of a course as sentences, all or those that a reader looks for.

use super::tabs;
use crate::http::error::Result;
use crate::http::pages::local_time;
use crate::http::pages::reader::Reader;
use crate::http::pages::sentences::{Line, line};
use crate::http::pages::view::{Head, View};
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{AssignmentId, CourseId, Timestamp, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::events::{self, EventFilter, EventKind, EventPage};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Number of events on the page.
const EVENTS: usize = 200;

#[derive(Template)]
#[template(path = "course/activity.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    wanted: &'a ActivityQuery,
    problem: Option<String>,
    events: Vec<Line>,
    address: String,
    /// The address of earlier events.
    earlier: Option<String>,
}

/// The events that the page shows.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct ActivityQuery {
    before: String,
    who: String,
    what: String,
    assignment: String,
    from: String,
    to: String,
}

impl ActivityQuery {
    /// Returns the query of the events that name a person.
    pub fn of_person(name: &str) -> Self {
        Self {
            who: name.to_owned(),
            ..Self::default()
        }
    }

    /// Returns the form fields that are filled in.
    fn filled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("who", &self.who),
            ("what", &self.what),
            ("assignment", &self.assignment),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let fields = fields.map(|(name, text)| (name, text.trim()));
        fields.into_iter().filter(|(_, text)| !text.is_empty())
    }

    /// Returns the filter, or the key of the sentence about a field that cannot be used. A name that nobody can have has no
    /// events.
    fn filter(&self, view: &View) -> Result<Option<EventFilter>, &'static str> {
        let mut filter = EventFilter {
            before: self.before.parse().ok(),
            kind: EventKind::parse(&self.what),
            ..EventFilter::default()
        };
        for (field, text) in self.filled() {
            match field {
                "who" => match UserName::parse(text) {
                    Ok(person) => filter.person = Some(person),
                    Err(_) => return Ok(None),
                },
                "assignment" => match AssignmentId::parse(text) {
                    Ok(assignment) => filter.assignment = Some(assignment),
                    Err(_) => return Ok(None),
                },
                "from" => filter.since = Some(begin(text, view).ok_or("activity-no-date")?),
                "to" => filter.until = Some(end(text, view).ok_or("activity-no-date")?),
                _ => {}
            }
        }
        Ok(Some(filter))
    }

    /// Returns the query of the events before the one with this number.
    fn earlier(&self, before: i64) -> Self {
        Self {
            before: before.to_string(),
            ..self.clone()
        }
    }

    /// Returns the address of the page with this filter.
    pub fn address(&self, view: &View, course: &CourseId) -> String {
        let mut address = format!("{}/activity", view.course(course.as_str()));
        let before = Some(("before", self.before.as_str())).filter(|(_, text)| !text.is_empty());
        let mut separator = "?";
        for (name, text) in before.into_iter().chain(self.filled()) {
            address.extend([separator, name, "="]);
            address.extend(utf8_percent_encode(text, NON_ALPHANUMERIC));
            separator = "&";
        }
        address
    }
}

/// Returns the first moment of a day. Where the clocks skip midnight, it is an hour later.
fn begin(date: &str, view: &View) -> Option<Timestamp> {
    let at = |time| local_time::parse(date, time, view.times.zone()).ok();
    at("00:00").or_else(|| at("01:00"))
}

/// Returns the moment after a day.
fn end(date: &str, view: &View) -> Option<Timestamp> {
    const SECOND: i64 = 1_000_000;
    let last = local_time::parse(date, "23:59:59", view.times.zone()).ok()?;
    Some(Timestamp::from_micros(last.micros() + SECOND))
}

impl Page<'_> {
    /// Returns the kinds of events with their words.
    fn kinds(&self) -> impl Iterator<Item = (&'static str, String)> {
        let kinds = EventKind::ALL.into_iter();
        kinds.map(|kind| (kind.word(), self.view.say(words(kind))))
    }

    fn is_filtered(&self) -> bool {
        self.wanted.filled().next().is_some()
    }
}

const fn words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Submissions => "activity-submissions",
        EventKind::Refusals => "activity-refusals",
        EventKind::Feedback => "activity-feedback",
        EventKind::Releases => "activity-releases",
        EventKind::Dates => "activity-dates",
        EventKind::People => "activity-people",
        EventKind::Material => "activity-material",
        EventKind::Course => "activity-course",
    }
}

/// `GET c/{course}/activity`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(wanted): Query<ActivityQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let (filter, problem) = match wanted.filter(&view) {
        Ok(filter) => (filter, None),
        Err(key) => (None, Some(view.say(key))),
    };
    // Without a filter that fits anything, the right is asked for all the same.
    let at_most = filter.as_ref().map_or(0, |_| EVENTS);
    let filter = EventFilter {
        course: Some(course.clone()),
        ..filter.unwrap_or_default()
    };
    let EventPage { events, next } = events::page(&exchange, &caller, filter, at_most).await?;
    let events = events.iter();
    let events = events.map(|event| line(&view, Some(course.as_str()), event));
    let page = Page {
        head: Head {
            title: view.say("activity-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "activity"),
            ..Head::default()
        },
        problem,
        events: events.collect(),
        address: format!("{}/activity", view.course(course.as_str())),
        earlier: next.map(|before| wanted.earlier(before).address(&view, &course)),
        wanted: &wanted,
        view: &view,
    };
    view.page_of_form(&page, page.problem.is_some())
}
