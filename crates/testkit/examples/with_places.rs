//! Runs a command while a PostgreSQL server and an object store are there for it, and ends with its exit code.
//!
//! `NBCOURIER_TEST_POSTGRES` names the server of the databases, and `NBCOURIER_TEST_BUCKET` the bucket. The variables of
//! AWS have the bucket's keys. tests/clients/places.py makes a place of them for each exchange.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let Some((program, arguments)) = arguments.split_first() else {
        eprintln!("with_places: no command was given");
        return ExitCode::from(2);
    };
    let databases = nbcourier_testdb::shared();
    let buckets = nbcourier_testbuckets::shared();
    let [id, secret] = nbcourier_testbuckets::OWNER;
    let status = Command::new(program)
        .args(arguments)
        .env("NBCOURIER_TEST_POSTGRES", databases.url(""))
        .env("NBCOURIER_TEST_BUCKET", buckets.create())
        .env("NBCOURIER_TEST_S3_ENDPOINT", buckets.endpoint())
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .status();
    match status {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!(
                "with_places: {} cannot be started: {error}",
                program.display()
            );
            ExitCode::FAILURE
        }
    }
}
