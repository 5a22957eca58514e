//! `v1/courses/{course}/assignments/{assignment}/dates`, `…/extensions`, and `…/gradebook`, which returns both.

use crate::http::error::{Error, Result};
use crate::http::openapi::{JsonBody, Listing, NoContent, Query};
use crate::http::reply::paging::{Paging, encode_name, encode_place, parse_name, parse_place};
use crate::http::request::path::{InAssignment, NewAssignment, OfWork};
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{Dates, Extension, Person, Rfc3339, Timestamp};
use nbcourier_exchange::gradebook::Place;
use nbcourier_exchange::{Exchange, dates, gradebook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The dates of an assignment. An absent or `null` date is removed.
#[derive(Deserialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
pub struct GivenDates {
    /// The opening time. Students do not see the assignment before it.
    #[schemars(with = "Option<Rfc3339>")]
    opens_at: Option<String>,
    /// The due time. Later submissions are late.
    #[schemars(with = "Option<Rfc3339>")]
    due_at: Option<String>,
    /// The cut-off. Later submissions are refused.
    #[schemars(with = "Option<Rfc3339>")]
    cutoff_at: Option<String>,
}

/// The dates of an assignment.
#[derive(Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
pub struct ShownDates {
    opens_at: Option<Rfc3339>,
    due_at: Option<Rfc3339>,
    cutoff_at: Option<Rfc3339>,
}

/// `PUT v1/courses/{course}/assignments/{assignment}/dates`
pub async fn set(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewAssignment(course, assignment): NewAssignment,
    body: JsonBody<GivenDates>,
) -> Result<web::Json<ShownDates>> {
    let ready = dates::ready(&exchange, &caller, course, assignment).await?;
    let given = body.read().await?;
    let dates = Dates {
        opens_at: time(given.opens_at)?,
        due_at: time(given.due_at)?,
        cutoff_at: time(given.cutoff_at)?,
    };
    ready.set(dates).await?;
    Ok(web::Json(ShownDates {
        opens_at: dates.opens_at.map(Rfc3339),
        due_at: dates.due_at.map(Rfc3339),
        cutoff_at: dates.cutoff_at.map(Rfc3339),
    }))
}

fn time(given: Option<String>) -> Result<Option<Timestamp>> {
    let time = given.map(|text| Timestamp::parse(&text)).transpose();
    Ok(time?)
}

/// The dates of one student. For an absent date, that of the assignment applies.
#[derive(Deserialize, JsonSchema)]
pub struct GivenExtension {
    #[schemars(with = "Option<Rfc3339>")]
    due_at: Option<String>,
    #[schemars(with = "Option<Rfc3339>")]
    cutoff_at: Option<String>,
}

/// The extensions of an assignment, by student.
#[derive(Serialize, JsonSchema)]
pub struct Extensions {
    extensions: Vec<ShownExtension>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
}

/// The dates of one student.
#[derive(Serialize, JsonSchema)]
pub struct ShownExtension {
    student: String,
    due_at: Option<Rfc3339>,
    cutoff_at: Option<Rfc3339>,
}

fn shown(student: String, extension: Extension) -> ShownExtension {
    ShownExtension {
        student,
        due_at: extension.due_at.map(Rfc3339),
        cutoff_at: extension.cutoff_at.map(Rfc3339),
    }
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
        extensions: all_shown(page.extensions),
        next: page.next.as_deref().map(encode_name),
    })
    .await
}

fn all_shown(extensions: Vec<(String, Extension)>) -> Vec<ShownExtension> {
    let extensions = extensions.into_iter();
    extensions
        .map(|(student, extension)| shown(student, extension))
        .collect()
}

/// `PUT v1/courses/{course}/assignments/{assignment}/extensions/{user}`
pub async fn extend(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
    body: JsonBody<GivenExtension>,
) -> Result<web::Json<ShownExtension>> {
    let student = target.student.to_string();
    let ready = dates::ready_to_extend(&exchange, &caller, target).await?;
    let given = body.read().await?;
    let extension = Extension {
        due_at: time(given.due_at)?,
        cutoff_at: time(given.cutoff_at)?,
    };
    if extension == Extension::default() {
        return Err(Error::bad("Please supply due_at or cutoff_at"));
    }
    ready.extend(extension).await?;
    Ok(web::Json(shown(student, extension)))
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

/// A page of the data that a gradebook takes over: dates, extensions and students.
#[derive(Serialize, JsonSchema)]
pub struct GradebookFacts {
    opens_at: Option<Rfc3339>,
    due_at: Option<Rfc3339>,
    cutoff_at: Option<Rfc3339>,
    /// The extensions of an assignment, by student.
    extensions: Vec<ShownExtension>,
    /// The students of the course. They follow the extensions.
    students: Vec<Person>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
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
    Listing::of(lines, move || GradebookFacts {
        opens_at: facts.dates.opens_at.map(Rfc3339),
        due_at: facts.dates.due_at.map(Rfc3339),
        cutoff_at: facts.dates.cutoff_at.map(Rfc3339),
        extensions: all_shown(facts.extensions),
        students: facts.students,
        next: facts.next.map(cursor),
    })
    .await
}

/// The mark of a student with an extension in a cursor.
const EXTENSION: char = '-';

fn cursor(place: Place) -> String {
    match place {
        Place::Extension(student) => format!("{EXTENSION}{}", encode_name(&student)),
        Place::Student(place) => encode_place(place),
    }
}

fn parse_cursor(text: &str) -> Option<Place> {
    match text.strip_prefix(EXTENSION) {
        Some(student) => parse_name(student).map(Place::Extension),
        None => parse_place(text).map(Place::Student),
    }
}
