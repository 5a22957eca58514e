//! Roles in a course, and the entries of a roster.

use super::UserName;

/// The role of a member of a course, from the least to the most rights. Nobody has two roles in a course: of two that
/// somebody is given, the greater counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum Role {
    /// Fetches, submits, reads their own work and feedback.
    Student,
    /// Reads all work, collects, gives feedback and more time, submits for students.
    Assistant,
    /// Does what assistants do, releases, sets dates, keeps the roster of students and assistants.
    Instructor,
}

impl Role {
    /// All roles, from the least to the most rights.
    pub const ALL: [Self; 3] = [Self::Student, Self::Assistant, Self::Instructor];

    /// Returns the word for the role in files and requests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Assistant => "assistant",
            Self::Instructor => "instructor",
        }
    }

    /// Returns the role for a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether members with the role read the work of all students.
    pub fn is_staff(self) -> bool {
        self > Self::Student
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A person on a roster. A detail is `null` until somebody sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)
)]
pub struct Person {
    /// The name at the hub.
    pub username: UserName,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// E-mail address. It is not checked.
    pub email: Option<String>,
}

impl Person {
    /// Returns an entry that holds only the user name.
    pub fn named(username: UserName) -> Self {
        Self {
            username,
            first_name: None,
            last_name: None,
            email: None,
        }
    }
}
