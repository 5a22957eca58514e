//! `nbcourier dir settings`: the description of a directory, and the folder that it is delivered to.

use super::facts::written;
use super::target::{Target, directory};
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use nbcourier_api::{Directory, DirectoryPatch, PatchedText};
use std::process::ExitCode;

/// A directory, and its new settings.
#[derive(clap::Args)]
pub struct Settings {
    /// The directory
    #[arg(value_name = super::DIRECTORY, value_parser = directory)]
    directory: Target,
    /// Description for those who can read it. An empty text removes it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Folder in the homes of the course's members that it is delivered to. An empty text ends the delivery
    #[arg(long, value_name = "FOLDER")]
    deliver: Option<String>,
    /// Deliver it whenever their servers start
    #[arg(long, conflicts_with = "not_at_start")]
    at_start: bool,
    /// Deliver it only when they ask for it
    #[arg(long)]
    not_at_start: bool,
}

impl Settings {
    /// Returns the changes, or `None` if there are none.
    fn patch(&self) -> Option<DirectoryPatch> {
        let at_start = self.at_start || self.not_at_start;
        let patch = DirectoryPatch {
            description: patched(self.description.as_deref()),
            deliver: patched(self.deliver.as_deref()),
            deliver_at_start: at_start.then_some(self.at_start),
            ..DirectoryPatch::default()
        };
        let is_given = self.description.is_some() || self.deliver.is_some() || at_start;
        is_given.then_some(patch)
    }
}

fn patched(given: Option<&str>) -> PatchedText {
    match given {
        None => PatchedText::Kept,
        Some("") => PatchedText::Removed,
        Some(text) => PatchedText::Set(text.to_owned()),
    }
}

/// Changes the settings, if some are given, and prints all of them.
pub fn run(asking: &Asking, settings: &Settings) -> Outcome {
    let shown = asking.ask(async |exchange| {
        let address = settings.directory.address(exchange).await?;
        match settings.patch() {
            Some(patch) => exchange.change_directory(&address, &patch).await,
            None => exchange.directory(&address).await,
        }
    })?;
    asking.show(&shown, || table(&shown))?;
    Ok(ExitCode::SUCCESS)
}

fn table(directory: &Directory) -> Table {
    let text = |setting: &Option<String>| setting.clone().unwrap_or_else(|| "-".to_owned());
    let at_start = if directory.deliver_at_start {
        "yes"
    } else {
        "no"
    };
    let row = vec![
        written(directory),
        text(&directory.deliver),
        at_start.to_owned(),
        text(&directory.description),
    ];
    let head = ["DIRECTORY", "DELIVERED TO", "AT START", "DESCRIPTION"];
    Table::new(&head, "").rows([row])
}
