//! `v1/courses`.

use crate::http::error::Result;
use crate::http::openapi::{Listing, Query};
use crate::http::reply::paging::{Paging, encode_name, parse_name};
use actix_web::web;
use nbcourier_auth::Caller;
use nbcourier_domain::Role;
use nbcourier_exchange::courses::Visible;
use nbcourier_exchange::{self as exchange, Exchange};
use schemars::JsonSchema;
use serde::Serialize;

/// Courses, sorted by name.
#[derive(Serialize, JsonSchema)]
pub struct Courses {
    courses: Vec<OfCaller>,
    /// The `cursor` with which the same request gets the next page.
    next: Option<String>,
}

/// A course, with the role of the caller.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Course")]
struct OfCaller {
    course: String,
    /// The caller's role. `null` for an administrator who is not in the course.
    role: Option<Role>,
}

/// `GET v1/courses`: the courses of the caller with their role. An admin gets all courses.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Courses>> {
    let (after, at_most) = (wanted.after(parse_name)?, wanted.limit()?);
    let page = exchange::courses::list(&exchange, &caller, after, at_most).await?;
    Listing::of(page.courses.len(), move || Courses {
        courses: page.courses.into_iter().map(of_caller).collect(),
        next: page.next.as_deref().map(encode_name),
    })
    .await
}

fn of_caller(course: Visible) -> OfCaller {
    OfCaller {
        course: course.name,
        role: course.role,
    }
}
