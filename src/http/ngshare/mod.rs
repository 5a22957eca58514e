//! The wire protocol of ngshare, as its clients use it. `api-specifications.md` describes it.

pub mod assignments;
pub mod courses;
pub mod debug;
pub mod feedback;
pub mod instructors;
pub mod students;
pub mod submissions;

use super::error::{Error, Result};
use actix_web::HttpResponse;

/// Answers a path below the prefix that matches no route.
pub async fn no_such_path() -> Result<HttpResponse> {
    Err(Error::NoSuchPath)
}

/// Answers a method that the path does not support.
pub async fn no_such_method() -> Result<HttpResponse> {
    Err(Error::NoSuchMethod)
}

/// Returns the reply of an operation that succeeds without data.
fn done() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "success": true }))
}
