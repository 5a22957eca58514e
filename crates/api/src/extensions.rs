//! Extensions: the dates of single students.

use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The dates of one student. For an absent date, that of the assignment applies.
// Dates are text: the server has its own sentence about a text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenExtension")]
pub struct NewExtension {
    #[schemars(with = "Option<Rfc3339>")]
    pub due_at: Option<String>,
    #[schemars(with = "Option<Rfc3339>")]
    pub cutoff_at: Option<String>,
    /// A note about the reason, of at most 4096 bytes. The student does not see it. An absent note is removed.
    pub note: Option<String>,
}

/// The extensions of an assignment, by student.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Extensions {
    pub extensions: Vec<Extension>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The dates of one student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShownExtension")]
pub struct Extension {
    pub student: String,
    pub due_at: Option<Rfc3339>,
    pub cutoff_at: Option<Rfc3339>,
    /// The note about the reason. Absent if there is none, and in the data for a gradebook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Extension {
    /// Returns the dates of this student.
    pub fn new(student: String, extension: nbcourier_domain::Extension) -> Self {
        Self {
            note: None,
            student,
            due_at: extension.due_at.map(Rfc3339),
            cutoff_at: extension.cutoff_at.map(Rfc3339),
        }
    }
}
