//! The names that the owner of a folder wants to be ignored: the lines of `.nbcourierignore`.
//!
//! The lines are those of `.gitignore` (<https://git-scm.com/docs/gitignore>), without escaped blanks at their ends.

use super::ignored::is_ignored;
use super::place::{Root, parts};
use glob::{MatchOptions, Pattern};
use std::io::{self, Read as _};

/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// The maximum number of lines that count.
const MAX_LINES: usize = 1000;

/// The rules of a folder: those for every folder, and those of its owner.
#[derive(Debug, Default)]
pub struct OwnRules {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    pattern: Pattern,
    /// Whether the line takes back an earlier one.
    is_exception: bool,
    /// Whether it is about folders only.
    is_of_folders: bool,
    /// Whether it is about whole paths. Others are about the last name of a path.
    is_of_paths: bool,
}

impl OwnRules {
    /// The name of the file.
    pub const NAME: &'static str = ".nbcourierignore";

    /// Reads the rules of a folder. Without the file there are none of its own.
    pub fn read(root: &Root) -> io::Result<Self> {
        let file = match root.file(Self::NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text)?;
        Ok(Self::parse(&String::from_utf8_lossy(&text)))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(Line::parse).take(MAX_LINES);
        Self {
            lines: lines.collect(),
        }
    }

    /// Whether an entry is ignored, if nothing above it is.
    pub fn is_ignored(&self, path: &str, is_folder: bool) -> bool {
        is_ignored(parts(path).1) || self.are_against(path, is_folder)
    }

    /// Whether an entry or a folder above it is ignored.
    pub fn is_below_ignored(&self, path: &str, is_folder: bool) -> bool {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        is_ignored(path)
            || above
                .into_iter()
                .any(|folder| self.are_against(folder, true))
            || self.are_against(path, is_folder)
    }

    fn are_against(&self, path: &str, is_folder: bool) -> bool {
        let fits = |line: &&Line| line.fits(path, is_folder);
        let last = self.lines.iter().rev().find(fits);
        last.is_some_and(|line| !line.is_exception)
    }
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (line, is_exception) = match line.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        let line = line.strip_prefix('\\').unwrap_or(line);
        let (line, is_of_folders) = match line.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        let is_of_paths = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        Some(Self {
            pattern: Pattern::new(line).ok()?,
            is_exception,
            is_of_folders,
            is_of_paths,
        })
    }

    fn fits(&self, path: &str, is_folder: bool) -> bool {
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        let text = if self.is_of_paths {
            path
        } else {
            parts(path).1
        };
        (is_folder || !self.is_of_folders) && self.pattern.matches_with(text, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_of_gitignore() {
        let rules = OwnRules::parse(
            "# data\n\n*.tmp\n!keep.tmp\nbuild/\n/top.txt\ndocs/*.log\n**/deep/x\ndata/**\n\\#odd\n[\n",
        );
        for (path, is_folder, is_ignored) in [
            ("a.tmp", false, true),
            ("u/a.tmp", false, true),
            ("u/keep.tmp", false, false),
            ("build", true, true),
            ("u/build", true, true),
            ("build", false, false),
            ("build/a", false, true),
            ("top.txt", false, true),
            ("u/top.txt", false, false),
            ("docs/a.log", false, true),
            ("docs/u/a.log", false, false),
            ("a/b/deep/x", false, true),
            ("data/a/b", false, true),
            ("#odd", false, true),
            (".git", true, true),
            ("u/.git/config", false, true),
            ("a.ipynb", false, false),
        ] {
            let found = rules.is_below_ignored(path, is_folder);
            assert_eq!(found, is_ignored, "{path} {is_folder}");
        }
    }
}
