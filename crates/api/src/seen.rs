//! The versions that students have fetched, and the feedback that they have read.

use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The fetches of an assignment by students, by student and version.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Fetches {
    pub fetches: Vec<Fetch>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A version of an assignment that a student has fetched.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Fetch {
    pub student: String,
    /// The number of the version.
    pub version: i64,
    /// The time of the first fetch.
    pub first_at: Rfc3339,
    /// The time of the last fetch that was noted.
    pub last_at: Rfc3339,
    /// The number of fetches, of which one is noted within ten minutes.
    pub times: i64,
}

/// The readings of feedback by the student.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// The time at which the student first downloaded or opened it.
    pub first_at: Rfc3339,
    /// The last time that was noted.
    pub last_at: Rfc3339,
    /// The number of times, of which one is noted within ten minutes.
    pub times: i64,
}
