//! A submission: what exactly was submitted, and the proof of it.

use crate::http::error::Result;
use crate::http::pages::contents::is_text;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::redirect::see_other;
use crate::http::reply::{download, receipt, zip};
use crate::http::request::path::{OfSubmission, RestOfPath};
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_auth::{Place, ReceiptSigner, Showing, Ticket, Tickets};
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_exchange::own_work::{self, SubmissionDetails};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing, receipts, submissions};

/// Maximum number of files on the page.
const FILES: usize = 500;

#[derive(Template)]
#[template(path = "student/submission.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    details: &'a SubmissionDetails,
    address: String,
    files: Vec<File>,
    /// Number of files that are not listed.
    more: usize,
    /// Whether it was submitted just now, by the page for uploads.
    is_new: bool,
}

/// A file on the page.
struct File {
    path: String,
    size: u64,
    sha256: String,
    href: String,
    /// The address of its text, if it can be shown.
    text: Option<String>,
}

impl Page<'_> {
    fn second(&self, at: &Timestamp) -> Moment {
        self.view.times.second(*at)
    }
}

/// Whether the page follows an upload.
#[derive(serde::Deserialize)]
pub struct PageQuery {
    submitted: Option<String>,
}

/// `GET c/{course}/s/{id}`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfSubmission(course, id): OfSubmission,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let details = own_work::submission(&exchange, &caller, view.place(&course), id).await?;
    let receipt = &details.receipt;
    let address = view.submission(course.as_str(), &receipt.id);
    let link_to = |kind: &str, path: &str| {
        let id = receipt.id.to_string();
        let mut segments = vec!["c", course.as_str(), "s", &id, kind];
        segments.extend(path.split('/'));
        view.at(&segments)
    };
    let listed = details.files.iter().take(FILES).map(|file| {
        let path = file.path.as_str().to_owned();
        File {
            href: link_to("files", &path),
            text: is_text(&path, file.blob.size).then(|| link_to("look", &path)),
            size: file.blob.size,
            sha256: file.blob.sha256.to_string(),
            path,
        }
    });
    let files: Vec<File> = listed.collect();
    let title = view.say_with("submission-title", "number", receipt.id.to_string());
    view.page(&Page {
        head: Head {
            title,
            crumbs: crumbs(&view, &course, &receipt.assignment),
            ..Head::default()
        },
        more: details.files.len() - files.len(),
        files,
        address,
        is_new: query.submitted.is_some(),
        details: &details,
        view: &view,
    })
}

/// Returns the path to the pages of a submission.
pub fn crumbs(
    view: &View,
    course: &CourseId,
    assignment: &str,
) -> Vec<crate::http::pages::view::Link> {
    vec![
        view.home_crumb(),
        view.course_link(course.as_str()),
        view.link(view.assignment(course.as_str(), assignment), assignment),
    ]
}

/// `GET c/{course}/s/{id}/receipt.json`
pub async fn receipt(
    reader: Reader,
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    let found = receipts::of_submission(&exchange, &reader.caller, course, id).await?;
    let name = format!("receipt-{}.json", found.id);
    let content = receipt::sign(found, &signer)?;
    let mut reply = HttpResponse::Ok();
    download::as_file(&mut reply, &name);
    Ok(reply.json(content))
}

/// `GET c/{course}/s/{id}/zip`
pub async fn as_zip(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    let found = submissions::tree(&exchange, &reader.caller, course, id).await?;
    let name = format!("submission-{}.zip", id.unwrap_or_default());
    zip::tree(&exchange, &name, found.time, found.files).await
}

/// `GET c/{course}/s/{id}/files/{path}`
pub async fn file(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfSubmission(course, id): OfSubmission,
    path: RestOfPath,
) -> Result<HttpResponse> {
    let found = submissions::tree(&exchange, &reader.caller, course, id).await?;
    let file = found.files.only(&path.0);
    let file = file.ok_or(Refusal::NotFound(Thing::Submission))?;
    download::file(&exchange, &path.0, file).await
}

/// Handles `GET c/{course}/s/{id}/look/{path}`: leads to the text of a file, in the sandbox.
pub async fn look(
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    OfSubmission(course, id): OfSubmission,
    path: RestOfPath,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let found = submissions::tree(&exchange, &caller, course, id).await?;
    let ticket = Ticket {
        place: Place::Tree(found.digest.to_string()),
        reader: caller.name().to_string(),
        showing: Showing::Text,
    };
    to_contents(&view, &tickets, &ticket, &path.0)
}

/// Returns the redirect to a content, with a new ticket.
pub fn to_contents(
    view: &View,
    tickets: &Tickets,
    ticket: &Ticket,
    path: &str,
) -> Result<HttpResponse> {
    let text = tickets.issue(ticket)?;
    let mut segments = vec!["view", &text];
    segments.extend(path.split('/'));
    Ok(see_other(&view.at(&segments)).finish())
}
