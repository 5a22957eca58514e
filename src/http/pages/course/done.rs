//! The changes that the reader has made just now, as sentences at the top of the page that follows, and taking it back.

use super::people::role_name;
use crate::http::error::Result;
use crate::http::pages::form::Form;
use crate::http::pages::view::View;
use crate::http::pages::words::ToValue;
use crate::http::reply::redirect::see_other;
use crate::http::request::path::InCourse;
use crate::http::request_id;
use actix_web::{HttpResponse, web};
use nbcourier_auth::Caller;
use nbcourier_domain::{CourseId, Role, Timestamp};
use nbcourier_exchange::events::Event;
use nbcourier_exchange::{Exchange, undo};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Maximum number of sentences about one request.
const SENTENCES: usize = 5;
/// Maximum length of the ID of a request, in bytes.
const LONGEST_ID: usize = 200;

/// The changes that the reader has made just now.
pub struct Done {
    /// The sentences about them.
    pub sentences: Vec<String>,
    /// The ID of the request, if it can be taken back.
    pub deed: Option<String>,
    /// The address of the form that takes it back.
    pub address: String,
}

impl Done {
    /// Returns what the reader's request with this ID has changed in the course lately, if it has.
    pub async fn of(
        exchange: &Exchange,
        caller: &Caller,
        view: &View,
        course: &CourseId,
        request: Option<String>,
    ) -> Result<Option<Self>> {
        let request = request.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
        let Some(request) = request else {
            return Ok(None);
        };
        let deed = undo::deed(exchange, caller, course.clone(), request.clone()).await?;
        Ok(deed.map(|deed| Self {
            sentences: sentences(view, &deed.events),
            deed: deed.is_reversible.then_some(request),
            address: format!("{}/undo", view.course(course.as_str())),
        }))
    }
}

/// Returns the redirect to a page that says what this request has done.
pub fn to(address: &str) -> HttpResponse {
    let id = request_id::current_id().unwrap_or_default();
    let id = utf8_percent_encode(&id, NON_ALPHANUMERIC);
    see_other(&format!("{address}?done={id}#done")).finish()
}

/// Handles `POST c/{course}/undo`: takes back what a request of the reader has done.
pub async fn take_back(
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let request = fields.text("deed").to_owned();
    let undone = undo::undo(&exchange, &reader.caller, course.clone(), request).await?;
    Ok(to(&place(&reader.view, &course, &undone)))
}

/// Returns the page that shows what the events changed.
fn place(view: &View, course: &CourseId, events: &[Event]) -> String {
    let home = view.course(course.as_str());
    let Some(event) = events.last() else {
        return home;
    };
    let subject = event.subject.as_deref().unwrap_or_default();
    let assignment = event.assignment.as_deref().unwrap_or_default();
    let assignment = view.assignment(course.as_str(), assignment);
    match event.action.as_str() {
        "roster changed" | "roster removed" => format!("{home}/people"),
        "allowance set" | "allowance removed" => {
            view.at(&["c", course.as_str(), "people", subject])
        }
        "course changed" => format!("{home}/settings"),
        "released" | "unreleased" | "assignment deleted" => format!("{assignment}/versions"),
        "dates set" | "extension set" | "extension removed" => assignment,
        _ => format!("{home}/trash"),
    }
}

fn sentences(view: &View, events: &[Event]) -> Vec<String> {
    let is_extension = |event: &Event| event.action == "extension set";
    let is_allowance = |event: &Event| event.action == "allowance set";
    let is_undo = |detail: &Value| detail.get("undoes").is_some();
    let details: Vec<Value> = events.iter().map(detail).collect();
    let mut said = Vec::new();
    if details.iter().any(is_undo) {
        said.push(view.say("did-undo"));
    }
    if events.len() > 1 && events.iter().all(is_extension) {
        let assignment = events[0].assignment.as_deref().unwrap_or_default();
        let number = events.len();
        let values = [
            ("n", number.to_value()),
            ("assignment", assignment.to_value()),
        ];
        said.push(view.say_all("did-extensions", &values));
        return said;
    }
    if events.len() > 1 && events.iter().all(is_allowance) {
        said.push(view.say_with("did-allowances", "n", events.len()));
    } else {
        let each = events.iter().zip(&details);
        said.extend(
            each.take(SENTENCES)
                .map(|(event, detail)| sentence(view, event, detail)),
        );
    }
    // The consequences of allowances.
    for (key, member) in [("now-in-time", "in_time"), ("now-late", "late")] {
        let counts = details.iter().filter_map(|detail| detail[member].as_i64());
        let number: i64 = counts.sum();
        if number > 0 {
            said.push(view.say_with(key, "n", number));
        }
    }
    said
}

fn detail(event: &Event) -> Value {
    let text = event.detail.as_deref().unwrap_or_default();
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn sentence(view: &View, event: &Event, detail: &Value) -> String {
    let time = |value: &Value| {
        let at = value.as_str().and_then(|text| Timestamp::parse(text).ok());
        at.map_or_else(
            || "–".to_owned(),
            |at| view.times.short(at).text().to_owned(),
        )
    };
    let (due, was) = (time(&detail["due_at"]), time(&detail["before"]["due_at"]));
    let hours = detail["hours"].as_i64().unwrap_or(0);
    let version = detail["version"].as_i64().unwrap_or(0).to_string();
    let subject = event.subject.as_deref().unwrap_or_default();
    let values = [
        ("subject", subject.to_value()),
        (
            "assignment",
            event.assignment.as_deref().unwrap_or_default().to_value(),
        ),
        ("due", due.to_value()),
        ("was", was.to_value()),
        ("version", version.to_value()),
        ("n", hours.to_value()),
    ];
    let key = match event.action.as_str() {
        "dates set" => "did-dates",
        "extension set" => "did-extension",
        "extension removed" => "did-extension-removed",
        "allowance set" => "did-allowance",
        "allowance removed" => "did-allowance-removed",
        "released" => "did-release",
        "unreleased" => "did-unrelease",
        "roster changed" => return about_roster(view, subject, detail),
        "roster removed" => "did-roster-removed",
        "course changed" => "did-course-changed",
        "assignment deleted" => "did-delete-assignment",
        "assignment restored" => "did-restore-assignment",
        "submission deleted" => "did-delete-submission",
        "submission restored" => "did-restore-submission",
        "feedback deleted" => "did-delete-feedback",
        "feedback restored" => "did-restore-feedback",
        _ => "saved",
    };
    view.say_all(key, &values)
}

fn about_roster(view: &View, subject: &str, detail: &Value) -> String {
    let number = |list: &str| detail[list].as_array().map_or(0, Vec::len);
    let (added, changed) = (number("added"), number("before"));
    if !subject.is_empty() && added == 1 {
        let of = |list: &str, role| (number(list) == 1).then_some(role);
        let role = of("instructors", Role::Instructor).or(of("assistants", Role::Assistant));
        let role = role_name(view, role.unwrap_or(Role::Student));
        let values = [("subject", subject.to_value()), ("role", role.to_value())];
        return view.say_all("did-add", &values);
    }
    if !subject.is_empty() && changed <= 1 {
        return view.say_with("did-change", "subject", subject);
    }
    let values = [("added", added.to_value()), ("changed", changed.to_value())];
    view.say_all("did-roster", &values)
}
