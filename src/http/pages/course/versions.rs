//! The versions of an assignment with their files, and what differs between them.

use super::done::Done;
use crate::http::error::Result;
use crate::http::pages::contents::is_text;
use crate::http::pages::reader::Reader;
use crate::http::pages::student::submission::to_contents;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::seen::noting;
use crate::http::reply::{download, zip};
use crate::http::request::path::{InAssignment, RestOfPath};
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_auth::{Place, Showing, Ticket, Tickets};
use nbcourier_domain::{AssignmentId, CourseId, Timestamp};
use nbcourier_exchange::versions::{self, Against, Difference, Shown, ShownFile, Versions};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, releases};

/// Maximum number of files on the page.
const FILES: usize = 500;

#[derive(Template)]
#[template(path = "course/versions.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    all: &'a Versions,
    done: Option<Done>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    /// Returns the files of the listed version that fit on the page.
    fn files<'b>(&self, shown: &'b Shown) -> Vec<&'b ShownFile> {
        shown.files.iter().take(FILES).collect()
    }

    fn hidden(&self, shown: &Shown) -> usize {
        shown.files.len().saturating_sub(FILES)
    }

    /// Returns the removed files that fit on the page.
    fn removed<'b>(&self, shown: &'b Shown) -> &'b [String] {
        &shown.removed[..shown.removed.len().min(FILES)]
    }

    fn hidden_removed(&self, shown: &Shown) -> usize {
        shown.removed.len().saturating_sub(FILES)
    }

    /// Returns the address of a file: `kind` is to save it or to look at it.
    fn file(&self, shown: &Shown, kind: &str, path: &str) -> String {
        let segments: Vec<&str> = path.split('/').collect();
        let below = self.view.below(&self.address, kind, &segments);
        format!("{below}?version={}", shown.version)
    }

    fn is_text(&self, file: &ShownFile) -> bool {
        is_text(&file.path, file.size)
    }

    fn difference(&self, file: &ShownFile) -> String {
        difference(self.view, file.difference)
    }
}

/// Returns the word for a difference.
pub(super) fn difference(view: &View, difference: Difference) -> String {
    match difference {
        Difference::None => "–".to_owned(),
        Difference::Changed => view.say("file-changed"),
        Difference::New => view.say("file-new"),
    }
}

/// Returns the path to the pages of an assignment below its own.
pub(super) fn head(
    view: &View,
    course: &CourseId,
    assignment: &AssignmentId,
    title: String,
) -> Head {
    let address = view.assignment(course.as_str(), assignment.as_str());
    Head {
        title,
        crumbs: vec![
            view.home_crumb(),
            view.course_link(course.as_str()),
            view.link(address, assignment.as_str()),
        ],
        ..Head::default()
    }
}

/// The version whose files are listed, and what was done before.
#[derive(serde::Deserialize)]
pub struct VersionsQuery {
    version: Option<String>,
    done: Option<String>,
}

impl VersionsQuery {
    /// Returns the number of the version. A text that is no number matches none.
    pub fn number(&self) -> Option<i64> {
        let version = self.version.as_deref();
        version.map(|text| text.parse().unwrap_or(0))
    }
}

/// `GET c/{course}/a/{assignment}/versions`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    Query(query): Query<VersionsQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let all = versions::of(
        &exchange,
        &caller,
        course.clone(),
        assignment.clone(),
        query.number(),
        Against::Previous,
    );
    let all = all.await?;
    let done = Done::of(&exchange, &caller, &view, &course, query.done).await?;
    view.page(&Page {
        head: head(&view, &course, &assignment, view.say("versions-title")),
        address: view.assignment(course.as_str(), assignment.as_str()),
        all: &all,
        done,
        view: &view,
    })
}

/// Handles `GET c/{course}/a/{assignment}/files/{path}`: one file of a version.
pub async fn file(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    path: RestOfPath,
    Query(query): Query<VersionsQuery>,
) -> Result<HttpResponse> {
    let number = query.number();
    let found = releases::tree(&exchange, &reader.caller, course, assignment, number).await?;
    let file = found.files.only(&path.0);
    let file = file.ok_or(Refusal::NotFound(Thing::Version))?;
    let reply = download::file(&exchange, &path.0, file).await?;
    Ok(noting(reply, found.seen))
}

/// Handles `GET c/{course}/a/{assignment}/look/{path}`: leads to the text of a file, in the sandbox.
pub async fn look(
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    InAssignment(course, assignment): InAssignment,
    path: RestOfPath,
    Query(query): Query<VersionsQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let number = query.number();
    let found = releases::tree(&exchange, &caller, course, assignment, number).await?;
    let ticket = Ticket {
        place: Place::Tree(found.digest.to_string()),
        reader: caller.name().to_string(),
        showing: Showing::Text,
    };
    to_contents(&view, &tickets, &ticket, &path.0)
}

/// Handles `GET c/{course}/a/{assignment}/zip`: the files of a version, of the current one by default.
pub async fn as_zip(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    Query(query): Query<VersionsQuery>,
) -> Result<HttpResponse> {
    let number = query.number();
    let name = match number {
        Some(number) => format!("{assignment}-{number}.zip"),
        None => format!("{assignment}.zip"),
    };
    let found = releases::tree(&exchange, &reader.caller, course, assignment, number).await?;
    let reply = zip::tree(&exchange, &name, found.time, found.files).await?;
    Ok(noting(reply, found.seen))
}
