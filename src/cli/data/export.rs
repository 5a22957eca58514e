//! `nbcourier export`

use crate::cli::Outcome;
use crate::cli::data_dir::{open_exchange, runtime};
use crate::cli::progress::Watch;
use crate::config::PlaceArgs;
use nbcourier_backup as backup;
use nbcourier_domain::{ByteSize, Count, CourseId};
use nbcourier_exchange::archive::plain;
use std::path::PathBuf;
use std::process::ExitCode;

/// Exports a course into one archive: every release, submission and feedback, and all events
///
/// Any tool can read it, and nbcourier import archive imports it again. The server may keep running.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// Write to this file, compressed if its name ends in .gz or .zst [default: COURSE.tar]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Outcome {
    let exchange = open_exchange(&arguments.places)?;
    let usual = || PathBuf::from(format!("{}.tar", plain(arguments.course.as_str())));
    let file = arguments.output.unwrap_or_else(usual);
    let mut watch = Watch::new();
    let exported = runtime()?.block_on(backup::export(
        &exchange,
        arguments.course,
        &file,
        move |work| watch.note(work),
    ))?;
    println!(
        "Wrote {} and {}, {} of {}, to {}.",
        Count(exported.assignments, "assignment"),
        Count(exported.submissions, "submission"),
        Count(exported.files, "file"),
        Count(exported.bytes, "byte"),
        file.display()
    );
    if exported.manifest_bytes > backup::MAX_MANIFEST {
        println!(
            "Its manifest.json has {} bytes: import it with --max-manifest-size {}.",
            exported.manifest_bytes,
            ByteSize(exported.manifest_bytes).enough()
        );
    }
    Ok(ExitCode::SUCCESS)
}
