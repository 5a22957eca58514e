//! Submissions.

use super::{Reading, Trees};
use nbcourier_domain::{Rfc3339, Sha256Sum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of submissions, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Submissions {
    pub submissions: Vec<Submission>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
    /// The files of each tree on this page, in the order in which they were submitted. Only with `files=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Trees")]
    pub trees: Option<Trees>,
}

/// A submission.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Submission {
    /// The number of the submission, unique in the exchange.
    pub id: i64,
    pub assignment: String,
    pub student: String,
    /// The person who submitted for the student. `null` if the student did.
    pub submitted_by: Option<String>,
    pub submitted_at: Rfc3339,
    /// Whether it was submitted after the due time.
    pub late: bool,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The total size of the files, in bytes.
    pub bytes: i64,
    /// The current feedback.
    pub feedback: Option<SubmissionFeedback>,
}

/// The feedback on a submission.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Feedback")]
pub struct SubmissionFeedback {
    pub returned_at: Rfc3339,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The total size of the files, in bytes.
    pub bytes: i64,
    /// When the student read it. `null` if they have not.
    pub read: Option<Reading>,
}

/// The manifest of an archive of submissions, by student. The archive has the files of one page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Collected")]
pub struct CollectedSubmissions {
    pub submissions: Vec<CollectedSubmission>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A submission in the archive.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CollectedSubmission {
    /// The number of the submission. Its files are below this number in the archive.
    pub id: i64,
    pub student: String,
    pub submitted_at: Rfc3339,
    /// Whether it was submitted after the due time.
    pub late: bool,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// The number of files.
    pub files: i64,
}
