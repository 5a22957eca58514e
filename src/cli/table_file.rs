//! CSV files of spreadsheets and campus systems on the command line.

use crate::tables::{Decoded, NoTable, Table};
use encoding_rs::Encoding;
use std::io::Read;
use std::path::Path;

/// Maximum length of a file, in bytes. It is more than the roster of any university.
const LONGEST: u64 = 64 << 20;

/// The advice about a file of uncertain encoding, for commands without a flag for the encoding.
pub const SAVE_AS_UTF8: &str = "Save it as \"CSV UTF-8\" and try again";

/// Reads a file, or standard input for `-`. The error says what is wrong with it. Empty lines are skipped. The encoding
/// is guessed if none is given and the file is not in UTF-8 or UTF-16. `advice` says what to do if it is not certain.
pub fn read(
    file: &Path,
    encoding: Option<&'static Encoding>,
    advice: &'static str,
) -> Result<Table, String> {
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
    let decoded = Decoded::of(&bytes, encoding);
    let table = decoded.and_then(|decoded| Table::parse(&decoded));
    let table = table.map_err(|error| match error {
        NoTable::Unreadable => format!("{name} has an unknown encoding. {advice}"),
        NoTable::NotIn(encoding) => format!("{name} is not in the encoding {}", encoding.name()),
        NoTable::OpenQuote(line) => format!(
            "Line {line} of {name}: a cell begins with a quote and does not end with one. Nothing was changed"
        ),
        NoTable::NotCsv(error) => format!("{name} is not a CSV file: {error}"),
    })?;
    for row in table.rows() {
        row.fits().map_err(|width| {
            format!(
                "Line {} of {name} has {} columns, and the first line has {}. Nothing was changed",
                row.number, width.cells, width.columns
            )
        })?;
    }
    Ok(table)
}

/// Returns why a name that identifies a person cannot be taken from a file whose encoding was guessed, as the rest of a
/// sentence and the advice.
pub fn uncertain(table: &Table, name: &str, advice: &str) -> Option<String> {
    let guessed = table.guess_for(name)?;
    Some(format!(
        "is a guess, because the file is not UTF-8 and was read as {guessed}. {advice}"
    ))
}
