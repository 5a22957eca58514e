//! Receipts: signed confirmations of submissions.

use nbcourier_domain::{Rfc3339, Sha256Sum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The confirmation of a submission.
// The signed text is this receipt as JSON, with the fields in this order and no blanks between them. All fields are
// texts and numbers, so that a receipt is written again exactly as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The number of the submission.
    pub id: i64,
    pub course: String,
    pub assignment: String,
    pub student: String,
    #[schemars(with = "Rfc3339")]
    pub submitted_at: String,
    /// The digest of the tree.
    #[schemars(with = "Sha256Sum")]
    pub tree: String,
    /// The number of files.
    pub files: i64,
    /// The total size of the files, in bytes.
    pub bytes: i64,
    /// The person who submitted for the student. Absent if the student did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<String>,
}

/// A receipt with its signature.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignedReceipt {
    pub receipt: Receipt,
    /// The signature, in hexadecimal.
    pub signature: String,
}

/// A receipt to be verified, with its signature.
// The exchange judges the receipt as a whole, whatever its form.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Shown")]
pub struct UnverifiedReceipt {
    #[schemars(with = "Receipt")]
    pub receipt: Value,
    pub signature: String,
}

/// The result of verifying a receipt.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Verdict")]
pub struct ReceiptVerdict {
    /// Whether this exchange signed the receipt.
    pub valid: bool,
    /// Whether it is valid and the submission is still there unchanged. The people may have other names now.
    pub stored: bool,
}
