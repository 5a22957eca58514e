//! `nbcourier receipt`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::config;
use nbcourier_api::UnverifiedReceipt;
use std::path::PathBuf;
use std::process::ExitCode;

/// Verifies receipts of submissions
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Ask the exchange whether it signed a receipt, and still has the submission
    Verify {
        /// The file that `nbgrader submit` wrote
        file: PathBuf,
    },
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    let Command::Verify { file } = what;
    let text = config::read_file(&file)?;
    let receipt: UnverifiedReceipt = serde_json::from_str(&text).map_err(|_| {
        format!(
            "{} is not a receipt. A receipt is JSON with `receipt` and `signature`",
            file.display()
        )
    })?;
    let verdict = asking.ask(async |exchange| exchange.verify(&receipt).await)?;
    let sentence = match (verdict.valid, verdict.stored) {
        (true, true) => "The receipt is genuine, and the submission is there.",
        (true, false) => {
            "The receipt is genuine, but the submission is no longer there. Ask the people who run the exchange."
        }
        (false, _) => {
            "This exchange did not sign the receipt. It was changed, or another exchange signed it."
        }
    };
    asking.confirm(&verdict, sentence)?;
    Ok(if verdict.valid && verdict.stored {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
