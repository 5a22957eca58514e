//! `nbcourier fsck`

use crate::cli::Outcome;
use crate::cli::data_dir::{claim, open_existing, runtime, unbounded};
use crate::cli::progress::{Progress, Watch};
use crate::config::{PlaceArgs, Places};
use nbcourier_backup as backup;
use nbcourier_blobs::{Blobs, LocalBlobs};
use nbcourier_domain::Count;
use nbcourier_exchange::upkeep::fsck::{self, DamagedVersion, Fault, FsckReport, VersionFault};
use nbcourier_exchange::upkeep::gc;
use nbcourier_exchange::upkeep::runs::{self, Task};
use nbcourier_storage::Store;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// Reads every stored file, compares it with its checksum, and checks everything that refers to it
///
/// Without --repair it changes nothing, and the server may keep running. The exit code is 0 if all is well, with --repair
/// after the repair.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// Report problems only
    #[arg(long, short)]
    quiet: bool,
    /// Repair what can be repaired. Damaged bytes are set aside, and return when somebody submits the same bytes again.
    /// Files that nothing refers to are removed. The server must be stopped
    #[arg(long)]
    repair: bool,
    /// Restore damaged and missing bytes from this directory of nbcourier backup
    #[arg(long, value_name = "BACKUP", requires = "repair")]
    from: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    // Beside a server, setting blobs aside could take an upload that has just arrived.
    let _lock = if arguments.repair {
        Some(claim(&Places::new(&arguments.places)?)?)
    } else {
        None
    };
    let (store, blobs) = open_existing(&arguments.places)?;
    let runtime = runtime()?;
    let report = check(arguments, &runtime, &store, &blobs)?;
    say(arguments, &report);
    if arguments.repair {
        return match &blobs {
            Blobs::Local(directory) => repair(arguments, &runtime, &store, directory, &report),
            Blobs::Remote(_) => repair_objects(arguments, &runtime, &store, &blobs, &report),
        };
    }
    if report.is_clean() {
        return Ok(ExitCode::SUCCESS);
    }
    let count = report.damaged.len()
        + report.database.len()
        + report.torn.len()
        + report.torn_versions.len()
        + usize::from(report.unlisted.is_some());
    println!(
        "Found {}. Stop the server, and repair it with --repair --from a backup.",
        Count(count, "damaged thing")
    );
    Ok(ExitCode::FAILURE)
}

fn check(
    arguments: &Arguments,
    runtime: &Runtime,
    store: &Store,
    blobs: &Blobs,
) -> Result<FsckReport, Box<dyn std::error::Error>> {
    // Without the hold, a clean-up could remove a file during the check, and it would look lost.
    let _hold = blobs.hold()?;
    let progress = if arguments.quiet {
        None
    } else {
        let total = runtime.block_on(fsck::stored_bytes(store))?;
        Some(Progress::of_bytes("Checking", total))
    };
    let mut counted = 0;
    let report = runtime.block_on(fsck::check(store, blobs, |report| {
        if let Some(progress) = &progress {
            progress.add(report.bytes - counted);
        }
        counted = report.bytes;
    }))?;
    if let Err(error) = runtime.block_on(runs::note(store, Task::Fsck, report.is_clean())) {
        eprintln!("The check was made, but its time could not be recorded: {error}");
    }
    Ok(report)
}

fn say(arguments: &Arguments, report: &FsckReport) {
    for finding in &report.database {
        println!("damaged: the database: {finding}");
    }
    for damaged in &report.damaged {
        let (sum, size) = (damaged.blob.sha256, damaged.blob.size);
        println!("damaged: blob {sum} of {size} bytes {}", damaged.damage);
    }
    for tree in &report.torn {
        let digest = tree.digest;
        match tree.fault {
            Fault::OtherFiles => {
                println!("damaged: tree {digest} does not match its checksum");
            }
            Fault::Counts(files, bytes) => {
                println!(
                    "damaged: tree {digest} has {} of {}, but its row has other numbers",
                    Count(files, "file"),
                    Count(bytes, "byte")
                );
            }
        }
    }
    for torn in &report.torn_versions {
        println!("damaged: {}", version_in_words(torn));
    }
    if let Some(why) = &report.unlisted {
        println!("damaged: a directory of blobs cannot be listed: {why}");
    }
    if arguments.quiet {
        return;
    }
    if report.is_clean() {
        println!(
            "All is well: {}, {}, {}.",
            Count(report.blobs, "blob"),
            Count(report.bytes, "byte"),
            Count(report.trees, "tree")
        );
        if report.versions > 0 {
            println!("Directories: {}.", Count(report.versions, "version"));
        }
    }
    if report.unclaimed > 0 {
        let kind = if report.are_objects { "object" } else { "file" };
        println!(
            "Found {} without a blob, from uploads in progress or interrupted ones.",
            Count(report.unclaimed, kind)
        );
    }
    for stray in &report.strays {
        println!("{} does not belong there.", stray.display());
    }
}

fn version_in_words(torn: &DamagedVersion) -> String {
    let version = format!("version {} of directory {}", torn.version, torn.directory);
    match torn.fault {
        VersionFault::OtherFiles => format!("{version} does not match its checksum"),
        VersionFault::Counts(_) => format!("{version} has other numbers of files than its row"),
        VersionFault::BelowFiles(number) => {
            format!("{version} has {} below a file", Count(number, "path"))
        }
    }
}

/// Notes which objects are missing or damaged, so that the next one who brings the same bytes sends them.
fn repair_objects(
    arguments: &Arguments,
    runtime: &Runtime,
    store: &Store,
    blobs: &Blobs,
    report: &FsckReport,
) -> Outcome {
    if arguments.from.is_some() {
        return Err(
            "--from is a backup of files, and the blobs are in a bucket. Restore the named objects from an earlier \
             version of the bucket instead"
                .into(),
        );
    }
    let exchange = unbounded(store.clone(), blobs.clone());
    let noted = runtime.block_on(fsck::note_damaged_objects(&exchange, report))?;
    if noted > 0 {
        println!(
            "noted: {} as missing or damaged. A later upload of the same bytes, or an earlier version of the object \
             in the bucket, restores them",
            Count(noted, "object")
        );
    }
    if report.is_clean() {
        println!("All is well.");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn repair(
    arguments: &Arguments,
    runtime: &Runtime,
    store: &Store,
    blobs: &LocalBlobs,
    report: &FsckReport,
) -> Outcome {
    let mut watch = Watch::new();
    let from = arguments.from.as_deref();
    let repaired = runtime.block_on(backup::repair(store, blobs, report, from, &mut |work| {
        if !arguments.quiet {
            watch.note(work);
        }
    }));
    drop(watch);
    let repaired = repaired?;
    for (blob, source) in &repaired.restored {
        println!("repaired: blob {} was restored from {source}", blob.sha256);
    }
    if repaired.counted > 0 {
        println!("repaired: the rows of {}", Count(repaired.counted, "tree"));
    }
    if repaired.counted_versions > 0 {
        let versions = Count(repaired.counted_versions, "version");
        println!("repaired: the rows of {versions} of directories");
    }
    for place in &repaired.set_aside {
        println!("set aside: {}", place.display());
    }
    let exchange = unbounded(store.clone(), blobs.clone().into());
    let (files, bytes) = runtime.block_on(gc::remove_files(&exchange, gc::GRACE))?;
    if files > 0 {
        let (files, bytes) = (Count(files, "file"), Count(bytes, "byte"));
        println!("removed: {files} of {bytes} without a blob");
    }
    for (blob, damage) in &repaired.remaining {
        println!(
            "remains: blob {} of {} bytes {damage}; a later upload of the same bytes or --from a backup restores it",
            blob.sha256, blob.size
        );
    }
    for torn in &repaired.torn_versions {
        println!(
            "remains: {}; nbcourier dir restore brings back an earlier version",
            version_in_words(torn)
        );
    }
    for digest in &repaired.torn {
        println!("remains: tree {digest} does not match its checksum");
    }
    if !report.database.is_empty() {
        println!("remains: the database is damaged; restore a backup");
    }
    if let Some(why) = &report.unlisted {
        println!(
            "remains: a directory of blobs cannot be listed: {why}; give the server's user access to it"
        );
    }
    let is_well = repaired.remaining.is_empty()
        && repaired.torn.is_empty()
        && repaired.torn_versions.is_empty()
        && report.database.is_empty()
        && report.unlisted.is_none();
    if is_well {
        println!("All is well now.");
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}
