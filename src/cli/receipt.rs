//! `nbcourier receipt`

use super::Outcome;
use super::asking::Asking;
use crate::client::Receipt;
use crate::config;
use std::path::PathBuf;
use std::process::ExitCode;

/// Checks receipts that the exchange gave for submissions
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Ask the exchange whether it signed a receipt, and still has what was handed in
    Verify {
        /// The file that `nbgrader submit` kept
        file: PathBuf,
    },
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    let What::Verify { file } = what;
    let text = config::read_file(&file)?;
    let receipt: Receipt = serde_json::from_str(&text).map_err(|_| {
        format!(
            "{} is no receipt: that is JSON with `receipt` and `signature`",
            file.display()
        )
    })?;
    let verdict = asking.ask(async |exchange| exchange.verify(&receipt).await)?;
    let sentence = match (verdict.valid, verdict.stored) {
        (true, true) => "The receipt is genuine, and what was handed in is there.",
        (true, false) => {
            "The receipt is genuine, but the submission is no longer there: ask whoever runs the exchange."
        }
        (false, _) => {
            "This exchange did not sign that: the receipt was changed, or comes from another one."
        }
    };
    asking.tell(&verdict, sentence)?;
    Ok(if verdict.valid && verdict.stored {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
