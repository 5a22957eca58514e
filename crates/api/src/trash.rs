//! Deleted things that can be restored.

use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The courses that can be restored, the last deleted first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeletedCourses {
    pub courses: Vec<DeletedCourse>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A deleted course.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeletedCourse {
    /// The number for restoring it.
    pub id: i64,
    /// The name at the time of deletion.
    pub course: String,
    pub deleted_at: Rfc3339,
}

/// The trash of a course: assignments, then submissions, then feedback, each kind with the last deleted first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct CourseTrash {
    pub assignments: Vec<DeletedAssignment>,
    pub submissions: Vec<DeletedSubmission>,
    /// Deleted feedback, by the numbers of its submissions.
    pub feedback: Vec<DeletedSubmission>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A deleted assignment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DeletedAssignment {
    /// The number for restoring it.
    pub id: i64,
    /// The name at the time of deletion.
    pub assignment: String,
    pub deleted_at: Rfc3339,
    /// The number of its submissions.
    pub submissions: i64,
}

/// A deleted submission, or deleted feedback on one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeletedWork")]
pub struct DeletedSubmission {
    /// The number of the submission.
    pub id: i64,
    pub assignment: String,
    pub student: String,
    pub submitted_at: Rfc3339,
    pub deleted_at: Rfc3339,
}

/// An object without keys.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Restored {}

impl<'de> Deserialize<'de> for Restored {
    // An object with keys does not come from an exchange. The document does not promise that for ever.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Empty {}
        Empty::deserialize(deserializer).map(|Empty {}| Self {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_to_a_restore_has_no_keys() {
        assert!(serde_json::from_str::<Restored>("{}").is_ok());
        assert!(serde_json::from_str::<Restored>(r#"{"success":true}"#).is_err());
    }
}
