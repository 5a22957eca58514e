//! The people of a table. Each line names one, or it is wrong.

use super::columns::{Columns, WORDS, is_in, plain};
use super::table::{OtherWidth, Row, Table};
use nbcourier_domain::{Person, Role, UnfitName, UserName};
use std::collections::HashMap;

/// Maximum length of a name or an address, in bytes.
pub const LONGEST_DETAIL: usize = 4096;

/// The people of a table.
#[derive(Debug, Default)]
pub struct Roster {
    /// The people, each once.
    pub lines: Vec<Line>,
    /// The lines that need attention, in order.
    pub notes: Vec<(u64, Note)>,
    /// The lines that cannot be read, in order.
    pub wrong: Vec<(u64, WrongLine)>,
}

/// A person of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The number of the line. The first line is 1.
    pub number: u64,
    /// The role. Without a column for roles it is that of a student.
    pub role: Role,
    /// The name and the details. Empty cells are no details.
    pub person: Person,
}

/// A remark about a line that is not simply a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It is a total of the list.
    Total,
    /// It is the test student of Canvas.
    TestStudent,
    /// It holds the possible points of Canvas.
    PossiblePoints,
    /// It names nobody.
    Nobody,
    /// The person is also in this earlier line. The later one counts.
    Again(UserName, u64),
}

/// The reason why a line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongLine {
    /// It has other cells than the first line has columns.
    Width(OtherWidth),
    /// It repeats the names of the columns.
    Columns,
    /// It has this role, which is none.
    Role(String),
    /// Its user name is missing.
    NoName,
    /// Its user name is a number that a spreadsheet shortened.
    Shortened(String),
    /// Its user name stands in single quotes.
    Quoted(String),
    /// Its user name is a formula of a spreadsheet.
    Formula(String),
    /// Its user name holds a separator, and the first line has one column.
    Separator(String),
    /// Nobody can be enrolled under its user name.
    Unfit(String, UnfitName),
    /// Its user name depends on a guessed encoding.
    Guess(String),
    /// A name or an address is longer than [`LONGEST_DETAIL`].
    Long,
}

impl Roster {
    /// Reads the people of a table.
    pub fn of(table: &Table, columns: &Columns) -> Self {
        let mut found = Self::default();
        let mut seen: HashMap<UserName, usize> = HashMap::new();
        let last = table.rows().map(|row| row.number).last();
        for row in table.rows() {
            let number = row.number;
            let is_total = Some(number) == last && is_total(table, &row, columns);
            let total = is_total.then_some(Note::Total);
            if let Some(note) = total.or_else(|| of_canvas(table, &row, columns)) {
                found.notes.push((number, note));
                continue;
            }
            let line = match line(table, &row, columns) {
                Ok(line) => line,
                Err(wrong) => {
                    found.wrong.push((number, wrong));
                    continue;
                }
            };
            let name = line.person.username.clone();
            if let Some(place) = seen.get(&name) {
                let earlier = &mut found.lines[*place];
                found
                    .notes
                    .push((number, Note::Again(name, earlier.number)));
                let before = std::mem::replace(earlier, line).person;
                let person = &mut earlier.person;
                person.first_name = person.first_name.take().or(before.first_name);
                person.last_name = person.last_name.take().or(before.last_name);
                person.email = person.email.take().or(before.email);
            } else {
                seen.insert(name, found.lines.len());
                found.lines.push(line);
            }
        }
        found
    }
}

/// Whether a line below the list is a total, which names nobody.
fn is_total(table: &Table, row: &Row<'_>, places: &Columns) -> bool {
    let is_word = |cell: &str| {
        let word = cell.split_once(':').map_or(cell, |(word, _)| word);
        is_in(&WORDS.total, &plain(word))
    };
    let names_nobody = |place: Option<usize>| {
        let cell = row.at(place);
        is_word(cell) || !cell.chars().any(char::is_alphabetic)
    };
    let user = row.at(Some(places.user));
    let columns = 0..table.columns().count();
    columns.len() > 1
        && (user.is_empty() || is_word(user))
        && [
            places.first_name,
            places.last_name,
            places.email,
            places.role,
        ]
        .into_iter()
        .all(names_nobody)
        && columns
            .into_iter()
            .any(|place| is_word(row.at(Some(place))))
}

fn line(table: &Table, row: &Row<'_>, columns: &Columns) -> Result<Line, WrongLine> {
    row.fits().map_err(WrongLine::Width)?;
    let username = row.at(Some(columns.user));
    let mark = if columns.is_marked { "#" } else { "" };
    let username = username.strip_prefix(mark).unwrap_or(username);
    let repeats = |(place, column): (usize, &str)| {
        let cell = row.at(Some(place));
        cell.is_empty() || plain(cell) == plain(column)
    };
    if table.columns().enumerate().all(repeats) {
        return Err(WrongLine::Columns);
    }
    let role = row.at(columns.role);
    let role = match plain(role).as_str() {
        _ if role.is_empty() => Role::Student,
        word if is_in(&WORDS.student, word) => Role::Student,
        word if is_in(&WORDS.assistant, word) => Role::Assistant,
        word if is_in(&WORDS.instructor, word) => Role::Instructor,
        _ => return Err(WrongLine::Role(role.to_owned())),
    };
    if let Some(wrong) = no_name(table, username) {
        return Err(wrong);
    }
    let given = username.to_owned();
    let username =
        UserName::parse_new(username).map_err(|why| WrongLine::Unfit(given.clone(), why))?;
    if table.guess_for(&given).is_some() {
        return Err(WrongLine::Guess(given));
    }
    if columns
        .details()
        .into_iter()
        .any(|place| row.at(place).len() > LONGEST_DETAIL)
    {
        return Err(WrongLine::Long);
    }
    let detail = |place| Some(row.at(place).to_owned()).filter(|text| !text.is_empty());
    Ok(Line {
        number: row.number,
        role,
        person: Person {
            username,
            first_name: detail(columns.first_name),
            last_name: detail(columns.last_name),
            email: detail(columns.email),
        },
    })
}

/// Returns why a text cannot be meant as a user name.
fn no_name(table: &Table, text: &str) -> Option<WrongLine> {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortened = text.split_once("E+").is_some_and(|(number, exponent)| {
        let digits = number.replace([',', '.'], "");
        !digits.is_empty() && is_number(&digits) && is_number(exponent)
    });
    let is_quoted = text.len() > 1 && text.starts_with('\'') && text.ends_with('\'');
    let given = text.to_owned();
    if text.is_empty() {
        Some(WrongLine::NoName)
    } else if is_shortened {
        Some(WrongLine::Shortened(given))
    } else if is_quoted {
        Some(WrongLine::Quoted(given))
    } else if text.starts_with('=') {
        Some(WrongLine::Formula(given))
    } else if table.columns().count() == 1 && text.contains([';', '\t', '|']) {
        Some(WrongLine::Separator(given))
    } else {
        None
    }
}

/// Returns why a line of a Canvas list names no person: it is about the columns, or it is the test student.
fn of_canvas(table: &Table, row: &Row<'_>, places: &Columns) -> Option<Note> {
    if !table.has("Student") {
        return None;
    }
    if row.get("Student") == "Student, Test" {
        return Some(Note::TestStudent);
    }
    if !row.at(Some(places.user)).is_empty() {
        return None;
    }
    if row.get("Student") == "Points Possible" {
        return Some(Note::PossiblePoints);
    }
    // Canvas has a number for each person. Lines about the columns have none.
    (table.has("ID") && row.get("ID").is_empty()).then_some(Note::Nobody)
}
