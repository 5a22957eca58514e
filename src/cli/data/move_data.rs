//! `nbcourier move`

use crate::cli::Outcome;
use crate::cli::data_dir::{claim_source, lock, new_place, require_whole};
use crate::cli::output::print_json;
use crate::cli::progress::Watch;
use crate::config::{PlaceArgs, Places, SourceArgs};
use nbcourier_auth::{KEY_FILE, SigningKey};
use nbcourier_backup::{
    self as backup, MoveReport, Moving, NewFiles, NewPlace, Options, Relocation,
};
use nbcourier_blobs::{Blobs, LocalBlobs, RemoteBlobs};
use nbcourier_domain::Count;
use serde_json::json;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

/// Moves all data to another database, to a bucket, or back. The source stays as it is
///
/// The settings with --from- name the source. The others name the new place, as for nbcourier serve. If both have the same
/// database or the same storage, only the other one is moved. Stop all servers first.
///
/// Everything is compared in the end, and no server uses the new place before. An interrupted move continues when the
/// command is repeated. The exit code is 0 if everything was moved.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    from: SourceArgs,
    #[command(flatten)]
    places: PlaceArgs,
    /// Then read all files in the new place again and compare them with their checksums
    #[arg(long)]
    verify: bool,
    /// Move what is left of damaged data
    #[arg(long)]
    incomplete: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let from = arguments.from.places()?;
    let to = Places::new(&arguments.places)?;
    let same = Same::of(&from, &to)?;
    same.refuse(arguments, &from, &to)?;

    // Before anything is created.
    let _source = if arguments.from.has_directory() && !same.directory {
        claim_source(&from)?
    } else {
        None
    };
    // A database that moves into the directory of its files leaves its own mark there.
    let is_arriving = to.database.file().is_some() && !same.database;
    if same.directory && !is_arriving {
        require_whole(&from)?;
    }
    let check = moving(arguments, &from, relocation(&from, &to, same, true)?)?;
    backup::check_move(&check)?;
    let _lock = lock(&to)?;
    let moving = moving(arguments, &from, relocation(&from, &to, same, false)?)?;

    let mut watch = Watch::new();
    let options = Options {
        incomplete: arguments.incomplete,
        verify: arguments.verify,
    };
    let moved = backup::move_data(moving, options, &mut |work| watch.note(work));
    drop(watch);
    let report = moved?;
    let places = (describe(&from), describe(&to));
    if arguments.json {
        print_json(&as_json(&report, &places))?;
    } else {
        tell(&report, same, &places);
    }
    if report.filled.contents.damaged.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}

/// What the source and the new place have in common.
#[derive(Clone, Copy)]
struct Same {
    database: bool,
    storage: bool,
    directory: bool,
}

impl Same {
    fn of(from: &Places, to: &Places) -> Result<Self, Box<dyn Error>> {
        let database = match (from.database.file(), to.database.file()) {
            (Some(one), Some(other)) => is_same_path(one, other)?,
            (None, None) => from.database.to_string() == to.database.to_string(),
            _ => false,
        };
        let storage = match (&from.bucket, &to.bucket) {
            (Some(one), Some(other)) => {
                let (one, other) = (&one.bucket, &other.bucket);
                (&one.name, &one.prefix, &one.endpoint)
                    == (&other.name, &other.prefix, &other.endpoint)
            }
            (None, None) => is_same_path(&from.blobs, &to.blobs)?,
            _ => false,
        };
        Ok(Self {
            database,
            storage,
            directory: is_same_path(&from.data_dir, &to.data_dir)?,
        })
    }

    fn refuse(self, arguments: &Arguments, from: &Places, to: &Places) -> Result<(), String> {
        if self.database && self.storage {
            return Err(format!(
                "Source and destination are the same: {}. Nothing was changed. Name the new place with --database, \
                 --storage or --data-dir",
                describe(from)
            ));
        }
        let given = &arguments.places;
        let needs_directory = to.database.file().is_some() || to.bucket.is_none();
        let is_named =
            given.data_dir.is_some() || given.storage.is_some() && given.database.is_some();
        if needs_directory && !is_named {
            return Err(
                "Name the new place completely: --data-dir DIR, or --database URL and --storage DIR or s3://BUCKET/PREFIX. \
                 Nothing was changed"
                    .into(),
            );
        }
        Ok(())
    }
}

/// Whether two paths lead to the same place, which need not exist.
fn is_same_path(one: &Path, other: &Path) -> Result<bool, Box<dyn Error>> {
    Ok(backup::resolved(one)? == backup::resolved(other)?)
}

/// Returns the destination. For checks, nothing is created.
fn relocation(
    from: &Places,
    to: &Places,
    same: Same,
    for_checks: bool,
) -> Result<Relocation, Box<dyn Error>> {
    if same.storage {
        return Ok(Relocation::Everything(NewPlace {
            data_dir: to.data_dir.clone(),
            database: to.database.clone(),
            files: NewFiles::Stay(from.bucket.as_ref().map(|place| place.bucket.to_string())),
        }));
    }
    let place = new_place(to, for_checks)?;
    if !same.database {
        return Ok(Relocation::Everything(place));
    }
    Ok(match place.files {
        NewFiles::Bucket(bucket) => Relocation::FilesToBucket(bucket),
        _ => Relocation::FilesToDirectory(to.blobs.clone()),
    })
}

fn moving(arguments: &Arguments, from: &Places, to: Relocation) -> Result<Moving, Box<dyn Error>> {
    let blobs = match &from.bucket {
        Some(place) => Blobs::from(RemoteBlobs::for_checks(place.bucket.clone())?),
        None => LocalBlobs::open_existing(&from.blobs)
            .map_err(|error| {
                format!(
                    "The blobs in {} cannot be read: {error}",
                    from.blobs.display()
                )
            })?
            .into(),
    };
    let directory = &from.data_dir;
    let has_key = arguments.from.has_directory() && directory.join(KEY_FILE).exists();
    let key = has_key.then(|| SigningKey::to_store(directory));
    Ok(Moving {
        database: from.database.clone(),
        blobs,
        key: key.transpose()?.map(Vec::from),
        to,
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Returns the places of an exchange, as its operator knows them.
fn describe(places: &Places) -> String {
    let files = match &places.bucket {
        Some(place) => place.bucket.to_string(),
        None => places.blobs.display().to_string(),
    };
    format!("{} with files in {files}", places.database)
}

fn tell(report: &MoveReport, same: Same, (from, to): &(String, String)) {
    let (filled, counts) = (&report.filled, report.counts);
    let contents = &filled.contents;
    println!(
        "Moved {} with {} to {to}.",
        Count(counts.courses, "course"),
        Count(counts.submissions, "submission"),
    );
    if !same.database {
        let rows: u64 = filled.tables.iter().map(|table| table.rows).sum();
        println!(
            "Copied {}; {} were there already. Source and copy have the same {} in {}.",
            Count(filled.written_rows, "row"),
            Count(rows - filled.written_rows.min(rows), "row"),
            Count(rows, "row"),
            Count(filled.tables.len(), "table"),
        );
    }
    if !same.storage {
        println!(
            "Copied {} of {}; {} of {} were there already. All are there with their size.",
            Count(contents.files, "file"),
            Count(contents.bytes, "byte"),
            Count(contents.present_files, "file"),
            Count(contents.present_bytes, "byte"),
        );
    }
    if let Some(verified) = filled.verified {
        println!(
            "Read all files again: {}, all correct.",
            Count(verified, "file")
        );
    }
    for (blob, damage) in &contents.damaged {
        println!(
            "damaged: blob {} of {} bytes {damage}",
            blob.sha256, blob.size
        );
    }
    if !contents.damaged.is_empty() {
        println!(
            "Damaged in the source and not moved: {}. Everything else was moved.",
            Count(contents.damaged.len(), "content")
        );
    }
    let left = match (same.database, same.storage) {
        (true, _) => "The files of the source are still there".to_owned(),
        (false, true) => {
            format!("Both databases name the same files: start no server on {from} again")
        }
        (false, false) => format!("The source is unchanged. Start no server on {from} again"),
    };
    println!("{left}. Remove what you no longer need.");
}

fn as_json(report: &MoveReport, (from, to): &(String, String)) -> serde_json::Value {
    let (filled, contents) = (&report.filled, &report.filled.contents);
    let tables = filled.tables.iter();
    let tables: serde_json::Map<_, _> = tables
        .map(|table| {
            let sum = json!({ "rows": table.rows, "sha256": table.sha256.to_string() });
            (table.table.to_owned(), sum)
        })
        .collect();
    let damaged = contents.damaged.iter();
    let damaged: Vec<_> = damaged
        .map(|(blob, damage)| {
            json!({ "sha256": blob.sha256.to_string(), "size": blob.size, "damage": damage.to_string() })
        })
        .collect();
    json!({
        "complete": damaged.is_empty(),
        "exchange": report.exchange,
        "from": from,
        "to": to,
        "courses": report.counts.courses,
        "submissions": report.counts.submissions,
        "copied_rows": filled.written_rows,
        "tables": tables,
        "copied_files": contents.files,
        "copied_bytes": contents.bytes,
        "present_files": contents.present_files,
        "present_bytes": contents.present_bytes,
        "verified_files": filled.verified,
        "damaged": damaged,
    })
}
