//! `nbcourier feedback`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::people::user::Consent;
use crate::cli::selection::Selection;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::Submission;
use nbcourier_domain::{AssignmentId, Count, CourseId, UserName};
use std::process::ExitCode;

/// Removes feedback that students can fetch
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Remove the feedback on an assignment, of a student or of the whole class
    ///
    /// Students can no longer fetch it, and pages they fetched before disappear when they fetch again.
    /// `nbcourier trash restore` restores it.
    #[command(group = clap::ArgGroup::new("whose").required(true))]
    Remove {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// The assignment
        #[arg(value_parser = crate::cli::assignment_id)]
        assignment: AssignmentId,
        /// The student
        #[arg(value_parser = crate::cli::user_name, group = "whose")]
        student: Option<UserName>,
        /// Remove the feedback of the whole class
        #[arg(long, group = "whose")]
        all: bool,
        /// Show what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        consent: Consent,
    },
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    let Command::Remove {
        course,
        assignment,
        student,
        all,
        dry_run,
        consent,
    } = what;
    let found = asking.ask(async |exchange| {
        exchange
            .returned(&course, &assignment, student.as_ref())
            .await
    })?;
    if found.is_empty() {
        let sentence = student.map_or_else(
            || format!("Nobody has feedback on {assignment} in {course}"),
            |student| format!("{student} has no feedback on {assignment} in {course}"),
        );
        return Err(sentence.into());
    }
    let json = Selection::of_each(&found, &["id", "student", "submitted_at"]);
    if dry_run {
        asking.show(&json, || table(&found))?;
        return Ok(ExitCode::SUCCESS);
    }
    if all {
        let what = format!(
            "the feedback on {} to {assignment}",
            Count(found.len(), "submission")
        );
        consent.require("Remove it?", &what)?;
    }
    asking.ask(async |exchange| {
        for submission in &found {
            exchange.remove_feedback(&course, submission.id).await?;
        }
        Ok(())
    })?;
    let number = Count(found.len(), "submission");
    asking.confirm(
        &json,
        &format!(
            "Removed the feedback on {number}. To restore it, see `nbcourier trash list {course}`."
        ),
    )?;
    Ok(ExitCode::SUCCESS)
}

fn table(found: &[Submission]) -> Table {
    let rows = found.iter().map(|submission| {
        vec![
            submission.id.to_string(),
            submission.student.clone(),
            shown(Some(submission.submitted_at)),
        ]
    });
    Table::new(
        &["SUBMISSION", "STUDENT", "HANDED IN"],
        "There is no feedback.",
    )
    .rows(rows)
}
