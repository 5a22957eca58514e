//! `nbcourier revert`: the original of a file, with the student's own beside it.

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::output::print_json;
use nbcourier_client::{Client, Error};
use nbcourier_sync::assignment;
use nbcourier_sync::revert::{Reverted, received, revert};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,

    /// The files to replace with their originals
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Do not put your files beside the originals. They are kept for 30 days below .nbcourier/kept
    #[arg(long)]
    discard: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    for file in &arguments.files {
        let asked = match received(file)? {
            Some(found) => arguments
                .asking
                .ask(async |exchange| Ok(revert(exchange, &found, arguments.discard).await)),
            None => arguments
                .asking
                .ask(async |exchange| released(exchange, file, arguments.discard).await),
        };
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

/// Puts the released file of an assignment in the place of a file that no course delivers.
async fn released(
    exchange: &Client,
    file: &Path,
    is_discarded: bool,
) -> Result<Result<Reverted, String>, Error> {
    let shown = file.display();
    let Some(found) = assignment::of(exchange, file).await? else {
        return Ok(Err(format!(
            "{shown} was not changed, since it is neither in a folder that a course delivers nor in that of one of your \
             assignments"
        )));
    };
    if is_discarded {
        return Ok(Err(format!(
            "{shown} was not changed: nothing is kept aside in the folder of an assignment. Leave out --discard"
        )));
    }
    Ok(assignment::revert(exchange, &found).await)
}

fn sentence(reverted: &Reverted) -> String {
    let file = &reverted.file;
    match &reverted.mine {
        _ if reverted.was_original => format!("{file} is the original already."),
        None => format!("{file} is the original again."),
        Some(mine) => format!("{file} is the original again. Yours is {mine}."),
    }
}
