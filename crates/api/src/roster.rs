//! The roster of a course: instructors, assistants and students in one list.

use super::{List, MAX_ITEMS};
use nbcourier_domain::{Person, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The members of a course.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Roster {
    pub people: Vec<Member>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A member of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    #[serde(flatten)]
    pub person: Person,
    /// The role in the course.
    pub role: Role,
    /// Whether a group of the hub gives the role.
    pub by_group: bool,
}

/// The people to add or update.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RosterChange {
    #[schemars(with = "Vec<RosterEntry>", length(max = MAX_ITEMS))]
    pub people: List<RosterEntry>,
}

/// A person to add or update. An absent or `null` detail stays as it is.
// The name is text: the server quotes the one that it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RosterLine")]
pub struct RosterEntry {
    pub username: String,
    pub role: Role,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
}

/// The result of changing a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Changes")]
pub struct RosterChanges {
    /// The number of added people.
    pub added: usize,
    /// The number of updated people.
    pub updated: usize,
    /// Sentences about names that look like others of the course, or that a hub may not have. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
