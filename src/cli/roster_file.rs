//! A roster as a CSV file (RFC 4180), as spreadsheets and campus systems write it.

use super::table_file::{self, Row, Table};
use crate::client::{Line, Member};
use crate::domain::{Role, UserName, oddity};
use std::collections::HashMap;
use std::path::Path;

const COLUMNS: [&str; 5] = ["username", "role", "first_name", "last_name", "email"];

/// What the columns may be called, here, by ngshare, nbgrader, Moodle and Canvas, in English, German, French and Spanish.
/// Letters and digits alone count, without case and accents. Of two names for one thing the earlier is meant.
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
    "nomdutilisateur",
    "identifiant",
    "utilisateur",
    "nombredeusuario",
    "nombreusuario",
    "usuario",
    "id",
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

/// What was read, and what whoever gave the file should know of it.
pub struct RosterFile {
    pub lines: Vec<Line>,
    pub notes: Vec<String>,
}

/// Where each thing stands in a line.
struct Places {
    user: usize,
    role: Option<usize>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    email: Option<usize>,
}

/// The lines of the file; the sentence says which line is wrong. `user_column` is the column with the user names, where
/// that cannot be known by its name.
pub fn read(file: &Path, user_column: Option<&str>) -> Result<RosterFile, String> {
    let table = table_file::read(file)?;
    let mut notes = table.notes().to_vec();
    let places = places(&table, file, user_column)?;
    let unused: Vec<&str> = unused(&table, &places).collect();
    if !unused.is_empty() {
        notes.push(format!("Ignored columns: {}", unused.join(", ")));
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut seen: HashMap<String, (u64, usize)> = HashMap::new();
    for row in table.rows() {
        let line = line(&table, &row, &places)?;
        if let Some((number, place)) = seen.get(&line.username).copied() {
            notes.push(format!(
                "Line {}: {:?} is in line {number}, too; the later line counts",
                row.number, line.username
            ));
            seen.insert(line.username.clone(), (row.number, place));
            lines[place] = line;
        } else {
            seen.insert(line.username.clone(), (row.number, lines.len()));
            lines.push(line);
        }
    }
    Ok(RosterFile { lines, notes })
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
            .ok_or_else(|| format!("{} has no column {given:?}", file.display()))?,
        None => find(USER).ok_or_else(|| no_user(table, file))?,
    };
    let first_name = find(FIRST_NAME);
    // In German lists the last name is called "Name", beside "Vorname".
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
                "{} has two columns for the same: {}. Remove one of them",
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

/// The letters and digits of a column's name, without case and accents.
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

fn line(table: &Table, row: &Row<'_>, places: &Places) -> Result<Line, String> {
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
    let role = match row.at(places.role).to_lowercase().as_str() {
        "" | "student" => Role::Student,
        "instructor" => Role::Instructor,
        _ => {
            let role = row.at(places.role);
            return Err(wrong(format!(
                "the role {role:?} is neither student nor instructor"
            )));
        }
    };
    UserName::parse(username)
        .map_err(|_| wrong(format!("{username:?} is not a valid user name")))?;
    if let Some(oddity) = oddity(username) {
        return Err(wrong(format!("{username:?} {oddity}")));
    }
    Ok(Line {
        username: username.to_owned(),
        role,
        first_name: detail(places.first_name),
        last_name: detail(places.last_name),
        email: detail(places.email),
    })
}

/// The text of a file with these people: instructors first, then by name, so that two files are easily compared.
pub fn write(mut people: Vec<Member>) -> Result<String, Box<dyn std::error::Error>> {
    people.sort_by(|a, b| (b.role, &a.username).cmp(&(a.role, &b.username)));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for member in people {
        let text = |detail: &Option<String>| detail.clone().unwrap_or_default();
        writer.write_record([
            member.username.clone(),
            super::role_word(member.role).to_owned(),
            text(&member.first_name),
            text(&member.last_name),
            text(&member.email),
        ])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
