//! `instructors/{course}` and `instructor/{course}/{user}`.

use super::done;
use crate::http::error::Result;
use crate::http::reply::listing;
use crate::http::request::form;
use crate::http::request::path::{InCourse, NewPerson, OfInstructor};
use crate::http::request::person::{Details, Shown};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Caller;
use nbcourier_exchange::{Exchange, roster};

/// `GET instructors/{course}`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    listing::streamed("instructors", async move |after| {
        let page = roster::instructors(&exchange, &caller, course.clone(), after).await?;
        let next = page.next.clone();
        Ok((page.into_persons(), next))
    })
    .await
}

/// `GET instructor/{course}/{user}`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfInstructor(course, user): OfInstructor,
) -> Result<HttpResponse> {
    let person = roster::instructor(&exchange, &caller, course, user).await?;
    Ok(HttpResponse::Ok().json(Shown::from(person)))
}

/// `POST instructor/{course}/{user}`
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewPerson(course, user): NewPerson,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    roster::may_write(&exchange, &caller, &course).await?;
    let details = Details::of(&form::fields(&request, body).await?)?;
    roster::put_instructor(&exchange, &caller, course, details.person(user)).await?;
    Ok(done())
}

/// `DELETE instructor/{course}/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfInstructor(course, user): OfInstructor,
) -> Result<HttpResponse> {
    roster::remove_instructor(&exchange, &caller, course, user).await?;
    Ok(done())
}
