//! `nbcourier routes`: what there is, for the tests that compare it with the documents.

use super::Outcome;
use crate::http;
use std::process::ExitCode;

pub fn run() -> Outcome {
    for (method, path, _) in http::routes() {
        println!("{method} {path}");
    }
    Ok(ExitCode::SUCCESS)
}
