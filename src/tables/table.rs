//! Tables of spreadsheets and campus systems as CSV. The first line names the columns.

use super::decoded::Decoded;
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::Encoding;

/// The accepted separators between cells.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
/// The beginning of the line in which spreadsheets declare the separator, before the columns.
const SAYS_SEPARATOR: &str = "sep=";

/// The characters with which spreadsheets begin formulas.
pub const FORMULAS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The content of a file.
pub struct Table {
    columns: StringRecord,
    records: Vec<StringRecord>,
    /// Number of lines before the one with the columns.
    before: u64,
    separator: char,
    /// The name of the encoding.
    encoding: String,
    /// Whether the encoding was guessed.
    is_guess: bool,
}

/// A row of a table.
pub struct Row<'a> {
    /// The line in the file. The first line is 1.
    pub number: u64,
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

/// The reason why a content is no table.
#[derive(Debug)]
pub enum NoTable {
    /// The content is in no known encoding, or no text at all.
    Unreadable,
    /// The content is not in this encoding.
    NotIn(&'static Encoding),
    /// A cell in this line begins with a quote and does not end with one.
    OpenQuote(u64),
    /// The content is not CSV.
    NotCsv(csv::Error),
}

/// The numbers of cells in a row and of columns, if they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherWidth {
    /// The number of cells in the row.
    pub cells: usize,
    /// The number of columns.
    pub columns: usize,
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
    /// Parses a text. Empty lines are skipped.
    pub fn parse(decoded: &Decoded) -> Result<Self, NoTable> {
        // The reader counts lines by `\n` alone.
        let text = decoded.text.replace("\r\n", "\n").replace('\r', "\n");
        let (separator, before, text) = separator(&text);
        if let Some(line) = open_quote(text, separator as char) {
            return Err(NoTable::OpenQuote(before + line));
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let columns = reader.headers().map_err(NoTable::NotCsv)?.clone();
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(NoTable::NotCsv)?;
            // Spreadsheets leave empty lines at the end.
            if !record.iter().all(str::is_empty) {
                records.push(record);
            }
        }
        Ok(Self {
            columns,
            records,
            before,
            separator: separator as char,
            encoding: decoded.encoding.clone(),
            is_guess: decoded.is_guess,
        })
    }

    /// Returns the name of the encoding.
    pub fn encoding(&self) -> &str {
        &self.encoding
    }

    /// Returns the separator between cells.
    pub fn separator(&self) -> char {
        self.separator
    }

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

    /// Returns the name of the encoding, if it was guessed.
    pub fn guessed(&self) -> Option<&str> {
        self.is_guess.then_some(self.encoding())
    }

    /// Returns the guessed encoding, if a name that identifies a person depends on it. A wrong letter in the name would
    /// mean somebody else.
    pub fn guess_for(&self, name: &str) -> Option<&str> {
        self.guessed().filter(|_| !name.is_ascii())
    }

    /// Returns the number of rows below the columns.
    pub fn row_count(&self) -> usize {
        self.records.len()
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
    /// Whether the row has a cell for each column, and none beyond.
    pub fn fits(&self) -> Result<(), OtherWidth> {
        let (cells, columns) = (self.record.len(), self.columns.len());
        let mut beyond = self.record.iter().skip(columns);
        if cells < columns || beyond.any(|cell| !cell.is_empty()) {
            return Err(OtherWidth { cells, columns });
        }
        Ok(())
    }

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
        // Our own files have a quote before a text that a spreadsheet would take for a formula.
        let guarded = cell.strip_prefix('\'');
        let guarded = guarded.filter(|text| text.starts_with(FORMULAS));
        text.or(guarded).unwrap_or(cell)
    }
}
