//! `nbcourier routes`: what there is, for the tests that compare it with the documents.

use crate::http;
use std::process::ExitCode;

pub fn run() -> ExitCode {
    for address in http::addresses() {
        println!("{} {}", address.method, address.path);
    }
    ExitCode::SUCCESS
}
