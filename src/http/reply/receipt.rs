//! Receipts as they are written and signed.

use crate::http::error::Result;
use crate::http::openapi::{Answer, Parts};
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use nbcourier_api::{Receipt, SignedReceipt};
use nbcourier_auth::ReceiptSigner;
use nbcourier_exchange::receipts;
use nbcourier_work::Bug;

/// Returns the receipt with its signature.
pub fn sign(receipt: receipts::Receipt, signer: &ReceiptSigner) -> Result<SignedReceipt> {
    let receipt = unsigned(receipt);
    // JSON fails only for maps whose keys are not strings. A receipt has no such map.
    let text = signed_text(&receipt).map_err(Bug::new)?;
    Ok(SignedReceipt {
        signature: signer.sign(&text),
        receipt,
    })
}

/// Whether the signature is one of this exchange.
pub fn is_signed(receipt: &Receipt, signer: &ReceiptSigner, signature: &str) -> bool {
    signed_text(receipt).is_ok_and(|text| signer.verify(&text, signature))
}

/// Whether the receipt describes exactly that submission. Names of people are not compared, since they may have
/// changed.
pub fn is_of(receipt: &Receipt, stored: receipts::Receipt) -> bool {
    let with_its_people = Receipt {
        student: receipt.student.clone(),
        submitted_by: receipt.submitted_by.clone(),
        ..unsigned(stored)
    };
    *receipt == with_its_people
}

/// Returns the text of a receipt that is signed: its JSON without blanks.
fn signed_text(receipt: &Receipt) -> serde_json::Result<String> {
    serde_json::to_string(receipt)
}

fn unsigned(receipt: receipts::Receipt) -> Receipt {
    Receipt {
        id: receipt.id,
        course: receipt.course,
        assignment: receipt.assignment,
        student: receipt.student,
        submitted_at: receipt.submitted_at.to_rfc3339(),
        tree: receipt.tree.to_string(),
        files: receipt.files,
        bytes: receipt.bytes,
        submitted_by: receipt.submitted_by,
    }
}

/// The reply to a submission.
pub struct SubmissionReply(StatusCode, SignedReceipt);

impl SubmissionReply {
    /// Returns the reply to a submission that was stored just now.
    pub fn now(receipt: receipts::Receipt, signer: &ReceiptSigner) -> Result<Self> {
        Ok(Self(StatusCode::CREATED, sign(receipt, signer)?))
    }

    /// Returns the reply to a submission that an earlier attempt stored.
    pub fn before(receipt: receipts::Receipt, signer: &ReceiptSigner) -> Result<Self> {
        Ok(Self(StatusCode::OK, sign(receipt, signer)?))
    }
}

impl Responder for SubmissionReply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::build(self.0).json(self.1)
    }
}

impl Answer for SubmissionReply {
    fn describe(parts: &mut Parts) {
        parts.replies_json::<SignedReceipt>(201, "The submission is stored.");
        parts.replies_json::<SignedReceipt>(200, "An earlier attempt with this key had succeeded.");
    }
}
