//! The feedback on a submission.

use super::course::read_at;
use super::submission::{crumbs, to_contents};
use crate::http::error::Result;
use crate::http::pages::contents::is_page;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::seen::noting;
use crate::http::reply::{download, zip};
use crate::http::request::path::{OfSubmission, RestOfPath};
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_auth::{Place, Showing, Ticket, Tickets};
use nbcourier_domain::Timestamp;
use nbcourier_exchange::history::PastFeedback;
use nbcourier_exchange::own_work::{self, FeedbackDetails};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, feedback};

/// Maximum number of files on the page.
const FILES: usize = 500;
/// Maximum number of earlier pieces of feedback on the page.
const EARLIER: usize = 100;

#[derive(Template)]
#[template(path = "student/feedback.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    given_at: Moment,
    given_by: String,
    submitted_at: Moment,
    /// When the student has read it, for those who teach.
    read: Option<String>,
    address: String,
    files: Vec<File>,
    /// Number of files that are not listed.
    more: usize,
    earlier: Vec<PastFeedback>,
}

/// A file on the page.
struct File {
    path: String,
    size: u64,
    download: String,
    /// The address of the file in the sandbox, if it can be read there.
    read: Option<String>,
    /// The same, with its formulas drawn.
    formulas: Option<String>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }
}

/// `GET c/{course}/s/{id}/feedback`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let found = own_work::feedback(&exchange, &caller, view.place(&course), id, EARLIER).await?;
    let FeedbackDetails {
        receipt,
        current: found,
        all: past,
    } = found;
    let link_to = |kind: &str, path: &str| {
        let id = receipt.id.to_string();
        let mut segments = vec!["c", course.as_str(), "s", &id, "feedback", kind];
        segments.extend(path.split('/'));
        view.at(&segments)
    };
    let files = found.files.iter().take(FILES).map(|file| {
        let path = file.path.as_str().to_owned();
        let is_html = is_page(&path);
        File {
            read: is_html.then(|| link_to("read", &path)),
            formulas: is_html.then(|| link_to("formulas", &path)),
            download: link_to("files", &path),
            size: file.blob.size,
            path,
        }
    });
    let mut trail = crumbs(&view, &course, &receipt.assignment);
    let address = view.submission(course.as_str(), &receipt.id);
    let number = view.say_with("submission-title", "number", receipt.id.to_string());
    trail.push(view.link(address.clone(), &number));
    let current = past.feedback.iter().find(|past| past.is_current);
    let teaches = receipt.student != caller.name().as_str();
    let read = current.filter(|_| teaches);
    let read = read.map(|given| read_at(&view, given.read.map(|read| read.first_at)));
    view.page(&Page {
        head: Head {
            title: view.say("feedback"),
            crumbs: trail,
            ..Head::default()
        },
        given_at: view.times.minute(found.time),
        given_by: current.map_or_else(String::new, |past| past.returned_by.clone()),
        submitted_at: view.times.minute(receipt.submitted_at),
        more: found.files.len().saturating_sub(FILES),
        files: files.collect(),
        earlier: past
            .feedback
            .into_iter()
            .filter(|past| !past.is_current)
            .collect(),
        address,
        read,
        view: &view,
    })
}

/// `GET c/{course}/s/{id}/feedback/zip`
pub async fn as_zip(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    let found = feedback::tree(&exchange, &reader.caller, course, id).await?;
    let name = format!("feedback-{}.zip", id.unwrap_or_default());
    let reply = zip::tree(&exchange, &name, found.time, found.files).await?;
    Ok(noting(reply, found.seen))
}

/// `GET c/{course}/s/{id}/feedback/files/{path}`
pub async fn file(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfSubmission(course, id): OfSubmission,
    path: RestOfPath,
) -> Result<HttpResponse> {
    let found = feedback::tree(&exchange, &reader.caller, course, id).await?;
    let file = found.files.only(&path.0);
    let file = file.ok_or(Refusal::NotFound(Thing::Feedback))?;
    let reply = download::file(&exchange, &path.0, file).await?;
    Ok(noting(reply, found.seen))
}

/// Handles `GET c/{course}/s/{id}/feedback/read/{path}`: leads to a page of the feedback, in the sandbox.
pub async fn read(
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    submission: OfSubmission,
    path: RestOfPath,
) -> Result<HttpResponse> {
    lead(
        reader,
        &exchange,
        &tickets,
        submission,
        &path,
        Showing::Html,
    )
    .await
}

/// Handles `GET c/{course}/s/{id}/feedback/formulas/{path}`: the same, with formulas drawn.
pub async fn with_formulas(
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    submission: OfSubmission,
    path: RestOfPath,
) -> Result<HttpResponse> {
    lead(
        reader,
        &exchange,
        &tickets,
        submission,
        &path,
        Showing::Formulas,
    )
    .await
}

async fn lead(
    reader: Reader,
    exchange: &Exchange,
    tickets: &Tickets,
    OfSubmission(course, id): OfSubmission,
    path: &RestOfPath,
    showing: Showing,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let found = feedback::tree(exchange, &caller, course, id).await?;
    let ticket = Ticket {
        place: Place::Tree(found.digest.to_string()),
        reader: caller.name().to_string(),
        showing,
    };
    let reply = to_contents(&view, tickets, &ticket, &path.0)?;
    Ok(noting(reply, found.seen))
}
