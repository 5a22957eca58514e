//! Receipts: the exchange's signed confirmations of submissions.

use super::http::Body;
use super::{Client, Result};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A receipt with its signature.
#[derive(Debug, Clone, Deserialize)]
pub struct Receipt {
    /// The content of the receipt. The exchange checks it as a whole.
    pub receipt: Value,
    /// The exchange's signature of the content.
    pub signature: String,
}

/// The exchange's verdict on a receipt.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the exchange signed the receipt.
    pub valid: bool,
    /// Whether the submission is stored with the same files.
    pub stored: bool,
}

impl Client {
    /// Asks the exchange whether a receipt is valid.
    pub async fn verify(&self, receipt: &Receipt) -> Result<Verdict> {
        let body = json!({ "receipt": receipt.receipt, "signature": receipt.signature });
        let names = ["v1", "receipts", "verify"];
        self.send(Method::POST, &names, Body::Json(&body)).await
    }
}
