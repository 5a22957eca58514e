//! Changing what students fetch: releasing an earlier version again, adding files, taking the release back, and moving the
//! assignment to the trash. Each page says first what will happen.

use super::done;
use super::versions::{self as page_of_versions, VersionsQuery};
use crate::http::error::{Error, Result};
use crate::http::pages::failure::reason;
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::reader::Reader;
use crate::http::pages::uploaded::{UploadForm, Uploaded};
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_codec::PathSet;
use nbcourier_domain::{AssignmentId, CourseId};
use nbcourier_exchange::board::{self, Purpose};
use nbcourier_exchange::files::parcel::Parcel;
use nbcourier_exchange::releases::{self, IfReleased};
use nbcourier_exchange::versions::{self, Against, Shown, Versions};
use nbcourier_exchange::{Exchange, trash};

/// Maximum number of files that a page names.
const NAMED: usize = 100;

/// A page that asks before something is done.
#[derive(Template)]
#[template(path = "course/confirm.html")]
struct Confirm<'a> {
    view: &'a View,
    head: Head,
    sentences: Vec<String>,
    /// The files that differ: path and how.
    differences: Vec<(String, String)>,
    /// The address of the form, and that of the page before.
    action: String,
    back: String,
    hidden: Vec<(&'static str, String)>,
    button: String,
    /// Whether the button can be pressed.
    is_possible: bool,
    is_danger: bool,
}

/// The form that adds files.
#[derive(Template)]
#[template(path = "course/add_files.html")]
struct AddFiles<'a> {
    view: &'a View,
    head: Head,
    sentences: Vec<String>,
    address: String,
    /// The version that the files are added to, or 0.
    base: i64,
    was: String,
    problem: Option<String>,
}

fn to_versions(view: &View, course: &CourseId, assignment: &AssignmentId) -> HttpResponse {
    let address = view.assignment(course.as_str(), assignment.as_str());
    done::to(&format!("{address}/versions"))
}

/// Returns the current version for a form. It is empty if the assignment is not released.
fn written(current: Option<i64>) -> String {
    current.map_or_else(String::new, |number| number.to_string())
}

/// Returns the current version that the form was made from.
fn was(fields: &Fields) -> Option<i64> {
    fields.text("was").parse().ok()
}

/// Returns sentences about those who have fetched or submitted.
fn about_students(view: &View, all: &Versions) -> Vec<String> {
    let mut sentences = Vec::new();
    if all.current().is_some() {
        sentences.push(view.say("fetch-again"));
    }
    if all.submitters > 0 {
        sentences.push(view.say_with("have-submitted", "n", all.submitters));
    }
    sentences
}

fn differences(view: &View, shown: &Shown) -> Vec<(String, String)> {
    let differing = shown.files.iter().filter_map(|file| {
        let is_same = file.difference == versions::Difference::None;
        let word = page_of_versions::difference(view, file.difference);
        (!is_same).then(|| (file.path.clone(), word))
    });
    let removed = shown.removed.iter();
    let removed = removed.map(|path| (path.clone(), view.say("file-removed")));
    differing.chain(removed).take(NAMED).collect()
}

/// Handles `GET c/{course}/a/{assignment}/versions/again`: says what releasing a version again means.
pub async fn ask_again(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    Query(query): Query<VersionsQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let number = query.number().unwrap_or(0);
    let all = versions::to_release(
        &exchange,
        &caller,
        course.clone(),
        assignment.clone(),
        Some(number),
        Against::Current,
    );
    let all = all.await?;
    let found = all.shown.as_ref().map(|shown| differences(&view, shown));
    let found = found.unwrap_or_default();
    let is_possible = !found.is_empty() || all.current().is_none();
    let next = all
        .versions
        .first()
        .map_or(1, |newest| newest.release.version + 1);
    let mut sentences = if is_possible {
        vec![view.say_all(
            "again-explained",
            &[
                ("version", number.to_string().to_value()),
                ("next", next.to_string().to_value()),
            ],
        )]
    } else {
        vec![view.say("again-same")]
    };
    sentences.extend(about_students(&view, &all));
    let address = view.assignment(course.as_str(), assignment.as_str());
    let title = view.say_with("again-title", "version", number.to_string());
    view.page(&Confirm {
        head: page_of_versions::head(&view, &course, &assignment, title.clone()),
        sentences,
        differences: found,
        action: format!("{address}/versions/again"),
        back: format!("{address}/versions"),
        hidden: vec![
            ("version", number.to_string()),
            ("was", written(all.current())),
        ],
        button: title,
        is_possible,
        is_danger: false,
        view: &view,
    })
}

/// `POST c/{course}/a/{assignment}/versions/again`
pub async fn again(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let number = fields.text("version").parse().unwrap_or(0);
    let place = (course.clone(), assignment.clone());
    let caller = &reader.caller;
    releases::again(&exchange, caller, place.0, place.1, number, was(&fields)).await?;
    Ok(to_versions(&reader.view, &course, &assignment))
}

/// Returns the version that files are added to: the current one, else the newest.
fn base(all: &Versions) -> Option<i64> {
    let newest = all.versions.first();
    all.current()
        .or(newest.map(|newest| newest.release.version))
}

/// Handles `GET c/{course}/a/{assignment}/versions/add`: a form for files, and what they will change.
pub async fn ask_files(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    files_form(&exchange, reader, (course, assignment), None).await
}

/// Returns the page with the form for files, and the reason why it comes back.
async fn files_form(
    exchange: &Exchange,
    reader: Reader,
    (course, assignment): (CourseId, AssignmentId),
    problem: Option<String>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let all = versions::to_release(
        exchange,
        &caller,
        course.clone(),
        assignment.clone(),
        None,
        Against::Previous,
    );
    let all = all.await?;
    let mut sentences = vec![match base(&all) {
        Some(base) => view.say_with("add-files-explained", "version", base.to_string()),
        None => view.say("add-files-first"),
    }];
    sentences.extend(about_students(&view, &all));
    sentences.push(view.say("add-files-source"));
    let page = AddFiles {
        head: page_of_versions::head(&view, &course, &assignment, view.say("add-files-title")),
        sentences,
        address: view.assignment(course.as_str(), assignment.as_str()),
        base: base(&all).unwrap_or(0),
        was: written(all.current()),
        problem,
        view: &view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// Handles `POST c/{course}/a/{assignment}/versions/add`: releases the files with those of a version.
pub async fn add_files(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: UploadForm,
) -> Result<HttpResponse> {
    let begun = form.begin().await?;
    let caller = begun.reader.caller.clone();
    let only = IfReleased::ReplaceOnly(was(&begun.fields));
    let place = (course.clone(), assignment.clone());
    let ready = releases::ready(&exchange, &caller, place.0, place.1, only).await?;
    let base = begun.fields.text("base").parse::<i64>().unwrap_or(0);
    let (reader, uploaded) = begun.read(&exchange, ready.account()).await;
    let place = (course.clone(), assignment.clone());
    let whole = match uploaded {
        Ok(uploaded) => beside(&exchange, &reader, place, base, uploaded).await,
        Err(error) => Err(error),
    };
    let released = match whole {
        Ok(parcel) => ready.release(parcel).await.map_err(Error::from),
        Err(error) => Err(error),
    };
    match released {
        Ok(_) => Ok(to_versions(&reader.view, &course, &assignment)),
        Err(error) => {
            let problem = Some(reason(error, &reader.view)?);
            let reader = reader.in_course(&exchange, &course).await?;
            files_form(&exchange, reader, (course, assignment), problem).await
        }
    }
}

/// Returns the files with those of the version that the form was made from.
async fn beside(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    (course, assignment): (CourseId, AssignmentId),
    base: i64,
    Uploaded { parcel, names }: Uploaded,
) -> Result<Parcel> {
    if names.is_empty() {
        return Err(Error::bad(view.say("add-files-none")));
    }
    if base <= 0 {
        return Ok(parcel);
    }
    let stored = releases::tree(exchange, caller, course, assignment, Some(base)).await?;
    let mut paths = PathSet::default();
    let kept = stored.files.iter().map(|file| file.path);
    for path in kept.filter(|path| !names.contains(*path)).chain(&names) {
        let fits = paths.insert(path);
        fits.map_err(|_| Error::bad(view.say_with("add-files-clash", "name", path.as_str())))?;
    }
    Ok(parcel.beside(exchange, &stored.files)?)
}

/// Handles `GET c/{course}/a/{assignment}/take-back`: says what taking the release back means.
pub async fn ask_back(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let purpose = Purpose::Release;
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        purpose,
    )
    .await?;
    let is_possible = board.release.is_some();
    let mut sentences = vec![view.say(if is_possible {
        "take-back-explained"
    } else {
        "not-released-now"
    })];
    if board.counts.submitted > 0 {
        sentences.push(view.say_with("have-submitted", "n", board.counts.submitted));
    }
    let address = view.assignment(course.as_str(), assignment.as_str());
    view.page(&Confirm {
        head: page_of_versions::head(&view, &course, &assignment, view.say("take-back-title")),
        sentences,
        differences: Vec::new(),
        action: format!("{address}/take-back"),
        back: format!("{address}/versions"),
        hidden: Vec::new(),
        button: view.say("take-back-title"),
        is_possible,
        is_danger: true,
        view: &view,
    })
}

/// `POST c/{course}/a/{assignment}/take-back`
pub async fn take_back(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, .. } = form;
    let place = (course.clone(), assignment.clone());
    releases::unrelease(&exchange, &reader.caller, place.0, place.1).await?;
    Ok(to_versions(&reader.view, &course, &assignment))
}

/// Handles `GET c/{course}/a/{assignment}/delete`: says what moving the assignment to the trash means.
pub async fn ask_delete(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    let purpose = Purpose::Delete;
    let board = board::of(
        &exchange,
        &caller,
        view.place(&course),
        &assignment,
        purpose,
    )
    .await?;
    let works = board.people.iter().filter_map(|row| row.work);
    let submissions: usize = works.map(|work| work.number).sum();
    let sentences = vec![
        view.say("delete-assignment-explained"),
        view.say_with("delete-assignment-submissions", "n", submissions),
        view.say_with("delete-assignment-feedback", "n", board.counts.feedback),
        view.say_with("delete-assignment-extensions", "n", board.counts.extensions),
        view.say_with("trash-kept", "n", retention.days()),
    ];
    let address = view.assignment(course.as_str(), assignment.as_str());
    let title = view.say("delete-assignment-title");
    view.page(&Confirm {
        head: page_of_versions::head(&view, &course, &assignment, title.clone()),
        sentences,
        differences: Vec::new(),
        action: format!("{address}/delete"),
        back: format!("{address}/versions"),
        hidden: Vec::new(),
        button: title,
        is_possible: true,
        is_danger: true,
        view: &view,
    })
}

/// `POST c/{course}/a/{assignment}/delete`
pub async fn delete(
    exchange: web::Data<Exchange>,
    InAssignment(course, assignment): InAssignment,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, .. } = form;
    trash::delete_assignment(&exchange, &reader.caller, course.clone(), assignment).await?;
    let address = reader.view.course(course.as_str());
    Ok(done::to(&format!("{address}/trash")))
}
