//! `nbcourier presence`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::{Presence, SeenBy};
use nbcourier_domain::CourseId;
use std::process::ExitCode;

/// Shows when the students of a course were last seen, those who were away longest first
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let course = &arguments.course;
    let ask = arguments
        .asking
        .ask(async |exchange| exchange.presence(course).await);
    let (mut students, by_hub) = ask?;
    students.sort_by_key(|student| student.last_seen.map(|at| at.0));
    arguments.asking.show(&students, || table(&students))?;
    if !by_hub {
        eprintln!(
            "These are times of the exchange, because no hub says when its users were active. If the exchange belongs to a \
             hub, grant its service the scopes list:users, read:users:activity and read:servers"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn table(students: &[Presence]) -> Table {
    let rows = students.iter().map(|student| {
        let by = match student.by {
            Some(SeenBy::Hub) => "hub",
            Some(SeenBy::Exchange) => "exchange",
            None => "",
        };
        let running = match student.running {
            Some(true) => "running",
            _ => "",
        };
        vec![
            student.student.clone(),
            shown(student.last_seen),
            by.to_owned(),
            running.to_owned(),
        ]
    });
    let head = ["STUDENT", "LAST SEEN", "BY", "SERVER"];
    Table::new(&head, "The course has no students.").rows(rows)
}
