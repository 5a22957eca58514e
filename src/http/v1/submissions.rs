//! `v1/courses/{course}/submissions`: everything handed in, in one request.

use super::files::Files;
use crate::auth::Caller;
use crate::domain::{AssignmentId, Sha256Sum, Timestamp, UserName};
use crate::exchange::submission_pages::{self, Entry, Page, Place, Question};
use crate::exchange::{Error as Refusal, Exchange, Thing, submissions};
use crate::http::error::{Error, Result};
use crate::http::names::{InCourse, OfSubmission};
use crate::http::receive::Fields;
use crate::http::{listing, paging, tar_reply};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

#[derive(Serialize)]
struct Listing<'a> {
    submissions: Vec<Shown<'a>>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    assignment: &'a str,
    student: &'a str,
    submitted_by: Option<&'a str>,
    submitted_at: String,
    late: bool,
    tree: Sha256Sum,
    files: Files<'a>,
    feedback: Option<Feedback<'a>>,
}

#[derive(Serialize)]
struct Feedback<'a> {
    returned_at: String,
    tree: Sha256Sum,
    files: Files<'a>,
}

/// `GET v1/courses/{course}/submissions`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let given = |name| fields.given(name);
    let not_found = |thing| Error::from(Refusal::NotFound(thing));
    let question = Question {
        course,
        assignment: given("assignment")?
            .map(AssignmentId::parse)
            .transpose()
            .map_err(|_| not_found(Thing::Assignment))?,
        student: given("student")?
            .map(UserName::parse)
            .transpose()
            .map_err(|_| not_found(Thing::Student))?,
        after: paging::cursor(&fields, parse_cursor)?,
        at_most: paging::limit(&fields, paging::MOST)?,
    };
    let page = submission_pages::page(&exchange, &caller, question).await?;
    Ok(listing::reply_unless_known(
        &request,
        &Listing {
            submissions: page
                .entries
                .iter()
                .map(|entry| shown(&page, entry))
                .collect(),
            next: page.next.map(cursor),
        },
    ))
}

/// `GET v1/courses/{course}/submissions/{id}/tree`
pub async fn tree(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<HttpResponse> {
    let found = submissions::tree(&exchange, &caller, course, id).await?;
    tar_reply::tree(&exchange, found).await
}

fn shown<'a>(page: &'a Page, entry: &'a Entry) -> Shown<'a> {
    let feedback = page.feedback.get(&entry.id);
    Shown {
        id: entry.id,
        assignment: &entry.assignment,
        student: &entry.student,
        submitted_by: entry.submitted_by.as_deref(),
        submitted_at: entry.submitted_at.to_rfc3339(),
        late: entry.late,
        tree: entry.digest,
        files: Files(page.files.of(entry.tree_id)),
        feedback: feedback.map(|feedback| Feedback {
            returned_at: feedback.returned_at.to_rfc3339(),
            tree: feedback.digest,
            files: Files(page.files.of(feedback.tree_id)),
        }),
    }
}

fn cursor(place: Place) -> String {
    format!("{}.{}", place.submitted_at.micros(), place.id)
}

fn parse_cursor(text: &str) -> Option<Place> {
    let (time, id) = text.split_once('.')?;
    Some(Place {
        submitted_at: Timestamp::from_micros(time.parse().ok()?),
        id: id.parse().ok()?,
    })
}
