//! `students/{course}` and `student/{course}/{user}`.

use super::done;
use crate::http::compute::compute;
use crate::http::error::{Error, Result};
use crate::http::reply::listing;
use crate::http::request::form;
use crate::http::request::json;
use crate::http::request::path::{InCourse, NewPerson, OfStudent};
use crate::http::request::person::{Details, PersonReply, detail};
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_api::List;
use nbcourier_auth::Caller;
use nbcourier_domain::{Person, Role, UserName};
use nbcourier_exchange::roster::{self, RosterUpdate};
use nbcourier_exchange::{Error as Refusal, Exchange};
use std::collections::HashMap;

/// `GET students/{course}`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    listing::streamed("students", async move |after| {
        let page = roster::list(&exchange, &caller, course.clone(), Role::Student, after).await?;
        let next = page.next.clone();
        Ok((page.into_persons(), next))
    })
    .await
}

/// `GET student/{course}/{user}`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, user): OfStudent,
) -> Result<HttpResponse> {
    let person = roster::find(&exchange, &caller, course, user, Role::Student).await?;
    Ok(HttpResponse::Ok().json(PersonReply::from(person)))
}

/// `POST student/{course}/{user}`
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewPerson(course, user): NewPerson,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let ready = roster::ready(&exchange, &caller, course).await?;
    let details = Details::of(&form::fields(&request, body).await?)?;
    let student = (Role::Student, details.person(user));
    let changes = ready.change(vec![student], RosterUpdate::Replace).await?;
    if changes.left_out.is_empty() {
        Ok(done())
    } else {
        // The protocol knows no assistants. Clients compare the sentence literally.
        Err(Refusal::TeacherAsStudent(Role::Instructor).into())
    }
}

/// `DELETE student/{course}/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, user): OfStudent,
) -> Result<HttpResponse> {
    roster::remove(&exchange, &caller, course, user, Some(Role::Student)).await?;
    Ok(done())
}

/// `POST students/{course}`
pub async fn put_many(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let ready = roster::ready(&exchange, &caller, course).await?;
    let fields = form::fields(&request, body).await?;
    let (names, people) =
        compute(move || parse(fields.get("students")?.unwrap_or_default())).await?;
    let students = people.into_iter().map(|person| (Role::Student, person));
    let changes = ready
        .change(students.collect(), RosterUpdate::Replace)
        .await?;
    let refused = changes.left_out;
    let lines = names.len();
    let json = listing::write(lines, move || {
        let status = names.into_iter().map(|name| Status::of(name, &refused));
        let written = Written {
            status: status.collect(),
            success: true,
        };
        serde_json::to_vec(&written).map_err(Error::unwritable)
    });
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(json.await?))
}

/// The results for all lines.
#[derive(serde::Serialize)]
struct Written {
    status: Vec<Status>,
    success: bool,
}

/// The result for one line.
#[derive(serde::Serialize)]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    success: bool,
    username: String,
}

impl Status {
    fn of(name: Name, refused: &HashMap<UserName, Role>) -> Self {
        let (username, message) = match name {
            Ok(name) => {
                // The protocol knows no assistants. Clients compare the sentence literally.
                let message = refused
                    .contains_key(&name)
                    .then_some("Cannot add instructor as student");
                (name.to_string(), message)
            }
            Err(illegal) => (illegal, Some("Illegal user id")),
        };
        Self {
            success: message.is_none(),
            message,
            username,
        }
    }
}

/// The name on a line, or the text if it is not a legal name.
type Name = Result<UserName, String>;

/// Returns the names of the list, and the people whose names are legal.
fn parse(text: &str) -> Result<(Vec<Name>, Vec<Person>)> {
    #[derive(serde::Deserialize)]
    struct StudentFields {
        username: String,
        first_name: String,
        last_name: String,
        email: String,
    }
    if text.is_empty() {
        return Err(Error::bad("Please supply students"));
    }
    let lines: List<StudentFields> = json::parse(text, "Students cannot be JSON decoded")?;
    let lines = lines.into_items()?;
    if lines.is_empty() {
        return Err(Error::bad("Please supply students"));
    }
    let mut names = Vec::with_capacity(lines.len());
    let mut people = Vec::with_capacity(lines.len());
    for line in lines {
        let (first_name, last_name, email) = (
            detail(line.first_name)?,
            detail(line.last_name)?,
            detail(line.email)?,
        );
        let name = UserName::parse_new(line.username.clone()).map_err(|_| line.username);
        if let Ok(username) = name.clone() {
            people.push(Person {
                username,
                first_name: Some(first_name),
                last_name: Some(last_name),
                email: Some(email),
            });
        }
        names.push(name);
    }
    Ok((names, people))
}
