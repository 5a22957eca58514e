//! `nbcourier import archive`

use crate::cli::Outcome;
use crate::cli::data_dir::{claim, open_blobs, open_exchange, operator, runtime, unbounded};
use crate::cli::progress::Watch;
use crate::config::{PlaceArgs, Places};
use nbcourier_backup as backup;
use nbcourier_domain::{ByteSize, Count};
use nbcourier_import::what_a_file_is;
use nbcourier_storage::{self as store, Opening, Store};
use std::path::PathBuf;
use std::process::ExitCode;

/// Imports a course from an archive of nbcourier export. The server may keep running
///
/// It imports the whole course or nothing. A course that equals the archive stays as it is. A different course with
/// the same name is refused.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// The archive
    file: PathBuf,
    /// Refuse an archive whose manifest.json, which is held in memory, is larger than this
    #[arg(long, value_name = "SIZE", default_value_t = ByteSize(backup::MAX_MANIFEST))]
    max_manifest_size: ByteSize,
}

pub fn run(arguments: &Arguments) -> Outcome {
    if let Some(what) = what_a_file_is(&arguments.file) {
        let file = arguments.file.display();
        return Err(format!(
            "{file} is {what}, not an archive of `nbcourier export`. Nothing was changed"
        )
        .into());
    }
    let places = Places::new(&arguments.places)?;
    // Creating an exchange needs the lock on its directory. An existing one may be in use by a server.
    let is_there = match places.database.file() {
        Some(path) => path.exists(),
        None => store::examine(&places.database)?.is_some(),
    };
    let (_lock, exchange) = if is_there {
        (None, open_exchange(&arguments.places)?)
    } else {
        let lock = claim(&places)?;
        let store = Store::open(&places.database, Opening::Migrate)?;
        (Some(lock), unbounded(store, open_blobs(&places)?))
    };
    let operator = operator()?;
    let mut watch = Watch::new();
    let imported = runtime()?.block_on(backup::import(
        &exchange,
        &operator,
        &arguments.file,
        arguments.max_manifest_size.0,
        &mut |work| watch.note(work),
    ));
    drop(watch);
    let imported = imported?;
    for note in &imported.notes {
        println!("note: {note}.");
    }
    if imported.is_new {
        println!(
            "Imported {} with {}.",
            imported.course,
            Count(imported.submissions, "submission")
        );
    } else {
        println!(
            "{} exists already and equals the archive. Nothing was changed.",
            imported.course
        );
    }
    Ok(ExitCode::SUCCESS)
}
