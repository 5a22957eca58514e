//! `v1/courses/{course}/assignments/{assignment}/fetches`: the students who have fetched the assignment.

use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{Paging, encode_name, parse_name};
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Fetch, Fetches, Reading};
use nbcourier_auth::Caller;
use nbcourier_domain::Rfc3339;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::seen::{self, Position, Times};

/// `GET v1/courses/{course}/assignments/{assignment}/fetches`
pub async fn fetches(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Fetches>> {
    let (after, at_most) = (wanted.after(parse_position)?, wanted.limit()?);
    let page = seen::fetches(&exchange, &caller, course, assignment, after, at_most).await?;
    Listing::of(page.fetches.len(), move || Fetches {
        fetches: page.fetches.into_iter().map(fetch).collect(),
        next: page.next.as_ref().map(encode_position),
    })
    .await
}

fn fetch(fetch: seen::Fetch) -> Fetch {
    Fetch {
        student: fetch.student,
        version: fetch.version,
        first_at: Rfc3339(fetch.times.first_at),
        last_at: Rfc3339(fetch.times.last_at),
        times: fetch.times.number,
    }
}

/// Returns the readings of feedback.
pub fn reading(times: Times) -> Reading {
    Reading {
        first_at: Rfc3339(times.first_at),
        last_at: Rfc3339(times.last_at),
        times: times.number,
    }
}

fn encode_position(position: &Position) -> String {
    format!("{}.{}", position.version, encode_name(&position.student))
}

fn parse_position(text: &str) -> Option<Position> {
    let (version, student) = text.split_once('.')?;
    Some(Position {
        student: parse_name(student)?,
        version: version.parse().ok()?,
    })
}
