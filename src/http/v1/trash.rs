//! `v1/trash`: deleted courses, until their retention time is over.

use crate::auth::Caller;
use crate::exchange::{Exchange, courses};
use crate::http::error::Result;
use crate::http::server::Retention;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

/// `GET v1/trash`: what can be restored, the last deleted first.
pub async fn list(
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
    caller: Caller,
) -> Result<HttpResponse> {
    let trashed = courses::trash(&exchange, &caller, retention.0).await?;
    let courses: Vec<Value> = trashed
        .into_iter()
        .map(|course| {
            json!({ "id": course.id, "course": course.name, "deleted_at": course.deleted_at.to_rfc3339() })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "success": true, "courses": courses })))
}

/// `POST v1/trash/{id}`: brings one back with all that was in it.
pub async fn restore(
    exchange: web::Data<Exchange>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse> {
    // What is no number is the number of no course; whether the caller may ask at all is decided first.
    let id = request
        .match_info()
        .get("id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(-1);
    courses::restore(&exchange, &caller, id).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true })))
}
