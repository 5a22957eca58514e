//! Tables for people.

use super::output::harmless;
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// Rows below a head. The columns are as wide as their content.
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// The text for a table without rows.
    empty: String,
    /// The text below the table.
    foot: Option<String>,
}

impl Table {
    /// Returns a table without rows, which prints `empty`.
    pub fn new(head: &[&'static str], empty: impl Into<String>) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
            empty: empty.into(),
            foot: None,
        }
    }

    /// Adds rows.
    pub fn rows(self, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            ..self
        }
    }

    /// Adds a sentence below the table.
    pub fn foot(self, foot: String) -> Self {
        Self {
            foot: Some(foot),
            ..self
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            writeln!(f, "{}", self.empty)?;
        } else {
            let head = self.head.iter().map(|cell| (*cell).to_owned()).collect();
            let shown = self
                .rows
                .iter()
                .map(|row| row.iter().map(|cell| harmless(cell)).collect());
            let lines: Vec<Vec<String>> = std::iter::once(head).chain(shown).collect();
            for line in &lines {
                write_line(f, line, &widths(&lines))?;
            }
        }
        match &self.foot {
            Some(foot) => writeln!(f, "\n{foot}"),
            None => Ok(()),
        }
    }
}

fn widths(lines: &[Vec<String>]) -> Vec<usize> {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    (0..columns).map(width).collect()
}

fn write_line(f: &mut fmt::Formatter<'_>, line: &[String], widths: &[usize]) -> fmt::Result {
    let cells = line.iter().zip(widths);
    let padded: Vec<String> = cells.map(|(cell, width)| padded(cell, *width)).collect();
    writeln!(f, "{}", padded.join("  ").trim_end())
}

/// Returns the text with blanks behind it, as wide as that number of columns of a terminal.
pub fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["ada", "Größe"], ["b", ""]].map(|row| row.map(str::to_owned).to_vec());
        let table = Table::new(&["who", "what", "when"], "nobody").rows(rows);
        assert_eq!(table.to_string(), "who  what   when\nada  Größe\nb\n");
        // Each of these two letters takes two columns of a terminal.
        let rows = [["王芳", "x"], ["ada", "y"]].map(|row| row.map(str::to_owned).to_vec());
        let table = Table::new(&["who", "what"], "").rows(rows);
        assert_eq!(table.to_string(), "who   what\n王芳  x\nada   y\n");
        let nobody = Table::new(&["who"], "nobody").foot("0 people".into());
        assert_eq!(nobody.to_string(), "nobody\n\n0 people\n");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let table = Table::new(&["who"], "").rows([vec!["\u{1b}[2Jada\n".to_owned()]]);
        assert!(!table.to_string().contains('\u{1b}'));
        assert_eq!(table.to_string().lines().count(), 2);
    }
}
