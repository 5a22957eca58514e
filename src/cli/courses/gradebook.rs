//! Changes nbgrader's gradebook with `nbgrader db student` in the current directory.

use nbcourier_client::Details;
use nbcourier_domain::UserName;
use std::process::Command;

/// Adds the student to the gradebook, or updates the details that are not empty. Fails with nbgrader's reason.
pub fn add(student: &UserName, details: &Details) -> Result<(), String> {
    let mut command = Command::new("nbgrader");
    command.args(["db", "student", "add"]);
    let given = [
        ("--first-name", &details.first_name),
        ("--last-name", &details.last_name),
        ("--email", &details.email),
    ];
    for (option, text) in given {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            // As one word, so that a text that begins with a dash is not taken for an option.
            command.arg(format!("{option}={text}"));
        }
    }
    run(command, student)
}

/// Removes the student from the gradebook; with their grades if `force` is set.
pub fn remove(student: &UserName, force: bool) -> Result<(), String> {
    let mut command = Command::new("nbgrader");
    command.args(["db", "student", "remove"]);
    if force {
        command.arg("--force");
    }
    run(command, student)
}

fn run(mut command: Command, student: &UserName) -> Result<(), String> {
    // nbgrader would take such a name for an option, and some of its options run code.
    if student.as_str().starts_with('-') {
        return Err(format!(
            "The gradebook was not changed: nbgrader cannot use the name {student}"
        ));
    }
    match command.arg(student.as_str()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "The gradebook was not changed for {student}. The reason is in nbgrader's output above"
        )),
        Err(error) => Err(format!(
            "The gradebook was not changed for {student}: nbgrader cannot be run ({error}). Run this in the \
             course's directory, or with --no-gb"
        )),
    }
}
