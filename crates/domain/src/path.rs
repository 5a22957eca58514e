//! The path of a file inside a tree.

use std::fmt;

/// The maximum length of a path, in bytes (Linux's `PATH_MAX`).
const MAX_BYTES: usize = 4096;
/// The maximum length of a component, in bytes (`NAME_MAX`).
const MAX_COMPONENT_BYTES: usize = 255;

/// The maximum number of components, including the file's own name. Programs that walk trees, such as Python's,
/// recurse for each level and fail at some depth.
const MAX_COMPONENTS: usize = 64;

/// The text is not a path that may stand in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Illegal path")]
pub struct IllegalPath;

/// A relative path with `/` between its components. No component is empty, `.` or `..`. The path has no backslash, no
/// NUL and no drive letter (`C:a`), with which it would leave its directory on Windows.
///
/// Joined to a directory, it stays below that directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, schemars::JsonSchema),
    serde(transparent)
)]
pub struct RelativePath(String);

impl RelativePath {
    /// Parses a path from a client. Fails with `IllegalPath` for a path that could leave its tree or could not be
    /// written to a file system.
    pub fn parse(text: impl Into<String>) -> Result<Self, IllegalPath> {
        let path = Self::parse_stored(text)?;
        if path.0.split('/').count() > MAX_COMPONENTS {
            return Err(IllegalPath);
        }
        Ok(path)
    }

    /// Parses a stored path, which may be deeper than new paths may be.
    pub fn parse_stored(text: impl Into<String>) -> Result<Self, IllegalPath> {
        let text = text.into();
        let legal = text.len() <= MAX_BYTES
            && !text.contains(['\\', '\0'])
            && !names_drive(&text)
            && text.split('/').all(|component| {
                !matches!(component, "" | "." | "..") && component.len() <= MAX_COMPONENT_BYTES
            });
        if legal {
            Ok(Self(text))
        } else {
            Err(IllegalPath)
        }
    }

    /// Returns the path with `/` between its components.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the directories above the file, outermost first: `a` and `a/b` for `a/b/c`.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }

    /// Whether it is in that directory, at any depth.
    pub fn is_below(&self, directory: &Self) -> bool {
        let rest = self.0.strip_prefix(&directory.0);
        rest.is_some_and(|rest| rest.starts_with('/'))
    }
}

fn names_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_its_tree_is_legal() {
        for path in [
            "a",
            "a/b.ipynb",
            ".hidden",
            "..a",
            "a b/ü (1)+.txt",
            "a/..b/c",
            "12:30.txt",
            "a/b:c",
        ] {
            assert!(RelativePath::parse(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn a_path_that_leaves_its_tree_is_illegal() {
        for path in [
            "", "/", "/a", "a/", "a//b", ".", "..", "../etc", "a/./a.py", "a/.", "a/..", "a\\b",
            "a\0", "C:a", "c:",
        ] {
            assert_eq!(RelativePath::parse(path), Err(IllegalPath), "{path:?}");
        }
    }

    #[test]
    fn a_path_of_too_many_directories_is_illegal_but_readable_where_it_is_stored() {
        let deep = |components| vec!["d"; components].join("/");
        assert!(RelativePath::parse(deep(MAX_COMPONENTS)).is_ok());
        for components in [MAX_COMPONENTS + 1, 1000, 2048] {
            let path = deep(components);
            assert_eq!(RelativePath::parse(path.as_str()), Err(IllegalPath));
            assert_eq!(
                RelativePath::parse_stored(path.as_str()).unwrap().as_str(),
                path
            );
        }
        assert_eq!(RelativePath::parse_stored("a/../b"), Err(IllegalPath));
    }

    #[test]
    fn what_only_begins_with_the_same_letters_is_not_below() {
        let path = |text| RelativePath::parse(text).unwrap();
        for (inner, is_below) in [
            ("a/b", true),
            ("a/b/c", true),
            ("a", false),
            ("ab", false),
            ("ab/c", false),
        ] {
            assert_eq!(path(inner).is_below(&path("a")), is_below, "{inner}");
        }
    }

    #[test]
    fn directories_are_listed_outermost_first() {
        let path = RelativePath::parse("a/b/c").unwrap();
        assert_eq!(path.directories().collect::<Vec<_>>(), ["a", "a/b"]);
    }
}
