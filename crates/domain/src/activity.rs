//! The work on notebooks that is counted, and how its figures are put together.

/// A kind of work on a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum ActivityKind {
    /// A session of the notebook began.
    Open,
    /// The notebook was saved.
    Save,
    /// A minute in which the notebook was run or saved.
    Minutes,
}

/// The unit for which figures of activity are summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum ActivityBy {
    /// Each student.
    Student,
    /// Each notebook.
    Notebook,
    /// Each day.
    Day,
}

impl ActivityBy {
    /// All units.
    pub const ALL: [Self; 3] = [Self::Student, Self::Notebook, Self::Day];

    /// Returns the word for the unit in requests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Notebook => "notebook",
            Self::Day => "day",
        }
    }

    /// Returns the unit for a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.word() == word)
    }
}
