//! `nbcourier routes`: the addresses of the server, for tests that compare them with the documents.

use crate::http;
use std::process::ExitCode;

pub fn run() -> ExitCode {
    for address in http::routes() {
        let path = match address.path {
            "" => "{prefix}",
            path => path,
        };
        println!(
            "{} {path} {} {}",
            address.method, address.access, address.reply
        );
    }
    ExitCode::SUCCESS
}
