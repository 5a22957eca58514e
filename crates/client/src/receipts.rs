//! Receipts: what the exchange signed when something was handed in.

use super::http::Body;
use super::{Client, Result};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A receipt as it was handed out, with its signature.
#[derive(Debug, Clone, Deserialize)]
pub struct Receipt {
    /// What it says; the exchange checks it as a whole.
    pub receipt: Value,
    /// That it was the exchange who said so.
    pub signature: String,
}

/// What the exchange says about one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Verdict {
    /// The exchange did sign it.
    pub valid: bool,
    /// And the submission is there, with those files.
    pub stored: bool,
}

impl Client {
    /// Asks whether the exchange stands by a receipt.
    pub async fn verify(&self, receipt: &Receipt) -> Result<Verdict> {
        let body = json!({ "receipt": receipt.receipt, "signature": receipt.signature });
        let names = ["v1", "receipts", "verify"];
        self.send(Method::POST, &names, Body::Json(&body)).await
    }
}
