//! Output for people and scripts. A text may contain names that other people chose, or sentences of another server, so
//! no character of it reaches the terminal as a command. In this directory, `println!` and `eprintln!` are the macros
//! below.

use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal as _, Write};

/// Prints a line to standard output.
macro_rules! println {
    ($($text:tt)*) => {
        $crate::cli::output::line(&format!($($text)*))
    };
}

/// Prints a line to standard error.
macro_rules! eprintln {
    ($($text:tt)*) => {
        $crate::cli::output::error_line(&format!($($text)*))
    };
}

/// Prints a text to standard output. A reader that stops early, such as `head`, is no failure.
pub fn print(text: &str) -> io::Result<()> {
    write(&harmless_lines(text))
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Box<dyn std::error::Error>> {
    let json = harmless_json(&serde_json::to_string_pretty(value)?);
    Ok(write(&(json + "\n"))?)
}

/// Prints data that another program reads as it is. A terminal shows it without commands.
pub fn print_data(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() {
        print(text)
    } else {
        write(text)
    }
}

/// Prints a line to standard output. A failure is ignored.
pub fn line(text: &str) {
    let _ = print(&format!("{text}\n"));
}

/// Prints a line to standard error. A failure is ignored.
pub fn error_line(text: &str) {
    let _ = writeln!(io::stderr(), "{}", harmless_lines(text));
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Returns the text in one line, with a mark for each character that commands a terminal or reorders what it shows.
pub fn harmless(text: &str) -> String {
    let shown = text.chars().map(|c| if commands(c) { MARK } else { c });
    shown.collect()
}

/// The same for a text of several lines.
fn harmless_lines(text: &str) -> String {
    let is_bad = |c: char| commands(c) && c != '\n';
    text.chars()
        .map(|c| if is_bad(c) { MARK } else { c })
        .collect()
}

/// Returns the same JSON, with an escape for each such character. JSON has them in strings only.
fn harmless_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if commands(c) && c != '\n' {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

const MARK: char = '\u{fffd}';

/// Whether a terminal may take the character for a command, or shows the characters after it in another order.
fn commands(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "\u{1b}[2Jada\u{9b}31m\r\u{202e}\u{2028}\n王";

    #[test]
    fn no_text_commands_the_terminal() {
        assert_eq!(
            harmless(HOSTILE),
            "\u{fffd}[2Jada\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\u{fffd}王"
        );
        assert_eq!(
            harmless_lines(HOSTILE),
            "\u{fffd}[2Jada\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\n王"
        );
    }

    #[test]
    fn json_is_the_same_and_commands_no_terminal() {
        let json = harmless_json(&serde_json::json!({ "name": HOSTILE }).to_string());
        assert!(!json.chars().any(commands), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
        assert_eq!(read["name"], HOSTILE);
    }
}
