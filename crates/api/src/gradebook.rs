//! The data of an assignment for a gradebook.

use super::Extension;
use nbcourier_domain::{Person, Rfc3339};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of the data that a gradebook takes over: dates, extensions and students.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GradebookFacts {
    pub opens_at: Option<Rfc3339>,
    pub due_at: Option<Rfc3339>,
    pub cutoff_at: Option<Rfc3339>,
    /// The extensions of an assignment, by student.
    pub extensions: Vec<Extension>,
    /// The students of the course. They follow the extensions.
    pub students: Vec<Person>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}
