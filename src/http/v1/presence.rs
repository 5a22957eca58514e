//! `v1/courses/{course}/presence`: the last time at which students were seen, by the hub or by the exchange.

use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{Paging, encode_position, parse_position};
use crate::http::request::path::InCourse;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Presence, Presences, SeenBy};
use nbcourier_auth::{Authenticator, Caller, Sighting};
use nbcourier_domain::Rfc3339;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::presence;

/// `GET v1/courses/{course}/presence`
pub async fn list(
    exchange: web::Data<Exchange>,
    authenticator: web::Data<Authenticator>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Presences>> {
    let (after, at_most) = (wanted.after(parse_position)?, wanted.limit()?);
    let page = presence::page(&exchange, &caller, course, after, at_most).await?;
    let at_hub = authenticator.presence().await;
    Listing::of(page.students.len(), move || {
        let by_hub = at_hub.as_deref();
        let students = page.students.iter().map(|student| {
            let sighting = by_hub.and_then(|users| users.get(student.student.as_str()));
            seen(student, sighting)
        });
        Presences {
            presence: students.collect(),
            by_hub: by_hub.is_some(),
            next: page.next.map(encode_position),
        }
    })
    .await
}

fn seen(student: &presence::Presence, at_hub: Option<&Sighting>) -> Presence {
    let hub = at_hub.and_then(|sighting| sighting.last_activity);
    let hub = hub.map(|at| (at, SeenBy::Hub));
    let here = student.seen_at.map(|at| (at, SeenBy::Exchange));
    let last = [here, hub].into_iter().flatten().max_by_key(|(at, _)| *at);
    Presence {
        student: student.student.to_string(),
        last_seen: last.map(|(at, _)| Rfc3339(at)),
        by: last.map(|(_, by)| by),
        running: at_hub.and_then(|sighting| sighting.is_running),
    }
}
