//! Compares every byte of the submissions with what was sent.

use crate::Failure;
use crate::form::{content, path};
use crate::http::Connection;
use crate::options::Options;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The instructor who downloads.
const INSTRUCTOR: &str = "root";

#[derive(Deserialize)]
struct Submission {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    content: String,
}

/// Downloads the submissions of a run in which each student submitted once. Reports how many are intact.
pub fn run(options: &Options) -> Result<Value, Failure> {
    let count = options.count.ok_or("verify needs --count")?;
    let next = AtomicUsize::new(0);
    let intact: Result<usize, Failure> = thread::scope(|scope| {
        let readers: Vec<_> = (0..options.connections)
            .map(|_| scope.spawn(|| verify(options, count, &next)))
            .collect();
        let mut intact = 0;
        for reader in readers {
            intact += reader.join().map_err(|_| "a reader fell over")??;
        }
        Ok(intact)
    });
    Ok(json!({ "expected": count, "intact": intact? }))
}

fn verify(options: &Options, count: usize, next: &AtomicUsize) -> Result<usize, Failure> {
    let mut connection = Connection::open(&options.address)?;
    let mut expected: Vec<Vec<u8>> = (0..options.files)
        .map(|place| content(place, options.bytes, 0))
        .collect();
    let mut intact = 0;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(intact);
        }
        let address = format!(
            "{}/submission/{}/{}?user={INSTRUCTOR}",
            options.prefix,
            options.place,
            options.student(number)
        );
        let (status, reply) = connection.get(&address, INSTRUCTOR)?;
        if status != 200 {
            continue;
        }
        let mark = crate::form::mark_bytes(options.mark(number));
        for file in &mut expected {
            file[..mark.len()].copy_from_slice(&mark);
        }
        let found: Submission = serde_json::from_slice(&reply)?;
        if is_same(&found.files, &expected)? {
            intact += 1;
        }
    }
}

fn is_same(found: &[File], expected: &[Vec<u8>]) -> Result<bool, Failure> {
    for (place, bytes) in expected.iter().enumerate() {
        let path = path(place);
        let Some(file) = found.iter().find(|file| file.path == path) else {
            return Ok(false);
        };
        if STANDARD.decode(file.content.replace('\n', ""))? != *bytes {
            return Ok(false);
        }
    }
    Ok(found.len() == expected.len())
}
