//! What the servers of a course's members received when they started, as their programs report it.

use super::tabs;
use crate::http::error::{Error, Result};
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::Value;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_api::{SecondFile, StartReport};
use nbcourier_auth::Caller;
use nbcourier_domain::{CourseId, StartOutcome, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::starts::{self, Alike, StartFilter, StartView};
use std::collections::BTreeMap;

/// Number of starts on the page.
const STARTS: usize = 100;
/// Maximum number of files that a line names.
const NAMED: usize = 10;

/// A start on the page.
struct Line {
    at: Moment,
    person: String,
    outcome: String,
    is_bad: bool,
    directory: String,
    version: Option<i64>,
    facts: Vec<String>,
    /// What the person's own program says of it, word for word.
    said: Vec<String>,
    log: Option<String>,
}

#[derive(Template)]
#[template(path = "course/starts.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    /// How the last starts went, a line for each directory.
    summary: Vec<String>,
    starts: Vec<Line>,
    only_failed: bool,
    /// The address of earlier starts.
    earlier: Option<String>,
}

/// The starts that the page shows.
#[derive(serde::Deserialize)]
pub struct StartsQuery {
    person: Option<String>,
    outcome: Option<String>,
    before: Option<String>,
}

/// `GET c/{course}/starts`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    Query(query): Query<StartsQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let person = query.person.clone().map(UserName::parse).transpose();
    let filter = StartFilter {
        person: person.map_err(|_| Error::bad("Illegal user id"))?,
        outcome: query.outcome.as_deref().and_then(StartOutcome::of_word),
        before: query.before.and_then(|text| text.parse().ok()),
    };
    let only_failed = filter.outcome == Some(StartOutcome::Failed);
    let page = starts::page(&exchange, &caller, view.place(&course), filter, STARTS).await?;
    let mut arguments = String::new();
    for (name, value) in [("person", &query.person), ("outcome", &query.outcome)] {
        if let Some(value) = value {
            arguments = format!("{arguments}{name}={}&", view.segment(value));
        }
    }
    let summary = page.summary.unwrap_or_default();
    let lines = page.starts.into_iter().map(|start| line(&view, start));
    view.page(&Page {
        head: Head {
            title: view.say("starts-title"),
            crumbs: vec![view.home_crumb(), view.course_link(course.as_str())],
            tabs: tabs(&view, &course, "starts"),
            ..Head::default()
        },
        summary: sentences(&view, summary),
        starts: lines.collect(),
        only_failed,
        earlier: page
            .next
            .map(|before| format!("?{arguments}before={before}")),
        view: &view,
    })
}

/// The last starts of a course's members, as the page of the course shows them.
pub struct Summary {
    /// A line for each directory.
    pub lines: Vec<String>,
    /// The address of the page with all starts.
    pub all: String,
}

impl Summary {
    /// Returns the last starts of the members of a course.
    pub async fn of(
        exchange: &Exchange,
        caller: &Caller,
        view: &View,
        course: &CourseId,
    ) -> Result<Self> {
        let summary = starts::summary(exchange, caller, view.place(course)).await?;
        Ok(Self {
            lines: sentences(view, summary),
            all: format!("{}/starts", view.course(course.as_str())),
        })
    }
}

/// Returns a line for each directory: "materials: 27 have version 17, 2 have version 15, 1 failed: no space".
fn sentences(view: &View, summary: Vec<Alike>) -> Vec<String> {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in summary {
        let part = part(view, &group);
        let directory = group.directory.unwrap_or_default();
        lines.entry(directory).or_default().push(part);
    }
    let lines = lines.into_iter().map(|(directory, parts)| {
        let parts = parts.join(", ");
        if directory.is_empty() {
            return parts;
        }
        let values = [
            ("directory", Value::Text(&directory)),
            ("all", Value::Text(&parts)),
        ];
        view.say_all("starts-of-directory", &values)
    });
    lines.collect()
}

fn part(view: &View, group: &Alike) -> String {
    let people = group.people;
    let said = match (StartOutcome::of_word(&group.outcome), group.version) {
        (Some(StartOutcome::Failed), _) => view.say_with("starts-failed", "n", people),
        (Some(StartOutcome::Partly), _) => view.say_with("starts-partly", "n", people),
        (_, Some(version)) => {
            let version = version.to_string();
            let values = [
                ("n", Value::Number(people)),
                ("version", Value::Text(&version)),
            ];
            view.say_all("starts-have-version", &values)
        }
        (_, None) => view.say_with("starts-no-version", "n", people),
    };
    let report = group.report.as_deref().map(StartReport::parse);
    match report.and_then(|report| report.reason()) {
        Some(reason) => {
            let values = [
                ("outcome", Value::Text(&said)),
                ("reason", Value::Text(&reason)),
            ];
            view.say_all("starts-reason", &values)
        }
        None => said,
    }
}

fn line(view: &View, start: StartView) -> Line {
    let report = start.report.as_deref().map(StartReport::parse);
    let report = report.unwrap_or_default();
    let outcome = StartOutcome::of_word(&start.outcome);
    let word = view.say(match outcome {
        Some(StartOutcome::Updated) => "start-updated",
        Some(StartOutcome::Unchanged) => "start-unchanged",
        Some(StartOutcome::Partly) => "start-partly",
        Some(StartOutcome::Failed) | None => "start-failed",
    });
    let bad = [Some(StartOutcome::Partly), Some(StartOutcome::Failed)];
    Line {
        at: view.times.second(start.at),
        outcome: word,
        is_bad: bad.contains(&outcome),
        person: start.person,
        directory: start.directory.unwrap_or_default(),
        version: start.version,
        facts: facts(view, &report),
        said: report.failures.into_iter().take(NAMED).collect(),
        log: report.log.filter(|log| !log.is_empty()),
    }
}

/// Returns what a report says in numbers and names.
fn facts(view: &View, report: &StartReport) -> Vec<String> {
    let mut facts = Vec::new();
    for (key, number) in [
        ("start-received", report.received),
        ("start-removed", report.removed),
    ] {
        if number > 0 {
            facts.push(view.say_with(key, "n", number));
        }
    }
    let seconds = |all: &[SecondFile]| -> Vec<String> {
        all.iter().map(|second| second.path.clone()).collect()
    };
    for (key, names) in [
        ("start-kept", &report.kept),
        ("start-beside", &seconds(&report.beside)),
        ("start-mine", &seconds(&report.mine)),
        ("start-left", &report.left),
        ("start-blocked", &report.blocked),
    ] {
        if !names.is_empty() {
            let more = if names.len() > NAMED { ", …" } else { "" };
            let first = &names[..names.len().min(NAMED)];
            let list = format!("{}{more}", first.join(", "));
            facts.push(view.say_with(key, "names", &list));
        }
    }
    if report.cut {
        facts.push(view.say("start-cut"));
    }
    facts
}
