//! Identifiers of courses, assignments and users.
//!
//! nbgrader uses each of them as the name of a directory. Names that no directory can have are refused: the empty name,
//! `.`, `..`, names with a slash or a control character (including NUL and line breaks), and names of more than 255
//! bytes. All others are allowed: blanks, parentheses, plus signs, backslashes and any script are in use.

use super::Timestamp;
use super::oddity::look;
use std::fmt;

/// The maximum length of a name on common file systems, in bytes.
const MAX_BYTES: usize = 255;
/// The length of `2026-11-25`.
const DAY: usize = 10;

/// The text cannot be an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Illegal {0}")]
pub struct IllegalName(
    /// The kind of the identifier, in words: `course id`.
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
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "json", derive(serde::Serialize, schemars::JsonSchema), serde(transparent))]
        pub struct $type(String);

        impl $type {
            /// Parses the text without trimming it. Fails with `IllegalName` if no directory can have this name.
            pub fn parse(text: impl Into<String>) -> Result<Self, IllegalName> {
                let text = text.into();
                if is_legal(&text) { Ok(Self(text)) } else { Err(IllegalName($what)) }
            }

            /// Returns the name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
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
    /// The ID of a course, unique among the courses that are not deleted.
    CourseId,
    "course id"
);
name!(
    /// The ID of an assignment, unique in its course.
    AssignmentId,
    "assignment id"
);
name!(
    /// The name of a person on the hub; `service:NAME` for a service of the hub; `operator:NAME` for an operator of the
    /// server; `former:…` for a former owner of a name, or for a removed name.
    UserName,
    "user id"
);

name!(
    /// The name of a directory, unique among those of its owner that are not deleted.
    DirectoryName,
    "directory name"
);

impl UserName {
    /// The prefix with which the owner of a directory is a course. No person has such a name.
    pub(super) const COURSE_PREFIX: &'static str = "course:";

    /// The prefix of the names of services. It keeps a service apart from a user of the same name.
    const SERVICE_PREFIX: &'static str = "service:";

    /// Returns the name of a hub's service in rosters: `service:NAME`.
    pub fn of_service(name: &str) -> Result<Self, IllegalName> {
        Self::parse(format!("{}{name}", Self::SERVICE_PREFIX))
    }

    /// Whether this is the name of a service.
    pub fn is_service(&self) -> bool {
        self.0.starts_with(Self::SERVICE_PREFIX)
    }

    /// The prefix of the names of operators in events.
    const OPERATOR_PREFIX: &'static str = "operator:";

    /// Returns the name of an operator with this account on the machine: `operator:ACCOUNT`.
    pub fn of_operator(account: &str) -> Result<Self, IllegalName> {
        Self::parse(format!("{}{account}", Self::OPERATOR_PREFIX))
    }

    /// Whether this is the name of an operator, or of the server itself.
    pub fn is_operator(&self) -> bool {
        self.0.starts_with(Self::OPERATOR_PREFIX)
    }

    /// Returns the name of the server itself, for work that nobody requested. No account can have this name.
    pub fn of_server() -> Self {
        Self(format!("{}the server", Self::OPERATOR_PREFIX))
    }

    /// The prefix of the names of former users: their name belongs to somebody else now, or was removed.
    pub const FORMER_PREFIX: &'static str = "former:";

    /// Returns the name for the data of a former owner of this name: `former:ada:2026-11-25`. The day is the last one
    /// of that owner, in UTC. A number follows if the name is taken.
    #[must_use]
    pub fn set_aside(&self, day: Timestamp, number: u32) -> Self {
        let mut end = format!(":{}", &day.to_rfc3339()[..DAY]);
        if number > 1 {
            end = format!("{end}:{number}");
        }
        let room = MAX_BYTES - Self::FORMER_PREFIX.len() - end.len();
        let kept = self.0.floor_char_boundary(room.min(self.0.len()));
        Self(format!("{}{}{end}", Self::FORMER_PREFIX, &self.0[..kept]))
    }

    /// Returns the name from which [`UserName::set_aside`] made this one, unless it was cut.
    pub fn name_before(&self) -> Option<Self> {
        let rest = self.0.strip_prefix(Self::FORMER_PREFIX)?;
        let mut ends = rest.rmatch_indices(':').map(|(place, _)| &rest[..place]);
        let names = ends
            .by_ref()
            .take(2)
            .filter_map(|name| Self::parse(name).ok());
        names.into_iter().find(|name| self.was_set_aside_from(name))
    }

    /// Whether [`UserName::set_aside`] makes this name of `name`.
    pub fn was_set_aside_from(&self, name: &Self) -> bool {
        let rest = self.0.strip_prefix(Self::FORMER_PREFIX);
        let rest = rest.and_then(|rest| rest.strip_prefix(name.as_str())?.strip_prefix(':'));
        let Some((day, number)) = rest.and_then(|rest| rest.split_at_checked(DAY)) else {
            return false;
        };
        let is_day = day
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let number = number
            .strip_prefix(':')
            .or(number.is_empty().then_some("2"));
        is_day && number.is_some_and(|number| number.parse::<u32>().is_ok())
    }

    /// Returns the day in a name that [`UserName::set_aside`] made.
    pub fn set_aside_on(&self) -> Option<&str> {
        let before = self.name_before()?;
        let rest = self.0.strip_prefix(Self::FORMER_PREFIX)?;
        rest.strip_prefix(before.as_str())?
            .strip_prefix(':')?
            .get(..DAY)
    }

    /// Returns a temporary name that nobody else has, for the exchange of names.
    pub fn between_names(number: usize) -> Self {
        Self(format!("{}renaming:{number}", Self::OPERATOR_PREFIX))
    }

    /// Returns the replacement for a name that was removed.
    pub fn pseudonym(number: i64) -> Self {
        Self(format!("{}{number}", Self::FORMER_PREFIX))
    }

    /// Whether this is the name of a former user.
    pub fn is_former(&self) -> bool {
        self.0.starts_with(Self::FORMER_PREFIX)
    }

    /// Whether nobody can be enrolled or submitted for under this name: the exchange gives such names to operators and
    /// former users, or it is easily taken for the name of a service. Upper and lower case count as equal, and so do
    /// letters that look alike, since people would confuse the names.
    pub fn is_given_by_exchange(&self) -> bool {
        self.is_reserved() && !self.is_service()
    }

    /// Whether the name is reserved for courses, services, operators and former users, or looks so. No user of the hub may have
    /// it.
    pub fn is_reserved(&self) -> bool {
        let look = look(&self.0);
        let reserved = [
            Self::COURSE_PREFIX,
            Self::SERVICE_PREFIX,
            Self::OPERATOR_PREFIX,
            Self::FORMER_PREFIX,
        ];
        reserved.iter().any(|prefix| look.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_legal() {
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
    fn a_name_that_is_set_aside_is_legal_reserved_and_known_again() {
        let day = Timestamp::parse("2026-11-25 23:59:59").unwrap();
        let name = |text: &str| UserName::parse(text).unwrap();
        let ada = name("ada");
        assert_eq!(ada.set_aside(day, 1).as_str(), "former:ada:2026-11-25");
        assert_eq!(ada.set_aside(day, 2).as_str(), "former:ada:2026-11-25:2");
        for (whose, number) in [("ada", 1), ("ada", 12), ("ada:2026-01-01", 1), ("数", 3)] {
            let aside = name(whose).set_aside(day, number);
            assert!(UserName::parse(aside.as_str()).is_ok());
            assert!(aside.is_reserved() && aside.was_set_aside_from(&name(whose)));
            assert_eq!(aside.was_set_aside_from(&ada), whose == "ada", "{aside}");
        }
        let long = name(&"数".repeat(85)).set_aside(day, 7);
        assert!(UserName::parse(long.as_str()).is_ok());
        assert!(!UserName::pseudonym(17).was_set_aside_from(&name("17")));
    }

    #[test]
    fn names_that_no_directory_can_have_are_illegal() {
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
