//! Directories: their owners, the access to them, and who gets it.

use super::{CourseId, IllegalName, Role, UserName};
use std::fmt;

/// The owner of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DirectoryOwner {
    /// A person, or a service of the hub.
    Person(UserName),
    /// A course.
    Course(CourseId),
}

impl DirectoryOwner {
    /// Parses the name of a person, or `course:COURSE`.
    pub fn parse(text: &str) -> Result<Self, IllegalName> {
        match text.strip_prefix(UserName::COURSE_PREFIX) {
            Some(course) => CourseId::parse(course).map(Self::Course),
            None => UserName::parse(text).map(Self::Person),
        }
    }
}

impl fmt::Display for DirectoryOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Course(course) => write!(f, "{}{course}", UserName::COURSE_PREFIX),
        }
    }
}

/// A level of access to a directory, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum AccessLevel {
    /// Reads all versions.
    Read,
    /// Makes new versions.
    Write,
    /// Renames, deletes and shares the directory.
    Admin,
}

impl AccessLevel {
    /// All levels, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// Returns the word for the level in requests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Returns the level for a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The receiver of a grant: one person, or many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// One person.
    Person(UserName),
    /// The members of a group of the hub.
    Group(String),
    /// The members of a course who have at least that role.
    Course(CourseId, Role),
    /// Everybody whom the exchange knows.
    Everybody,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_read_as_it_prints() {
        for text in ["ada", "service:grader", "course:algebra", "course:a b:c"] {
            let owner = DirectoryOwner::parse(text).unwrap();
            assert_eq!(owner.to_string(), text);
        }
        assert!(matches!(
            DirectoryOwner::parse("course:algebra"),
            Ok(DirectoryOwner::Course(_))
        ));
        for text in ["", "course:", "course:..", "a/b"] {
            assert!(DirectoryOwner::parse(text).is_err(), "{text}");
        }
        assert!(UserName::parse("Course:algebra").unwrap().is_reserved());
    }
}
