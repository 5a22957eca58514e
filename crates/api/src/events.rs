//! The log of changes.

use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Events, the last first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Events {
    pub events: Vec<Event>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The record of a change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The number of the event. Later events have larger numbers.
    pub id: i64,
    pub at: Rfc3339,
    /// The action, in a word or two.
    pub action: String,
    /// The person or service that made the change.
    pub actor: String,
    /// The person whom the change concerns, if that is one other person.
    pub subject: Option<String>,
    /// The name of the course at that time.
    pub course: Option<String>,
    pub assignment: Option<String>,
    /// The number of a submission.
    pub submission: Option<i64>,
    /// Further details. If the stored details are damaged, their text is in the member `unreadable`.
    pub detail: Option<Map<String, Value>>,
    /// The ID of the request in the log.
    pub request: Option<String>,
}
