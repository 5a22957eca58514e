//! `nbcourier routes`: the addresses of the server, for tests that compare them with the documents.

use crate::http;
use std::process::ExitCode;

pub fn run() -> ExitCode {
    for address in http::addresses() {
        println!("{} {}", address.method, address.path);
    }
    ExitCode::SUCCESS
}
