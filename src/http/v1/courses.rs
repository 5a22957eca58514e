//! `v1/courses`.

use crate::auth::Caller;
use crate::exchange::{self, Exchange};
use crate::http::error::Result;
use crate::http::listing;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

/// `GET v1/courses`: those the caller is in, for an admin all, and what the caller is there.
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let courses: Vec<Value> = exchange::courses::list(&exchange, &caller)
        .await?
        .into_iter()
        .map(|course| json!({ "course": course.name, "role": course.role }))
        .collect();
    let listing = json!({ "courses": courses });
    Ok(listing::reply_unless_known(&request, &listing))
}
