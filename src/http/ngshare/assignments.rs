//! `assignments/{course}` and `assignment/{course}/{assignment}`.

use super::done;
use crate::http::error::Result;
use crate::http::reply::file_list;
use crate::http::reply::listing;
use crate::http::reply::seen::noting;
use crate::http::request::form::{self, Fields, FieldsIn};
use crate::http::request::path::{InAssignment, InCourse, NewAssignment};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Caller;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::releases::{self, IfReleased};

/// `GET assignments/{course}`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    listing::streamed("assignments", async move |after| {
        let (found, is_more) = releases::list(&exchange, &caller, course.clone(), after).await?;
        let next = found
            .last()
            .filter(|_| is_more)
            .map(|(release, _)| *release);
        let names: Vec<String> = found.into_iter().map(|(_, name)| name).collect();
        Ok((names, next))
    })
    .await
}

/// `GET assignment/{course}/{assignment}`
pub async fn fetch(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (files, seen) = releases::files(&exchange, &caller, course, assignment).await?;
    let list_only = file_list::is_list_only(&Fields::of_query(&request)?)?;
    let reply = file_list::reply(&exchange, files, None, list_only).await?;
    Ok(if list_only {
        reply
    } else {
        noting(reply, seen)
    })
}

/// `POST assignment/{course}/{assignment}`
pub async fn release(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewAssignment(course, assignment): NewAssignment,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let if_released = IfReleased::Refuse;
    let ready = releases::ready(&exchange, &caller, course, assignment, if_released).await?;
    let account = ready.account();
    let upload = form::upload(&exchange, &request, body, FieldsIn::BodyOrQuery, account).await?;
    ready.release(upload.files()?).await?;
    Ok(done())
}

/// `DELETE assignment/{course}/{assignment}`
pub async fn unrelease(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
) -> Result<HttpResponse> {
    releases::unrelease(&exchange, &caller, course, assignment).await?;
    Ok(done())
}
