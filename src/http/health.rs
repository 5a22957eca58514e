//! Whether the process answers, and whether it could do its work.

use super::error::Result;
use actix_web::{HttpResponse, web};
use nbcourier_auth::Instance;
use nbcourier_exchange::{self as exchange, Exchange};
use serde::Deserialize;
use serde_json::json;

/// The longest challenge that is answered, in bytes.
const MAX_CHALLENGE: usize = 64;

/// What may be asked along with `healthz`.
#[derive(Deserialize)]
pub struct Asked {
    challenge: Option<String>,
}

/// `GET healthz`: the process answers; and proves which one it is, where somebody challenges it.
pub async fn healthz(
    asked: Option<web::Query<Asked>>,
    instance: web::Data<Instance>,
) -> HttpResponse {
    let challenge = asked.and_then(|asked| asked.into_inner().challenge);
    let challenge = challenge.filter(|text| {
        text.len() <= MAX_CHALLENGE && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let reply = match challenge {
        Some(challenge) => json!({ "success": true, "proof": instance.answer(&challenge) }),
        None => json!({ "success": true }),
    };
    HttpResponse::Ok().json(reply)
}

/// `GET readyz`: a submission could be stored now. A hub that is away does not matter here.
pub async fn readyz(exchange: web::Data<Exchange>) -> Result<HttpResponse> {
    exchange::health::check(&exchange).await?;
    Ok(HttpResponse::Ok().json(json!({ "success": true })))
}
