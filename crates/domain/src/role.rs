//! Roles in a course, and the entries of a roster.

use super::UserName;

/// The role of a member of a course. An instructor is never also a student of the course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum Role {
    /// Fetches, submits, reads their own work and feedback.
    Student,
    /// Releases, collects, gives feedback, keeps the roster of students.
    Instructor,
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
