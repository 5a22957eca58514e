//! CSV files whose first line names the columns.

use csv::{ReaderBuilder, StringRecord};
use std::io::Read;
use std::path::Path;

/// The longest file that is read, in bytes: more than the roster of any university.
const LONGEST: u64 = 64 << 20;

/// What was in a file.
pub struct Table {
    columns: StringRecord,
    records: Vec<StringRecord>,
}

/// A line of it.
pub struct Row<'a> {
    /// Its place in the file, where the first line is 1.
    pub number: u64,
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

/// Reads a file, or standard input for `-`; the sentence says what is wrong with it. Empty lines are passed
/// over.
pub fn read(file: &Path) -> Result<Table, String> {
    let text = text(file)?;
    // Spreadsheets put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let wrong = |error| format!("{} is no CSV file: {error}", file.display());
    let columns = reader.headers().map_err(wrong)?.clone();
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        // Spreadsheets leave such lines at the end.
        if record.iter().all(str::is_empty) {
            continue;
        }
        let is_short = record.len() < columns.len();
        let is_long = record
            .iter()
            .skip(columns.len())
            .any(|cell| !cell.is_empty());
        if is_short || is_long {
            return Err(format!(
                "Line {} of {} has {} columns, and the first line has {}. Nothing was changed",
                line(&record),
                file.display(),
                record.len(),
                columns.len()
            ));
        }
        records.push(record);
    }
    Ok(Table { columns, records })
}

fn line(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

fn text(file: &Path) -> Result<String, String> {
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
    String::from_utf8(bytes)
        .map_err(|_| format!("{name} is not in UTF-8: save it as \"CSV UTF-8\" and try again"))
}

impl Table {
    /// Whether there is a column of that name.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Whether there is not even a first line.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The lines below the first.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row {
            number: line(record),
            columns: &self.columns,
            record,
        })
    }
}

impl Row<'_> {
    /// What stands in that column, without blanks around it; nothing, if there is no such column.
    pub fn get(&self, column: &str) -> &str {
        let place = self.columns.iter().position(|name| name == column);
        place
            .and_then(|place| self.record.get(place))
            .unwrap_or_default()
    }
}
