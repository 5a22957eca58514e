//! Checks the repositories that directories follow, and the program that fetches them.

use super::database::UNREADABLE;
use crate::findings::Findings;
use nbcourier_domain::Count;
use nbcourier_storage::{self as store, Database};
use std::process::{Command, Stdio};

/// Checks that git is there if a directory follows a repository, and names the directories whose looks fail.
pub fn examine(database: &Database, findings: &mut Findings) {
    let sources = match store::examine_sources(database) {
        Ok(sources) => sources.unwrap_or_default(),
        Err(error) => {
            findings.about("Repositories");
            findings.wrong(
                format!("The repositories that directories follow cannot be read: {error}"),
                UNREADABLE,
            );
            return;
        }
    };
    let has_git = has_git();
    if has_git && sources.number == 0 {
        return;
    }
    findings.about("Repositories");
    if !has_git {
        let advice = "Install git where the server runs, or upload files with nbcourier dir put";
        let problem = "The program git is not installed, so no directory can follow a repository";
        if sources.number > 0 {
            findings.wrong(problem.to_owned(), advice);
        } else {
            findings.ok(format!("{problem}. {advice}"));
        }
        return;
    }
    if sources.failing.is_empty() {
        let sources = Count(sources.number, "source");
        findings.ok(format!(
            "Directories have {sources}; none failed three times in a row"
        ));
    }
    for (directory, failures) in sources.failing {
        let (owner, name) = directory.rsplit_once('/').unwrap_or((&directory, ""));
        let course = owner.trim_start_matches("course:");
        findings.warning(
            format!(
                "The repository that {} follows could not be followed {failures} times in a row",
                directory.escape_debug()
            ),
            format!(
                "Read nbcourier materials log {} {}",
                course.escape_debug(),
                name.escape_debug()
            ),
        );
    }
}

fn has_git() -> bool {
    let mut version = Command::new("git");
    version.arg("--version").stdin(Stdio::null());
    version.stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
