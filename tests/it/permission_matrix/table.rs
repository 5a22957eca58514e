//! The table as text.

use super::rows::{ROLES, Row};

/// The table as it is printed: a status in each cell, and a letter if a message says more than the status.
#[derive(Default)]
pub struct Table {
    rows: Vec<(String, Vec<String>)>,
    messages: Vec<String>,
}

impl Table {
    /// Adds a row with the status and the message of the reply to each role.
    pub fn add(&mut self, row: &Row, replies: &[(u16, String)]) {
        let cells = replies.iter();
        let cells = cells
            .map(|(status, message)| self.cell(*status, message))
            .collect();
        self.rows
            .push((format!("{}  {}", row.route, row.about), cells));
    }

    fn cell(&mut self, status: u16, message: &str) -> String {
        let is_plain = match status {
            201 | 204 | 401 => true,
            403 => message == "Permission denied",
            _ => message.is_empty(),
        };
        if is_plain {
            return status.to_string();
        }
        let known = self.messages.iter().position(|known| *known == message);
        let index = known.unwrap_or_else(|| {
            self.messages.push(message.to_owned());
            self.messages.len() - 1
        });
        format!("{status}{}", letter(index))
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or(0);
        writeln!(
            f,
            "Who may do what. A service is never the person of the same name.\n"
        )?;
        let mut lines = vec![(
            String::new(),
            ROLES.map(|role| role.head.to_owned()).to_vec(),
        )];
        lines.extend(self.rows.iter().cloned());
        for (name, cells) in lines {
            let mut line = format!("{name:width$}");
            for (cell, role) in cells.iter().zip(&ROLES) {
                line = format!("{line}  {cell:column$}", column = role.head.len());
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "\n403 without a letter is \"Permission denied\".")?;
        for (index, message) in self.messages.iter().enumerate() {
            writeln!(f, "{} {message}", letter(index))?;
        }
        Ok(())
    }
}

fn letter(index: usize) -> char {
    char::from(b'a' + u8::try_from(index).expect("few messages"))
}

pub fn changed_lines<'a>(old: &'a str, new: &'a str) -> impl Iterator<Item = String> + 'a {
    let gone = old
        .lines()
        .filter(move |line| !new.lines().any(|other| other == *line));
    let come = new
        .lines()
        .filter(move |line| !old.lines().any(|other| other == *line));
    gone.map(|line| format!("- {line}"))
        .chain(come.map(|line| format!("+ {line}")))
}
