//! The command line: a file for each subcommand.

mod fsck;
mod gc;
mod logging;
mod routes;
mod serve;

use crate::blobs::LocalBlobs;
use crate::config::{PlaceArgs, Places};
use crate::store::{Opening, Store};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The exchange nbgrader needs wherever JupyterHub has no shared file system
#[derive(Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Every flag can also be set by its environment variable, and those of `serve` in the file named by \
                  --config. A flag wins over a variable, and a variable over the file.\n\n\
                  To try it out: nbcourier serve --standalone --admins root"
)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Serve the exchange, behind a JupyterHub or stand-alone
    Serve(Box<serve::Arguments>),
    /// Check that every stored file is there and unchanged
    Fsck(fsck::Arguments),
    /// Remove what was deleted longer ago than the retention time, and the bytes that only it named
    Gc(gc::Arguments),
    /// Print the addresses of the exchange
    #[command(hide = true)]
    Routes,
}

/// Runs what the command line asks for. 0: done; 1: not, and standard error says why; 2: the command line is wrong.
pub fn run() -> ExitCode {
    let result = match Command::parse().what {
        What::Serve(arguments) => serve::run(*arguments),
        What::Fsck(arguments) => fsck::run(&arguments),
        What::Gc(arguments) => gc::run(&arguments),
        What::Routes => Ok(routes::run()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("nbcourier: {error}");
        ExitCode::FAILURE
    })
}

type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// The rows and bytes of a data directory that a server has made, which may go on serving it.
fn open_existing(places: &PlaceArgs) -> Result<(Store, LocalBlobs), Box<dyn std::error::Error>> {
    let places = Places::new(places)?;
    let store = Store::open(&places.database, Opening::Existing)?;
    let blobs = LocalBlobs::open_existing(&places.blobs).map_err(|error| {
        format!(
            "The blobs in {} cannot be read: {error}",
            places.blobs.display()
        )
    })?;
    Ok((store, blobs))
}

/// A runtime for commands that need one thread and no network.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
}
