//! `v1/courses/{course}/roster`: instructors and students in one list.

use crate::http::error::{Error, Result};
use crate::http::openapi::{JsonBody, Listing, NoContent, Query};
use crate::http::reply::listing::write;
use crate::http::reply::paging::{Paging, encode_place, parse_place};
use crate::http::request::list::{List, MOST};
use crate::http::request::path::{InCourse, OfStudent};
use crate::http::request::person::detail;
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::{Person, Role, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::roster::{self, Changes, Lines, Member};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The members of a course.
#[derive(Serialize, JsonSchema)]
pub struct Roster {
    people: Vec<Member>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
}

/// `GET v1/courses/{course}/roster`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Roster>> {
    let after = wanted.after(parse_place)?;
    let at_most = wanted.limit()?;
    let page = roster::page(&exchange, &caller, course, after, at_most).await?;
    Listing::of(page.people.len(), move || Roster {
        people: page.people,
        next: page.next.map(encode_place),
    })
    .await
}

/// The people to add or update.
#[derive(Deserialize, JsonSchema)]
pub struct RosterChange {
    #[schemars(with = "Vec<Line>", length(max = MOST))]
    people: List<Line>,
}

/// A person to add or update. An absent or `null` detail stays as it is.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "RosterLine")]
struct Line {
    username: String,
    role: Role,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
}

/// `PUT v1/courses/{course}/roster`: adds or updates many people, all or nothing.
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    body: JsonBody<RosterChange>,
) -> Result<web::Json<Changes>> {
    let ready = roster::ready(&exchange, &caller, course).await?;
    let people = body.read_long().await?.people.into_items()?;
    let people = write(people.len(), move || {
        people.into_iter().map(parse).collect()
    })
    .await?;
    let changes = ready.change(people, Lines::Amend).await?;
    Ok(web::Json(changes))
}

/// Parses the name of a person to be enrolled. The error quotes the name, so that it shows which line is wrong.
fn user_name(name: &str) -> Result<UserName> {
    UserName::parse_new(name).map_err(|why| Error::bad(format!("Illegal user id: {name:?} {why}")))
}

fn parse(line: Line) -> Result<(Role, Person)> {
    let person = Person {
        username: user_name(&line.username)?,
        first_name: line.first_name.map(detail).transpose()?,
        last_name: line.last_name.map(detail).transpose()?,
        email: line.email.map(detail).transpose()?,
    };
    Ok((line.role, person))
}

/// `DELETE v1/courses/{course}/roster/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, user): OfStudent,
) -> Result<NoContent> {
    roster::remove(&exchange, &caller, course, user, None).await?;
    Ok(NoContent)
}
