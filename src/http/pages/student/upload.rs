//! Submitting by uploading files, for times when the notebook server does not start.

use crate::http::error::{Error, Result};
use crate::http::pages::failure::reason;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::uploaded::{UploadForm, Uploaded};
use crate::http::pages::view::{Head, View};
use crate::http::reply::redirect::see_other;
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{AssignmentId, CourseId, IdempotencyKey, Timestamp, UserName};
use nbcourier_exchange::files::parcel::Parcel;
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
    /// The reason why files that were sent are no submission.
    problem: Option<String>,
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
    let student = student(query.r#for.as_deref())?;
    let key = Uuid::new_v4().to_string();
    form(&exchange, reader, (course, assignment), student, key, None).await
}

/// Returns the page with the form, and the reason why it comes back.
async fn form(
    exchange: &Exchange,
    reader: Reader,
    (course, assignment): (CourseId, AssignmentId),
    student: Option<UserName>,
    key: String,
    problem: Option<String>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let details = own_work::assignment(
        exchange,
        &caller,
        view.place(&course),
        assignment.clone(),
        student.clone(),
        1,
    )
    .await?;
    let address = view.assignment(course.as_str(), assignment.as_str());
    let page = Page {
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
        key,
        address,
        problem,
        view: &view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// `POST c/{course}/a/{assignment}/submit`
pub async fn submit(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    sent: UploadForm,
) -> Result<HttpResponse> {
    let begun = sent.begin().await?;
    let key = IdempotencyKey::parse(begun.fields.text("key"))?;
    let student = student(Some(begun.fields.text("for")))?;
    let new = NewSubmission {
        course: course.clone(),
        assignment: assignment.clone(),
        student: student.clone(),
        key: Some(key.clone()),
    };
    let submissions = begun.reader.view.at(&["c", course.as_str(), "s"]);
    let to_page = |id: i64| see_other(&format!("{submissions}/{id}?submitted=1")).finish();
    let mut ready = submissions::ready(&exchange, &begun.reader.caller, new).await?;
    if let Some(earlier) = ready.earlier.take() {
        return Ok(to_page(earlier.id));
    }
    let (reader, uploaded) = begun.read(&exchange, ready.account()).await;
    let submitted = match uploaded.and_then(|uploaded| submittable(uploaded, &reader.view)) {
        Ok(parcel) => ready.submit(parcel).await.map_err(Error::from),
        Err(error) => Err(error),
    };
    match submitted {
        Ok(submitted) => Ok(to_page(submitted.receipt.id)),
        Err(error) => {
            let problem = Some(reason(error, &reader.view)?);
            let reader = reader.in_course(&exchange, &course).await?;
            let (place, key) = ((course, assignment), key.as_str().to_owned());
            form(&exchange, reader, place, student, key, problem).await
        }
    }
}

/// Returns the files of a submission, unless they look like a mistake.
fn submittable(uploaded: Uploaded, view: &View) -> Result<Parcel> {
    match uploaded.names.as_slice() {
        [] => Err(Error::bad(view.say("submit-choose-files"))),
        [only] if only.as_str().to_ascii_lowercase().ends_with(".zip") => {
            Err(Error::bad(view.say("submit-one-archive")))
        }
        _ => Ok(uploaded.parcel),
    }
}
