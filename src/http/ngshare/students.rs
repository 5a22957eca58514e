//! `students/{course}` and `student/{course}/{user}`.

use super::done;
use crate::auth::Caller;
use crate::domain::{Person, UserName};
use crate::exchange::{Exchange, roster};
use crate::http::error::{Error, Result};
use crate::http::listing;
use crate::http::names::{InCourse, NewPerson, OfStudent};
use crate::http::person::{Details, Shown};
use crate::http::receive;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

/// `GET students/{course}`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    listing::streamed("students", async move |after| {
        let page = roster::students(&exchange, &caller, course.clone(), after).await?;
        let people: Vec<Person> = page
            .people
            .into_iter()
            .map(|member| member.person)
            .collect();
        Ok((people, page.next))
    })
    .await
}

/// `GET student/{course}/{user}`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, user): OfStudent,
) -> Result<HttpResponse> {
    let person = roster::student(&exchange, &caller, course, user).await?;
    Ok(HttpResponse::Ok().json(Shown::from(person)))
}

/// `POST student/{course}/{user}`
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewPerson(course, user): NewPerson,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    roster::may_write(&exchange, &caller, &course).await?;
    let details = Details::of(&receive::fields(&request, body).await?)?;
    roster::put_student(&exchange, &caller, course, details.person(user)).await?;
    Ok(done())
}

/// `DELETE student/{course}/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, user): OfStudent,
) -> Result<HttpResponse> {
    roster::remove_student(&exchange, &caller, course, user).await?;
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
    roster::may_write(&exchange, &caller, &course).await?;
    let fields = receive::fields(&request, body).await?;
    let lines = parse(fields.get("students")?.unwrap_or_default())?;
    let people = lines
        .iter()
        .filter_map(|line| line.as_ref().ok())
        .cloned()
        .collect();
    let refused = roster::put_students(&exchange, &caller, course, people).await?;
    let status: Vec<Value> = lines
        .into_iter()
        .map(|line| match line {
            Ok(person) if refused.contains(&person.username) => {
                failed(person.username.as_str(), "Cannot add instructor as student")
            }
            Ok(person) => json!({ "username": person.username, "success": true }),
            Err(illegal) => failed(&illegal, "Illegal user id"),
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "success": true, "status": status })))
}

fn failed(username: &str, message: &str) -> Value {
    json!({ "username": username, "success": false, "message": message })
}

/// The people of the list; in the place of one whose name is illegal, that name.
fn parse(text: &str) -> Result<Vec<Result<Person, String>>> {
    #[derive(serde::Deserialize)]
    struct Line {
        username: String,
        first_name: String,
        last_name: String,
        email: String,
    }
    if text.is_empty() {
        return Err(Error::bad("Please supply students"));
    }
    let lines: Vec<Line> = receive::json(text, "Students cannot be JSON decoded")?;
    if lines.is_empty() {
        return Err(Error::bad("Please supply students"));
    }
    let person = |line: Line| {
        let username = UserName::parse_new(line.username.clone()).map_err(|_| line.username)?;
        Ok(Person {
            username,
            first_name: Some(line.first_name),
            last_name: Some(line.last_name),
            email: Some(line.email),
        })
    };
    Ok(lines.into_iter().map(person).collect())
}
