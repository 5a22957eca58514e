//! A roster as a CSV file (RFC 4180), as spreadsheets write it.

use super::table_file::{self, Row};
use crate::client::{Line, Member};
use crate::domain::{Role, UserName};
use std::path::Path;

/// What the column of the user names may be called: here, by ngshare, by nbgrader.
const USER: [&str; 3] = ["username", "student_id", "id"];
const COLUMNS: [&str; 5] = ["username", "role", "first_name", "last_name", "email"];

/// The lines of the file; the sentence says which line is wrong.
pub fn read(file: &Path) -> Result<Vec<Line>, String> {
    let table = table_file::read(file)?;
    let user = USER.into_iter().find(|name| table.has(name));
    let Some(user) = user else {
        return Err(format!(
            "{} has no column `username`: its first line must name the columns, separated by commas",
            file.display()
        ));
    };
    table.rows().map(|row| line(&row, user)).collect()
}

fn line(row: &Row<'_>, user: &str) -> Result<Line, String> {
    let wrong = |what: String| format!("Line {}: {what}. Nothing was changed", row.number);
    let username = row.get(user);
    let detail = |name| Some(row.get(name).to_owned()).filter(|text| !text.is_empty());
    let role = match row.get("role") {
        "" | "student" => Role::Student,
        "instructor" => Role::Instructor,
        other => {
            return Err(wrong(format!(
                "the role {other:?} is neither student nor instructor"
            )));
        }
    };
    UserName::parse(username).map_err(|_| wrong(format!("{username:?} is no name of a user")))?;
    Ok(Line {
        username: username.to_owned(),
        role,
        first_name: detail("first_name"),
        last_name: detail("last_name"),
        email: detail("email"),
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
