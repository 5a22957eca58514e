//! Allowances: the hours that students always have more in a course.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The hours that one student always has more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenAllowance")]
pub struct NewAllowance {
    /// The number of hours after the due time and the cut-off, from 1 to 8760.
    pub hours: i64,
    /// A note about the reason, of at most 4096 bytes. The student does not see it. An absent note is removed.
    pub note: Option<String>,
}

/// The allowances in a course, by student.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Allowances {
    pub allowances: Vec<Allowance>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The hours that one student always has more, for every assignment of the course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShownAllowance")]
pub struct Allowance {
    pub student: String,
    /// The number of hours after the due time and the cut-off.
    pub hours: i64,
    /// The note about the reason. Absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
