//! `nbcourier restore`

use crate::cli::Outcome;
use crate::cli::data_dir::{lock, new_place};
use crate::cli::progress::Watch;
use crate::config::{PlaceArgs, Places};
use nbcourier_backup as backup;
use nbcourier_domain::Count;
use std::path::PathBuf;
use std::process::ExitCode;

/// Restores a backup to an empty place, which nbcourier serve can then use: a directory, or PostgreSQL and a bucket
///
/// Every byte is compared with its checksum. No server uses the place until the restore is complete. An interrupted
/// restore can be repeated.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// Directory of the backup
    #[arg(value_name = "SRC")]
    directory: PathBuf,
    /// Restore what is left of a damaged backup
    #[arg(long)]
    incomplete: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let places = Places::new(&arguments.places)?;
    backup::prepare(&arguments.directory, &new_place(&places, true)?)?;
    let _lock = lock(&places)?;
    let target = new_place(&places, false)?;
    let mut watch = Watch::new();
    let restored = backup::restore(
        &arguments.directory,
        &target,
        arguments.incomplete,
        &mut |work| watch.note(work),
    );
    drop(watch);
    let report = restored?;
    let place = match (places.database.file(), &places.bucket) {
        (Some(_), None) => places.data_dir.display().to_string(),
        _ => format!("{} with files in {}", target.database, target.files),
    };
    let (contents, counts) = (&report.contents, report.manifest.counts);
    println!(
        "Restored {} with {} as of {}, with {} of {}, to {}.",
        Count(counts.courses, "course"),
        Count(counts.submissions, "submission"),
        report.manifest.made_at,
        Count(
            contents.files + contents.present_files + contents.inside,
            "content"
        ),
        Count(
            contents.bytes + contents.present_bytes + contents.inside_bytes,
            "byte"
        ),
        place
    );
    if contents.damaged.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for (blob, damage) in &contents.damaged {
        println!(
            "damaged: blob {} of {} bytes {damage}",
            blob.sha256, blob.size
        );
    }
    println!(
        "Damaged in the backup and not restored: {}. Everything else was restored.",
        Count(contents.damaged.len(), "content")
    );
    Ok(ExitCode::FAILURE)
}
