//! CSV files of spreadsheets and campus systems. The first line names the columns.

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// Maximum length of a file, in bytes. It is more than the roster of any university.
const LONGEST: u64 = 64 << 20;
/// The accepted separators between cells.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
/// The beginning of the line in which spreadsheets declare the separator, before the columns.
const SAYS_SEPARATOR: &str = "sep=";

/// The content of a file.
pub struct Table {
    columns: StringRecord,
    records: Vec<StringRecord>,
    /// Number of lines before the one with the columns.
    before: u64,
    notes: Vec<String>,
}

/// A row of a table.
pub struct Row<'a> {
    /// The line in the file. The first line is 1.
    pub number: u64,
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

/// Reads a file, or standard input for `-`. The error says what is wrong with it. Empty lines are skipped.
pub fn read(file: &Path) -> Result<Table, String> {
    let mut notes = Vec::new();
    let text = text(file, &mut notes)?;
    let (separator, before, text) = separator(&text);
    let place = |line| format!("Line {} of {}", before + line, file.display());
    if let Some(line) = open_quote(text, separator as char) {
        return Err(format!(
            "{}: a cell begins with a quote and does not end with one. Nothing was changed",
            place(line)
        ));
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let wrong = |error| format!("{} is not a CSV file: {error}", file.display());
    let columns = reader.headers().map_err(wrong)?.clone();
    let mut table = Table {
        columns,
        records: Vec::new(),
        before,
        notes,
    };
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        // Spreadsheets leave empty lines at the end.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let is_short = record.len() < table.columns.len();
        let is_long = record
            .iter()
            .skip(table.columns.len())
            .any(|cell| !cell.is_empty());
        if is_short || is_long {
            return Err(format!(
                "Line {} of {} has {} columns, and the first line has {}. Nothing was changed",
                table.line(&record),
                file.display(),
                record.len(),
                table.columns.len()
            ));
        }
        table.records.push(record);
    }
    Ok(table)
}

fn text(file: &Path, notes: &mut Vec<String>) -> Result<String, String> {
    let name = file.display();
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(LONGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("{name} cannot be read: {error}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("{name} is too long for a roster"));
    }
    let unknown =
        || format!("{name} has an unknown encoding. Save it as \"CSV UTF-8\" and try again");
    let text = decoded(&bytes, notes).ok_or_else(unknown)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Old programs end a text with this character.
    let text = text.strip_suffix('\u{1a}').unwrap_or(text);
    // The content is UTF-16 without a byte order mark, or no text at all.
    if text.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)) {
        return Err(unknown());
    }
    Ok(text.to_owned())
}

/// Decodes the text: in the encoding of its byte order mark, else as UTF-8, else as Windows-1252.
fn decoded<'a>(bytes: &'a [u8], notes: &mut Vec<String>) -> Option<Cow<'a, str>> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Cow::Borrowed(text));
    }
    notes.push(
        "The file is not UTF-8 and was read as Windows-1252. Check the names with accents"
            .to_owned(),
    );
    WINDOWS_1252.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Returns the separator, the number of lines before the columns, and the text from the columns on.
fn separator(text: &str) -> (u8, u64, &str) {
    let (mut said, mut before, mut text) = (None, 0, text);
    let first = loop {
        let (first, rest) = first_line(text);
        let named = first.trim().trim_matches('"');
        let named = named
            .get(..SAYS_SEPARATOR.len())
            .filter(|start| said.is_none() && start.eq_ignore_ascii_case(SAYS_SEPARATOR))
            .and_then(|_| {
                let bytes = first.trim_matches('"').as_bytes();
                bytes.get(SAYS_SEPARATOR.len()).copied()
            });
        // Spreadsheets leave empty lines at the beginning too.
        let is_empty = first
            .chars()
            .all(|c| c.is_whitespace() || SEPARATORS.contains(&c));
        if rest.is_empty() || named.is_none() && !is_empty {
            break first;
        }
        said = said.or(named);
        (before, text) = (before + 1, rest);
    };
    if let Some(said) = said {
        return (said, before, text);
    }
    let count = |separator: &char| {
        let mut is_quoted = false;
        first
            .chars()
            .filter(|c| {
                is_quoted ^= *c == '"';
                !is_quoted && c == separator
            })
            .count()
    };
    // The last of equal counts wins, and the comma is the default.
    let most = SEPARATORS.iter().rev().max_by_key(|one| count(one));
    (most.map_or(b',', |most| *most as u8), before, text)
}

/// Returns the first line, and the text after its end, which is `\r\n`, `\r` or `\n`.
fn first_line(text: &str) -> (&str, &str) {
    let Some(end) = text.find(['\r', '\n']) else {
        return (text, "");
    };
    let rest = &text[end..];
    let rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
    (&text[..end], rest)
}

/// Returns the line with a quote that never ends, or that ends in the middle of a cell. The text after it would be
/// taken for one cell.
fn open_quote(text: &str, separator: char) -> Option<u64> {
    let (mut line, mut at_begin, mut opened) = (1, true, None);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' || c == '\r' && chars.peek() != Some(&'\n') {
            line += 1;
        }
        if let Some(begin) = opened {
            if c != '"' {
                continue;
            }
            if chars.peek() == Some(&'"') {
                chars.next();
                continue;
            }
            opened = None;
            let mut behind = chars.clone().skip_while(|c| *c == ' ');
            if behind
                .next()
                .is_some_and(|c| c != separator && !"\r\n".contains(c))
            {
                return Some(begin);
            }
            at_begin = false;
        } else if c == '"' && at_begin {
            opened = Some(line);
        } else {
            at_begin = c == separator || "\r\n".contains(c);
        }
    }
    opened
}

impl Table {
    /// Whether the table has the column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Returns the names of the columns, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter()
    }

    /// Whether the file has no line with columns.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Returns notes on how the file was read, for the person who gave it.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the number of the line with the columns.
    pub fn first_line(&self) -> u64 {
        self.before + 1
    }

    /// Returns the rows below the columns.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row {
            number: self.line(record),
            columns: &self.columns,
            record,
        })
    }

    fn line(&self, record: &StringRecord) -> u64 {
        self.before + record.position().map_or(0, csv::Position::line)
    }
}

impl Row<'_> {
    /// Returns the cell in the column, without blanks around it. Empty if there is no such column.
    pub fn get(&self, column: &str) -> &str {
        let place = self.columns.iter().position(|name| name == column);
        self.at(place)
    }

    /// Returns the cell at the place of a column. Empty if there is none.
    pub fn at(&self, place: Option<usize>) -> &str {
        let cell = place
            .and_then(|place| self.record.get(place))
            .unwrap_or_default();
        // Programs write this form to keep spreadsheets from taking a text for a number.
        let formula = cell.strip_prefix("=\"");
        let text = formula.and_then(|text| text.strip_suffix('"'));
        text.unwrap_or(cell)
    }
}
