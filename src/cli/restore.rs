//! `nbcourier restore`

use super::Outcome;
use super::data_dir::lock;
use super::progress::Watch;
use crate::config::{PlaceArgs, Places};
use crate::keeping::{self, Target};
use std::path::PathBuf;
use std::process::ExitCode;

/// Brings a backup back to an empty place, where nbcourier serve goes on with it. Refuses any other place
///
/// Every byte is compared with its checksum. Until all is back nothing is served from there; a restore that was broken off
/// can be repeated.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// The directory that nbcourier backup was given
    #[arg(value_name = "SRC")]
    directory: PathBuf,
    /// Bring back what there is, though some of it is damaged
    #[arg(long)]
    incomplete: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let places = Places::new(&arguments.places)?;
    let target = Target {
        data_dir: places.data_dir.clone(),
        database: places.database.clone(),
        blobs: places.blobs.clone(),
    };
    target.prepare(&arguments.directory)?;
    let _lock = lock(&places)?;
    let mut watch = Watch::new();
    let restored = keeping::restore(
        &arguments.directory,
        &target,
        arguments.incomplete,
        &mut |work| watch.note(work),
    );
    drop(watch);
    let report = restored?;
    let (contents, counts) = (&report.contents, report.manifest.counts);
    println!(
        "Brought back {} courses with {} submissions as they were at {}, with {} contents of {} bytes, to {}.",
        counts.courses,
        counts.submissions,
        report.manifest.made_at,
        contents.files + contents.present_files + contents.inside,
        contents.bytes + contents.present_bytes + contents.inside_bytes,
        places.data_dir.display()
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
        "{} contents are damaged in the backup and are not back; all else is.",
        contents.damaged.len()
    );
    Ok(ExitCode::FAILURE)
}
