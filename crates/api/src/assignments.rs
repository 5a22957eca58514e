//! Released assignments and their versions.

use super::{Dates, Trees};
use nbcourier_domain::{Rfc3339, Sha256Sum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The current releases, in order of release.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Assignments {
    pub assignments: Vec<Assignment>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
    /// The files of each tree on this page, in the order in which they were released. Only with `files=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Trees")]
    pub trees: Option<Trees>,
}

/// A released assignment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    pub assignment: String,
    /// The number of the version. It grows with each release of the assignment.
    pub version: i64,
    pub released_at: Rfc3339,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// The number of files.
    pub files: i64,
    /// The total size of the files, in bytes.
    pub bytes: i64,
    /// The opening time. Students do not see the assignment before it.
    pub opens_at: Option<Rfc3339>,
    /// The due time. Later submissions are late. Students get their own due time and cut-off.
    pub due_at: Option<Rfc3339>,
    /// The cut-off. Later submissions are refused.
    pub cutoff_at: Option<Rfc3339>,
    /// Whether the caller has an extension.
    pub extended: bool,
}

impl Assignment {
    /// Returns the dates, as they are for the caller.
    pub const fn dates(&self) -> Dates {
        Dates {
            opens_at: self.opens_at,
            due_at: self.due_at,
            cutoff_at: self.cutoff_at,
        }
    }
}

/// The result of a release.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Released {
    /// The number of the version.
    pub version: i64,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// Whether this is a new version. `false` if the same files were already released.
    pub changed: bool,
}

/// The versions of an assignment, the first one first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseHistory {
    pub releases: Vec<PastRelease>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A version of an assignment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PastRelease {
    pub version: i64,
    pub released_at: Rfc3339,
    pub released_by: String,
    /// The digest of the tree.
    pub tree: Sha256Sum,
    /// Whether students fetch this version.
    pub current: bool,
}
