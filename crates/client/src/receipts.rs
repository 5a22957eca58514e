//! Receipts: the exchange's signed confirmations of submissions.

use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{ReceiptVerdict, UnverifiedReceipt};
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Asks the exchange whether a receipt is valid.
    pub async fn verify(&self, receipt: &UnverifiedReceipt) -> Result<ReceiptVerdict> {
        let body = json!(receipt);
        let names = ["v1", "receipts", "verify"];
        self.send(Method::POST, &names, Body::Json(&body)).await
    }
}
