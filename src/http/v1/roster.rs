//! `v1/courses/{course}/roster`: instructors and students in one list.

use crate::auth::Caller;
use crate::domain::{Person, Role, UserName};
use crate::exchange::{Exchange, members, roster};
use crate::http::error::Result;
use crate::http::names::{InCourse, OfStudent};
use crate::http::{json_body, listing};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

/// `GET v1/courses/{course}/roster`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    let people = members::list(&exchange, &caller, course).await?;
    Ok(listing::reply(&json!({ "people": people })))
}

#[derive(Deserialize)]
struct Roster {
    people: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    username: String,
    role: Role,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
}

/// `PUT v1/courses/{course}/roster`: adds or updates many at once, all or none.
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    roster::may_write(&exchange, &caller, &course).await?;
    let roster: Roster = json_body::read(&request, body).await?;
    let people = roster
        .people
        .into_iter()
        .map(parse)
        .collect::<Result<_>>()?;
    let changes = members::put(&exchange, &caller, course, people).await?;
    Ok(HttpResponse::Ok().json(changes))
}

fn parse(line: Line) -> Result<(Role, Person)> {
    let person = Person {
        username: UserName::parse(line.username)?,
        first_name: line.first_name,
        last_name: line.last_name,
        email: line.email,
    };
    Ok((line.role, person))
}

/// `DELETE v1/courses/{course}/roster/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, user): OfStudent,
) -> Result<HttpResponse> {
    members::remove(&exchange, &caller, course, user).await?;
    Ok(HttpResponse::NoContent().finish())
}
