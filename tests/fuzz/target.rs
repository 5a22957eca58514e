//! A decoder, its reference in the tests, and their comparison.

use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Inputs up to this length are cut at every place; longer ones at this number of places.
const PLACES: usize = 100;

/// A decoder to test.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of its directory in the corpus.
    pub name: &'static str,
    /// Returns the decoder's result for an input in these pieces.
    pub decode: fn(&[&[u8]]) -> String,
    /// Returns the result of the slow and obvious decoder for the whole input.
    pub expected: fn(&[u8]) -> String,
    /// Returns the parts that inputs are made of.
    pub words: fn() -> Vec<Vec<u8>>,
    /// Repairs what would end every decoding too early.
    pub seal: fn(&mut [u8]),
}

impl Target {
    /// Compares both decoders for every cut of the input; returns the difference, if there is one.
    pub fn complaint(&self, input: &[u8]) -> Option<String> {
        let expected = (self.expected)(input);
        let check = |how: &str, pieces: &[&[u8]]| {
            let made = catch_unwind(AssertUnwindSafe(|| (self.decode)(pieces)));
            let made = made.unwrap_or_else(|_| "a panic".to_owned());
            (made != expected).then(|| {
                format!(
                    "{}, {how}: {:.600}\nand should be {:.600}\nfor {:.1000}",
                    self.name,
                    made,
                    expected,
                    input.escape_ascii().to_string()
                )
            })
        };
        let step = input.len().div_ceil(PLACES).max(1);
        let mut places = (0..=input.len()).step_by(step);
        check("whole", &[input])
            .or_else(|| check("in single bytes", &input.chunks(1).collect::<Vec<_>>()))
            .or_else(|| check("in threes", &input.chunks(3).collect::<Vec<_>>()))
            .or_else(|| {
                places.find_map(|at| {
                    let (one, two) = input.split_at(at);
                    check(&format!("cut at {at}"), &[one, &[], two])
                })
            })
    }

    /// Returns the inputs in the corpus.
    pub fn corpus(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.directory())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }

    /// Writes an input to the corpus and returns its path.
    pub fn keep(&self, input: &[u8]) -> PathBuf {
        let name = format!("found-{}", &nbcourier_testkit::hex_sha256(input)[..12]);
        let path = self.directory().join(name);
        std::fs::write(&path, input).unwrap();
        path
    }

    fn directory(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus")
            .join(self.name)
    }

    /// Returns a strategy for inputs made of words, pieces of the corpus, and random bytes.
    pub fn inputs(&self) -> impl Strategy<Value = Vec<u8>> + use<> {
        let words = prop::sample::select((self.words)());
        let kept = prop::sample::select(self.corpus());
        let piece = (
            kept,
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
        )
            .prop_map(|(kept, from, to)| {
                let (from, to) = (from.index(kept.len() + 1), to.index(kept.len() + 1));
                kept[from.min(to)..from.max(to)].to_vec()
            });
        let whole = prop::sample::select(self.corpus());
        let odd = prop::collection::vec(any::<u8>(), 1..4);
        let part = prop_oneof![8 => words, 2 => piece, 1 => whole, 1 => odd];
        let seal = self.seal;
        (
            prop::collection::vec(part, 0..24),
            prop::bool::weighted(0.9),
        )
            .prop_map(move |(parts, sealed)| {
                let mut input = parts.concat();
                if sealed {
                    seal(&mut input);
                }
                input
            })
    }
}
