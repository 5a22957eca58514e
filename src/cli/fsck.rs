//! `nbcourier fsck`

use super::Outcome;
use super::data_dir::{open_existing, runtime};
use super::progress::Progress;
use crate::config::PlaceArgs;
use crate::exchange::fsck;
use std::process::ExitCode;

/// Reads every stored file and compares it with its checksum. Changes nothing; the server may go on serving
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// Say nothing but what is wrong
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let (store, blobs) = open_existing(&arguments.places)?;
    let runtime = runtime()?;
    let progress = if arguments.quiet {
        None
    } else {
        let total = runtime.block_on(fsck::stored_bytes(&store))?;
        Some(Progress::of_bytes("Checking", total))
    };
    let mut told = 0;
    let report = runtime.block_on(fsck::check(&store, &blobs, |report| {
        if let Some(progress) = &progress {
            progress.add(report.bytes - told);
        }
        told = report.bytes;
    }))?;
    drop(progress);
    for finding in &report.database {
        println!("damaged: the database: {finding}");
    }
    for (blob, damage) in &report.damaged {
        println!(
            "damaged: blob {} of {} bytes {damage}",
            blob.sha256, blob.size
        );
    }
    if !report.is_clean() {
        let count = report.damaged.len() + report.database.len();
        println!("{count} things are damaged. Bring the files named above back from a backup.");
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.quiet {
        println!(
            "All is well: {} blobs, {} bytes.",
            report.blobs, report.bytes
        );
        if report.unclaimed > 0 {
            println!(
                "{} files belong to no blob: uploads in flight, or broken off.",
                report.unclaimed
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
