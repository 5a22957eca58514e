//! Reads a CSV file with old and new names of people.

use crate::cli::table_file::{self, SAVE_AS_UTF8};
use nbcourier_domain::{UserName, oddity};
use nbcourier_import::FirstLine;
use std::collections::HashMap;
use std::path::Path;

/// Returns the pairs of the file, the old name first. The error names the wrong line.
pub fn read(file: &Path) -> Result<Vec<(UserName, UserName)>, String> {
    let table = table_file::read(file, None, SAVE_AS_UTF8)?;
    let columns: Vec<&str> = table.columns().collect();
    let [first, second] = columns[..] else {
        return Err(format!(
            "{} has {} columns instead of two, the old name and the new one",
            file.display(),
            columns.len()
        ));
    };
    let columns = FirstLine::of(first, second);
    let (old, new) = if columns == FirstLine::NewThenOld {
        (1, 0)
    } else {
        (0, 1)
    };
    let mut lines = Vec::new();
    if columns == FirstLine::Pair {
        lines.push((table.first_line(), first, second));
    }
    let rows: Vec<_> = table.rows().collect();
    for row in &rows {
        lines.push((row.number, row.at(Some(old)), row.at(Some(new))));
    }
    let mut pairs = Vec::new();
    let (mut given_up, mut given) = (HashMap::new(), HashMap::new());
    for (number, old, new) in lines {
        let wrong = |what: String| format!("Line {number}: {what}. Nothing was changed");
        let old =
            UserName::parse(old).map_err(|_| wrong(format!("{old:?} is not a valid user name")))?;
        let new =
            UserName::parse(new).map_err(|_| wrong(format!("{new:?} is not a valid user name")))?;
        if let Some(oddity) = oddity(new.as_str()) {
            return Err(wrong(format!("{:?} {oddity}", new.as_str())));
        }
        if new.is_reserved() {
            return Err(wrong(format!(
                "{:?} cannot be the name of a user",
                new.as_str()
            )));
        }
        for name in [old.as_str(), new.as_str()] {
            if let Some(why) = table_file::uncertain(&table, name, SAVE_AS_UTF8) {
                return Err(wrong(format!("{name:?} {why}")));
            }
        }
        if old == new {
            return Err(wrong(format!(
                "{:?} is both the old and the new name",
                old.as_str()
            )));
        }
        if let Some(before) = given_up.insert(old.clone(), number) {
            return Err(wrong(format!(
                "{:?} already gets another name in line {before}",
                old.as_str()
            )));
        }
        if let Some(before) = given.insert(new.clone(), number) {
            return Err(wrong(format!(
                "{:?} is already given to somebody else in line {before}",
                new.as_str()
            )));
        }
        pairs.push((old, new));
    }
    if pairs.is_empty() {
        return Err(format!("{} names nobody", file.display()));
    }
    Ok(pairs)
}
