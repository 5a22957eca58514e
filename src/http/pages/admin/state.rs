//! The state of the exchange: what its checks find, and its numbers.

use super::{Backstage, address, head};
use crate::findings::{Finding, Findings, Level};
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::live;
use crate::http::state::AppState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::Caller;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::administration::{self, State};
use nbcourier_work::Bug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The time between two requests of the live part, in seconds.
const EVERY: u32 = 15;

#[derive(Template)]
#[template(path = "admin/state.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    live: String,
    live_address: String,
    version: String,
    every: u32,
}

/// The part of the page that is requested again.
#[derive(Template)]
#[template(path = "admin/state_live.html")]
struct Live<'a> {
    view: &'a View,
    state: &'a State,
    findings: &'a Findings,
    backstage: &'a Backstage,
    events: String,
    version: &'static str,
}

impl Live<'_> {
    fn number(&self, number: &i64) -> String {
        self.view.number(usize::try_from(*number).unwrap_or(0))
    }

    fn started(&self) -> Moment {
        self.view.times.minute(self.backstage.started_at)
    }

    /// Returns the findings that somebody has to look at, the worst first.
    fn problems(&self) -> Vec<&Finding> {
        let all = self.findings.all().iter();
        let mut problems: Vec<_> = all.filter(|one| one.level != Level::Ok).collect();
        problems.sort_by_key(|one| std::cmp::Reverse(one.level));
        problems
    }

    fn well(&self) -> Vec<&Finding> {
        let all = self.findings.all().iter();
        all.filter(|one| one.level == Level::Ok).collect()
    }

    fn level(&self, finding: &Finding) -> (&'static str, String) {
        match finding.level {
            Level::Ok => ("okay", self.view.say("level-ok")),
            Level::Warning => ("warn", self.view.say("level-warning")),
            Level::Wrong => ("bad", self.view.say("level-wrong")),
        }
    }
}

/// `GET admin`
pub async fn show(
    request: HttpRequest,
    reader: Reader,
    exchange: web::Data<Exchange>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let (live, version) = live_part(&request, &exchange, &caller, &view).await?;
    view.page(&Page {
        head: head(&view, ""),
        live,
        live_address: view.at(&["live", "state"]),
        version,
        every: EVERY,
        view: &view,
    })
}

/// Handles `GET live/state`: the live part, or 304 if nothing in it has changed.
pub async fn live(
    request: HttpRequest,
    caller: Caller,
    exchange: web::Data<Exchange>,
) -> Result<HttpResponse> {
    let view = View::of(&request, Some(&caller))?;
    let (html, tag) = live_part(&request, &exchange, &caller, &view).await?;
    let unchanged = live::unchanged(&request, &tag);
    Ok(unchanged.unwrap_or_else(|| live::part(html, &tag)))
}

/// Returns the live part and its tag.
async fn live_part(
    request: &HttpRequest,
    exchange: &Exchange,
    caller: &Caller,
    view: &View,
) -> Result<(String, String)> {
    let state = administration::state(exchange, caller).await?;
    let app = AppState::of(request)?;
    let backstage = &app.pages.backstage;
    let findings = backstage.checks.findings(exchange, state.clone()).await?;
    let live = Live {
        view,
        state: &state,
        findings: &findings,
        backstage,
        events: address(view, "events"),
        version: env!("CARGO_PKG_VERSION"),
    };
    let html = live.render().map_err(Bug::new)?;
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    Ok((html, format!("\"{:016x}\"", hasher.finish())))
}
