//! Reads the table of names: the name of a person in the source, and the name at the hub.

use std::path::Path;

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// Names of the first column. A first line with other words is a pair of names.
const OLD: [&str; 8] = [
    "old",
    "from",
    "source",
    "old name",
    "old username",
    "name in the source",
    "username",
    "user name",
];
/// Names of the second column.
const NEW: [&str; 8] = [
    "new",
    "to",
    "hub",
    "new name",
    "new username",
    "name at the hub",
    "jupyterhub",
    "hub name",
];

/// The contents of the first line of a table with old and new names.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum FirstLine {
    /// A pair of names.
    Pair,
    /// The names of the columns. The old name comes first.
    OldThenNew,
    /// The names of the columns. The new name comes first.
    NewThenOld,
}

impl FirstLine {
    /// Returns what the two cells of the first line are.
    pub fn of(first: &str, second: &str) -> Self {
        let is = |cell: &str, known: &[&str]| {
            let cell = cell.trim().to_lowercase().replace(['_', '-'], " ");
            known.contains(&cell.as_str())
        };
        if is(first, &OLD) && is(second, &NEW) {
            Self::OldThenNew
        } else if is(first, &NEW) && is(second, &OLD) {
            Self::NewThenOld
        } else {
            Self::Pair
        }
    }
}

/// A line of the table. Blanks around the names are not removed.
pub(super) struct NamePair {
    pub number: u64,
    pub old: String,
    pub new: String,
}

/// Returns the lines that hold something. The file is CSV in UTF-8 or UTF-16 with commas, semicolons or tabs. The error
/// is a sentence about a mistake in the file.
pub(super) fn read(file: &Path) -> Result<Vec<NamePair>, String> {
    let fault = |why: String| format!("{}: {why}", file.display());
    let bytes = std::fs::read(file).map_err(|error| fault(format!("cannot be read: {error}")))?;
    let text = decoded(bytes)
        .ok_or_else(|| fault("is neither UTF-8 nor UTF-16. Save it as \"CSV UTF-8\"".to_owned()))?;
    let (separator, text, skipped) = separator(&text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let (mut lines, mut first_line) = (Vec::new(), None);
    for record in reader.records() {
        let record = record.map_err(|error| fault(error.to_string()))?;
        let number = skipped + record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        // Spreadsheets leave empty columns at the end.
        let is_empty = |cell: &str| cell.trim().is_empty();
        let (Some(first), Some(second), true) = (
            record.get(0),
            record.get(1),
            record.iter().skip(2).all(is_empty),
        ) else {
            return Err(fault(format!(
                "line {number}: does not have the form OLD,NEW: the name in the source and the name at the hub"
            )));
        };
        let is_first = first_line.is_none();
        let columns = *first_line.get_or_insert_with(|| FirstLine::of(first, second));
        if is_first && columns != FirstLine::Pair {
            continue;
        }
        let (old, new) = match columns {
            FirstLine::NewThenOld => (second, first),
            FirstLine::OldThenNew | FirstLine::Pair => (first, second),
        };
        lines.push(NamePair {
            number,
            old: old.to_owned(),
            new: new.to_owned(),
        });
    }
    Ok(lines)
}

fn decoded(bytes: Vec<u8>) -> Option<String> {
    let wide = |order: fn([u8; 2]) -> u16| {
        let (pairs, []) = bytes[2..].as_chunks::<2>() else {
            return None;
        };
        let units: Vec<u16> = pairs.iter().map(|pair| order(*pair)).collect();
        String::from_utf16(&units).ok()
    };
    let text = match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes)?,
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes)?,
        _ => String::from_utf8(bytes).ok()?,
    };
    // UTF-16 without a byte order mark is valid UTF-8 with zero bytes.
    (!text.contains('\0')).then(|| text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// Returns the separator, the text from the first line of the table on, and the number of lines before it.
fn separator(text: &str) -> (u8, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let said = first.trim_end_matches('\r').trim_matches('"');
    if let Some(rest_of_line) = said.strip_prefix("sep=")
        && let [separator] = rest_of_line.as_bytes()
    {
        return (*separator, rest, 1);
    }
    let mut lines = text.lines();
    let table = lines
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let count = |separator: &u8| {
        let outside = table.split('"').step_by(2);
        outside
            .map(|part| part.bytes().filter(|byte| byte == separator).count())
            .sum::<usize>()
    };
    // The last of equal counts wins, and the comma is the default.
    let most = SEPARATORS.iter().rev().max_by_key(|one| count(one));
    (most.copied().unwrap_or(b','), text, 0)
}
