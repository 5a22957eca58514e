//! Checks the repositories that directories follow, the program that fetches them, and the deliveries at the starts of
//! servers.

use super::database::UNREADABLE;
use crate::findings::Findings;
use nbcourier_api::StartReport;
use nbcourier_domain::{Count, shell_word};
use nbcourier_storage::directories::sources::Failing;
use nbcourier_storage::starts::Undelivered;
use nbcourier_storage::{self as store, Database, ExaminedMaterial};
use std::process::{Command, Stdio};

/// Maximum length in bytes of a reason that is shown.
const LONGEST_REASON: usize = 300;

/// Checks that git is there if a directory follows a repository, and names the directories whose looks fail, and those that
/// members do not receive.
pub fn examine(database: &Database, findings: &mut Findings) {
    let material = match store::examine_material(database) {
        Ok(material) => material.unwrap_or_default(),
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
    if !has_git {
        findings.about("Repositories");
        let advice = "Install git where the server runs, or upload files with nbcourier dir put";
        let problem = "The program git is not installed, so no directory can follow a repository";
        if material.followed.sources > 0 {
            findings.wrong(problem.to_owned(), advice);
        } else {
            findings.ok(format!("{problem}. {advice}"));
        }
    }
    report(&material, has_git, findings);
}

/// Reports the repositories whose looks fail, unless they are known to fail for another reason, and the directories that
/// members do not receive.
pub fn report(material: &ExaminedMaterial, names_failing: bool, findings: &mut Findings) {
    if names_failing && material.followed.sources > 0 {
        findings.about("Repositories");
        report_sources(material, findings);
    }
    findings.about("Deliveries");
    if material.undelivered.is_empty() {
        findings.ok("At its last start, no server reported that files of a course are missing");
    }
    for undelivered in &material.undelivered {
        report_undelivered(undelivered, findings);
    }
}

fn report_sources(material: &ExaminedMaterial, findings: &mut Findings) {
    if material.followed.named.is_empty() {
        let sources = Count(
            usize::try_from(material.followed.sources).unwrap_or(0),
            "source",
        );
        findings.ok(format!(
            "Directories have {sources}; none failed three times in a row"
        ));
    }
    for failing in &material.followed.named {
        let Failing {
            course,
            directory,
            failures,
            report,
        } = failing;
        findings.warning(
            format!(
                "The repository that course:{}/{} follows could not be followed {failures} times in a row{}",
                course.escape_debug(),
                directory.escape_debug(),
                because(report.as_deref())
            ),
            format!(
                "Read nbcourier materials log {} {}",
                shell_word(course),
                shell_word(directory)
            ),
        );
    }
    let more =
        material.followed.failing - i64::try_from(material.followed.named.len()).unwrap_or(0);
    if more > 0 {
        findings.warning(
            format!("The same holds for {more} more"),
            "The metric nbcourier_source_failures counts all of them",
        );
    }
}

fn report_undelivered(undelivered: &Undelivered, findings: &mut Findings) {
    let Undelivered {
        course,
        directory,
        people,
        report,
    } = undelivered;
    let directory = match directory {
        Some(name) => format!("course:{}/{}", course.escape_debug(), name.escape_debug()),
        None => format!("What the course {} delivers", course.escape_debug()),
    };
    let people = match people {
        1 => "1 person".to_owned(),
        people => format!("{people} people"),
    };
    let reason = report.as_deref().map(StartReport::parse);
    let reason = reason.and_then(|report| report.reason());
    findings.warning(
        format!(
            "{directory} did not arrive whole at the last starts of the servers of {people}{}",
            because(reason.as_deref())
        ),
        format!("Read nbcourier starts {}", shell_word(course)),
    );
}

/// Returns the first line of a reason as the end of a sentence.
fn because(reason: Option<&str>) -> String {
    let line = reason.and_then(|reason| reason.lines().next());
    line.map_or_else(String::new, |line| {
        let end = line.floor_char_boundary(LONGEST_REASON);
        format!(". The last reason: {}", line[..end].escape_debug())
    })
}

fn has_git() -> bool {
    let mut version = Command::new("git");
    version.arg("--version").stdin(Stdio::null());
    version.stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
