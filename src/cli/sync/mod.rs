//! `nbcourier sync`: keeps folders of this machine and directories of an exchange equal.

mod add;
mod attached;
mod change;
mod run;
mod show;
mod unit;

use super::Outcome;
use super::asking::Asking;
use crate::cli::directories::target::{Target, directory};
use nbcourier_domain::{ByteSize, Span};
use nbcourier_sync::Mode;
use nbcourier_sync::agent::Pairs;
use std::path::{Path, PathBuf};

/// Keeps folders of this machine and directories of an exchange equal
#[derive(clap::Args)]
#[command(after_help = "\
Both sides can change, even without the network. If both change the same file, both contents stay: the file of this \
device gets the name lesson.conflict-DEVICE-DATE.ipynb. Files that are replaced or removed here are kept in \
FOLDER/.nbcourier/kept for 30 days.")]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Keep a folder and a directory equal from now on
    Add(Add),
    /// Keep both sides up to date until somebody ends the command
    Run(Run),
    /// Show all pairs, and the files that wait or are left out
    Status {
        /// Show only this folder
        folder: Option<PathBuf>,
    },
    /// Allow a removal of many files that waits for confirmation
    Confirm {
        /// The folder [default: all that wait]
        folder: Option<PathBuf>,
    },
    /// Pause a folder
    Pause {
        /// The folder [default: all]
        folder: Option<PathBuf>,
    },
    /// Resume a paused folder
    Resume {
        /// The folder [default: all]
        folder: Option<PathBuf>,
    },
    /// End a pair. The files on both sides stay
    Remove {
        /// The folder
        folder: PathBuf,
    },
    /// Show the log
    Log {
        /// The folder [default: all]
        folder: Option<PathBuf>,
    },
    /// Print a systemd unit that runs the agent while you are logged in
    #[command(
        after_help = "nbcourier sync unit > ~/.config/systemd/user/nbcourier-sync.service\n\
                            systemctl --user enable --now nbcourier-sync"
    )]
    Unit,
}

#[derive(clap::Args)]
struct Add {
    /// The folder. The command makes it if it is missing
    folder: PathBuf,
    /// The directory. The command makes it if it is missing [default: your own directory with the name of the folder]
    #[arg(long, value_name = "OWNER/DIRECTORY", value_parser = directory)]
    directory: Option<Target>,
    /// `two-way` makes both sides equal, `pull` only receives and keeps your work, `push` only sends
    #[arg(long, value_parser = mode, default_value = "two-way", value_name = "MODE")]
    mode: Mode,
    /// Leave out larger files [default: 100MB]
    #[arg(long, value_name = "SIZE")]
    max_file: Option<ByteSize>,
    /// The name of this device, in versions and in the names of conflict copies [default: the host's]
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
}

#[derive(clap::Args)]
struct Run {
    /// Sync only these folders
    folders: Vec<PathBuf>,
    /// End when both sides are equal
    #[arg(long)]
    once: bool,
    /// End when the standard input ends
    #[arg(long, hide = true)]
    attached: bool,
    /// Leave a file alone that was written less than this time ago
    #[arg(long, value_name = "TIME", default_value = "2s", hide = true)]
    settle: Span,
    /// Let a removal here count only after this time
    #[arg(long, value_name = "TIME", default_value = "10s", hide = true)]
    agree: Span,
    /// Look at the folders at least once in this time
    #[arg(long, value_name = "TIME", default_value = "30s", hide = true)]
    look: Span,
}

fn mode(text: &str) -> Result<Mode, String> {
    let all = [Mode::TwoWay, Mode::Pull, Mode::Push];
    let found = all.into_iter().find(|mode| mode.word() == text);
    found.ok_or_else(|| "it is two-way, pull or push".to_owned())
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::Add(add) => add::run(&asking, &add),
        Command::Run(run) => run::run(&asking, &run),
        Command::Status { folder } => show::status(&asking, folder.as_deref()),
        Command::Log { folder } => show::log(&asking, folder.as_deref()),
        Command::Confirm { folder } => change::confirm(&asking, folder.as_deref()),
        Command::Pause { folder } => change::pause(&asking, folder.as_deref(), true),
        Command::Resume { folder } => change::pause(&asking, folder.as_deref(), false),
        Command::Remove { folder } => change::remove(&asking, &folder),
        Command::Unit => unit::run(&asking),
    }
}

/// Returns the path under which a folder is listed.
fn listed_as(folder: &Path) -> std::io::Result<PathBuf> {
    // The folder may be on a disk that is not mounted.
    std::fs::canonicalize(folder).or_else(|_| std::path::absolute(folder))
}

/// Returns the folders of all pairs, or the one that is named.
fn folders(named: Option<&Path>) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let known = Pairs::of(&super::delivery::home()?)?;
    let Some(named) = named else {
        return Ok(known);
    };
    let wanted = listed_as(named)?;
    if known.contains(&wanted) {
        return Ok(vec![wanted]);
    }
    Err(format!(
        "{} is not synced. `nbcourier sync status` shows the folders that are",
        named.display()
    )
    .into())
}
