//! Whether the process answers, and whether it could do its work.

use super::error::Result;
use crate::exchange::{self, Exchange};
use actix_web::{HttpResponse, web};
use serde_json::json;

/// `GET healthz`: the process answers.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "success": true }))
}

/// `GET readyz`: a submission could be stored now. A hub that is away does not matter here.
pub async fn readyz(exchange: web::Data<Exchange>) -> Result<HttpResponse> {
    exchange::health::check(&exchange).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true })))
}
