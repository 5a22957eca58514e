//! The report of a mirror about a directory, for people and programs.

use serde::Serialize;

/// The result for a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The mirror has the current version, as before.
    Current,
    /// The mirror has the current version now.
    Updated,
    /// The mirror has the current version, without paths that the file system cannot have.
    Incomplete,
    /// It is not open to everybody, so it is not mirrored.
    Skipped,
    /// It would not be mirrored any more. Its last version stays.
    Kept,
    /// It would not be mirrored any more, and was removed.
    Removed,
    /// Nothing was changed.
    Failed,
}

/// The report about a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The directory, as addresses have it.
    pub directory: String,
    /// The link to it, below the folder of the mirror.
    pub link: Option<String>,
    /// The version to which the link points.
    pub version: Option<i64>,
    /// The result.
    pub outcome: Outcome,
    /// The number of files that were received.
    pub received: usize,
    /// The bytes that were received.
    pub bytes: u64,
    /// The number of files that are shared with an earlier version.
    pub linked: usize,
    /// The paths that the file system here cannot have.
    pub left_out: Vec<String>,
    /// Sentences with the reasons why something was not done.
    pub reasons: Vec<String>,
}

impl Report {
    /// Returns a report in which nothing was done yet.
    pub fn new(directory: String, link: Option<String>, outcome: Outcome) -> Self {
        Self {
            directory,
            link,
            version: None,
            outcome,
            received: 0,
            bytes: 0,
            linked: 0,
            left_out: Vec::new(),
            reasons: Vec::new(),
        }
    }

    /// Returns the report with another result and its reason.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome, reason: String) -> Self {
        self.outcome = outcome;
        self.reasons.push(reason);
        self
    }

    /// Whether something was not done.
    pub fn is_failure(&self) -> bool {
        let is_done = matches!(
            self.outcome,
            Outcome::Current | Outcome::Updated | Outcome::Skipped | Outcome::Removed
        );
        !is_done || (self.outcome != Outcome::Skipped && !self.reasons.is_empty())
    }

    /// Whether the mirror was changed.
    pub fn is_change(&self) -> bool {
        matches!(self.outcome, Outcome::Updated | Outcome::Removed)
            || self.received + self.linked > 0
    }

    /// Returns the report in sentences, one a line.
    pub fn sentences(&self) -> Vec<String> {
        let shown = self.link.as_ref().unwrap_or(&self.directory);
        let version = self.version.unwrap_or_default();
        let mut all = match self.outcome {
            Outcome::Current => vec![format!("{shown} has version {version} already.")],
            Outcome::Updated => vec![format!(
                "{shown} has version {version} now: {} received, {} as before.",
                self.received, self.linked
            )],
            Outcome::Incomplete => {
                vec![format!("{shown} has version {version}, but not all of it.")]
            }
            Outcome::Removed => vec![format!("{shown} was removed.")],
            Outcome::Skipped | Outcome::Kept | Outcome::Failed => Vec::new(),
        };
        for path in &self.left_out {
            all.push(format!(
                "{shown}/{path} is left out: the file system here cannot have that name, or takes it for another name."
            ));
        }
        all.extend(self.reasons.iter().map(|why| format!("{shown}: {why}")));
        all
    }
}
