//! `courses` and `course/{course}`.

use super::done;
use crate::http::compute::compute;
use crate::http::error::Result;
use crate::http::reply::listing;
use crate::http::request::form;
use crate::http::request::json;
use crate::http::request::path::{InCourse, NewCourse};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_api::List;
use nbcourier_auth::Caller;
use nbcourier_domain::{IllegalName, UserName};
use nbcourier_exchange::{self as exchange, Exchange};

/// Number of courses that are read at a time.
const AT_ONCE: usize = 5000;

/// `GET courses`
pub async fn list(exchange: web::Data<Exchange>, caller: Caller) -> Result<HttpResponse> {
    listing::streamed("courses", async move |after| {
        let page = exchange::courses::list(&exchange, &caller, after, AT_ONCE).await?;
        let names: Vec<String> = page.courses.into_iter().map(|course| course.name).collect();
        Ok((names, page.next))
    })
    .await
}

/// `POST course/{course}`
pub async fn create(
    exchange: web::Data<Exchange>,
    caller: Caller,
    NewCourse(course): NewCourse,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let ready = exchange::courses::ready(&exchange, &caller, course).await?;
    let fields = form::fields(&request, body).await?;
    let instructors = compute(move || {
        let instructors = fields.get("instructors")?;
        instructors.map_or(Ok(Vec::new()), parse_instructors)
    });
    ready.create(instructors.await?).await?;
    Ok(done())
}

fn parse_instructors(text: &str) -> Result<Vec<UserName>> {
    let names: List<String> = json::parse(text, "Instructors cannot be JSON decoded")?;
    let names = names.into_items()?;
    names
        .into_iter()
        .map(|name| Ok(UserName::parse_new(name).map_err(IllegalName::from)?))
        .collect()
}

/// `DELETE course/{course}`
pub async fn delete(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    exchange::courses::delete(&exchange, &caller, course).await?;
    Ok(done())
}
