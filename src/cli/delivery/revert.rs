//! `nbcourier revert`: the original of a file, with the student's own beside it.

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::output::print_json;
use nbcourier_sync::revert::{Reverted, received, revert};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,

    /// The files whose originals you want
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Do not put yours beside the originals. They are kept for a month below .nbcourier/kept
    #[arg(long)]
    discard: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for file in &arguments.files {
        let Some(found) = received(file)? else {
            failures.push(format!(
                "{} was not changed, since it is in no folder that a course delivers",
                file.display()
            ));
            continue;
        };
        let asked = arguments
            .asking
            .ask(async |exchange| Ok(revert(exchange, &found, arguments.discard).await));
        match asked? {
            Ok(reverted) => all.push(reverted),
            Err(sentence) => failures.push(sentence),
        }
    }
    if arguments.asking.is_json() {
        print_json(&all)?;
    } else {
        for reverted in &all {
            println!("{}", sentence(reverted));
        }
    }
    for failure in &failures {
        eprintln!("nbcourier: {failure}");
    }
    Ok(if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn sentence(reverted: &Reverted) -> String {
    let file = &reverted.file;
    match &reverted.mine {
        _ if reverted.was_original => format!("{file} is the original already."),
        None => format!("{file} is the original again."),
        Some(mine) => format!("{file} is the original again. Yours is {mine}."),
    }
}
