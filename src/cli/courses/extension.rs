//! `nbcourier extension`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::{When, shown};
use nbcourier_api::{Extension, NewExtension};
use nbcourier_domain::{AssignmentId, CourseId, Rfc3339, UserName};
use std::process::ExitCode;

/// Lists and changes extensions of single students
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the students with an extension
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Give a student an extension. A time that is not given stays as it is
    #[command(
        after_help = "A time is \"2026-12-01 23:59\", in the time zone of this computer, or 2026-12-01T23:59:00+01:00; \
                      \"none\" restores the time that applies to everybody."
    )]
    Set {
        #[command(flatten)]
        of: Of,
        /// The student
        #[arg(value_parser = crate::cli::user_name)]
        student: UserName,
        /// Due time of this student
        #[arg(long, value_name = "TIME")]
        due: Option<When>,
        /// Cut-off of this student
        #[arg(long, value_name = "TIME", required_unless_present = "due")]
        cut_off: Option<When>,
        /// Note about the reason, which the student does not see; an empty text removes it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Remove a student's extension
    Remove {
        #[command(flatten)]
        of: Of,
        /// The student
        #[arg(value_parser = crate::cli::user_name)]
        student: UserName,
    },
}

#[derive(clap::Args)]
struct Of {
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// The assignment
    #[arg(value_parser = crate::cli::assignment_id)]
    assignment: AssignmentId,
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::List { of } => {
            let Of { course, assignment } = &of;
            let all = asking.ask(async |exchange| exchange.extensions(course, assignment).await)?;
            asking.show(&all, || table(&all))?;
        }
        Command::Set {
            of,
            student,
            due,
            cut_off,
            note,
        } => {
            let Of { course, assignment } = &of;
            let extension = asking.ask(async |exchange| {
                let all = exchange.extensions(course, assignment).await?;
                let known = all
                    .into_iter()
                    .find(|known| known.student == student.as_str());
                let (known_due, known_cut_off, known_note) = known
                    .map_or((None, None, None), |known| {
                        (known.due_at, known.cutoff_at, known.note)
                    });
                let text = |time: Option<Rfc3339>| time.map(|time| time.0.to_rfc3339());
                let extension = NewExtension {
                    due_at: text(due.map_or(known_due, When::time)),
                    cutoff_at: text(cut_off.map_or(known_cut_off, When::time)),
                    note: note.or(known_note).filter(|note| !note.is_empty()),
                };
                exchange
                    .set_extension(course, assignment, &student, &extension)
                    .await
            })?;
            asking.show(&extension, || table(std::slice::from_ref(&extension)))?;
        }
        Command::Remove { of, student } => {
            let Of { course, assignment } = &of;
            asking.ask(async |exchange| {
                exchange
                    .remove_extension(course, assignment, &student)
                    .await
            })?;
            let answer = serde_json::json!({ "student": student });
            asking.confirm(&answer, &format!("Removed the extension of {student}."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(extensions: &[Extension]) -> Table {
    let rows = extensions.iter().map(|extension| {
        vec![
            extension.student.clone(),
            shown(extension.due_at),
            shown(extension.cutoff_at),
            extension.note.clone().unwrap_or_default(),
        ]
    });
    Table::new(
        &["STUDENT", "DUE", "CUT-OFF", "NOTE"],
        "Nobody has an extension.",
    )
    .rows(rows)
}
