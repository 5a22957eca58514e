//! `v1/courses/{course}/assignments/{assignment}/dates` and `…/extensions`.

use crate::auth::Caller;
use crate::domain::{Dates, Extension, Timestamp};
use crate::exchange::{Exchange, dates};
use crate::http::error::{Error, Result};
use crate::http::names::{InAssignment, NewAssignment, OfWork};
use crate::http::{json_body, listing};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
struct GivenDates {
    opens_at: Option<String>,
    due_at: Option<String>,
    cutoff_at: Option<String>,
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
struct ShownDates {
    opens_at: Option<String>,
    due_at: Option<String>,
    cutoff_at: Option<String>,
}

/// `PUT v1/courses/{course}/assignments/{assignment}/dates`
pub async fn set(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewAssignment(course, assignment): NewAssignment,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    dates::may_set(&exchange, &caller, &course).await?;
    let given: GivenDates = json_body::read(&request, body).await?;
    let dates = Dates {
        opens_at: time(given.opens_at)?,
        due_at: time(given.due_at)?,
        cutoff_at: time(given.cutoff_at)?,
    };
    dates::set(&exchange, &caller, course, assignment, dates).await?;
    Ok(HttpResponse::Ok().json(ShownDates {
        opens_at: dates.opens_at.map(Timestamp::to_rfc3339),
        due_at: dates.due_at.map(Timestamp::to_rfc3339),
        cutoff_at: dates.cutoff_at.map(Timestamp::to_rfc3339),
    }))
}

fn time(given: Option<String>) -> Result<Option<Timestamp>> {
    let time = given.map(|text| Timestamp::parse(&text)).transpose();
    Ok(time?)
}

#[derive(Deserialize)]
struct GivenExtension {
    due_at: Option<String>,
    cutoff_at: Option<String>,
}

#[derive(Serialize)]
struct Listing<'a> {
    extensions: Vec<ShownExtension<'a>>,
}

#[derive(Serialize)]
struct ShownExtension<'a> {
    student: &'a str,
    due_at: Option<String>,
    cutoff_at: Option<String>,
}

fn shown(student: &str, extension: Extension) -> ShownExtension<'_> {
    ShownExtension {
        student,
        due_at: extension.due_at.map(Timestamp::to_rfc3339),
        cutoff_at: extension.cutoff_at.map(Timestamp::to_rfc3339),
    }
}

/// `GET v1/courses/{course}/assignments/{assignment}/extensions`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let extensions = dates::extensions(&exchange, &caller, course, assignment).await?;
    let extensions = extensions
        .iter()
        .map(|(student, extension)| shown(student, *extension))
        .collect();
    Ok(listing::reply_unless_known(
        &request,
        &Listing { extensions },
    ))
}

/// `PUT v1/courses/{course}/assignments/{assignment}/extensions/{user}`
pub async fn extend(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    dates::may_extend(&exchange, &caller, &target).await?;
    let given: GivenExtension = json_body::read(&request, body).await?;
    let extension = Extension {
        due_at: time(given.due_at)?,
        cutoff_at: time(given.cutoff_at)?,
    };
    if extension == Extension::default() {
        return Err(Error::bad("Please supply due_at or cutoff_at"));
    }
    let student = target.student.clone();
    dates::extend(&exchange, &caller, target, extension).await?;
    Ok(HttpResponse::Ok().json(shown(student.as_str(), extension)))
}

/// `DELETE v1/courses/{course}/assignments/{assignment}/extensions/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
) -> Result<HttpResponse> {
    dates::remove_extension(&exchange, &caller, target).await?;
    Ok(HttpResponse::NoContent().finish())
}
