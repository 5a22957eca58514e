//! The load client of `make bench`, for what a plain request generator cannot do: uploads with different bodies,
//! downloads of which every byte is checked, and one very large file.
//!
//! It uses blocking sockets and one thread per connection. Bodies are made before the clock starts. A few of their
//! bytes are changed in place, so that no two uploads are equal and making them costs nothing. The results go to
//! standard output as JSON.

mod form;
mod http;
mod large;
mod options;
mod submit;
mod verify;

use options::Options;
use std::process::ExitCode;

/// Any error, for people to read.
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
