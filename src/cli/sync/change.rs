//! Wishes of the owner of a folder: removals that are right, a rest, and the end of a pair.

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::delivery::home;
use nbcourier_domain::Count;
use nbcourier_sync::agent::{Confirmed, Pair, Pairs, Report, Wishes};
use nbcourier_sync::folder::{Root, own_of};
use std::io;
use std::path::Path;
use std::process::ExitCode;

pub fn confirm(asking: &Asking, folder: Option<&Path>) -> Outcome {
    let mut confirmed = Vec::new();
    for folder in super::folders(folder)? {
        let own = open(&folder)?;
        let asked = Report::read(&own)?.and_then(|last| last.asked);
        if let Some(asked) = asked {
            Wishes::open(&own)?.confirm(Confirmed {
                files: asked.files,
                are_here: asked.are_here,
            })?;
            confirmed.push((folder.display().to_string(), asked));
        }
    }
    if confirmed.is_empty() {
        return Err("No removal waits for you".into());
    }
    let sentences = confirmed.iter().map(|(folder, asked)| {
        format!(
            "{folder}: the next round removes {}.",
            Count(asked.files, "file")
        )
    });
    let sentences: Vec<String> = sentences.collect();
    asking.confirm(&confirmed, &sentences.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

pub fn pause(asking: &Asking, folder: Option<&Path>, is_paused: bool) -> Outcome {
    let folders = super::folders(folder)?;
    for folder in &folders {
        Wishes::open(&open(folder)?)?.pause(is_paused)?;
    }
    let how = if is_paused { "rests" } else { "goes on" };
    let sentences = folders.iter().map(|it| format!("{} {how}.", it.display()));
    let sentences: Vec<String> = sentences.collect();
    asking.confirm(&folders, &sentences.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

pub fn remove(asking: &Asking, folder: &Path) -> Outcome {
    for folder in super::folders(Some(folder))? {
        match own_of(&folder) {
            Ok(own) => Pair::remove(&own)?,
            // The disk is gone. What is on it is no pair any more for this home.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", folder.display()).into()),
        }
        Pairs::open(&home()?)?.remove(&folder)?;
        let sentence = format!(
            "{} is not synced any more. The files on both sides stay.",
            folder.display()
        );
        asking.confirm(&folder, &sentence)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn open(folder: &Path) -> Result<Root, String> {
    own_of(folder).map_err(|error| format!("{} cannot be used: {error}", folder.display()))
}
