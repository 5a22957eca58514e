//! `nbcourier allowance`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use nbcourier_api::{Allowance, NewAllowance};
use nbcourier_domain::{self as domain, CourseId, UserName};
use std::process::ExitCode;

/// Lists and changes the hours that single students always have more in a course
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the students with an allowance
    List {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
    },
    /// Give a student more time for every assignment of the course
    #[command(
        after_help = "Due time and cut-off of the student are those of everybody plus these hours, or those of an extension \
                      where it is later. A day has 24 hours."
    )]
    Set {
        #[command(flatten)]
        of: Of,
        /// Days after the time for everybody
        #[arg(long, value_parser = clap::value_parser!(i64).range(0..=domain::Allowance::LONGEST / 24))]
        days: Option<i64>,
        /// Hours after the time for everybody, added to the days
        #[arg(
            long,
            value_parser = clap::value_parser!(i64).range(0..=domain::Allowance::LONGEST),
            required_unless_present = "days"
        )]
        hours: Option<i64>,
        /// Note about the reason, which the student does not see; an empty text removes it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Remove a student's allowance
    Remove {
        #[command(flatten)]
        of: Of,
    },
}

#[derive(clap::Args)]
struct Of {
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// The student
    #[arg(value_parser = crate::cli::user_name)]
    student: UserName,
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::List { course } => {
            let all = asking.ask(async |exchange| exchange.allowances(&course).await)?;
            asking.show(&all, || table(&all))?;
        }
        Command::Set {
            of: Of { course, student },
            days,
            hours,
            note,
        } => {
            let hours = days.unwrap_or(0) * 24 + hours.unwrap_or(0);
            let allowance = asking.ask(async |exchange| {
                let note = match note {
                    Some(note) => Some(note).filter(|note| !note.is_empty()),
                    None => known_note(exchange.allowances(&course).await?, &student),
                };
                let allowance = NewAllowance { hours, note };
                exchange.set_allowance(&course, &student, &allowance).await
            })?;
            asking.show(&allowance, || table(std::slice::from_ref(&allowance)))?;
        }
        Command::Remove {
            of: Of { course, student },
        } => {
            asking.ask(async |exchange| exchange.remove_allowance(&course, &student).await)?;
            let answer = serde_json::json!({ "student": student });
            asking.confirm(&answer, &format!("Removed the allowance of {student}."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the note of the student's allowance so far, which stays unless another one is given.
fn known_note(all: Vec<Allowance>, student: &UserName) -> Option<String> {
    let mut all = all.into_iter();
    let known = all.find(|known| known.student == student.as_str());
    known.and_then(|known| known.note)
}

fn table(allowances: &[Allowance]) -> Table {
    let rows = allowances.iter().map(|allowance| {
        vec![
            allowance.student.clone(),
            allowance.hours.to_string(),
            allowance.note.clone().unwrap_or_default(),
        ]
    });
    Table::new(&["STUDENT", "HOURS", "NOTE"], "Nobody has an allowance.").rows(rows)
}
