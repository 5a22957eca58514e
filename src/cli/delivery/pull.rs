//! `nbcourier pull`: brings delivered folders up to date.

use super::home;
use crate::cli::asking::Asking;
use crate::cli::output::print_json;
use crate::cli::{Outcome, course_id};
use nbcourier_domain::CourseId;
use nbcourier_sync::deliver::{Wanted, deliver};
use nbcourier_sync::pull::Wishes;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,

    /// Bring only the folders of this course up to date
    #[arg(value_parser = course_id)]
    course: Option<CourseId>,

    /// Bring back files that you have removed
    #[arg(long)]
    missing: bool,

    /// Report the changes without making them
    #[arg(long)]
    dry_run: bool,

    /// Also remove delivered files whose directory has no files any more
    #[arg(long)]
    confirm: bool,
}

pub fn run(arguments: Arguments) -> Outcome {
    let home = home()?;
    let wanted = Wanted {
        course: arguments.course,
        is_at_start: false,
        wishes: Wishes {
            missing: arguments.missing,
            is_dry: arguments.dry_run,
            is_confirmed: arguments.confirm,
        },
    };
    let asked = arguments
        .asking
        .ask(async |exchange| deliver(exchange, &home, &wanted).await);
    let reports = asked?;
    if arguments.asking.is_json() {
        print_json(&reports)?;
    } else if reports.is_empty() {
        match &wanted.course {
            Some(course) => println!("The course {course} delivers nothing to you."),
            None => println!("No course delivers anything to you."),
        }
    } else {
        for sentence in reports.iter().flat_map(nbcourier_sync::Report::sentences) {
            println!("{sentence}");
        }
    }
    if reports.iter().any(|report| report.outcome.is_failure()) {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
