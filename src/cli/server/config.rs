//! `nbcourier config`

use crate::cli::Outcome;
use crate::cli::output::print;
use crate::cli::table::padded;
use crate::config::{self, Config, Environment, Origins, ServeOptions};
use clap::ArgMatches;
use std::fmt::Write;
use std::process::ExitCode;
use unicode_width::UnicodeWidthStr;

/// Prints every setting of `serve` for the same flags, variables and file, and the origin of each.
/// Secrets are left out
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    given: ServeOptions,
}

pub fn run(arguments: Arguments, matches: &ArgMatches) -> Outcome {
    let environment = Environment::read()?;
    let config = Config::new(arguments.given, &environment)?;
    let settings = config::settings(&config, &environment, &Origins::new(matches)?);
    let lines: Vec<String> = settings
        .iter()
        .map(|setting| format!("{} = {}", setting.name, setting.value))
        .collect();
    let width = lines.iter().map(|line| line.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (line, setting) in lines.iter().zip(&settings) {
        let _ = writeln!(text, "{}  # {}", padded(line, width), setting.origin);
    }
    print(&text)?;
    for warning in &config.warnings {
        eprintln!("nbcourier: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}
