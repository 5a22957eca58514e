//! CSV files of spreadsheets and campus systems. The first line names the columns.

use chardetng::EncodingDetector;
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, ISO_8859_2, MACINTOSH, WINDOWS_1250, WINDOWS_1252};
use std::io::Read;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// Maximum length of a file, in bytes. It is more than the roster of any university.
const LONGEST: u64 = 64 << 20;
/// The accepted separators between cells.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
/// The beginning of the line in which spreadsheets declare the separator, before the columns.
const SAYS_SEPARATOR: &str = "sep=";

/// The advice about a file of uncertain encoding, for commands without a flag for the encoding.
pub const SAVE_AS_UTF8: &str = "Save it as \"CSV UTF-8\" and try again";

/// The content of a file.
pub struct Table {
    columns: StringRecord,
    records: Vec<StringRecord>,
    /// Number of lines before the one with the columns.
    before: u64,
    /// The name of the encoding, if it was guessed.
    guessed: Option<String>,
    /// The advice if the encoding is not certain, as a sentence.
    advice: &'static str,
}

/// A row of a table.
pub struct Row<'a> {
    /// The line in the file. The first line is 1.
    pub number: u64,
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

/// Parses the name of an encoding on the command line.
pub fn encoding(name: &str) -> Result<&'static Encoding, String> {
    let plain = name.trim().to_lowercase().replace([' ', '_'], "-");
    let label = match plain.as_str() {
        "mac-roman" | "macroman" => "macintosh",
        other => other,
    };
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| "not the name of an encoding, such as windows-1250 or macintosh".to_owned())
}

/// Reads a file, or standard input for `-`. The error says what is wrong with it. Empty lines are skipped. The encoding
/// is guessed if none is given and the file is not in UTF-8 or UTF-16. `advice` says what to do if it is not certain.
pub fn read(
    file: &Path,
    encoding: Option<&'static Encoding>,
    advice: &'static str,
) -> Result<Table, String> {
    let Decoded { text, guessed } = text(file, encoding, advice)?;
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
        guessed,
        advice,
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

/// The text of a file.
struct Decoded {
    text: String,
    /// The name of the encoding, if it was guessed.
    guessed: Option<String>,
}

fn text(file: &Path, encoding: Option<&'static Encoding>, advice: &str) -> Result<Decoded, String> {
    let name = file.display();
    let unknown = || format!("{name} has an unknown encoding. {advice}");
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
    let decoded = match encoding {
        Some(encoding) => decode(encoding, &bytes)
            .map(|text| Decoded {
                text,
                guessed: None,
            })
            .ok_or_else(|| format!("{name} is not in the encoding {}", encoding.name()))?,
        None => decoded(&bytes).ok_or_else(unknown)?,
    };
    let text = decoded.text;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // Old programs end a text with this character.
    let text = text.strip_suffix('\u{1a}').unwrap_or(text);
    // The content is UTF-16 without a byte order mark, or no text at all.
    if text.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)) {
        return Err(unknown());
    }
    Ok(Decoded {
        text: text.to_owned(),
        guessed: decoded.guessed,
    })
}

/// Decodes the text: in the encoding of its byte order mark, else as UTF-8, else in the encoding that fits best.
/// Returns nothing if no encoding fits well.
fn decoded(bytes: &[u8]) -> Option<Decoded> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = decode(encoding, &bytes[mark..])?;
        return Some(Decoded {
            text,
            guessed: None,
        });
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Decoded {
            text: text.to_owned(),
            guessed: None,
        });
    }
    let mut detector = EncodingDetector::new();
    detector.feed(bytes, true);
    let likely = detector.guess(None, false);
    // Spreadsheets write Windows-1250, and the detector does not know the encoding of old Macs. Windows-1252 is the most
    // frequent encoding, and several others have the same letters at most places. The first of equals wins.
    let candidates = if likely == ISO_8859_2 {
        vec![WINDOWS_1250, likely, MACINTOSH]
    } else {
        vec![likely, MACINTOSH]
    };
    let texts = candidates.into_iter().filter_map(|encoding| {
        let text = decode(encoding, bytes)?;
        // Only a letter beside other letters distinguishes Mac Roman from others.
        let is_possible = encoding != MACINTOSH || has_words(&text);
        is_possible.then(|| (oddities(&text), encoding, text))
    });
    let (oddities, encoding, text) = texts.min_by_key(|(oddities, ..)| *oddities)?;
    if oddities > 0 {
        return None;
    }
    let is_usual = decode(WINDOWS_1252, bytes).is_some_and(|usual| usual == text);
    let encoding = if is_usual { WINDOWS_1252 } else { encoding };
    let guessed = if encoding == MACINTOSH {
        "Mac Roman".to_owned()
    } else {
        encoding.name().replace("windows", "Windows")
    };
    Some(Decoded {
        text,
        guessed: Some(guessed),
    })
}

/// Returns the text, with each accent and its letter as one character. Windows-1258 writes them as two.
fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(text.nfc().collect())
}

/// Whether a letter beyond ASCII stands beside a letter of ASCII.
fn has_words(text: &str) -> bool {
    let is_pair = |(a, b): (char, char)| {
        let is_foreign = |c: char| !c.is_ascii() && c.is_alphabetic();
        is_foreign(a) && b.is_ascii_alphabetic() || is_foreign(b) && a.is_ascii_alphabetic()
    };
    text.chars().zip(text.chars().skip(1)).any(is_pair)
}

/// Returns how many places are wrong if this text is made of names: capitals inside of words, symbols beside letters,
/// letters of two scripts side by side, and characters that are not visible. A wrong encoding makes more of them than
/// the right one.
fn oddities(text: &str) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let is_dash = |c: char| "\u{2013}\u{2014}".contains(c);
    let is_symbol = |c: char| {
        let is_in_names = "\u{2018}\u{2019}\u{b7}\u{b0}".contains(c) || is_dash(c);
        !c.is_ascii() && !c.is_alphabetic() && !c.is_whitespace() && !is_in_names
    };
    let is_of_other_script =
        |c: char| c.is_alphabetic() && c > '\u{24f}' && !('\u{1e00}'..='\u{1eff}').contains(&c);
    let hidden = chars.iter().filter(|c| c.is_control() && !c.is_ascii());
    // Words of ASCII alone are the same in every encoding.
    let has_foreign = |part: &&[char]| part.iter().any(|c| !c.is_ascii());
    let pairs = chars.windows(2).filter(has_foreign).filter(|pair| {
        pair[0].is_lowercase() && pair[1].is_uppercase()
            || is_symbol(pair[0]) && pair[1].is_alphabetic()
            || is_symbol(pair[1]) && pair[0].is_alphabetic()
            || is_dash(pair[0]) && pair[1].is_lowercase()
            || is_of_other_script(pair[0]) && pair[1].is_ascii_alphabetic()
            || is_of_other_script(pair[1]) && pair[0].is_ascii_alphabetic()
    });
    let capitals = chars.windows(3).filter(has_foreign).filter(|three| {
        three[0].is_uppercase() && three[1].is_uppercase() && three[2].is_lowercase()
    });
    hidden.count() + pairs.count() + capitals.count()
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

    /// Returns the name of the encoding, if it was guessed.
    pub fn guessed(&self) -> Option<&str> {
        self.guessed.as_deref()
    }

    /// Returns why a name that identifies a person cannot be taken from a file whose encoding was guessed, as the rest
    /// of a sentence and what to do. A wrong letter in it would mean somebody else.
    pub fn uncertain(&self, name: &str) -> Option<String> {
        let guessed = self.guessed().filter(|_| !name.is_ascii())?;
        let advice = self.advice;
        Some(format!(
            "is a guess, because the file is not UTF-8 and was read as {guessed}. {advice}"
        ))
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
