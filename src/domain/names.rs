//! Identifiers of courses, assignments and users.
//!
//! nbgrader uses each of them as one directory name, so what can't be one is refused: the empty name, `.`, `..`,
//! a slash, a control character (NUL and line breaks among them), more than 255 bytes. All else is allowed:
//! blanks, parentheses, plus signs, backslashes and any script are in use.

use std::fmt;

/// The longest name a common file system takes, in bytes.
const MAX_BYTES: usize = 255;

/// The text is no possible identifier of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Illegal {0}")]
pub struct IllegalName(
    /// What the name was to identify, in words: `course id`.
    pub &'static str,
);

fn is_legal(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_BYTES
        && text != "."
        && text != ".."
        && !text.contains(|c: char| c == '/' || c.is_control())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// Takes the text as it is, without trimming; `IllegalName` when it could not be a directory's name.
            pub fn parse(text: impl Into<String>) -> Result<Self, IllegalName> {
                let text = text.into();
                if is_legal(&text) { Ok(Self(text)) } else { Err(IllegalName($what)) }
            }

            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The id of a course, unique among the courses that are not deleted.
    CourseId,
    "course id"
);
name!(
    /// The id of an assignment, unique in its course.
    AssignmentId,
    "assignment id"
);
name!(
    /// The name of a person as the hub knows it, `service:NAME` for a service of the hub, `operator:NAME` for
    /// somebody on the machine itself.
    UserName,
    "user id"
);

impl UserName {
    /// What the names of services begin with, so that none is ever taken for a user of the same name.
    pub const SERVICE_PREFIX: &'static str = "service:";

    /// The name under which a hub service stands in rosters: `service:NAME`.
    pub fn of_service(name: &str) -> Result<Self, IllegalName> {
        Self::parse(format!("{}{name}", Self::SERVICE_PREFIX))
    }

    /// Whether this is the name of a service.
    pub fn is_service(&self) -> bool {
        self.0.starts_with(Self::SERVICE_PREFIX)
    }

    /// What the names of those begin with who act on the machine itself, in the record of who did what.
    pub const OPERATOR_PREFIX: &'static str = "operator:";

    /// The name under which somebody acts on the machine itself: `operator:ACCOUNT`.
    pub fn of_operator(account: &str) -> Result<Self, IllegalName> {
        Self::parse(format!("{}{account}", Self::OPERATOR_PREFIX))
    }

    /// Whether no user of the hub may be known by this name, since services or operators are.
    pub fn is_reserved(&self) -> bool {
        self.is_service() || self.0.starts_with(Self::OPERATOR_PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_really_use_is_legal() {
        for name in [
            "algebra",
            "Maths (2026) + lab",
            "Größenlehre",
            "数学",
            "a\\b",
            "...",
        ] {
            assert!(CourseId::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_could_not_be_a_directory_is_illegal() {
        let long = "x".repeat(256);
        for name in ["", ".", "..", "a/b", "/", "a\0b", "a\nb", long.as_str()] {
            assert_eq!(
                CourseId::parse(name),
                Err(IllegalName("course id")),
                "{name:?}"
            );
        }
    }
}
