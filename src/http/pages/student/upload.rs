//! Submitting by uploading files, for times when the notebook server does not start.

use crate::http::error::{Error, Result};
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::uploaded::{UploadForm, Uploaded};
use crate::http::pages::view::{Head, View};
use crate::http::reply::redirect::see_other;
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{IdempotencyKey, Timestamp, UserName};
use nbcourier_exchange::own_work::{self, OwnDetails};
use nbcourier_exchange::submissions::{self, NewSubmission};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};
use uuid::Uuid;

#[derive(Template)]
#[template(path = "student/upload.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    details: &'a OwnDetails,
    student: Option<&'a str>,
    key: String,
    address: String,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn distance(&self, at: &Timestamp) -> String {
        self.view.times.distance(*at)
    }
}

/// The student for whom an instructor submits.
#[derive(serde::Deserialize)]
pub struct PageQuery {
    r#for: Option<String>,
}

fn student(name: Option<&str>) -> Result<Option<UserName>> {
    let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
    let name = name.map(UserName::parse).transpose();
    Ok(name.map_err(|_| Refusal::NotFound(Thing::Student))?)
}

/// `GET c/{course}/a/{assignment}/submit`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = reader;
    let student = student(query.r#for.as_deref())?;
    let details = own_work::assignment(
        &exchange,
        &caller,
        course.clone(),
        assignment.clone(),
        student.clone(),
        1,
    )
    .await?;
    let address = view.assignment(course.as_str(), assignment.as_str());
    view.page(&Page {
        head: Head {
            title: view.say("submit-title"),
            crumbs: vec![
                view.home_crumb(),
                view.course_link(course.as_str()),
                view.link(address.clone(), assignment.as_str()),
            ],
            ..Head::default()
        },
        details: &details,
        student: student.as_ref().map(UserName::as_str),
        key: Uuid::new_v4().to_string(),
        address,
        view: &view,
    })
}

/// `POST c/{course}/a/{assignment}/submit`
pub async fn submit(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: UploadForm,
) -> Result<HttpResponse> {
    let begun = form.begin().await?;
    let key = IdempotencyKey::parse(begun.fields.text("key"))?;
    let new = NewSubmission {
        course: course.clone(),
        assignment,
        student: student(Some(begun.fields.text("for")))?,
        key: Some(key),
    };
    let submissions = begun.reader.view.at(&["c", course.as_str(), "s"]);
    let to_page = |id: i64| see_other(&format!("{submissions}/{id}?submitted=1")).finish();
    let mut ready = submissions::ready(&exchange, &begun.reader.caller, new).await?;
    if let Some(earlier) = ready.earlier.take() {
        return Ok(to_page(earlier.id));
    }
    let no_files = begun.reader.view.say("submit-no-files");
    let one_archive = begun.reader.view.say("submit-one-archive");
    let Uploaded { parcel, names, .. } = begun.read(&exchange, ready.account()).await?;
    match names.as_slice() {
        [] => return Err(Error::bad(no_files)),
        [only] if only.as_str().to_ascii_lowercase().ends_with(".zip") => {
            return Err(Error::bad(one_archive));
        }
        _ => {}
    }
    let submitted = ready.submit(parcel).await?;
    Ok(to_page(submitted.receipt.id))
}
