//! `v1/courses`.

use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{Paging, encode_name, parse_name};
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{Course, Courses};
use nbcourier_auth::Caller;
use nbcourier_exchange::courses::Visible;
use nbcourier_exchange::{self as exchange, Exchange};

/// `GET v1/courses`: the courses of the caller with their role. Administrators and registrars get all courses.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Courses>> {
    let (after, at_most) = (wanted.after(parse_name)?, wanted.limit()?);
    let page = exchange::courses::list(&exchange, &caller, after, at_most).await?;
    Listing::of(page.courses.len(), move || Courses {
        courses: page.courses.into_iter().map(course).collect(),
        next: page.next.as_deref().map(encode_name),
    })
    .await
}

fn course(course: Visible) -> Course {
    Course {
        course: course.name,
        role: course.role,
    }
}
