//! Patterns of paths that are left out of the material.

use crate::{Error, Result};
use glob::{MatchOptions, Pattern};

/// Maximum length of a pattern in bytes.
const LONGEST: usize = 200;
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A pattern, as of `.gitignore`. Without a slash it is for a name at any depth. With one at its end it is for folders
/// only. With another one it is for a path from the top.
#[derive(Debug, Clone)]
pub struct Exclude {
    text: String,
    pattern: Pattern,
    is_name: bool,
    is_folder: bool,
}

impl Exclude {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let shown: String = text.escape_debug().take(LONGEST).collect();
            Error::UnusableFact(format!(
                "The pattern \"{shown}\" in exclude cannot be used. Write one such as .solutions/, *_solution.ipynb or \
                 unit1/private"
            ))
        };
        let is_folder = text.ends_with('/');
        let bare = text.strip_suffix('/').unwrap_or(text);
        let is_name = !bare.contains('/');
        let bare = bare.strip_prefix('/').unwrap_or(bare);
        let is_odd = text.len() > LONGEST
            || bare.is_empty()
            || text.chars().any(char::is_control)
            || text.matches('*').count() > 8;
        if is_odd {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            pattern: Pattern::new(bare).map_err(|_| wrong())?,
            is_name,
            is_folder,
        })
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the path of a file matches, or that of a folder above it.
    pub fn matches(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at);
        let folders = ends.map(|end| &path[..end]);
        let whole = (!self.is_folder).then_some(path);
        folders.chain(whole).any(|path| {
            let tested = if self.is_name {
                path.rsplit('/').next().unwrap_or(path)
            } else {
                path
            };
            self.pattern.matches_with(tested, OPTIONS)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_names_folders_or_paths() {
        for (pattern, path, expected) in [
            (".solutions/", ".solutions/a.ipynb", true),
            (".solutions/", "unit1/.solutions/deep/a.ipynb", true),
            (".solutions/", "unit1/.solutions", false),
            ("*_solution.ipynb", "unit1/a_solution.ipynb", true),
            ("*_solution.ipynb", "a_solution.ipynb.txt", false),
            ("private", "unit1/private/a", true),
            ("unit1/private", "unit1/private/a", true),
            ("unit1/private", "unit2/unit1/private/a", false),
            ("/private", "private/a", true),
            ("/private", "unit1/private/a", false),
            ("unit*/x", "unit1/x", true),
            ("unit*/x", "unit1/y/x", false),
            ("**/x", "unit1/y/x", true),
            ("Private", "private", false),
        ] {
            assert_eq!(
                Exclude::parse(pattern).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        }
        for wrong in ["", "/", "[", "a\nb", "*********", &"a".repeat(201)] {
            assert!(Exclude::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
