//! Courses.

use nbcourier_domain::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Courses, sorted by name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Courses {
    pub courses: Vec<Course>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A course, with the role of the caller.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    pub course: String,
    /// The caller's role. `null` for an administrator or registrar who is not in the course.
    pub role: Option<Role>,
}
