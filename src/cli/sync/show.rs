//! The status and the log of pairs.

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::output::print;
use crate::cli::table::Table;
use nbcourier_domain::ByteSize;
use nbcourier_sync::Mode;
use nbcourier_sync::agent::{Noted, Pair, Report, Wishes, Work};
use nbcourier_sync::folder::{own_of, text_of};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// The maximum size of a log that is shown, in bytes.
const MAX_LOG: u64 = 1024 * 1024;

/// A pair, and what its agent said last.
#[derive(Serialize)]
struct Known {
    folder: String,
    directory: Option<String>,
    mode: Option<Mode>,
    is_paused: bool,
    /// The reason why nothing is known.
    unknown: Option<String>,
    last: Option<Report>,
    /// How far the round is that is at work, if it takes long.
    progress: Option<Noted>,
}

pub fn status(asking: &Asking, folder: Option<&Path>) -> Outcome {
    let all: Vec<Known> = super::folders(folder)?.iter().map(|it| known(it)).collect();
    asking.show(&all, || table(&all))?;
    if !asking.is_json() {
        for known in &all {
            tell(known);
        }
    }
    let is_wrong = |it: &Known| {
        let last = it.last.as_ref().map(|last| last.outcome);
        it.unknown.is_some() || last.is_some_and(|last| last.is_failure() && !it.is_paused)
    };
    Ok(if all.iter().any(is_wrong) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn known(folder: &Path) -> Known {
    let mut known = Known {
        folder: folder.display().to_string(),
        directory: None,
        mode: None,
        is_paused: false,
        unknown: None,
        last: None,
        progress: None,
    };
    if let Err(error) = read(folder, &mut known) {
        known.unknown = Some(match error.kind() {
            io::ErrorKind::NotFound => {
                "The folder has no pair. If it is on a disk that is not mounted, mount the disk. \
                                        Otherwise use `nbcourier sync remove`"
                    .to_owned()
            }
            _ => error.to_string(),
        });
    }
    known
}

fn read(folder: &Path, known: &mut Known) -> io::Result<()> {
    let own = own_of(folder)?;
    let pair = Pair::read(&own)?.ok_or(io::ErrorKind::NotFound)?;
    known.directory = Some(pair.shown());
    known.mode = Some(pair.mode);
    known.is_paused = Wishes::open(&own)?.is_paused()?;
    known.last = Report::read(&own)?;
    known.progress = Noted::read(&own)?;
    Ok(())
}

fn table(all: &[Known]) -> Table {
    let row = |known: &Known| {
        let last = known.last.as_ref();
        let state = match last {
            _ if known.unknown.is_some() => "unknown",
            _ if known.is_paused => "paused",
            Some(last) => last.outcome.word(),
            None => "new",
        };
        vec![
            known.folder.clone(),
            known.directory.clone().unwrap_or_default(),
            known.mode.map_or("", Mode::word).to_owned(),
            state.to_owned(),
            last.map(|last| last.at.clone()).unwrap_or_default(),
        ]
    };
    let empty = "No folder is synced. `nbcourier sync add FOLDER` adds one.";
    Table::new(&["folder", "directory", "mode", "state", "since"], empty).rows(all.iter().map(row))
}

fn tell(known: &Known) {
    let folder = &known.folder;
    if let Some(why) = &known.unknown {
        println!("{folder}: {why}.");
    }
    if let Some(now) = &known.progress {
        println!("{folder}: {}.", far(now));
    }
    let Some(last) = &known.last else {
        return;
    };
    for it in last.waiting.iter().chain(&last.left_out) {
        println!("{folder}/{} {}.", it.path, it.why);
    }
    let counts_as_told = Report {
        new: Vec::new(),
        waiting: Vec::new(),
        ..last.clone()
    };
    if last.outcome.is_failure() {
        for sentence in counts_as_told.sentences() {
            println!("{sentence}");
        }
    }
}

/// Returns how far a round is. A time shows whether it goes on.
fn far(noted: &Noted) -> String {
    let now = noted.progress;
    let verb = match now.work {
        Work::Reading => "read",
        Work::Receiving => "received",
        Work::Sending => "sent",
    };
    let done = ByteSize(now.done).rounded();
    let of = now.of.map(|of| format!(" of {}", ByteSize(of).rounded()));
    format!("{done}{} {verb} at {}", of.unwrap_or_default(), noted.at)
}

pub fn log(asking: &Asking, folder: Option<&Path>) -> Outcome {
    let mut all = Vec::new();
    for folder in super::folders(folder)? {
        let text = own_of(&folder).and_then(|own| text_of(&own, "log", MAX_LOG));
        let text = text.map_err(|error| format!("{}: {error}", folder.display()))?;
        all.extend(text.map(|text| String::from_utf8_lossy(&text).into_owned()));
    }
    let lines: Vec<&str> = all.iter().flat_map(|text| text.lines()).collect();
    if asking.is_json() {
        crate::cli::output::print_json(&lines)?;
    } else {
        print(&all.concat())?;
    }
    Ok(ExitCode::SUCCESS)
}
