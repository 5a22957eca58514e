//! A new pair.

use super::Add;
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::delivery::home;
use crate::cli::directories::target::{Target, directory};
use crate::cli::folders::Changed;
use nbcourier_api::{Directory, NewDirectory};
use nbcourier_client::{Client, Error};
use nbcourier_domain::AccessLevel;
use nbcourier_sync::Mode;
use nbcourier_sync::agent::{DEFAULT_MAX_FILE, Pair, Pairs, device_of_host};
use nbcourier_sync::folder::{self, OWN, Root, State};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub fn run(asking: &Asking, add: &Add) -> Outcome {
    refuse_folder(&add.folder)?;
    if let Some(device) = &add.device {
        refuse_device(device)?;
    }
    let target = match &add.directory {
        Some(target) => target.clone(),
        None => of_same_name(&add.folder)?,
    };
    let found = asking.ask(async |exchange| find(exchange, &target, add.mode).await)?;
    refuse_access(&found, add.mode)?;
    let mut changed = Changed::default();
    changed
        .make(&add.folder)
        .and_then(|()| changed.flush())
        .map_err(|error| format!("{} cannot be made: {error}", add.folder.display()))?;
    let place = fs::canonicalize(&add.folder)?;
    let pair = Pair::new(
        folder::Directory {
            id: found.id,
            owner: found.owner.address(),
            name: found.name.clone(),
        },
        add.mode,
        add.device.clone().unwrap_or_else(device_of_host),
        add.max_file.map_or(DEFAULT_MAX_FILE, |size| size.0),
    );
    let own = Root::open(&place)?.make_folder(OWN)?;
    refuse_state(&place, &own, &pair)?;
    pair.write(&own)?;
    Pairs::open(&home()?)?.add(&place)?;
    asking.confirm(
        &pair,
        &format!(
            "{} and {} are a pair now, in the mode {}. `nbcourier sync run` brings both up to date.",
            place.display(),
            pair.shown(),
            add.mode.word()
        ),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the directory of the caller that has the name of the folder.
fn of_same_name(folder: &Path) -> Result<Target, String> {
    let place = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = place.file_name().and_then(|name| name.to_str());
    let target = name.and_then(|name| directory(name).ok());
    target.ok_or_else(|| {
        format!(
            "{} has a name that a directory cannot have. Name the directory with --directory",
            folder.display()
        )
    })
}

/// Returns the directory. One that is missing is made, unless everything was to come from there.
async fn find(exchange: &Client, target: &Target, mode: Mode) -> Result<Directory, Error> {
    let found = match target.address(exchange).await {
        Ok(address) => exchange.directory(&address).await,
        Err(error) => Err(error),
    };
    match found {
        // A bare name is that of none of the caller's own.
        Err(Error::Refused { status: 404, .. } | Error::Impossible(_)) if mode != Mode::Pull => {
            let new = NewDirectory {
                owner: target.owner(),
                name: target.name().to_owned(),
                ..NewDirectory::default()
            };
            match exchange.create_directory(&new).await {
                Err(Error::Refused { status: 403, .. }) => Err(Error::Impossible(format!(
                    "{} does not exist, or you may not read it. Ask its owner to grant it to you",
                    target.directory()
                ))),
                result => result,
            }
        }
        found => found,
    }
}

fn refuse_access(directory: &Directory, mode: Mode) -> Result<(), String> {
    let shown = format!("{}/{}", directory.owner.address(), directory.name);
    if mode == Mode::Pull {
        return Ok(());
    }
    if directory.source.is_some() {
        return Err(format!(
            "{shown} follows a repository, and only the server writes it. Use --mode pull"
        ));
    }
    if directory.may == AccessLevel::Read {
        return Err(format!(
            "You may only read {shown}. Use --mode pull, or ask its owner for the right to write"
        ));
    }
    Ok(())
}

fn refuse_device(device: &str) -> Result<(), String> {
    let letters = device.chars().count();
    let is_legal = |letter: char| letter.is_alphanumeric() || " -_.".contains(letter);
    if (1..=64).contains(&letters) && device.chars().all(is_legal) {
        return Ok(());
    }
    Err(
        "The name of a device has 1 to 64 letters, digits, blanks, hyphens, dots or underscores"
            .to_owned(),
    )
}

/// Refuses a folder that cannot be one of a pair.
fn refuse_folder(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        return Err(format!("{shown} is a file. Name a folder"));
    }
    let Ok(place) = super::listed_as(folder) else {
        return Err(format!("{shown} is no path of a folder"));
    };
    if place.parent().is_none() {
        return Err("The root of all folders is too much. Name a folder below it".to_owned());
    }
    let inside = place
        .ancestors()
        .skip(1)
        .find(|above| above.join(OWN).join("pair.json").is_file());
    match inside {
        None => Ok(()),
        Some(above) => Err(format!(
            "{shown} is in {}, which is synced already. Name a folder elsewhere, or use `nbcourier sync remove {}` first",
            above.display(),
            above.display()
        )),
    }
}

/// Refuses a folder that belongs to another directory already.
fn refuse_state(place: &Path, own: &Root, pair: &Pair) -> Result<(), Box<dyn std::error::Error>> {
    let shown = place.display();
    match Pair::read(own)? {
        Some(other) if other.directory.id != pair.directory.id => Err(format!(
            "{shown} is a pair with {} already. Use `nbcourier sync remove {shown}` first",
            other.shown()
        )
        .into()),
        Some(_) => Ok(()),
        None => match State::read(own)?.directory {
            None => Ok(()),
            Some(delivered) => Err(format!(
                "{shown} gets its files from {}/{}, which a course delivers. Name another folder",
                delivered.owner, delivered.name
            )
            .into()),
        },
    }
}
