//! Rosters as CSV files (RFC 4180) on the command line.

use crate::cli::table_file;
use crate::tables::{Columns, LONGEST_DETAIL, Line, NoRoster, Note, Roster, Table, WrongLine};
use encoding_rs::Encoding;
use nbcourier_api::{Member, RosterEntry};
use nbcourier_domain::UnfitName;
use std::collections::HashSet;
use std::path::Path;

const COLUMNS: [&str; 5] = ["username", "role", "first_name", "last_name", "email"];

/// The advice about a file of uncertain encoding.
const ADVICE: &str = "Save it as \"CSV UTF-8\", or name its encoding with --encoding";
/// Maximum number of names that a note on a guessed encoding shows.
const SHOWN_NAMES: usize = 10;

/// The lines of a file, and notes for the person who gave it.
pub struct RosterFile {
    pub entries: Vec<RosterEntry>,
    pub notes: Vec<String>,
}

/// Reads the lines of the file. The error names the wrong line. `user_column` is the column with the user names, if its
/// name is not a known one. `encoding` is the encoding of the file, if it is known.
pub fn read(
    file: &Path,
    user_column: Option<&str>,
    encoding: Option<&'static Encoding>,
) -> Result<RosterFile, String> {
    let table = table_file::read(file, encoding, ADVICE)?;
    let mut notes = Vec::new();
    let columns = Columns::find(&table, user_column).map_err(|why| no_roster(&table, file, why))?;
    if columns.by_number {
        let column = table.columns().nth(columns.user).unwrap_or_default();
        notes.push(format!(
            "No column holds user names, so the numbers in {column:?} are used. If people have other names at \
             JupyterHub, remove these again and name the right column with --user-column"
        ));
    }
    let unused: Vec<&str> = columns.unused(&table).collect();
    if !unused.is_empty() {
        notes.push(format!("Ignored columns: {}", unused.join(", ")));
    }
    let roster = Roster::of(&table, &columns);
    if let Some((number, wrong)) = roster.wrong.first() {
        let what = sentence(&table, wrong);
        return Err(format!("Line {number}: {what}. Nothing was changed"));
    }
    notes.extend(
        roster
            .notes
            .into_iter()
            .map(|(number, note)| noted(number, &note)),
    );
    let entries = roster.lines.into_iter().map(entry).collect();
    notes.extend(guessed_names(&table, &columns));
    Ok(RosterFile { entries, notes })
}

fn entry(line: Line) -> RosterEntry {
    let Line { role, person, .. } = line;
    RosterEntry {
        username: person.username.to_string(),
        role,
        first_name: person.first_name,
        last_name: person.last_name,
        email: person.email,
    }
}

fn noted(number: u64, note: &Note) -> String {
    let why = match note {
        Note::Total => "it is a total of the list",
        Note::TestStudent => "it is the test student of Canvas",
        Note::PossiblePoints => "it holds the possible points of Canvas",
        Note::Nobody => "it names nobody",
        Note::Again(name, earlier) => {
            let name = name.as_str();
            return format!(
                "Line {number}: {name:?} is also in line {earlier}; the later line counts"
            );
        }
    };
    format!("Line {number} is skipped: {why}")
}

/// Returns what is wrong with a line.
fn sentence(table: &Table, wrong: &WrongLine) -> String {
    match wrong {
        WrongLine::Width(width) => format!(
            "it has {} columns, and the first line has {}",
            width.cells, width.columns
        ),
        WrongLine::Columns => "it repeats the names of the columns".to_owned(),
        WrongLine::Role(role) => {
            format!("the role {role:?} is neither student nor assistant nor instructor")
        }
        WrongLine::NoName => format!("{:?} {}", "", UnfitName::Illegal),
        WrongLine::Shortened(name) => format!(
            "{name:?} is a number that a spreadsheet shortened. Format the column as text and enter it again"
        ),
        WrongLine::Quoted(name) => {
            format!("{name:?} stands in single quotes. Remove them, or use double quotes")
        }
        WrongLine::Formula(name) => {
            format!("{name:?} is a formula of a spreadsheet. Save the file with its values")
        }
        WrongLine::Separator(name) => format!(
            "{name:?} holds a separator, and the first line has one column. Name all columns in the first line"
        ),
        WrongLine::Long => {
            format!("a name or an address is longer than {LONGEST_DETAIL} bytes. Shorten it")
        }
        WrongLine::Unfit(name, why) => format!("{name:?} {why}"),
        WrongLine::Guess(name) => {
            let why = table_file::uncertain(table, name, ADVICE).unwrap_or_default();
            format!("{name:?} {why}")
        }
    }
}

fn no_roster(table: &Table, file: &Path, why: NoRoster) -> String {
    let file = file.display();
    let columns: Vec<&str> = table.columns().collect();
    let columns = columns.join(", ");
    match why {
        NoRoster::NoSuchColumn(given) => {
            format!("{file} has no column {given:?}. Its columns are {columns}")
        }
        NoRoster::NoUser => {
            let has = if table.is_empty() {
                "it is empty".to_owned()
            } else {
                format!("its columns are {columns}")
            };
            format!(
                "{file} has no column `username`: {has}. Name the column that holds the names at JupyterHub with \
                 --user-column"
            )
        }
        NoRoster::Twice(name) => format!("{file} has two columns {name:?}. Remove one of them"),
        NoRoster::SameMeaning(two) => format!(
            "{file} has two columns with the same meaning: {}. Remove one of them",
            two.join(" and ")
        ),
    }
}

/// Returns a note with the names that are wrong if the encoding was guessed wrongly.
fn guessed_names(table: &Table, columns: &Columns) -> Option<String> {
    let encoding = table.guessed()?;
    let mut seen = HashSet::new();
    let names: Vec<String> = table
        .rows()
        .flat_map(|row| columns.details().map(|place| row.at(place).to_owned()))
        .filter(|name| !name.is_ascii() && seen.insert(name.clone()))
        .collect();
    let shown = &names[..names.len().min(SHOWN_NAMES)];
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let check = if names.is_empty() {
        "No name depends on it".to_owned()
    } else {
        format!(
            "Check the names {}{more}. If they are wrong, import again and name the encoding with --encoding",
            shown.join(", ")
        )
    };
    Some(format!(
        "The file is not UTF-8 and was read as {encoding}, which is a guess. {check}"
    ))
}

/// Returns the text of a file with these people: instructors first, then by name, so that files are easy to compare.
pub fn write(mut people: Vec<Member>) -> Result<String, Box<dyn std::error::Error>> {
    people.sort_by(|a, b| (b.role, &a.person.username).cmp(&(a.role, &b.person.username)));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for member in people {
        let text = |detail: &Option<String>| detail.clone().unwrap_or_default();
        writer.write_record([
            member.person.username.to_string(),
            member.role.word().to_owned(),
            text(&member.person.first_name),
            text(&member.person.last_name),
            text(&member.person.email),
        ])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
