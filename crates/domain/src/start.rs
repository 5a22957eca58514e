//! The outcomes of deliveries at the starts of servers.

use std::fmt;

/// The outcome of a delivery at the start of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum StartOutcome {
    /// The folder has the current version now.
    Updated,
    /// The folder had the current version before.
    Unchanged,
    /// Some files could not be brought up to date.
    Partly,
    /// Nothing was changed.
    Failed,
}

impl StartOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Updated, Self::Unchanged, Self::Partly, Self::Failed];

    /// Returns the word for the outcome in requests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Partly => "partly",
            Self::Failed => "failed",
        }
    }

    /// Returns the outcome for a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

impl fmt::Display for StartOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
