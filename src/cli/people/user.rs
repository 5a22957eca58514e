//! `nbcourier user`

use super::footprint::{FootprintJson, summary, table};
use super::renames_file;
use super::user_export;
use crate::cli::Outcome;
use crate::cli::data_dir::{open_exchange, operator, runtime};
use crate::cli::output::{print, print_json};
use crate::config::PlaceArgs;
use nbcourier_domain::{Count, UserName};
use nbcourier_exchange::accounts;
use nbcourier_exchange::people::{self, PurgedSubmissions};
use nbcourier_exchange::{Exchange, Mode};
use nbcourier_identity::Caller;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// Works on the data of people, in the data directory. The server may keep running. It refreshes what it remembers about
/// people after ten minutes, and browser sessions last an hour
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show the courses of a user, and what is stored under their name
    Show {
        #[command(flatten)]
        places: PlaceArgs,
        /// The user
        #[arg(value_parser = crate::cli::user_name)]
        name: UserName,
        /// Print JSON for scripts
        #[arg(long)]
        json: bool,
    },
    /// Rename a user. The new name must be unused. Rename the user on the hub first
    Rename {
        #[command(flatten)]
        change: Change,
        /// The current name
        #[arg(value_parser = crate::cli::user_name, required_unless_present = "from_file")]
        old: Option<UserName>,
        /// The new name
        #[arg(value_parser = crate::cli::new_user_name, required_unless_present = "from_file")]
        new: Option<UserName>,
        /// Rename everybody in this CSV file of two columns, old and new name, or nobody if a line is refused. Names
        /// may move on and change places. - is standard input
        #[arg(long, value_name = "FILE", conflicts_with_all = ["old", "new"])]
        from_file: Option<PathBuf>,
    },
    /// Merge two names of one person: give everything stored under one name to the other
    Merge {
        #[command(flatten)]
        change: Change,
        #[command(flatten)]
        consent: Consent,
        /// The name to remove
        #[arg(value_parser = crate::cli::user_name)]
        from: UserName,
        /// The name to keep
        #[arg(value_parser = crate::cli::user_name)]
        into: UserName,
    },
    /// Remove a user's submissions, roles and details for good. Remove the user on the hub first
    Purge {
        #[command(flatten)]
        change: Change,
        #[command(flatten)]
        consent: Consent,
        /// The user
        #[arg(value_parser = crate::cli::user_name)]
        name: UserName,
        /// Keep their submissions and feedback under the number of a former user
        #[arg(long)]
        keep_work: bool,
    },
    /// Set a user's data aside under another name, so that the next owner of the name does not inherit it
    Retire {
        #[command(flatten)]
        change: Change,
        /// The user who leaves
        #[arg(value_parser = crate::cli::user_name)]
        name: UserName,
    },
    /// Give set-aside data back to users whose accounts on the hub were created again
    Adopt {
        #[command(flatten)]
        change: Change,
        #[command(flatten)]
        consent: Consent,
        /// The users
        #[arg(value_parser = crate::cli::user_name, required_unless_present = "all")]
        names: Vec<UserName>,
        /// Select everybody with set-aside data, for example after the hub's database was lost
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
    /// Export everything that is stored about a user and by them into an archive
    Export {
        #[command(flatten)]
        places: PlaceArgs,
        /// The user
        #[arg(value_parser = crate::cli::user_name)]
        name: UserName,
        /// Write to this file; - is standard output [default: NAME.tar]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(clap::Args)]
struct Change {
    #[command(flatten)]
    places: PlaceArgs,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
pub struct Consent {
    /// Skip the confirmation
    #[arg(long, short)]
    yes: bool,
}

/// The exchange, the operator, and whether changes are kept.
struct UserCommand {
    runtime: Runtime,
    exchange: Exchange,
    operator: Caller,
    mode: Mode,
}

impl UserCommand {
    fn open(places: &PlaceArgs) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            runtime: runtime()?,
            exchange: open_exchange(places)?,
            operator: operator()?,
            mode: Mode::Apply,
        })
    }

    fn open_for(change: &Change) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            mode: if change.dry_run {
                Mode::DryRun
            } else {
                Mode::Apply
            },
            ..Self::open(&change.places)?
        })
    }

    fn applies(&self) -> bool {
        self.mode == Mode::Apply
    }

    fn confirm(&self, done: &str, what: &str) -> Outcome {
        let beginning = if self.applies() { "" } else { "Would have " };
        let mut done = done.to_owned();
        if self.applies()
            && let Some(first) = done.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        print(&format!("{beginning}{done}: {what}.\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

pub fn run(Arguments { what }: Arguments) -> Outcome {
    match what {
        Command::Show { places, name, json } => show(&places, name, json),
        Command::Rename {
            change,
            from_file: Some(file),
            ..
        } => rename_all(&change, &file),
        Command::Rename {
            change, old, new, ..
        } => {
            let (Some(old), Some(new)) = (old, new) else {
                return Err("Name both the old name and the new one".into());
            };
            let command = UserCommand::open_for(&change)?;
            let (exchange, mode) = (&command.exchange, command.mode);
            let renaming =
                people::rename(exchange, &command.operator, old.clone(), new.clone(), mode);
            let was = command.runtime.block_on(renaming)?;
            command.confirm(&format!("renamed {old} to {new}"), &summary(&was))
        }
        Command::Merge {
            change,
            consent,
            from,
            into,
        } => merge(&change, &consent, &from, &into),
        Command::Purge {
            change,
            consent,
            name,
            keep_work,
        } => purge(&change, &consent, &name, keep_work),
        Command::Retire { change, name } => {
            let command = UserCommand::open_for(&change)?;
            let retiring = accounts::retire(
                &command.exchange,
                &command.operator,
                name.clone(),
                command.mode,
            );
            let Some(aside) = command.runtime.block_on(retiring)? else {
                print(&format!(
                    "Nothing is stored for {name}, so nobody can inherit anything.\n"
                ))?;
                return Ok(ExitCode::SUCCESS);
            };
            command.confirm(
                &format!("set aside the data of {name}"),
                &format!("it is kept as {aside}"),
            )
        }
        Command::Adopt {
            change,
            consent,
            names,
            all,
        } => adopt(&change, &consent, names, all),
        Command::Export {
            places,
            name,
            output,
        } => {
            let command = UserCommand::open(&places)?;
            user_export::run(
                &command.runtime,
                &command.exchange,
                &command.operator,
                &name,
                output,
            )
        }
    }
}

fn rename_all(change: &Change, file: &Path) -> Outcome {
    let names = renames_file::read(file)?;
    let command = UserCommand::open_for(change)?;
    let renaming = people::rename_all(
        &command.exchange,
        &command.operator,
        names.clone(),
        command.mode,
    );
    let before = command.runtime.block_on(renaming)?;
    let mut renamed = 0;
    let would = if command.applies() { "" } else { "would be " };
    for (was, (old, new)) in before.iter().zip(&names) {
        if was.is_empty() {
            print(&format!("{old}: nothing is stored\n"))?;
        } else {
            renamed += 1;
            print(&format!(
                "{old}: {would}renamed to {new} ({})\n",
                summary(was)
            ))?;
        }
    }
    let count = format!("{renamed} of {}", Count(names.len(), "name"));
    print(&if command.applies() {
        format!("Renamed: {count}.\n")
    } else {
        format!("Would have renamed: {count}.\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn show(places: &PlaceArgs, name: UserName, json: bool) -> Outcome {
    let command = UserCommand::open(places)?;
    let showing = people::show(&command.exchange, &command.operator, name);
    let footprint = command.runtime.block_on(showing)?;
    if json {
        print_json(&FootprintJson::from(&footprint))?;
    } else {
        print(&table(&footprint).to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn merge(change: &Change, consent: &Consent, from: &UserName, into: &UserName) -> Outcome {
    let command = UserCommand::open_for(change)?;
    let merging = |mode| {
        let (exchange, operator) = (&command.exchange, &command.operator);
        let merging = people::merge(exchange, operator, from.clone(), into.clone(), mode);
        command.runtime.block_on(merging)
    };
    let question = format!("Give all data of {from} to {into}? This cannot be undone");
    let would = summary(&merging(Mode::DryRun)?);
    if command.applies() {
        consent.require(&question, &would)?;
        merging(Mode::Apply)?;
    }
    command.confirm(&format!("given all of {from} to {into}"), &would)
}

fn purge(change: &Change, consent: &Consent, name: &UserName, keep_work: bool) -> Outcome {
    let command = UserCommand::open_for(change)?;
    let work = if keep_work {
        PurgedSubmissions::Keep
    } else {
        PurgedSubmissions::Remove
    };
    let purging = |mode| {
        let (exchange, operator) = (&command.exchange, &command.operator);
        let purging = people::purge(exchange, operator, name.clone(), work, mode);
        command.runtime.block_on(purging)
    };
    let mut removed = purging(Mode::DryRun)?;
    let would = summary(&removed.was);
    if command.applies() {
        consent.require(&format!("Remove {name} for good?"), &would)?;
        removed = purging(Mode::Apply)?;
    }
    command.confirm(
        &format!("removed {name}"),
        &format!(
            "{would}. The rest, which others need, belongs to {}. The next clean-up of the server removes the bytes \
             within a day; nbcourier gc --grace 0 removes them at once, while nobody submits. Backups and logs still \
             have them",
            removed.pseudonym
        ),
    )
}

fn adopt(change: &Change, consent: &Consent, names: Vec<UserName>, all: bool) -> Outcome {
    let command = UserCommand::open_for(change)?;
    let names = if all {
        let listing = people::set_aside_names(&command.exchange, &command.operator);
        command.runtime.block_on(listing)?
    } else {
        names
    };
    if names.is_empty() {
        print("Nothing is set aside.\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let what = format!(
        "the data of {} that was set aside",
        Count(names.len(), "name")
    );
    if command.applies() {
        consent.require("Give it to the people who have the names now?", &what)?;
    }
    for name in names {
        let adopting = people::adopt(
            &command.exchange,
            &command.operator,
            name.clone(),
            command.mode,
        );
        let were = command.runtime.block_on(adopting)?;
        let parts: Vec<String> = were
            .iter()
            .map(|was| format!("{} ({})", was.name, summary(was)))
            .collect();
        let parts = if parts.is_empty() {
            "nothing was set aside; its next account counts as the same person".to_owned()
        } else {
            parts.join(", ")
        };
        command.confirm(&format!("given back to {name}"), &parts)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Consent {
    /// Asks for confirmation on a terminal. Elsewhere it requires `--yes`.
    pub fn require(&self, question: &str, what: &str) -> Result<(), Box<dyn std::error::Error>> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(format!(
                "This affects {what}. Add --yes to confirm, or --dry-run to see what would be done"
            )
            .into());
        }
        eprint!("This affects {what}.\n{question} [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "yes") {
            Ok(())
        } else {
            Err("Nothing was done".into())
        }
    }
}
