//! `nbcourier starts`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::{Start, StartReport, Starts, StartsAlike};
use nbcourier_domain::{CourseId, StartOutcome, UserName};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Shows the reports of starts of servers of a course's members, the newest start first
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// Show only starts at which nothing was received
    #[arg(long)]
    failed: bool,
    /// Show only the starts of this person
    #[arg(long, value_name = "NAME", value_parser = crate::cli::user_name)]
    person: Option<UserName>,
    /// Show at most this many starts
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let at_most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let outcome = arguments.failed.then_some(StartOutcome::Failed);
    let (course, person) = (&arguments.course, arguments.person.as_ref());
    let ask = arguments
        .asking
        .ask(async |exchange| exchange.starts(course, person, outcome, at_most).await);
    let (starts, summary) = ask?;
    let found = Starts {
        starts,
        summary: Some(summary),
        next: None,
    };
    arguments.asking.show(&found, || table(&found))?;
    Ok(ExitCode::SUCCESS)
}

fn table(found: &Starts) -> Table {
    let rows = found.starts.iter().map(row);
    let head = [
        "WHEN",
        "WHO",
        "OUTCOME",
        "DIRECTORY",
        "VERSION",
        "RECEIVED",
        "MS",
        "WHY",
    ];
    let table = Table::new(&head, "No start was reported.").rows(rows);
    match sentences(found.summary.as_deref().unwrap_or_default()) {
        lines if lines.is_empty() => table,
        lines => table.foot(lines.join("\n")),
    }
}

fn row(start: &Start) -> Vec<String> {
    let report = start.report.clone().map(serde_json::Value::Object);
    let report = report.and_then(|report| serde_json::from_value::<StartReport>(report).ok());
    let report = report.unwrap_or_default();
    vec![
        shown(Some(start.at)),
        start.person.clone(),
        start.outcome.clone(),
        start.directory.clone().unwrap_or_default(),
        start
            .version
            .map_or_else(String::new, |version| version.to_string()),
        report.received.to_string(),
        start.millis.to_string(),
        report.reason().unwrap_or_default(),
    ]
}

/// Returns a line for each directory: "materials: 27 have version 17, 2 have version 15, 1 failed: no space".
fn sentences(summary: &[StartsAlike]) -> Vec<String> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in summary {
        let directory = group.directory.as_deref().unwrap_or_default();
        lines.entry(directory).or_default().push(part(group));
    }
    let lines = lines.into_iter().map(|(directory, parts)| {
        let colon = if directory.is_empty() { "" } else { ": " };
        format!("{directory}{colon}{}", parts.join(", "))
    });
    lines.collect()
}

fn part(group: &StartsAlike) -> String {
    let (people, reason) = (group.people, group.reason.as_deref());
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let have = if people == 1 { "has" } else { "have" };
    match (StartOutcome::of_word(&group.outcome), group.version) {
        (Some(StartOutcome::Failed), _) => format!("{people} failed{reason}"),
        (Some(StartOutcome::Partly), _) => format!("{people} {have} only a part{reason}"),
        (_, Some(version)) => format!("{people} {have} version {version}"),
        (_, None) => format!("{people} reported no version"),
    }
}
