//! The report of a round, for people and programs.

use serde::{Deserialize, Serialize};

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The folder has the current version, as before.
    Current,
    /// The folder has the current version now.
    Updated,
    /// The folder would be changed like this.
    Planned,
    /// Some files could not be brought up to date.
    Incomplete,
    /// Another program looks after the folder at the moment.
    Busy,
    /// Nothing was changed.
    Failed,
}

impl Outcome {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Updated => "updated",
            Self::Planned => "planned",
            Self::Incomplete => "incomplete",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }

    /// Whether something was not done.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Incomplete | Self::Failed | Self::Busy)
    }
}

/// A file, and the second one beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// The path.
    pub path: String,
    /// The path of the second file.
    pub beside: String,
}

/// The report of a round about a folder. Paths are below the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The directory, as addresses have it.
    pub directory: String,
    /// The course that delivers it.
    pub course: Option<String>,
    /// The folder, below the home.
    pub folder: String,
    /// The version that the folder has, if it has one whole.
    pub version: Option<i64>,
    /// The result.
    pub outcome: Outcome,
    /// The number of files that were received.
    pub received: usize,
    /// The number of files that were removed.
    pub removed: usize,
    /// The number of files among both that only have another name or place now.
    pub renamed: usize,
    /// The files that were replaced or removed, and are kept aside.
    pub kept: Vec<String>,
    /// The files that both sides have changed, with the directory's beside.
    pub beside: Vec<Second>,
    /// The files that made room for one of the directory, with their new names.
    pub mine: Vec<Second>,
    /// The files that were changed here and removed from the directory. They stay.
    pub left: Vec<String>,
    /// The paths where a link or another odd entry is in the way.
    pub blocked: Vec<String>,
    /// Sentences about what was not done.
    pub failures: Vec<String>,
    /// The output of the script `start.sh`, if it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

impl Report {
    /// Returns a report in which nothing was done yet.
    pub fn new(directory: String, course: Option<String>, folder: String) -> Self {
        Self {
            directory,
            course,
            folder,
            version: None,
            outcome: Outcome::Current,
            received: 0,
            removed: 0,
            renamed: 0,
            kept: Vec::new(),
            beside: Vec::new(),
            mine: Vec::new(),
            left: Vec::new(),
            blocked: Vec::new(),
            failures: Vec::new(),
            log: None,
        }
    }

    /// Returns the report of a round that changed nothing, for this reason.
    #[must_use]
    pub fn failed(mut self, sentence: String) -> Self {
        self.outcome = Outcome::Failed;
        self.failures.push(sentence);
        self
    }

    /// Returns the report in sentences, one a line.
    pub fn sentences(&self) -> Vec<String> {
        let folder = &self.folder;
        let version = self.version.map(|version| format!(" {version}"));
        let version = version.unwrap_or_default();
        let mut all = match self.outcome {
            Outcome::Current => vec![format!("{folder} has version{version} already.")],
            Outcome::Updated => vec![format!(
                "{folder} has version{version} now: {}.",
                self.counts()
            )],
            Outcome::Planned => vec![format!("{folder} would change: {}.", self.counts())],
            Outcome::Incomplete => vec![format!(
                "{folder} is not whole yet: {}. The next pull goes on.",
                self.counts()
            )],
            Outcome::Busy | Outcome::Failed => Vec::new(),
        };
        let would = if self.outcome == Outcome::Planned {
            "would be"
        } else {
            "is"
        };
        for Second { path, beside } in &self.beside {
            all.push(format!(
                "{folder}/{path} stays as you changed it. The new one {would} beside it, in {beside}."
            ));
        }
        for Second { path, beside } in &self.mine {
            all.push(format!(
                "{folder}/{path} {would} the one of {} now. Yours {would} in {beside}.",
                self.directory
            ));
        }
        for path in &self.left {
            all.push(format!(
                "{folder}/{path} stays, since you changed it. {} has it no more.",
                self.directory
            ));
        }
        for path in &self.blocked {
            all.push(format!(
                "{folder}/{path} was left alone: a link, a folder that cannot be read, or another odd entry is there. \
                 Move it away, and use --missing."
            ));
        }
        all.extend(self.failures.iter().map(|why| format!("{folder}: {why}")));
        all
    }

    fn counts(&self) -> String {
        let kept = if self.kept.is_empty() {
            String::new()
        } else {
            format!(
                ", {} kept in {}/.nbcourier/kept",
                self.kept.len(),
                self.folder
            )
        };
        let renamed = if self.renamed == 0 {
            String::new()
        } else {
            format!(", {} of them renamed", self.renamed)
        };
        format!(
            "{} received, {} removed{renamed}{kept}",
            self.received, self.removed
        )
    }
}
