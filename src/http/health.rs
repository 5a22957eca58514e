//! The health checks: `healthz` says whether the process answers, `readyz` whether it can store a submission.

use super::error::Result;
use actix_web::{HttpResponse, web};
use nbcourier_auth::Instance;
use nbcourier_exchange::upkeep::health::Extent;
use nbcourier_exchange::{self as exchange, Exchange};
use serde::Deserialize;
use serde_json::json;

/// Maximum length of a challenge that is answered, in bytes.
const MAX_CHALLENGE: usize = 64;

/// The query of `healthz`.
#[derive(Deserialize)]
pub struct HealthQuery {
    challenge: Option<String>,
}

/// Handles `GET healthz`: says that the process answers. On a challenge, it also proves which instance it is.
pub async fn healthz(
    query: Option<web::Query<HealthQuery>>,
    instance: web::Data<Instance>,
) -> HttpResponse {
    let challenge = query.and_then(|query| query.into_inner().challenge);
    let challenge = challenge.filter(|text| {
        text.len() <= MAX_CHALLENGE && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let reply = match challenge {
        Some(challenge) => json!({ "success": true, "proof": instance.answer(&challenge) }),
        None => json!({ "success": true }),
    };
    HttpResponse::Ok().json(reply)
}

/// The query of `readyz`.
#[derive(Deserialize)]
pub struct ReadyQuery {
    local: Option<String>,
}

/// Handles `GET readyz`: says whether a submission could be stored now. It does not depend on the hub. With `?local`, it
/// does not depend on a server of databases either.
pub async fn readyz(
    exchange: web::Data<Exchange>,
    query: Option<web::Query<ReadyQuery>>,
) -> Result<HttpResponse> {
    let is_local = query.is_some_and(|query| query.local.is_some());
    let extent = if is_local {
        Extent::Local
    } else {
        Extent::Whole
    };
    exchange::upkeep::health::check(&exchange, extent).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true })))
}
