//! The deliveries at the starts of servers.

use nbcourier_domain::{Rfc3339, StartOutcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A report of a delivery at the start of the caller's server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewStart {
    pub outcome: StartOutcome,
    /// The duration in milliseconds.
    pub millis: u32,
    /// The version that the folder has, if it has one whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The name of the directory of the course that was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Further details, such as those of `StartReport`. Contents of files do not belong into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Map<String, Value>>,
}

/// The starts in a course, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Starts {
    pub starts: Vec<Start>,
    /// How the last starts of the members of the course went. `null` on all pages but the first.
    pub summary: Option<Vec<StartsAlike>>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// A delivery at the start of a server, as the person's own program reports it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Start {
    /// The number of the start. Later starts have larger numbers.
    pub id: i64,
    pub person: String,
    pub at: Rfc3339,
    /// `updated`, `unchanged`, `partly` or `failed`.
    pub outcome: String,
    /// The duration in milliseconds.
    pub millis: i64,
    /// The version that the folder has, if it has one whole.
    pub version: Option<i64>,
    /// The name of the directory, if the report has one.
    pub directory: Option<String>,
    /// Further details. If the stored details are damaged, their text is in the member `unreadable`.
    pub report: Option<Map<String, Value>>,
}

/// The members of a course whose last starts were alike.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StartsAlike {
    /// The name of the directory, if their reports have one.
    pub directory: Option<String>,
    /// `unchanged` if their folders have a whole version, else `partly` or `failed`.
    pub outcome: String,
    /// The version of these folders.
    pub version: Option<i64>,
    /// The number of people.
    pub people: i64,
    /// The reason that the newest of these starts gives, if something was not done.
    pub reason: Option<String>,
}

/// The details in the report of `nbcourier start`. Paths are below the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StartReport {
    /// The folder below the home.
    pub folder: String,
    /// The number of files that were received.
    pub received: u64,
    /// The number of files that were removed.
    pub removed: u64,
    /// The files that were replaced or removed, and are kept aside.
    pub kept: Vec<String>,
    /// The files that both sides have changed, with the names of the new ones beside.
    pub beside: Vec<SecondFile>,
    /// The files that made room for one of the directory, with their new names.
    pub mine: Vec<SecondFile>,
    /// The files that were changed in the folder and removed from the directory. They stay.
    pub left: Vec<String>,
    /// The paths where a link or another odd entry is in the way.
    pub blocked: Vec<String>,
    /// Sentences about what was not done.
    pub failures: Vec<String>,
    /// The output of the start script, if one ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Whether the report was too long, so that parts of it are left out.
    pub cut: bool,
}

/// A file, and the second one beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFile {
    pub path: String,
    pub beside: String,
}

/// Maximum length in bytes of a reason that is shown.
const LONGEST_REASON: usize = 300;

impl StartReport {
    /// Returns the details in a stored report. A report in another form has none.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Returns the first sentence about what was not done, as one line.
    pub fn reason(&self) -> Option<String> {
        let blocked = self.blocked.first();
        let blocked = || blocked.map(|path| format!("{path} was left alone"));
        let reason = self.failures.first().cloned().or_else(blocked)?;
        let end = reason.floor_char_boundary(LONGEST_REASON);
        let line = reason[..end].chars().map(|letter| match letter {
            letter if letter.is_control() => ' ',
            letter => letter,
        });
        Some(line.collect())
    }
}
