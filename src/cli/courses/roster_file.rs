//! Rosters as CSV files (RFC 4180) of spreadsheets and campus systems.

use crate::cli::table_file::{self, Row, Table};
use encoding_rs::Encoding;
use nbcourier_api::{Member, RosterEntry};
use nbcourier_domain::{Role, UserName};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

const COLUMNS: [&str; 5] = ["username", "role", "first_name", "last_name", "email"];

/// The advice about a file of uncertain encoding.
const ADVICE: &str = "Save it as \"CSV UTF-8\", or name its encoding with --encoding";
/// Maximum number of names that a note on a guessed encoding shows.
const SHOWN_NAMES: usize = 10;
/// The columns by which a list of Canvas is recognised.
const OF_CANVAS: [&str; 3] = ["student", "sisuserid", "section"];
/// The columns by which a list of Brightspace is recognised. It marks the names and numbers of people with a `#`.
const OF_BRIGHTSPACE: [&str; 2] = ["orgdefinedid", "endoflineindicator"];
/// The name of the column with user names in nbgrader. In a list of Canvas, it holds Canvas's own numbers of people.
const ID: &str = "id";
/// The words below, which the nbgrader plugin reads too.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let text = include_str!("../../../python/nbcourier/columns.json");
    let words: Words = serde_json::from_str(text).expect("a file of the source");
    words.plain()
});

/// The words of spreadsheets and campus systems in several languages. Only letters and digits count, without case and
/// accents.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// Names of the column with user names. If two columns match, the name that comes first here wins.
    user: Vec<String>,
    /// Names of the column with the numbers of students, which is used if there is no other column of user names.
    number: Vec<String>,
    first_name: Vec<String>,
    /// Names that mean a first name only beside a column of last names.
    first_name_beside_last_name: Vec<String>,
    last_name: Vec<String>,
    last_name_beside_first_name: Vec<String>,
    email: Vec<String>,
    role: Vec<String>,
    /// Roles. One that is in no list is refused.
    student: Vec<String>,
    assistant: Vec<String>,
    instructor: Vec<String>,
    /// The beginnings of a line below a list that names nobody.
    total: Vec<String>,
}

impl Words {
    fn plain(mut self) -> Self {
        let lists = [
            &mut self.user,
            &mut self.number,
            &mut self.first_name,
            &mut self.first_name_beside_last_name,
            &mut self.last_name,
            &mut self.last_name_beside_first_name,
            &mut self.email,
            &mut self.role,
            &mut self.student,
            &mut self.assistant,
            &mut self.instructor,
            &mut self.total,
        ];
        for word in lists.into_iter().flatten() {
            *word = plain(word);
        }
        self
    }
}

fn is_in(words: &[String], word: &str) -> bool {
    words.iter().any(|known| known == word)
}

/// The lines of a file, and notes for the person who gave it.
pub struct RosterFile {
    pub entries: Vec<RosterEntry>,
    pub notes: Vec<String>,
}

/// The places of the columns.
struct Places {
    user: usize,
    /// Whether the user names are matriculation numbers.
    by_number: bool,
    /// Whether the users may be marked with a `#`.
    is_marked: bool,
    role: Option<usize>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    email: Option<usize>,
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
    let places = places(&table, file, user_column)?;
    if places.by_number {
        let column = table.columns().nth(places.user).unwrap_or_default();
        notes.push(format!(
            "No column holds user names, so the numbers in {column:?} are used. If people have other names at \
             JupyterHub, remove these again and name the right column with --user-column"
        ));
    }
    let unused: Vec<&str> = unused(&table, &places).collect();
    if !unused.is_empty() {
        notes.push(format!("Ignored columns: {}", unused.join(", ")));
    }
    let mut entries: Vec<RosterEntry> = Vec::new();
    let mut seen: HashMap<String, (u64, usize)> = HashMap::new();
    let last = table.rows().map(|row| row.number).last();
    for row in table.rows() {
        let is_total = Some(row.number) == last && is_total(&table, &row, &places);
        let total = is_total.then_some("it is a total of the list");
        if let Some(what) = total.or_else(|| of_canvas(&table, &row, &places)) {
            notes.push(format!("Line {} is skipped: {what}", row.number));
            continue;
        }
        let mut entry = entry(&table, &row, &places)?;
        if let Some((number, place)) = seen.get(&entry.username).copied() {
            notes.push(format!(
                "Line {}: {:?} is also in line {number}; the later line counts",
                row.number, entry.username
            ));
            seen.insert(entry.username.clone(), (row.number, place));
            let earlier = &mut entries[place];
            entry.first_name = entry.first_name.or_else(|| earlier.first_name.take());
            entry.last_name = entry.last_name.or_else(|| earlier.last_name.take());
            entry.email = entry.email.or_else(|| earlier.email.take());
            *earlier = entry;
        } else {
            seen.insert(entry.username.clone(), (row.number, entries.len()));
            entries.push(entry);
        }
    }
    notes.extend(guessed_names(&table, &places));
    Ok(RosterFile { entries, notes })
}

/// Returns a note with the names that are wrong if the encoding was guessed wrongly.
fn guessed_names(table: &Table, places: &Places) -> Option<String> {
    let encoding = table.guessed()?;
    let details = [places.first_name, places.last_name, places.email];
    let mut seen = HashSet::new();
    let names: Vec<String> = table
        .rows()
        .flat_map(|row| details.map(|place| row.at(place).to_owned()))
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

fn places(table: &Table, file: &Path, user_column: Option<&str>) -> Result<Places, String> {
    let names: Vec<String> = table.columns().map(plain).collect();
    let words = &*WORDS;
    let find = |known: &[String]| {
        let mut found = known.iter();
        found.find_map(|known| names.iter().position(|name| name == known))
    };
    let is_of_canvas = names.iter().any(|name| OF_CANVAS.contains(&name.as_str()));
    let (user, by_number) = match user_column {
        Some(given) => {
            let place = table
                .columns()
                .position(|name| name == given)
                .or_else(|| names.iter().position(|name| *name == plain(given)))
                .ok_or_else(|| {
                    let columns: Vec<&str> = table.columns().collect();
                    format!(
                        "{} has no column {given:?}. Its columns are {}",
                        file.display(),
                        columns.join(", ")
                    )
                })?;
            (place, false)
        }
        None => find(&words.user)
            .filter(|place| names[*place] != ID || !is_of_canvas)
            .map(|place| (place, false))
            .or_else(|| find(&words.number).map(|place| (place, true)))
            .ok_or_else(|| no_user(table, file))?,
    };
    if names.iter().filter(|name| **name == names[user]).count() > 1 {
        return Err(format!(
            "{} has two columns {:?}. Remove one of them",
            file.display(),
            table.columns().nth(user).unwrap_or_default()
        ));
    }
    let (mut first_name, mut last_name) = (find(&words.first_name), find(&words.last_name));
    // "Nom" is a last name beside "Prénom" and a first name beside "Cognoms".
    if first_name.is_none() && last_name.is_some() {
        first_name = find(&words.first_name_beside_last_name);
    } else if last_name.is_none() && first_name.is_some() {
        last_name = find(&words.last_name_beside_first_name);
    }
    let places = Places {
        user,
        by_number,
        is_marked: names
            .iter()
            .any(|name| OF_BRIGHTSPACE.contains(&name.as_str())),
        role: find(&words.role),
        first_name,
        last_name,
        email: find(&words.email),
    };
    for known in [
        &words.role,
        &words.first_name,
        &words.last_name,
        &words.email,
    ] {
        let two: Vec<&str> = table
            .columns()
            .zip(&names)
            .filter(|(_, name)| is_in(known, name))
            .map(|(column, _)| column)
            .collect();
        if two.len() > 1 {
            return Err(format!(
                "{} has two columns with the same meaning: {}. Remove one of them",
                file.display(),
                two.join(" and ")
            ));
        }
    }
    Ok(places)
}

fn no_user(table: &Table, file: &Path) -> String {
    let columns: Vec<&str> = table.columns().collect();
    let has = if columns.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("its columns are {}", columns.join(", "))
    };
    format!(
        "{} has no column `username`: {has}. Name the column that holds the names at JupyterHub with --user-column",
        file.display()
    )
}

fn unused<'a>(table: &'a Table, places: &Places) -> impl Iterator<Item = &'a str> {
    let used = [
        Some(places.user),
        places.role,
        places.first_name,
        places.last_name,
        places.email,
    ];
    let columns = table.columns().enumerate();
    columns
        .filter(move |(place, name)| !used.contains(&Some(*place)) && !name.is_empty())
        .map(|(_, name)| name)
}

/// Returns the letters and digits of a column's name, without case and accents.
fn plain(column: &str) -> String {
    let lower = column.to_lowercase();
    lower
        .nfkd()
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            'ı' => 'i',
            'ł' => 'l',
            'đ' => 'd',
            'ø' => 'o',
            'ς' => 'σ',
            other => other,
        })
        .collect()
}

/// Whether a line below the list is a total, which names nobody.
fn is_total(table: &Table, row: &Row<'_>, places: &Places) -> bool {
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

fn entry(table: &Table, row: &Row<'_>, places: &Places) -> Result<RosterEntry, String> {
    let wrong = |what: String| format!("Line {}: {what}. Nothing was changed", row.number);
    let username = row.at(Some(places.user));
    let mark = if places.is_marked { "#" } else { "" };
    let username = username.strip_prefix(mark).unwrap_or(username);
    let repeats = |(place, column): (usize, &str)| {
        let cell = row.at(Some(place));
        cell.is_empty() || plain(cell) == plain(column)
    };
    if table.columns().enumerate().all(repeats) {
        return Err(wrong("it repeats the names of the columns".to_owned()));
    }
    let detail = |place| Some(row.at(place).to_owned()).filter(|text| !text.is_empty());
    let role = match plain(row.at(places.role)).as_str() {
        _ if row.at(places.role).is_empty() => Role::Student,
        word if is_in(&WORDS.student, word) => Role::Student,
        word if is_in(&WORDS.assistant, word) => Role::Assistant,
        word if is_in(&WORDS.instructor, word) => Role::Instructor,
        _ => {
            let role = row.at(places.role);
            return Err(wrong(format!(
                "the role {role:?} is neither student nor assistant nor instructor"
            )));
        }
    };
    if let Some(why) = no_name(table, username) {
        return Err(wrong(format!("{username:?} {why}")));
    }
    UserName::parse_new(username).map_err(|why| wrong(format!("{username:?} {why}")))?;
    if let Some(why) = table.uncertain(username) {
        return Err(wrong(format!("{username:?} {why}")));
    }
    Ok(RosterEntry {
        username: username.to_owned(),
        role,
        first_name: detail(places.first_name),
        last_name: detail(places.last_name),
        email: detail(places.email),
    })
}

/// Returns why a text cannot be meant as a user name, as the rest of a sentence.
fn no_name(table: &Table, text: &str) -> Option<&'static str> {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortened = text.split_once("E+").is_some_and(|(number, exponent)| {
        let digits = number.replace([',', '.'], "");
        !digits.is_empty() && is_number(&digits) && is_number(exponent)
    });
    let is_quoted = text.len() > 1 && text.starts_with('\'') && text.ends_with('\'');
    if is_shortened {
        Some(
            "is a number that a spreadsheet shortened. Format the column as text and enter it again",
        )
    } else if is_quoted {
        Some("stands in single quotes. Remove them, or use double quotes")
    } else if text.starts_with('=') {
        Some("is a formula of a spreadsheet. Save the file with its values")
    } else if table.columns().count() == 1 && text.contains([';', '\t', '|']) {
        Some(
            "holds a separator, and the first line has one column. Name all columns in the first line",
        )
    } else {
        None
    }
}

/// Returns why a line of a Canvas list names no person: it is about the columns, or it is the test student.
fn of_canvas(table: &Table, row: &Row<'_>, places: &Places) -> Option<&'static str> {
    if !table.has("Student") {
        return None;
    }
    if row.get("Student") == "Student, Test" {
        return Some("it is the test student of Canvas");
    }
    if !row.at(Some(places.user)).is_empty() {
        return None;
    }
    if row.get("Student") == "Points Possible" {
        return Some("it holds the possible points of Canvas");
    }
    // Canvas has a number for each person. Lines about the columns have none.
    (table.has("ID") && row.get("ID").is_empty()).then_some("it names nobody")
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
