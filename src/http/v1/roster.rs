//! `v1/courses/{course}/roster`: instructors and students in one list.

use crate::auth::Caller;
use crate::domain::{Person, Role, UserName};
use crate::exchange::members::Place;
use crate::exchange::{Exchange, members, roster};
use crate::http::error::Result;
use crate::http::names::{InCourse, OfStudent};
use crate::http::receive::Fields;
use crate::http::{json_body, listing, paging};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

/// `GET v1/courses/{course}/roster`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let after = paging::cursor(&fields, parse_cursor)?;
    let at_most = paging::limit(&fields, paging::MOST)?;
    let page = members::page(&exchange, &caller, course, after, at_most).await?;
    let listing = json!({ "people": page.people, "next": page.next.map(cursor) });
    Ok(listing::reply_unless_known(&request, &listing))
}

/// The mark of a name in a cursor; a row is a number.
const NAME: char = '~';

fn cursor(place: Place) -> String {
    match place {
        Place::ByHand(row) => row.to_string(),
        // Blanks at its ends would be trimmed off.
        Place::ByGroup(name) => format!("{NAME}{}", utf8_percent_encode(&name, NON_ALPHANUMERIC)),
    }
}

fn parse_cursor(text: &str) -> Option<Place> {
    match text.strip_prefix(NAME) {
        Some(name) => {
            let name = percent_decode_str(name).decode_utf8().ok()?;
            Some(Place::ByGroup(name.into_owned()))
        }
        None => text.parse().ok().map(Place::ByHand),
    }
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
