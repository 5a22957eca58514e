//! The findings of checks of an exchange. `nbcourier doctor` prints them, and a page shows them to administrators.

use serde::Serialize;
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All is well.
    Ok,
    /// It works but should be changed.
    Warning,
    /// It does not work.
    Wrong,
}

/// A finding of a check.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The checked part, in a word.
    pub area: &'static str,
    /// The severity.
    pub level: Level,
    /// The sentence about it.
    pub message: String,
    /// The advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub todo: Option<String>,
}

/// All findings, in their order.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    all: Vec<Finding>,
    area: &'static str,
}

impl Findings {
    /// Sets the area of the findings that follow.
    pub fn about(&mut self, area: &'static str) {
        self.area = area;
    }

    /// Adds a finding that all is well.
    pub fn ok(&mut self, message: impl Into<String>) {
        self.push(Level::Ok, message.into(), None);
    }

    /// Adds a finding that works but should be changed.
    pub fn warning(&mut self, message: String, todo: impl Into<String>) {
        self.push(Level::Warning, message, Some(todo.into()));
    }

    /// Adds a finding that does not work.
    pub fn wrong(&mut self, message: String, todo: impl Into<String>) {
        self.push(Level::Wrong, message, Some(todo.into()));
    }

    /// Returns all findings, in their order.
    pub fn all(&self) -> &[Finding] {
        &self.all
    }

    /// Whether nothing is wrong.
    pub fn are_well(&self) -> bool {
        self.count(Level::Wrong) == 0
    }

    /// Returns the findings as JSON, for scripts.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&serde_json::json!({
            "wrong": self.count(Level::Wrong),
            "warnings": self.count(Level::Warning),
            "findings": self.all,
        }))
    }

    fn push(&mut self, level: Level, message: String, todo: Option<String>) {
        self.all.push(Finding {
            area: self.area,
            level,
            message,
            todo,
        });
    }

    fn count(&self, level: Level) -> usize {
        self.all
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    }
}

/// Width of a line, and of the margin before a message, in columns.
const WIDTH: usize = 100;
const MARGIN: usize = 10;

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut area = "";
        for finding in &self.all {
            if finding.area != area {
                area = finding.area;
                writeln!(f, "{area}")?;
            }
            let level = match finding.level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Wrong => "WRONG",
            };
            paragraph(f, &format!("  {level}"), &finding.message)?;
            if let Some(todo) = &finding.todo {
                paragraph(f, "       ->", todo)?;
            }
        }
        match (self.count(Level::Wrong), self.count(Level::Warning)) {
            (0, 0) => writeln!(f, "\nAll is well."),
            (0, warnings) => writeln!(f, "\nNothing is wrong; {}.", number(warnings, "warning")),
            (wrong, 0) => writeln!(f, "\n{} wrong.", number(wrong, "thing")),
            (wrong, warnings) => {
                let (wrong, warnings) = (number(wrong, "thing"), number(warnings, "warning"));
                writeln!(f, "\n{wrong} wrong, and {warnings}.")
            }
        }
    }
}

fn number(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

/// Writes words as wrapped lines. The first line begins with the mark, the others are indented by the same margin.
fn paragraph(f: &mut fmt::Formatter<'_>, mark: &str, text: &str) -> fmt::Result {
    let mut line = format!("{mark:MARGIN$}");
    for word in text.split_whitespace() {
        let width = line.width();
        if width > MARGIN && width + 1 + word.width() > WIDTH {
            writeln!(f, "{line}")?;
            line = " ".repeat(MARGIN);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(f, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_the_terminal_in_any_script() {
        for word in ["word", "数据", "e\u{301}"] {
            let mut findings = Findings::default();
            findings.ok(vec![word; 100].join(" "));
            let text = findings.to_string();
            let widest = text.lines().map(UnicodeWidthStr::width).max();
            assert!((WIDTH - 5..=WIDTH).contains(&widest.unwrap()), "{text}");
        }
    }
}
