//! Identifiers of courses, assignments and users.
//!
//! nbgrader uses each of them as one directory name, so what can't be one is refused: the empty name, `.`, `..`,
//! a slash, a control character (NUL and line breaks among them), more than 255 bytes. All else is allowed:
//! blanks, parentheses, plus signs, backslashes and any script are in use.

use super::Timestamp;
use std::fmt;

/// The longest name a common file system takes, in bytes.
const MAX_BYTES: usize = 255;
/// The length of `2026-11-25`.
const DAY: usize = 10;

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
    /// somebody on the machine itself, `former:…` for somebody who had a name before or whose name was removed.
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

    /// The name under which the server does what nobody asks it for; no account is called so.
    pub fn of_server() -> Self {
        Self(format!("{}the server", Self::OPERATOR_PREFIX))
    }

    /// What the names of those begin with whose name is somebody else's by now, or was removed.
    pub const FORMER_PREFIX: &'static str = "former:";

    /// The name under which is kept what was left by whoever had this name until that day (of UTC):
    /// `former:ada:2026-11-25`, with a number behind it where that is taken.
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

    /// The name that [`UserName::set_aside`] made this of, unless it had to be cut short.
    pub fn name_before(&self) -> Option<Self> {
        let rest = self.0.strip_prefix(Self::FORMER_PREFIX)?;
        let mut ends = rest.rmatch_indices(':').map(|(place, _)| &rest[..place]);
        let names = ends
            .by_ref()
            .take(2)
            .filter_map(|name| Self::parse(name).ok());
        names.into_iter().find(|name| self.was_set_aside_from(name))
    }

    /// Whether this is what [`UserName::set_aside`] makes of `name`.
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

    /// The day on which [`UserName::set_aside`] made this name, if it did.
    pub fn set_aside_on(&self) -> Option<&str> {
        let before = self.name_before()?;
        let rest = self.0.strip_prefix(Self::FORMER_PREFIX)?;
        rest.strip_prefix(before.as_str())?
            .strip_prefix(':')?
            .get(..DAY)
    }

    /// The name of somebody while names are exchanged, which nobody else has.
    pub fn between_names(number: usize) -> Self {
        Self(format!("{}renaming:{number}", Self::OPERATOR_PREFIX))
    }

    /// The name in the place of one that was removed.
    pub fn pseudonym(number: i64) -> Self {
        Self(format!("{}{number}", Self::FORMER_PREFIX))
    }

    /// Whether this is the name of somebody who has it no more.
    pub fn is_former(&self) -> bool {
        self.0.starts_with(Self::FORMER_PREFIX)
    }

    /// Whether the exchange alone gives such names, to operators and former users, so that nobody is enrolled by one or
    /// handed in for. Letters of another case do not make it another name here: it is about what people read.
    pub fn is_given_by_exchange(&self) -> bool {
        let name = self.0.to_lowercase();
        name.starts_with(Self::OPERATOR_PREFIX) || name.starts_with(Self::FORMER_PREFIX)
    }

    /// Whether no user of the hub may be known by this name, since services, operators or former users are.
    pub fn is_reserved(&self) -> bool {
        self.is_service() || self.is_former() || self.0.starts_with(Self::OPERATOR_PREFIX)
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
