//! `v1/courses/{course}/starts`: the deliveries at the starts of servers.

use crate::http::error::{Error, Result};
use crate::http::openapi::NoContent;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging;
use crate::http::request::json::JsonBody;
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{NewStart, Start, StartReport, Starts, StartsAlike};
use nbcourier_auth::Caller;
use nbcourier_domain::{Rfc3339, StartOutcome, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::parse_name;
use nbcourier_exchange::starts::{self, Alike, LONGEST, StartFilter, StartView};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;

/// Number of starts in a reply without a limit.
const PAGE: usize = 1000;
/// Number of bytes of a report that take about as long to write as one line.
const LINE: usize = 256;

/// Which starts are wanted.
#[derive(Deserialize, JsonSchema)]
pub struct StartQuery {
    /// Only those of this person.
    person: Option<String>,
    /// Only those with this outcome.
    #[schemars(with = "Option<StartOutcome>")]
    outcome: Option<String>,
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = paging::MOST))]
    limit: Option<String>,
    /// The `next` of an earlier reply.
    cursor: Option<String>,
}

/// `POST v1/courses/{course}/starts`
pub async fn note(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    body: JsonBody<NewStart>,
) -> Result<NoContent> {
    starts::ready(&exchange, &caller, course.clone()).await?;
    let new = body.read_within(LONGEST).await?;
    if new.version.is_some_and(|version| version < 1) {
        return Err(Error::bad("The version is a number from 1"));
    }
    let report = new.report.as_ref().map(serde_json::to_string).transpose();
    let report = report.map_err(Error::unwritable)?;
    // Some numbers are longer when they are written again.
    if report.as_ref().is_some_and(|text| text.len() > LONGEST) {
        return Err(Error::FieldTooLarge(LONGEST));
    }
    let new = starts::NewStart {
        directory: new.directory.as_deref().map(parse_name).transpose()?,
        outcome: new.outcome,
        millis: new.millis,
        version: new.version,
        report,
    };
    starts::note(&exchange, &caller, course, new).await?;
    Ok(NoContent)
}

/// `GET v1/courses/{course}/starts`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<StartQuery>,
) -> Result<Listing<Starts>> {
    let person = wanted.person.map(UserName::parse).transpose();
    let outcome = wanted.outcome.as_deref().map(parse_outcome).transpose()?;
    let filter = StartFilter {
        person: person.map_err(|_| Error::bad("Illegal user id"))?,
        outcome,
        before: paging::cursor(wanted.cursor.as_deref(), |text| text.parse().ok())?,
    };
    let at_most = paging::limit(wanted.limit.as_deref(), PAGE)?;
    let page = starts::page(&exchange, &caller, course, filter, at_most).await?;
    let reports = page.starts.iter().filter_map(|start| start.report.as_ref());
    let lines = page.starts.len() + reports.map(String::len).sum::<usize>() / LINE;
    Listing::of(lines, move || Starts {
        starts: page.starts.into_iter().map(start).collect(),
        summary: page.summary.map(|all| all.into_iter().map(alike).collect()),
        next: page.next.map(|id| id.to_string()),
    })
    .await
}

fn parse_outcome(word: &str) -> Result<StartOutcome> {
    StartOutcome::of_word(word)
        .ok_or_else(|| Error::bad("outcome is updated, unchanged, partly or failed"))
}

fn start(view: StartView) -> Start {
    let report = view.report.map(|text| {
        // Every report is an object. A damaged one is shown as it is.
        serde_json::from_str(&text)
            .unwrap_or_else(|_| Map::from_iter([("unreadable".to_owned(), text.into())]))
    });
    Start {
        id: view.id,
        person: view.person,
        at: Rfc3339(view.at),
        outcome: view.outcome,
        millis: view.millis,
        version: view.version,
        directory: view.directory,
        report,
    }
}

fn alike(group: Alike) -> StartsAlike {
    let report = group.report.as_deref().map(StartReport::parse);
    StartsAlike {
        directory: group.directory,
        outcome: group.outcome,
        version: group.version,
        people: group.people,
        reason: report.and_then(|report| report.reason()),
    }
}
