//! `v1/courses`.

use crate::auth::Caller;
use crate::domain::Role;
use crate::exchange::{self, Exchange};
use crate::http::error::Result;
use crate::http::openapi::Listing;
use actix_web::web;
use schemars::JsonSchema;
use serde::Serialize;

/// Courses, sorted by name.
#[derive(Serialize, JsonSchema)]
pub struct Courses {
    courses: Vec<OfCaller>,
}

/// A course, and what the caller is there.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Course")]
struct OfCaller {
    course: String,
    /// `null` for an admin who is not in the course.
    role: Option<Role>,
}

/// `GET v1/courses`: those the caller is in, for an admin all, and what the caller is there.
pub async fn list(exchange: web::Data<Exchange>, caller: Caller) -> Result<Listing<Courses>> {
    let courses = exchange::courses::list(&exchange, &caller)
        .await?
        .into_iter()
        .map(|course| OfCaller {
            course: course.name,
            role: course.role,
        })
        .collect();
    Listing::of(Courses { courses }).await
}
