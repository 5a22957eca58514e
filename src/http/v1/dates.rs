//! `v1/courses/{course}/assignments/{assignment}/dates`, `…/extensions`, and `…/gradebook`, which returns both.

use crate::http::error::{Error, Result};
use crate::http::openapi::NoContent;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{
    Paging, encode_name, encode_position, parse_name, parse_position,
};
use crate::http::request::json::JsonBody;
use crate::http::request::path::{InAssignment, NewAssignment, OfWork};
use crate::http::request::person::detail;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Dates, Extension, Extensions, GradebookFacts, NewDates, NewExtension};
use nbcourier_auth::Caller;
use nbcourier_domain::{self as domain, Timestamp};
use nbcourier_exchange::dates::NotedExtension;
use nbcourier_exchange::gradebook::Position;
use nbcourier_exchange::{Exchange, dates, gradebook};

/// `PUT v1/courses/{course}/assignments/{assignment}/dates`
pub async fn set(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewAssignment(course, assignment): NewAssignment,
    body: JsonBody<NewDates>,
) -> Result<web::Json<Dates>> {
    let ready = dates::ready(&exchange, &caller, course, assignment).await?;
    let given = body.read().await?;
    let dates = domain::Dates {
        opens_at: time(given.opens_at)?,
        due_at: time(given.due_at)?,
        cutoff_at: time(given.cutoff_at)?,
    };
    ready.set(dates).await?;
    Ok(web::Json(dates.into()))
}

fn time(given: Option<String>) -> Result<Option<Timestamp>> {
    let time = given.map(|text| Timestamp::parse(&text)).transpose();
    Ok(time?)
}

/// `GET v1/courses/{course}/assignments/{assignment}/extensions`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Extensions>> {
    let (after, at_most) = (wanted.after(parse_name)?, wanted.limit()?);
    let page = dates::extensions(&exchange, &caller, course, assignment, after, at_most).await?;
    Listing::of(page.extensions.len(), move || Extensions {
        extensions: page
            .extensions
            .into_iter()
            .map(|(student, noted)| with_note(student, noted))
            .collect(),
        next: page.next.as_deref().map(encode_name),
    })
    .await
}

/// `PUT v1/courses/{course}/assignments/{assignment}/extensions/{user}`
pub async fn extend(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
    body: JsonBody<NewExtension>,
) -> Result<web::Json<Extension>> {
    let student = target.student.to_string();
    let ready = dates::ready_to_extend(&exchange, &caller, target).await?;
    let given = body.read().await?;
    let extension = domain::Extension {
        due_at: time(given.due_at)?,
        cutoff_at: time(given.cutoff_at)?,
    };
    if extension == domain::Extension::default() {
        return Err(Error::bad("Please supply due_at or cutoff_at"));
    }
    let noted = NotedExtension {
        extension,
        note: given.note.map(detail).transpose()?,
    };
    ready.extend(noted.clone()).await?;
    Ok(web::Json(with_note(student, noted)))
}

/// `DELETE v1/courses/{course}/assignments/{assignment}/extensions/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
) -> Result<NoContent> {
    dates::remove_extension(&exchange, &caller, target).await?;
    Ok(NoContent)
}

/// `GET v1/courses/{course}/assignments/{assignment}/gradebook`
pub async fn for_gradebook(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<Paging>,
) -> Result<Listing<GradebookFacts>> {
    let (after, at_most) = (wanted.after(parse_cursor)?, wanted.limit()?);
    let facts = gradebook::facts(&exchange, &caller, course, assignment, after, at_most).await?;
    let lines = facts.extensions.len() + facts.students.len();
    Listing::of(lines, move || {
        let dates = Dates::from(facts.dates);
        GradebookFacts {
            opens_at: dates.opens_at,
            due_at: dates.due_at,
            cutoff_at: dates.cutoff_at,
            extensions: extensions(facts.extensions),
            students: facts.students,
            next: facts.next.map(cursor),
        }
    })
    .await
}

fn with_note(student: String, noted: NotedExtension) -> Extension {
    Extension {
        note: noted.note,
        ..Extension::new(student, noted.extension)
    }
}

fn extensions(extensions: Vec<(String, domain::Extension)>) -> Vec<Extension> {
    let extensions = extensions.into_iter();
    extensions
        .map(|(student, extension)| Extension::new(student, extension))
        .collect()
}

/// The mark of a student with an extension in a cursor.
const EXTENSION: char = '-';

fn cursor(position: Position) -> String {
    match position {
        Position::Extension(student) => format!("{EXTENSION}{}", encode_name(&student)),
        Position::Student(position) => encode_position(position),
    }
}

fn parse_cursor(text: &str) -> Option<Position> {
    match text.strip_prefix(EXTENSION) {
        Some(student) => parse_name(student).map(Position::Extension),
        None => parse_position(text).map(Position::Student),
    }
}
