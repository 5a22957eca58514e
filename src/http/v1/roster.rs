//! `v1/courses/{course}/roster`: instructors, assistants and students in one list.

use crate::http::error::{Error, Result};
use crate::http::openapi::NoContent;
use crate::http::reply::listing::Listing;
use crate::http::reply::listing::write;
use crate::http::reply::paging::{Paging, encode_position, parse_position};
use crate::http::request::json::JsonBody;
use crate::http::request::path::{InCourse, OfStudent};
use crate::http::request::person::detail;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Member, Roster, RosterChange, RosterChanges, RosterEntry};
use nbcourier_auth::Caller;
use nbcourier_domain::{Person, Role, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::roster::{self, RosterUpdate};

/// `GET v1/courses/{course}/roster`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Roster>> {
    let after = wanted.after(parse_position)?;
    let at_most = wanted.limit()?;
    let page = roster::page(&exchange, &caller, course, after, at_most).await?;
    Listing::of(page.people.len(), move || Roster {
        people: page.people.into_iter().map(member).collect(),
        next: page.next.map(encode_position),
    })
    .await
}

fn member(member: roster::Member) -> Member {
    Member {
        person: member.person,
        role: member.role,
        by_group: member.by_group,
    }
}

/// `PUT v1/courses/{course}/roster`: adds or updates many people, all or nothing.
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    body: JsonBody<RosterChange>,
) -> Result<web::Json<RosterChanges>> {
    let ready = roster::ready(&exchange, &caller, course).await?;
    let people = body.read_long().await?.people.into_items()?;
    let people = write(people.len(), move || {
        people.into_iter().map(person).collect()
    })
    .await?;
    let changes = ready.change(people, RosterUpdate::Amend).await?;
    Ok(web::Json(RosterChanges {
        added: changes.added,
        updated: changes.updated,
        warnings: changes.warnings,
    }))
}

/// Parses the name of a person to be enrolled. The error quotes the name, so that it shows which line is wrong.
fn user_name(name: &str) -> Result<UserName> {
    UserName::parse_new(name).map_err(|why| Error::bad(format!("Illegal user id: {name:?} {why}")))
}

fn person(entry: RosterEntry) -> Result<(Role, Person)> {
    let person = Person {
        username: user_name(&entry.username)?,
        first_name: entry.first_name.map(detail).transpose()?,
        last_name: entry.last_name.map(detail).transpose()?,
        email: entry.email.map(detail).transpose()?,
    };
    Ok((entry.role, person))
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
