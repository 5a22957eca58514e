//! Receipts: showing and verifying them.

use crate::http::error::Result;
use crate::http::reply::receipt;
use crate::http::request::json::JsonBody;
use crate::http::request::path::OfSubmission;
use actix_web::web;
use nbcourier_api::{Receipt, ReceiptVerdict, SignedReceipt, UnverifiedReceipt};
use nbcourier_auth::{Caller, ReceiptSigner};
use nbcourier_exchange::{Exchange, receipts};

/// `GET v1/courses/{course}/submissions/{id}/receipt`
pub async fn show(
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
    caller: Caller,
    OfSubmission(course, id): OfSubmission,
) -> Result<web::Json<SignedReceipt>> {
    let receipt = receipts::of_submission(&exchange, &caller, course, id).await?;
    Ok(web::Json(receipt::sign(receipt, &signer)?))
}

/// `POST v1/receipts/verify`: for every known caller who has the receipt.
pub async fn verify(
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
    _: Caller,
    body: JsonBody<UnverifiedReceipt>,
) -> Result<web::Json<ReceiptVerdict>> {
    let UnverifiedReceipt { receipt, signature } = body.read().await?;
    // JSON of another form is no receipt of this exchange.
    let receipt = match serde_json::from_value::<Receipt>(receipt) {
        Ok(receipt) if receipt::is_signed(&receipt, &signer, &signature) => receipt,
        _ => return Ok(verdict(false, false)),
    };
    let stored = receipts::as_stored(&exchange, receipt.id).await?;
    let is_stored = stored.is_some_and(|stored| receipt::is_of(&receipt, stored));
    Ok(verdict(true, is_stored))
}

fn verdict(valid: bool, stored: bool) -> web::Json<ReceiptVerdict> {
    web::Json(ReceiptVerdict { valid, stored })
}
