//! The load that `make bench` puts on an exchange where a plain request generator does not do: uploads with a body of
//! their own each, downloads of which every byte is checked, one very large file.
//!
//! Blocking sockets and a thread a connection. Bodies are made before the clock starts and changed in place by a few
//! bytes, so that no two uploads are the same and making them costs nothing. What it found goes to standard output as
//! JSON.

mod form;
mod http;
mod large;
mod options;
mod submit;
mod verify;

use options::Options;
use std::process::ExitCode;

/// Whatever went wrong, for a person to read.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<serde_json::Value, Failure> {
    let mut arguments = std::env::args().skip(1);
    let work = arguments.next().unwrap_or_default();
    let options = Options::parse(arguments)?;
    match work.as_str() {
        "submit" => submit::run(&options),
        "verify" => verify::run(&options),
        "large" => large::run(&options),
        _ => Err("say what to do: submit, verify or large".into()),
    }
}
