//! Names in a mirror: `data` is a link to `data@17`. A version that is being made or removed has a hidden name.

use std::fmt;

/// The name of the folder of a version: `data@17`. An exchange that was restored from a backup gives a number again;
/// the second version of that number is `data@17.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionName {
    /// The name of the directory.
    pub name: String,
    /// The number of the version.
    pub version: i64,
    turn: u32,
}

impl VersionName {
    /// Returns the first name of a version, and the names to try if it is taken.
    pub fn of(name: &str, version: i64) -> impl Iterator<Item = Self> {
        let name = name.to_owned();
        (1..).map(move |turn| Self {
            name: name.clone(),
            version,
            turn,
        })
    }

    /// Parses the name of a version. No other spelling means the same.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, numbers) = text.rsplit_once('@')?;
        let (version, turn) = numbers.split_once('.').unwrap_or((numbers, "1"));
        let parsed = Self {
            name: name.to_owned(),
            version: version.parse().ok()?,
            turn: turn.parse().ok()?,
        };
        let is_usual = !name.is_empty() && parsed.version >= 0 && parsed.turn > 0;
        (is_usual && parsed.to_string() == text).then_some(parsed)
    }

    /// Returns the name of the folder while it is made, and while it is removed.
    pub fn part(&self) -> String {
        format!(".{self}.part")
    }

    /// Returns the name of a link to it, before the link takes its place.
    pub fn new_link(&self) -> String {
        format!(".{self}.link")
    }

    /// Returns the version that an interrupted mirror was at, if the entry is left of it.
    pub fn of_leftover(entry: &str) -> Option<Self> {
        let entry = entry.strip_prefix('.')?;
        let version = entry
            .strip_suffix(".part")
            .or_else(|| entry.strip_suffix(".link"))?;
        Self::parse(version)
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)?;
        if self.turn > 1 {
            write!(f, ".{}", self.turn)?;
        }
        Ok(())
    }
}

/// Returns the reason why a directory of a course cannot be mirrored under its name.
pub fn objection(course: &str, name: &str) -> Option<&'static str> {
    if course.starts_with('.') || name.starts_with('.') {
        return Some("its name begins with a dot, and hidden names are the mirror's own");
    }
    VersionName::parse(name).map(|_| "its name looks like that of a version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        for (text, version, turn) in [("data@17", 17, 1), ("a@b@0", 0, 1), ("data@17.2", 17, 2)] {
            let parsed = VersionName::parse(text).unwrap();
            assert_eq!((parsed.version, parsed.turn), (version, turn));
            assert_eq!(parsed.to_string(), text);
        }
        let names: Vec<_> = VersionName::of("data", 3).take(2).collect();
        assert_eq!(names[0].to_string(), "data@3");
        assert_eq!(names[1].to_string(), "data@3.2");
    }

    #[test]
    fn nothing_that_is_being_made_is_taken_for_a_version() {
        let version = VersionName::parse("data@17.2").unwrap();
        for name in [version.part(), version.new_link()] {
            assert_eq!(VersionName::parse(&name), None);
            assert_eq!(VersionName::of_leftover(&name), Some(version.clone()));
        }
        for name in [
            "data",
            "@17",
            "data@",
            "data@x",
            "data@017",
            "data@+1",
            "data@-1",
            "data@1.1",
            "data@1.0",
            "data@1.2.3",
            "data@17.part",
            "data@99999999999999999999",
        ] {
            assert_eq!(VersionName::parse(name), None, "{name}");
            assert_eq!(VersionName::of_leftover(name), None, "{name}");
        }
        for name in [
            ".data.part",
            ".part",
            ".data@17",
            "data@17.part",
            ".data@17.parts",
        ] {
            assert_eq!(VersionName::of_leftover(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_the_mirror_needs_itself_are_not_mirrored() {
        for (course, name) in [("algebra", "data"), ("a b", "x@y"), ("a@1", "data.part")] {
            assert_eq!(objection(course, name), None, "{name}");
        }
        for (course, name) in [
            ("algebra", ".data"),
            (".nbcourier", "data"),
            ("algebra", ".data@17.part"),
            ("algebra", "data@17"),
            ("algebra", "data@17.2"),
        ] {
            assert!(objection(course, name).is_some(), "{course} {name}");
        }
    }
}
