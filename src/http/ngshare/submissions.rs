//! `submissions/{course}/{assignment}[/{user}]` and `submission/{course}/{assignment}[/{user}]`.

use crate::http::error::Result;
use crate::http::reply::file_list;
use crate::http::reply::listing;
use crate::http::request::form::{self, Fields, FieldsIn};
use crate::http::request::path::{InAssignment, OfWork};
use crate::http::request::{body, refused};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Caller;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::submission_pages::{self, StreamedSubmission};
use nbcourier_exchange::submissions::{self, NewSubmission};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};
use serde::Serialize;
use serde_json::json;

/// `GET submissions/{course}/{assignment}`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    listing::streamed("submissions", async move |after| {
        let (course, assignment) = (course.clone(), assignment.clone());
        let read = submission_pages::stream(&exchange, &caller, course, assignment, None, after);
        Ok(portion(read.await?))
    })
    .await
}

/// `GET submissions/{course}/{assignment}/{user}`
pub async fn list_of(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
) -> Result<HttpResponse> {
    listing::streamed("submissions", async move |after| {
        let target = target.clone();
        let (course, assignment) = (target.course, target.assignment);
        let student = Some(target.student);
        let read = submission_pages::stream(&exchange, &caller, course, assignment, student, after);
        Ok(portion(read.await?))
    })
    .await
}

/// A submission as the protocol lists it.
#[derive(Serialize)]
struct ListedSubmission {
    student_id: String,
    timestamp: Timestamp,
}

impl From<StreamedSubmission> for ListedSubmission {
    fn from(submission: StreamedSubmission) -> Self {
        Self {
            timestamp: submission.submitted_at(),
            student_id: submission.into_student(),
        }
    }
}

/// Returns the listed submissions, and the one after which the next portion begins.
fn portion(
    (submissions, is_more): (Vec<StreamedSubmission>, bool),
) -> (Vec<ListedSubmission>, Option<StreamedSubmission>) {
    let next = submissions.last().filter(|_| is_more).cloned();
    (submissions.into_iter().map(Into::into).collect(), next)
}

/// `POST submission/{course}/{assignment}`
pub async fn submit(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let new = NewSubmission {
        course,
        assignment,
        student: None,
        key: None,
    };
    let announced = body::announced(&request);
    let reply = receive(&exchange, &caller, new.clone(), &request, body).await;
    refused::note(&exchange, &caller, &new, announced, &reply);
    reply
}

async fn receive(
    exchange: &Exchange,
    caller: &Caller,
    new: NewSubmission,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let ready = submissions::ready(exchange, caller, new).await?;
    let account = ready.account();
    let upload = form::upload(exchange, request, body, FieldsIn::Body, account).await?;
    let handed_in = ready.submit(upload.files()?).await?;
    let timestamp = handed_in.receipt.submitted_at;
    Ok(HttpResponse::Ok().json(json!({ "success": true, "timestamp": timestamp })))
}

/// `GET submission/{course}/{assignment}/{user}`
pub async fn collect(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let time = fields
        .get("timestamp")?
        .filter(|text| !text.is_empty())
        .map(Timestamp::parse);
    let Ok(time) = time.transpose() else {
        // An invalid time matches no submission. The checks that come before the time still run first.
        submissions::check_target(&exchange, &caller, &target).await?;
        return Err(Refusal::NotFound(Thing::Submission).into());
    };
    let (timestamp, files) = submissions::files(&exchange, &caller, target, time).await?;
    file_list::reply(
        &exchange,
        files,
        Some(timestamp),
        file_list::is_list_only(&fields)?,
    )
    .await
}
