//! `nbcourier routes`: what there is, for the tests that compare it with the documents.

use crate::http;
use std::process::ExitCode;

pub fn run() -> ExitCode {
    for (method, path, _) in http::routes() {
        println!("{method} {path}");
    }
    ExitCode::SUCCESS
}
