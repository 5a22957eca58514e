//! `v1/courses/{course}/roster`: instructors and students in one list.

use crate::auth::Caller;
use crate::domain::{Person, Role, UserName};
use crate::exchange::members::{Changes, Member};
use crate::exchange::{Exchange, members, roster};
use crate::http::error::Result;
use crate::http::names::{InCourse, OfStudent};
use crate::http::openapi::{JsonBody, Listing, NoContent};
use actix_web::web;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everybody in a course.
#[derive(Serialize, JsonSchema)]
pub struct Roster {
    people: Vec<Member>,
}

/// `GET v1/courses/{course}/roster`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<Listing<Roster>> {
    let people = members::list(&exchange, &caller, course).await?;
    Ok(Listing(Roster { people }))
}

/// People to be added or updated.
#[derive(Deserialize, JsonSchema)]
pub struct RosterChange {
    people: Vec<Line>,
}

/// Somebody; a detail that is absent or `null` stays what it was.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "RosterLine")]
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
    body: JsonBody<RosterChange>,
) -> Result<web::Json<Changes>> {
    roster::may_write(&exchange, &caller, &course).await?;
    let people = body
        .read()
        .await?
        .people
        .into_iter()
        .map(parse)
        .collect::<Result<_>>()?;
    let changes = members::put(&exchange, &caller, course, people).await?;
    Ok(web::Json(changes))
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
) -> Result<NoContent> {
    members::remove(&exchange, &caller, course, user).await?;
    Ok(NoContent)
}
