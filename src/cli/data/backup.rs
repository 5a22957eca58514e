//! `nbcourier backup`

use crate::cli::Outcome;
use crate::cli::data_dir::{open_existing, runtime};
use crate::cli::progress::Watch;
use crate::config::{PlaceArgs, Places};
use nbcourier_backup::{self as backup, Source};
use nbcourier_domain::Count;
use nbcourier_exchange::upkeep::runs::{self, Task};
use nbcourier_storage::{Held, Lock, Store, snapshot};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Time to wait until the clean-up of another process ends.
const PATIENCE: Duration = Duration::from_mins(10);
/// Pause between two attempts to have the turn.
const PAUSE: Duration = Duration::from_millis(500);

/// Copies all data to another directory. The server may keep running. The next run copies only new data
///
/// An interrupted backup leaves the previous one in DEST unchanged. DEST holds all submissions and the key that
/// signs sessions and receipts: protect it like the data directory.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// Directory for the backup. It must be empty, missing, or hold an earlier backup
    #[arg(value_name = "DEST")]
    directory: PathBuf,
    /// Then read everything in DEST again and compare it with its checksums
    #[arg(long)]
    verify: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let places = Places::new(&arguments.places)?;
    let (store, blobs) = open_existing(&arguments.places)?;
    let runtime = runtime()?;
    // Servers on other machines, and their clean-ups, see no hold on this one.
    let turn = runtime.block_on(wait_for_turn(&store))?;
    let source = Source {
        exchange: runtime.block_on(store.read(snapshot::exchange_id))?,
        data_dir: places.data_dir.clone(),
        database: places.database.clone(),
        blobs,
        key: runtime.block_on(store.signing_key())?,
    };
    let mut watch = Watch::new();
    let made = backup::back_up(
        &source,
        &arguments.directory,
        arguments.verify,
        &mut |work| {
            watch.note(work);
        },
    );
    drop(watch);
    runtime.block_on(turn.free());
    let is_whole = made
        .as_ref()
        .is_ok_and(|report| report.contents.damaged.is_empty());
    if let Err(error) = runtime.block_on(runs::note(&store, Task::Backup, is_whole)) {
        eprintln!("The backup was made, but its time could not be recorded: {error}");
    }
    let report = made.map_err(|error| match error {
        backup::Error::Refused(sentence) => sentence,
        error => format!(
            "{error}. An earlier backup in {} is unchanged",
            arguments.directory.display()
        ),
    })?;
    let (contents, counts) = (&report.contents, report.manifest.counts);
    println!(
        "Backed up {} with {} as of {} to {}.",
        Count(counts.courses, "course"),
        Count(counts.submissions, "submission"),
        report.manifest.made_at,
        arguments.directory.display()
    );
    println!(
        "Copied {} of database and key and {} of {}; {} of {} were there already.",
        Count(report.state_bytes, "byte"),
        Count(contents.files, "file"),
        Count(contents.bytes, "byte"),
        Count(contents.present_files, "file"),
        Count(contents.present_bytes, "byte")
    );
    if report.removed_files > 0 {
        println!(
            "Removed {} of {} that the backup no longer needs.",
            Count(report.removed_files, "file"),
            Count(report.removed_bytes, "byte")
        );
    }
    if let Some(verified) = report.verified {
        println!(
            "Read everything again: {}, all correct.",
            Count(verified, "content")
        );
    }
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
        "Damaged and not in the backup: {}. Everything else is in it. Run nbcourier fsck.",
        Count(contents.damaged.len(), "content")
    );
    Ok(ExitCode::FAILURE)
}

/// Takes the turn to clean up, so that nobody else has it while files are copied. An embedded exchange has no turns.
async fn wait_for_turn(store: &Store) -> Result<Held, Box<dyn std::error::Error>> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(held) = store.hold(Lock::CleanUp).await? {
            return Ok(held);
        }
        if Instant::now() > until {
            return Err("A clean-up, or another backup, is in progress. Repeat the command when it has ended".into());
        }
        tokio::time::sleep(PAUSE).await;
    }
}
