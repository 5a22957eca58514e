//! `v1/courses/{course}/allowances`.

use crate::http::error::{Error, Result};
use crate::http::openapi::NoContent;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{Paging, encode_name, parse_name};
use crate::http::request::json::JsonBody;
use crate::http::request::path::{InCourse, OfStudent};
use crate::http::request::person::detail;
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Allowance, Allowances, NewAllowance};
use nbcourier_auth::Caller;
use nbcourier_domain as domain;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::allowances::{self, NotedAllowance};

/// `GET v1/courses/{course}/allowances`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Allowances>> {
    let (after, at_most) = (wanted.after(parse_name)?, wanted.limit()?);
    let page = allowances::page(&exchange, &caller, course, after, at_most).await?;
    Listing::of(page.allowances.len(), move || Allowances {
        allowances: page
            .allowances
            .into_iter()
            .map(|(student, noted)| shown(student, noted))
            .collect(),
        next: page.next.as_deref().map(encode_name),
    })
    .await
}

/// `PUT v1/courses/{course}/allowances/{user}`
pub async fn set(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, student): OfStudent,
    body: JsonBody<NewAllowance>,
) -> Result<web::Json<Allowance>> {
    let ready = allowances::ready(&exchange, &caller, course, vec![student.clone()]).await?;
    let given = body.read().await?;
    let hours = domain::Allowance::of_hours(given.hours);
    let noted = NotedAllowance {
        allowance: hours.ok_or_else(|| Error::bad("An allowance is from 1 to 8760 hours"))?,
        note: given.note.map(detail).transpose()?,
    };
    ready.give(vec![(student.clone(), noted.clone())]).await?;
    Ok(web::Json(shown(student.to_string(), noted)))
}

/// `DELETE v1/courses/{course}/allowances/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfStudent(course, student): OfStudent,
) -> Result<NoContent> {
    allowances::remove(&exchange, &caller, course, student).await?;
    Ok(NoContent)
}

fn shown(student: String, noted: NotedAllowance) -> Allowance {
    Allowance {
        student,
        hours: noted.allowance.hours(),
        note: noted.note,
    }
}
