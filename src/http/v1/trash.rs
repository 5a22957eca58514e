//! `v1/trash`: deleted courses, until their retention time is over.

use crate::auth::Caller;
use crate::domain::Rfc3339;
use crate::exchange::{Exchange, courses};
use crate::http::error::Result;
use crate::http::names::Numbered;
use crate::http::openapi::Listing;
use crate::http::server::Retention;
use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

/// What can be restored, the last deleted first.
#[derive(Serialize, JsonSchema)]
pub struct DeletedCourses {
    courses: Vec<DeletedCourse>,
}

/// A deleted course.
#[derive(Serialize, JsonSchema)]
struct DeletedCourse {
    /// The number by which it is restored.
    id: i64,
    /// The name it had.
    course: String,
    deleted_at: Rfc3339,
}

/// An object without keys.
#[derive(Serialize, JsonSchema)]
pub struct Restored {}

/// `GET v1/trash`: what can be restored, the last deleted first.
pub async fn list(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
) -> Result<Listing<DeletedCourses>> {
    let courses = courses::trash(&exchange, &caller, retention.0)
        .await?
        .into_iter()
        .map(|course| DeletedCourse {
            id: course.id,
            course: course.name,
            deleted_at: Rfc3339(course.deleted_at),
        })
        .collect();
    Ok(Listing(DeletedCourses { courses }))
}

/// `POST v1/trash/{id}`: brings one back with all that was in it.
pub async fn restore(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Numbered(id): Numbered,
) -> Result<web::Json<Restored>> {
    courses::restore(&exchange, &caller, id.unwrap_or(-1)).await?;
    Ok(web::Json(Restored {}))
}
