//! The common part of commands that ask an exchange: the address, the caller, and the output.

use super::output::{print, print_json};
use super::table::Table;
use crate::config::{ClientArgs, ClientEnvironment, Connection, secret};
use nbcourier_client::{Address, Client, Error};
use serde::Serialize;
use std::pin::Pin;

/// The flags of every such command
#[derive(clap::Args)]
pub struct Asking {
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON for scripts
    #[arg(long, global = true)]
    json: bool,
}

impl Asking {
    /// Returns the part of a command whose own `--url` and `--token-file` name something else. The exchange and the caller
    /// are those of the environment.
    pub fn of_environment(json: bool) -> Self {
        Self {
            client: ClientArgs::of_environment(),
            json,
        }
    }

    /// Asks the exchange.
    pub fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Box<dyn std::error::Error>> {
        ask(&self.client, work)
    }

    /// Returns the variables that name the exchange and the file of the token as this command line does.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let token_file = self.client.token_file.as_deref();
        let token_file = token_file.and_then(|path| std::path::absolute(path).ok());
        let all = [
            ("NBCOURIER_URL", self.client.url.clone()),
            ("NBCOURIER_SERVICE_NAME", self.client.service_name.clone()),
            (
                "NBCOURIER_TOKEN_FILE",
                token_file.map(|path| path.display().to_string()),
            ),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// Whether JSON is to be printed.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the answer as a table or as JSON.
    pub fn show(
        &self,
        answer: &impl Serialize,
        table: impl FnOnce() -> Table,
    ) -> Result<(), Box<dyn std::error::Error>> {
        if self.json {
            print_json(answer)
        } else {
            Ok(print(&table().to_string())?)
        }
    }

    /// Prints what was done, as a sentence or as JSON.
    pub fn confirm(
        &self,
        answer: &impl Serialize,
        sentence: &str,
    ) -> Result<(), Box<dyn std::error::Error>> {
        if self.json {
            print_json(answer)
        } else {
            Ok(print(&format!("{sentence}\n"))?)
        }
    }
}

/// Asks the exchange that these settings name.
pub fn ask<T>(
    settings: &ClientArgs,
    work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
) -> Result<T, Box<dyn std::error::Error>> {
    let warning = settings.token_file.as_deref().and_then(secret::warning);
    if let Some(warning) = warning {
        eprintln!("nbcourier: {warning}");
    }
    let connection = Connection::new(settings, &ClientEnvironment::read()?)?;
    let address = Address {
        url: connection.address.url.clone(),
        advice: connection.address.advice(),
        proxy: connection.proxy.map(|proxy| (proxy.url, proxy.except)),
        certificates: connection.certificates,
    };
    let client = Client::new(address, &connection.token, connection.user)?;
    // A boxed future keeps the program small: the runtime's code is compiled once instead of for each command.
    let work: Pin<Box<dyn Future<Output = Result<T, Error>> + '_>> = Box::pin(work(&client));
    Ok(actix_web::rt::System::new().block_on(work)?)
}
