//! `instructors/{course}` and `instructor/{course}/{user}`.

use super::done;
use crate::http::error::{Error, Result};
use crate::http::reply::listing;
use crate::http::request::form;
use crate::http::request::path::{InCourse, NewPerson, OfInstructor};
use crate::http::request::person::{Details, PersonReply};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Caller;
use nbcourier_domain::Role;
use nbcourier_exchange::roster::{self, RosterUpdate};
use nbcourier_exchange::{Error as Refusal, Exchange};

/// `GET instructors/{course}`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    listing::streamed("instructors", async move |after| {
        let page =
            roster::list(&exchange, &caller, course.clone(), Role::Instructor, after).await?;
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
    let person = roster::find(&exchange, &caller, course, user, Role::Instructor).await?;
    Ok(HttpResponse::Ok().json(PersonReply::from(person)))
}

/// `POST instructor/{course}/{user}`
pub async fn put(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewPerson(course, user): NewPerson,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let ready = roster::ready(&exchange, &caller, course).await?;
    let details = Details::of(&form::fields(&request, body).await?)?;
    let instructor = (Role::Instructor, details.person(user));
    let changed = ready.change(vec![instructor], RosterUpdate::Replace).await;
    changed.map_err(refusal)?;
    Ok(done())
}

/// The protocol has sentences of its own for instructors who change other instructors.
fn refusal(error: Refusal) -> Error {
    match error {
        Refusal::InstructorsAreForAdmins { is_instructor, .. } => Error::bad(if is_instructor {
            "Permission denied (cannot modify other instructors)"
        } else {
            "Permission denied (cannot modify instructors)"
        }),
        other => other.into(),
    }
}

/// `DELETE instructor/{course}/{user}`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfInstructor(course, user): OfInstructor,
) -> Result<HttpResponse> {
    roster::remove(&exchange, &caller, course, user, Some(Role::Instructor)).await?;
    Ok(done())
}
