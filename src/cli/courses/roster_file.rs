//! Rosters as CSV files (RFC 4180) of spreadsheets and campus systems.

use crate::cli::table_file::{self, Row, Table};
use nbcourier_api::{Member, RosterEntry};
use nbcourier_domain::{Role, UserName};
use std::collections::HashMap;
use std::path::Path;

const COLUMNS: [&str; 5] = ["username", "role", "first_name", "last_name", "email"];

/// The accepted names of the column with user names: those of nbcourier, ngshare, nbgrader, Moodle and Canvas, in
/// English, German, French and Spanish. Only letters and digits count, without case and accents. If two columns match,
/// the name that comes first here wins.
const USER: &[&str] = &[
    "username",
    "studentid",
    "sisloginid",
    "loginid",
    "login",
    "loginname",
    "userid",
    "netid",
    "accountname",
    "uid",
    "benutzername",
    "benutzerkennung",
    "benutzer",
    "nutzername",
    "nutzerkennung",
    "anmeldename",
    "kennung",
    "nutzernamen",
    "rzkennung",
    "unikennung",
    "hochschulkennung",
    "campuskennung",
    "unilogin",
    "nomdutilisateur",
    "identifiant",
    "utilisateur",
    "nombredeusuario",
    "nombreusuario",
    "usuario",
    ID,
];
/// The name of that column in nbgrader. In a list of Canvas, it holds Canvas's own numbers of people.
const ID: &str = "id";
/// The columns by which a list of Canvas is recognised.
const OF_CANVAS: [&str; 3] = ["student", "sisuserid", "section"];
/// The accepted names of the student role. Names that fit neither role are refused.
const STUDENTS: &[&str] = &[
    "student",
    "students",
    "studentin",
    "studierende",
    "studierender",
    "teilnehmer",
    "teilnehmerin",
    "kursmitglied",
    "learner",
    "etudiant",
    "etudiante",
    "estudiante",
    "alumno",
    "alumna",
];
const INSTRUCTORS: &[&str] = &[
    "instructor",
    "teacher",
    "editingteacher",
    "lehrende",
    "lehrender",
    "dozent",
    "dozentin",
    "enseignant",
    "enseignante",
    "profesor",
    "profesora",
    "docente",
];
const ROLE: &[&str] = &["role", "roles", "rolle", "rol"];
const FIRST_NAME: &[&str] = &[
    "firstname",
    "givenname",
    "forename",
    "vorname",
    "rufname",
    "prenom",
    "nombre",
    "nombres",
];
const LAST_NAME: &[&str] = &[
    "lastname",
    "surname",
    "familyname",
    "nachname",
    "familienname",
    "nomdefamille",
    "nom",
    "apellidos",
    "apellido",
    "apellidoss",
];
const EMAIL: &[&str] = &[
    "email",
    "emails",
    "emailadressen",
    "emailhochschule",
    "emaildienstlich",
    "emailaddress",
    "mail",
    "mailaddress",
    "emailadresse",
    "mailadresse",
    "courriel",
    "adressedecourriel",
    "adressemail",
    "adresseemail",
    "adresseelectronique",
    "correo",
    "correoelectronico",
    "direcciondecorreo",
];

/// The lines of a file, and notes for the person who gave it.
pub struct RosterFile {
    pub entries: Vec<RosterEntry>,
    pub notes: Vec<String>,
}

/// The places of the columns.
struct Places {
    user: usize,
    role: Option<usize>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    email: Option<usize>,
}

/// Reads the lines of the file. The error names the wrong line. `user_column` is the column with the user names, if its
/// name is not a known one.
pub fn read(file: &Path, user_column: Option<&str>) -> Result<RosterFile, String> {
    let table = table_file::read(file)?;
    let mut notes = table.notes().to_vec();
    let places = places(&table, file, user_column)?;
    let unused: Vec<&str> = unused(&table, &places).collect();
    if !unused.is_empty() {
        notes.push(format!("Ignored columns: {}", unused.join(", ")));
    }
    let mut entries: Vec<RosterEntry> = Vec::new();
    let mut seen: HashMap<String, (u64, usize)> = HashMap::new();
    for row in table.rows() {
        if let Some(what) = of_canvas(&table, &row, &places) {
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
    Ok(RosterFile { entries, notes })
}

fn places(table: &Table, file: &Path, user_column: Option<&str>) -> Result<Places, String> {
    let names: Vec<String> = table.columns().map(plain).collect();
    let find = |known: &[&str]| {
        let mut found = known.iter();
        found.find_map(|known| names.iter().position(|name| name == known))
    };
    let user = match user_column {
        Some(given) => table
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
            })?,
        None => find(USER)
            .filter(|place| {
                let is_of_canvas = || names.iter().any(|name| OF_CANVAS.contains(&name.as_str()));
                names[*place] != ID || !is_of_canvas()
            })
            .ok_or_else(|| no_user(table, file))?,
    };
    if names.iter().filter(|name| **name == names[user]).count() > 1 {
        return Err(format!(
            "{} has two columns {:?}. Remove one of them",
            file.display(),
            table.columns().nth(user).unwrap_or_default()
        ));
    }
    let first_name = find(FIRST_NAME);
    // In German lists the column of the last name is called "Name", beside "Vorname".
    let german = first_name.is_some_and(|place| names[place] == "vorname");
    let last_name = find(LAST_NAME).or_else(|| find(&["name"]).filter(|_| german));
    let places = Places {
        user,
        role: find(ROLE),
        first_name,
        last_name,
        email: find(EMAIL),
    };
    for known in [ROLE, FIRST_NAME, LAST_NAME, EMAIL] {
        let two: Vec<&str> = table
            .columns()
            .zip(&names)
            .filter(|(_, name)| known.contains(&name.as_str()))
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
    let letters = lower.chars().filter(|c| c.is_alphanumeric());
    letters
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            other => other,
        })
        .collect()
}

fn entry(table: &Table, row: &Row<'_>, places: &Places) -> Result<RosterEntry, String> {
    let wrong = |what: String| format!("Line {}: {what}. Nothing was changed", row.number);
    let username = row.at(Some(places.user));
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
        word if STUDENTS.contains(&word) => Role::Student,
        word if INSTRUCTORS.contains(&word) => Role::Instructor,
        _ => {
            let role = row.at(places.role);
            return Err(wrong(format!(
                "the role {role:?} is neither student nor instructor"
            )));
        }
    };
    if let Some(why) = no_name(table, username) {
        return Err(wrong(format!("{username:?} {why}")));
    }
    UserName::parse_new(username).map_err(|why| wrong(format!("{username:?} {why}")))?;
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

/// Returns why a line of a Canvas list names no person: it holds the possible points, or the test student.
fn of_canvas(table: &Table, row: &Row<'_>, places: &Places) -> Option<&'static str> {
    if !row.at(Some(places.user)).is_empty() || !table.has("Student") {
        return None;
    }
    match row.get("Student") {
        "Points Possible" => Some("it holds the possible points of Canvas"),
        "Student, Test" => Some("it is the test student of Canvas"),
        _ => None,
    }
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
            crate::cli::role_word(member.role).to_owned(),
            text(&member.person.first_name),
            text(&member.person.last_name),
            text(&member.person.email),
        ])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
