//! Compares every decoder of outside input with a slow, obvious one that holds everything in memory, on made-up inputs
//! that are cut at every place.
//!
//! The short run is the same each time. It replays `tests/corpus/` and a few hundred inputs for each decoder. The long
//! run, `make fuzz`, makes other inputs for the time in `NBCOURIER_FUZZ_SECONDS`. It shortens the failing inputs and
//! keeps them in the corpus.

#![allow(clippy::unwrap_used)] // a failed unwrap fails the test and names the line

mod archives;
mod base64;
mod forms;
mod json;
mod lists;
mod packed;
mod paths;
mod target;
mod times;
mod trees;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::io::Write as _;
use std::time::{Duration, Instant};
use target::Target;

/// The number of inputs that the short run makes for each decoder.
const SHORT: u32 = 150;
/// The number of inputs that the long run makes between two looks at the clock.
const BATCH: u32 = 500;

const TARGETS: [Target; 9] = [
    target("form", forms::decode, forms::expected, || {
        owned(forms::WORDS)
    }),
    target("json", json::decode, json::expected, || owned(json::WORDS)),
    target("base64", base64::decode, base64::expected, || {
        owned(base64::WORDS)
    }),
    target("file-list", lists::decode, lists::expected, || {
        owned(lists::WORDS)
    }),
    target("path", paths::decode, paths::expected, || {
        owned(paths::WORDS)
    }),
    target("time", times::decode, times::expected, || {
        owned(times::WORDS)
    }),
    Target {
        seal: archives::seal,
        ..target("tar", archives::decode, archives::expected, tar_words)
    },
    target("gzip", packed::gzip, packed::expected_of_gzip, || {
        vec![
            gzip(b""),
            gzip(b"one "),
            gzip(&[0; 5000]),
            vec![0x1F, 0x8B],
            vec![8, 0],
        ]
    }),
    target("zstd", packed::zstd, packed::expected_of_zstd, || {
        vec![
            zstd(b""),
            zstd(b"one "),
            zstd(&[0; 5000]),
            vec![0x28, 0xB5, 0x2F, 0xFD],
        ]
    }),
];

const fn target(
    name: &'static str,
    decode: fn(&[&[u8]]) -> String,
    expected: fn(&[u8]) -> String,
    words: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        name,
        decode,
        expected,
        words,
        seal: |_| {},
    }
}

fn owned(words: &[&[u8]]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.to_vec()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Returns blocks, most of them headers with strange values.
fn tar_words() -> Vec<Vec<u8>> {
    let mut words = vec![vec![0; 512], vec![0; 1024], vec![b'x'; 512], vec![0; 100]];
    for (kind, name, size) in [
        (b'0', "a", 0),
        (b'0', "a", 5),
        (b'0', "a/b", 512),
        (b'0', "./c", 600),
        (b'0', "../d", 0),
        (b'0', "C:e", 0),
        (0, "f", 0),
        (b'5', "g/", 0),
        (b'5', "./", 0),
        (b'2', "h", 0),
        (b'7', "i", 0),
        (b'x', "pax", 10),
        (b'g', "pax", 10),
        (b'L', "././@LongLink", 2),
        (b'K', "././@LongLink", 2),
    ] {
        words.push(nbcourier_testkit::tar::header(kind, name, size));
    }
    for text in [
        "10 path=k\n",
        "10 size=5\n",
        "22 GNU.sparse.major=1\n",
        "11 mtime=1\n",
        "9 path=\n",
        "l\0",
    ] {
        let mut block = text.as_bytes().to_vec();
        block.resize(512, 0);
        words.push(nbcourier_testkit::tar::header(b'x', "pax", text.len()));
        words.push(
            [
                nbcourier_testkit::tar::header(b'x', "pax", text.len()),
                block.clone(),
            ]
            .concat(),
        );
        words.push(
            [
                nbcourier_testkit::tar::header(b'L', "long", text.len()),
                block.clone(),
            ]
            .concat(),
        );
        words.push(block);
    }
    // Sizes that are invalid, or written in GNU tar's form.
    for size in [
        &b"\x80\0\0\0\0\0\0\0\0\0\0\x05"[..],
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFB",
        b"          5 ",
    ] {
        let mut header = nbcourier_testkit::tar::header(b'0', "m", 0);
        header[124..136].copy_from_slice(size);
        words.push(header);
    }
    words
}

#[test]
fn corpus_inputs_decode_like_the_reference() {
    for target in TARGETS {
        let corpus = target.corpus();
        assert!(corpus.len() >= 5, "{}: only {}", target.name, corpus.len());
        for input in corpus {
            if let Some(complaint) = target.complaint(&input) {
                panic!("{complaint}");
            }
        }
    }
}

#[test]
fn generated_inputs_decode_like_the_reference() {
    for target in TARGETS {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        run(target, TestRunner::new_with_rng(config(SHORT), rng));
    }
}

#[test]
fn a_long_run_makes_other_inputs_for_as_long_as_it_is_told() {
    let Some(seconds) = std::env::var("NBCOURIER_FUZZ_SECONDS").ok() else {
        return; // the short run
    };
    let end = Instant::now() + Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let mut counts = [0_u64; TARGETS.len()];
    while Instant::now() < end {
        for (target, count) in TARGETS.into_iter().zip(&mut counts) {
            run(target, TestRunner::new(config(BATCH)));
            *count += u64::from(BATCH);
        }
    }
    for (target, count) in TARGETS.iter().zip(counts) {
        println!("{:>10} inputs  {}", count, target.name);
    }
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

/// Tries the runner's number of inputs; keeps the shortest failing one.
fn run(target: Target, mut runner: TestRunner) {
    let outcome = runner.run(&target.inputs(), |input| {
        let complaint = target.complaint(&input);
        complaint.map_or(Ok(()), |complaint| Err(TestCaseError::fail(complaint)))
    });
    if let Err(TestError::Fail(complaint, input)) = outcome {
        panic!("{complaint}\nkept as {}", target.keep(&input).display());
    }
}
