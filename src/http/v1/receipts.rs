//! Receipts: showing and verifying them.

use crate::http::error::Result;
use crate::http::openapi::JsonBody;
use crate::http::reply::receipt::{Receipt, SignedReceipt};
use crate::http::request::path::OfSubmission;
use actix_web::web;
use nbcourier_auth::{Caller, ReceiptSigner};
use nbcourier_exchange::{Exchange, receipts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `GET v1/courses/{course}/submissions/{id}/receipt`
pub async fn show(
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<web::Json<SignedReceipt>> {
    let receipt = receipts::of_submission(&exchange, &caller, course, id).await?;
    Ok(web::Json(SignedReceipt::new(receipt, &signer)?))
}

/// A receipt to be verified, with its signature.
#[derive(Deserialize, JsonSchema)]
pub struct Shown {
    #[schemars(with = "Receipt")]
    receipt: Value,
    signature: String,
}

/// The result of verifying a receipt.
#[derive(Serialize, JsonSchema)]
pub struct Verdict {
    /// Whether this exchange signed the receipt.
    valid: bool,
    /// Whether it is valid and the submission is still there unchanged. The people may have other names now.
    stored: bool,
}

/// `POST v1/receipts/verify`: for every known caller who has the receipt.
pub async fn verify(
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
    _: Caller,
    body: JsonBody<Shown>,
) -> Result<web::Json<Verdict>> {
    let Shown { receipt, signature } = body.read().await?;
    // JSON of another form is no receipt of this exchange.
    let receipt = match serde_json::from_value::<Receipt>(receipt) {
        Ok(receipt) if receipt.is_signed(&signer, &signature) => receipt,
        _ => return Ok(verdict(false, false)),
    };
    let stored = receipts::as_stored(&exchange, receipt.id).await?;
    let is_stored = stored.is_some_and(|stored| receipt.tells_of(&Receipt::from(stored)));
    Ok(verdict(true, is_stored))
}

fn verdict(valid: bool, stored: bool) -> web::Json<Verdict> {
    web::Json(Verdict { valid, stored })
}
