//! The allowance of a student: the hours that they always have more in a course. It is on the page of the student.

use super::done::{self, Done};
use super::more_time::note_of;
use crate::http::error::Result;
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::reader::Reader;
use crate::http::pages::student::course as student_page;
use crate::http::pages::view::View;
use crate::http::request::path::OfStudent;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use nbcourier_domain::{Allowance, CourseId, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::allowances::{self, NotedAllowance};

/// A form that comes back.
pub struct Given {
    hours: String,
    note: String,
    problem: String,
}

/// The allowance on the page of a student, with the form that changes it.
pub struct Panel {
    /// The allowance, if there is one.
    pub now: Option<NotedAllowance>,
    /// The hours in the form.
    pub hours: String,
    /// The note in the form.
    pub note: String,
    /// A sentence that says what is wrong with the form.
    pub problem: Option<String>,
    /// The address of the form.
    pub address: String,
}

impl Panel {
    /// Returns the panel of a student with that allowance, and with the form that comes back, if one does.
    pub fn new(
        view: &View,
        course: &CourseId,
        student: &UserName,
        now: Option<NotedAllowance>,
        given: Option<Given>,
    ) -> Self {
        let stored = || {
            let noted = now.as_ref();
            let hours = noted.map(|noted| noted.allowance.hours().to_string());
            let note = noted.and_then(|noted| noted.note.clone());
            (hours.unwrap_or_default(), note.unwrap_or_default(), None)
        };
        let (hours, note, problem) = match given {
            Some(given) => (given.hours, given.note, Some(given.problem)),
            None => stored(),
        };
        Self {
            hours,
            note,
            problem,
            address: format!("{}/allowance", address(view, course, student)),
            now,
        }
    }
}

fn address(view: &View, course: &CourseId, student: &UserName) -> String {
    view.at(&["c", course.as_str(), "people", student.as_str()])
}

/// The request whose changes the page tells.
#[derive(serde::Deserialize)]
pub struct PersonQuery {
    done: Option<String>,
}

/// `GET c/{course}/people/{user}`
pub async fn person(
    reader: Reader,
    exchange: web::Data<Exchange>,
    OfStudent(course, student): OfStudent,
    Query(query): Query<PersonQuery>,
) -> Result<HttpResponse> {
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = &reader;
    let done = if view.may.give_time {
        Done::of(&exchange, caller, view, &course, query.done).await?
    } else {
        None
    };
    student_page::show(&exchange, reader, course, Some(student), (None, done)).await
}

/// Handles `POST c/{course}/people/{user}/allowance`: the student always has more time from now on.
pub async fn give(
    exchange: web::Data<Exchange>,
    OfStudent(course, student): OfStudent,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = &reader;
    let students = vec![student.clone()];
    let ready = allowances::ready(&exchange, caller, course.clone(), students).await?;
    match read(&fields, view) {
        Ok(noted) => {
            ready.give(vec![(student.clone(), noted)]).await?;
            Ok(done::to(&address(view, &course, &student)))
        }
        Err(problem) => {
            let given = Given {
                hours: fields.text("hours").to_owned(),
                note: fields.text("note").to_owned(),
                problem,
            };
            let given = Some(given);
            student_page::show(&exchange, reader, course, Some(student), (given, None)).await
        }
    }
}

/// Returns the allowance of a form, or a sentence that says what is wrong.
pub(super) fn read(fields: &Fields, view: &View) -> std::result::Result<NotedAllowance, String> {
    let hours = fields.text("hours").parse().ok();
    let allowance = hours.and_then(Allowance::of_hours);
    Ok(NotedAllowance {
        allowance: allowance.ok_or_else(|| view.say("no-hours"))?,
        note: note_of(fields, view)?,
    })
}

/// Handles `POST c/{course}/people/{user}/allowance/remove`
pub async fn take_back(
    exchange: web::Data<Exchange>,
    OfStudent(course, student): OfStudent,
    form: Form,
) -> Result<HttpResponse> {
    let Reader { caller, view } = form.reader;
    allowances::remove(&exchange, &caller, course.clone(), student.clone()).await?;
    Ok(done::to(&address(&view, &course, &student)))
}
