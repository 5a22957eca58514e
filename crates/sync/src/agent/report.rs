//! The report of a round of the agent, for people and programs. The last one is in the folder, for `nbcourier sync status`.

use super::held::LeftOut;
use super::pair::Pair;
use crate::decide::Mode;
use crate::folder::{Root, text_of, write_beside};
use crate::journal;
use crate::report::Second;
use nbcourier_domain::Count;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

const NAME: &str = "status.json";
/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Folder and directory were equal before, as far as the mode wants it.
    Equal,
    /// They are equal now.
    Synced,
    /// Something waits for a moment.
    Waiting,
    /// Something could not be done.
    Incomplete,
    /// Many files would be removed. Somebody has to confirm that.
    Asking,
    /// The pair rests, as its owner wants it.
    Paused,
    /// Another program looks after the folder at the moment.
    Busy,
    /// Nothing was done.
    Failed,
    /// Nothing was done, and nothing will be until somebody does something.
    Stopped,
}

impl Outcome {
    /// Whether something was not done.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Equal | Self::Synced | Self::Paused)
    }

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Synced => "synced",
            Self::Waiting => "waiting",
            Self::Incomplete => "incomplete",
            Self::Asking => "asking",
            Self::Paused => "paused",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// Removals that somebody has to confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The number of files that would go.
    pub files: usize,
    /// The number of files that both sides had.
    pub of: usize,
    /// Whether they are in the folder.
    pub are_here: bool,
    /// Some of the paths.
    pub paths: Vec<String>,
}

/// The report of a round. Paths are below the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The folder.
    pub folder: String,
    /// The directory, as addresses have it.
    pub directory: Option<String>,
    /// The way in which contents move.
    pub mode: Option<Mode>,
    /// The result.
    pub outcome: Outcome,
    /// The time, as RFC 3339.
    pub at: String,
    /// The version that is known of the directory.
    pub version: Option<i64>,
    /// The number of files that came into the folder.
    pub received: usize,
    /// The number of files that went to the directory.
    pub sent: usize,
    /// The number of files that were removed from the folder.
    pub removed_here: usize,
    /// The number of files that were removed from the directory.
    pub removed_there: usize,
    /// The number of files among these that only have another name now.
    pub renamed: usize,
    /// The files that both sides have changed, with the copies of this device's.
    pub conflicts: Vec<Second>,
    /// The files that were replaced or removed here, and are kept aside.
    pub kept: Vec<String>,
    /// The paths that wait for a moment.
    pub waiting: Vec<LeftOut>,
    /// The paths that are left out, until somebody does something.
    pub left_out: Vec<LeftOut>,
    /// The number of these that are new. They are the last ones.
    #[serde(skip)]
    pub new: Vec<LeftOut>,
    /// The removals that somebody has to confirm.
    pub asked: Option<Asked>,
    /// Sentences about what was not done.
    pub failures: Vec<String>,
}

impl Report {
    /// Returns a report in which nothing was done yet.
    pub fn new(folder: &Path, pair: Option<&Pair>) -> Self {
        Self {
            folder: folder.display().to_string(),
            directory: pair.map(Pair::shown),
            mode: pair.map(|pair| pair.mode),
            outcome: Outcome::Equal,
            at: nbcourier_domain::Timestamp::now().to_rfc3339(),
            version: None,
            received: 0,
            sent: 0,
            removed_here: 0,
            removed_there: 0,
            renamed: 0,
            conflicts: Vec::new(),
            kept: Vec::new(),
            waiting: Vec::new(),
            left_out: Vec::new(),
            new: Vec::new(),
            asked: None,
            failures: Vec::new(),
        }
    }

    /// Returns the report of a round that ended like this, for this reason.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome, sentence: String) -> Self {
        self.outcome = outcome;
        self.failures.push(sentence);
        self
    }

    /// Whether both say the same, but for details in parentheses such as the reason of a failure.
    pub fn says_as(&self, other: &Self) -> bool {
        let heads = |it: &Self| {
            let heads = it
                .failures
                .iter()
                .map(|why| why.split(" (").next().map(str::to_owned));
            heads.collect::<Vec<_>>()
        };
        (self.outcome, &self.asked, heads(self)) == (other.outcome, &other.asked, heads(other))
    }

    /// Whether something moved.
    pub fn is_moving(&self) -> bool {
        self.received + self.sent + self.removed_here + self.removed_there + self.conflicts.len()
            > 0
    }

    /// Adds what an earlier round of the same run did.
    pub fn add(&mut self, earlier: Self) {
        self.received += earlier.received;
        self.sent += earlier.sent;
        self.removed_here += earlier.removed_here;
        self.removed_there += earlier.removed_there;
        self.renamed += earlier.renamed;
        self.conflicts.splice(0..0, earlier.conflicts);
        self.kept.splice(0..0, earlier.kept);
        self.new.splice(0..0, earlier.new);
        if self.outcome == Outcome::Equal && self.is_moving() {
            self.outcome = Outcome::Synced;
        }
    }

    /// Returns the last report of a folder.
    pub fn read(own: &Root) -> io::Result<Option<Self>> {
        let text = text_of(own, NAME, MAX_BYTES)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Writes the report into the folder of the state. A report that cannot be written is no reason to fail.
    fn write(&self, own: &Root) {
        if let Ok(text) = serde_json::to_vec(self) {
            let _ = write_beside(own, NAME, &text);
        }
    }

    /// Writes the report into the folder of the state and its log, if it says something new.
    pub fn keep(&self, own: &Root) {
        let before = Self::read(own).ok().flatten();
        let is_same = before.is_some_and(|before| {
            self.says_as(&before)
                && before.version == self.version
                && (&before.waiting, &before.left_out) == (&self.waiting, &self.left_out)
        });
        if self.is_moving() || !is_same {
            self.write(own);
        }
        let is_silent = matches!(
            self.outcome,
            Outcome::Equal | Outcome::Paused | Outcome::Waiting
        );
        if self.is_moving() || !self.new.is_empty() || (!is_silent && !is_same) {
            journal::add(own, &self.sentences());
        }
    }

    /// Returns the report in sentences, one a line.
    pub fn sentences(&self) -> Vec<String> {
        let folder = &self.folder;
        let directory = self.directory.as_deref().unwrap_or("its directory");
        let mut all = match self.outcome {
            Outcome::Equal => vec![format!("{folder} and {directory} are equal.")],
            Outcome::Synced => vec![format!(
                "{folder} and {directory} are equal now: {}.",
                self.counts()
            )],
            Outcome::Waiting | Outcome::Incomplete => vec![format!(
                "{folder} and {directory} are not equal yet: {}. The next round goes on.",
                self.counts()
            )],
            Outcome::Paused => vec![format!(
                "{folder} is paused. `nbcourier sync resume {folder}` lets it go on."
            )],
            Outcome::Asking | Outcome::Busy | Outcome::Failed | Outcome::Stopped => Vec::new(),
        };
        if self.mode == Some(Mode::Pull) || self.mode == Some(Mode::Push) {
            for sentence in &mut all {
                *sentence = sentence
                    .replace("are equal now", "are synced now")
                    .replace("are equal", "are synced")
                    .replace("are not equal yet", "are not synced yet");
            }
        }
        for Second { path, beside } in &self.conflicts {
            all.push(format!(
                "{folder}/{path} was changed on both sides. The one of {directory} has the name now, and the other is {beside}."
            ));
        }
        if let Some(asked) = &self.asked {
            all.push(asked.sentence(folder, directory));
        }
        let waiting = if self.outcome == Outcome::Waiting {
            self.waiting.as_slice()
        } else {
            &[]
        };
        for LeftOut { path, why } in waiting.iter().chain(&self.new) {
            all.push(format!("{folder}/{path} {why}."));
        }
        all.extend(self.failures.iter().map(|why| format!("{folder}: {why}")));
        all
    }

    fn counts(&self) -> String {
        let kept = if self.kept.is_empty() {
            String::new()
        } else {
            format!(", {} kept in .nbcourier/kept", self.kept.len())
        };
        let renamed = if self.renamed == 0 {
            String::new()
        } else {
            format!(", {} of them renamed", self.renamed)
        };
        format!(
            "{} received, {} sent, {} removed here, {} removed there{renamed}{kept}",
            self.received, self.sent, self.removed_here, self.removed_there
        )
    }
}

impl Asked {
    fn sentence(&self, folder: &str, directory: &str) -> String {
        let (side, other) = if self.are_here {
            (folder, directory)
        } else {
            (directory, folder)
        };
        let some = match self.paths.as_slice() {
            [] => String::new(),
            paths => format!(
                " ({}{})",
                paths.join(", "),
                if paths.len() < self.files {
                    ", …"
                } else {
                    ""
                }
            ),
        };
        format!(
            "{folder}: nothing was done, since {} of {} would be removed from {side}{some}, as {other} has them no more. If \
             that is right, use `nbcourier sync confirm {folder}`",
            Count(self.files, "file"),
            self.of
        )
    }
}
