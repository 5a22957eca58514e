//! Receipts as they are written and signed.

use crate::http::error::Result;
use crate::http::openapi::{Answer, Parts};
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use nbcourier_auth::ReceiptSigner;
use nbcourier_domain::{Rfc3339, Sha256Sum};
use nbcourier_exchange::receipts;
use nbcourier_work::Bug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The confirmation of a submission.
// The signed text is this receipt as JSON, with the fields in this order and no blanks between them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The number of the submission.
    pub id: i64,
    course: String,
    assignment: String,
    student: String,
    #[schemars(with = "Rfc3339")]
    submitted_at: String,
    /// The digest of the tree.
    #[schemars(with = "Sha256Sum")]
    tree: String,
    /// The number of files.
    files: i64,
    /// The total size of the files, in bytes.
    bytes: i64,
    /// The person who submitted for the student. Absent if the student did.
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_by: Option<String>,
}

impl From<receipts::Receipt> for Receipt {
    fn from(receipt: receipts::Receipt) -> Self {
        Self {
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
}

impl Receipt {
    /// Whether the signature is one of this exchange.
    pub fn is_signed(&self, signer: &ReceiptSigner, signature: &str) -> bool {
        self.text()
            .is_ok_and(|text| signer.verify(&text, signature))
    }

    /// Whether the receipt describes exactly that submission. Names of people are not compared, since they may have
    /// changed.
    pub fn tells_of(&self, stored: &Self) -> bool {
        let told = |receipt: &Self| {
            (
                receipt.id,
                receipt.course.clone(),
                receipt.assignment.clone(),
                receipt.submitted_at.clone(),
                receipt.tree.clone(),
                (receipt.files, receipt.bytes),
            )
        };
        told(self) == told(stored)
    }

    fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// A receipt with its signature.
#[derive(Serialize, JsonSchema)]
pub struct SignedReceipt {
    receipt: Receipt,
    /// The signature, in hexadecimal.
    signature: String,
}

impl SignedReceipt {
    /// Signs a receipt.
    pub fn new(receipt: receipts::Receipt, signer: &ReceiptSigner) -> Result<Self> {
        let receipt = Receipt::from(receipt);
        // JSON fails only for maps whose keys are not strings. A receipt has no such map.
        let text = receipt.text().map_err(Bug::new)?;
        Ok(Self {
            signature: signer.sign(&text),
            receipt,
        })
    }
}

/// The reply to a submission.
pub struct HandedIn(StatusCode, SignedReceipt);

impl HandedIn {
    /// Returns the reply to a submission that was stored just now.
    pub fn now(receipt: receipts::Receipt, signer: &ReceiptSigner) -> Result<Self> {
        Ok(Self(
            StatusCode::CREATED,
            SignedReceipt::new(receipt, signer)?,
        ))
    }

    /// Returns the reply to a submission that an earlier attempt stored.
    pub fn before(receipt: receipts::Receipt, signer: &ReceiptSigner) -> Result<Self> {
        Ok(Self(StatusCode::OK, SignedReceipt::new(receipt, signer)?))
    }
}

impl Responder for HandedIn {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::build(self.0).json(self.1)
    }
}

impl Answer for HandedIn {
    fn describe(parts: &mut Parts) {
        parts.replies_json::<SignedReceipt>(201, "The submission is stored.");
        parts.replies_json::<SignedReceipt>(200, "An earlier attempt with this key had succeeded.");
    }
}
