//! The last time at which students were seen.

use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The students of a course, in the order of the roster, with the last time at which they were seen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Presences {
    pub presence: Vec<Presence>,
    /// Whether the hub says when its users were last active. Otherwise only the exchange does.
    pub by_hub: bool,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A student of a course.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Presence {
    pub student: String,
    /// The last time at which the student was seen.
    pub last_seen: Option<Rfc3339>,
    /// The source of that time.
    pub by: Option<SeenBy>,
    /// Whether the student has a server of the hub. `null` if the hub does not tell.
    pub running: Option<bool>,
}

/// The source of the time at which a student was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeenBy {
    /// The hub: a server of the student, a page, or a token was in use.
    Hub,
    /// The exchange: the student fetched, submitted or read feedback in the course.
    Exchange,
}
