//! Feedback on submissions.

use super::Reading;
use nbcourier_domain::{Rfc3339, Sha256Sum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The manifest of an archive of feedback, the oldest submission first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenBack")]
pub struct FeedbackManifest {
    pub feedback: Vec<FeedbackManifestEntry>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The feedback on one submission.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenBackOn")]
pub struct FeedbackManifestEntry {
    /// The number of the submission. The files are below this number in the archive.
    pub submission: i64,
    pub assignment: String,
    pub student: String,
    pub submitted_at: Rfc3339,
    pub returned_at: Rfc3339,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// The number of files.
    pub files: i64,
}

/// The result of giving feedback.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackGiven {
    /// The number of the submission.
    pub submission: i64,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// Whether the feedback is new. `false` if the submission already had the same feedback.
    pub changed: bool,
}

/// The result of giving feedback to a class.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AllGiven")]
pub struct ClassFeedback {
    pub feedback: Vec<FeedbackGiven>,
}

/// All feedback on a submission, the first one first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackHistory {
    pub feedback: Vec<PastFeedback>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// Current, former or deleted feedback.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PastFeedback {
    /// The number of the feedback. The first has number 1.
    pub number: usize,
    pub returned_at: Rfc3339,
    pub returned_by: String,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// Whether the feedback is in the trash.
    pub deleted: bool,
    /// Whether this is the current feedback.
    pub current: bool,
    /// When the student read it. `null` if they have not.
    pub read: Option<Reading>,
}
