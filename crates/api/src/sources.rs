//! Repositories that directories of courses follow.

use super::PatchedText;
use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The repository that a directory follows, as all its readers see it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DirectorySource {
    pub url: String,
    /// The branch, or `null` for the repository's own choice.
    pub branch: Option<String>,
    /// The folder of the repository, or `null` for all of it.
    pub folder: Option<String>,
    /// The commit whose files the directory has.
    pub commit: Option<String>,
}

/// A repository for a directory to follow.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct NewSource {
    /// The `https` address of the repository.
    pub url: String,
    /// The branch. Without one, the repository's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The folder of the repository. Without one, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Patterns of paths that are left out, such as `.solutions/`.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The time between two looks, such as `1h`, which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// A token for a private repository. Absent, the stored one stays if the address is the same. `null` removes it.
    #[serde(default, skip_serializing_if = "PatchedText::is_kept")]
    pub token: PatchedText,
    /// Whether files with solutions for nbgrader may be delivered.
    #[serde(default)]
    pub allow_solutions: bool,
}

/// The repository that a directory follows. Secrets are not in it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    pub url: String,
    /// The branch, or `null` for the repository's own choice.
    pub branch: Option<String>,
    /// The folder of the repository, or `null` for all of it.
    pub folder: Option<String>,
    /// Patterns of paths that are left out.
    pub exclude: Vec<String>,
    /// The time between two looks.
    pub every: String,
    /// Whether files with solutions for nbgrader may be delivered.
    pub allow_solutions: bool,
    /// Whether there is a token.
    pub token: bool,
    /// The commit whose files the directory has.
    pub commit: Option<String>,
    /// The address that a service calls after a push.
    pub hook: String,
    /// The secret with which the service signs its calls. It is shown once, when the directory begins to follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_secret: Option<String>,
    /// The time of the last look.
    pub checked_at: Option<Rfc3339>,
    /// The time of the next look.
    pub next_at: Rfc3339,
    /// The number of looks that failed since the last one that did not.
    pub failures: i64,
    /// Whether the server looks at the repository now.
    pub running: bool,
}

/// A look that was asked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PullAsked {
    /// The number of the run.
    pub run: i64,
}

/// The last looks at a repository, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SourceRuns {
    pub runs: Vec<SourceRun>,
}

/// A look at a repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SourceRun {
    pub id: i64,
    /// The time at which it began, or was asked for.
    pub began_at: Rfc3339,
    pub ended_at: Option<Rfc3339>,
    /// `schedule`, `asked`, `hook` or `set`.
    pub cause: String,
    /// `updated`, `unchanged`, `refused` or `failed`. A run that waits or is in progress has none.
    pub outcome: Option<String>,
    /// The commit that was found.
    pub commit: Option<String>,
    /// The version that was made.
    pub version: Option<i64>,
    /// Sentences about it.
    pub report: Option<String>,
}
