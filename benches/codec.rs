//! Measures the upload codec and its limits in the same run: memory, hashes and disk.
//!
//! Criterion reports the precision of the figures. The table at the end is in MB of raw bytes per second and comes from
//! the same kind of run. `docs/performance.md` has the conclusions.

use base64::Engine as _;
use base64::engine::{GeneralPurposeConfig, Simd};
use criterion::{Criterion, Throughput};
use md5::Md5;
use nbcourier_codec::{
    Base64LineEncoder, FieldEvent, FileEvent, FileListDecoder, FileListError, FormDecoder,
    NameTooLong,
};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Number of raw bytes of the file. It exceeds the caches of a core.
const RAW: usize = 8 * 1024 * 1024;
/// Number of bytes that are decoded at a time.
const BLOCK: usize = 256 * 1024;
/// How long each row of the table is measured in a round.
const SPELL: Duration = Duration::from_millis(100);
/// Number of rounds. Their median counts.
const ROUNDS: usize = 7;
/// Number of flushes. Their median counts.
const FLUSHES: usize = 101;
/// Wanted speed of the codec with the hashes, as a part of the speed of the hashes alone.
const WANTED: f64 = 0.6;

/// The error of a decoder. It never occurs here.
#[derive(Debug)]
struct Stopped;

impl From<NameTooLong> for Stopped {
    fn from(_: NameTooLong) -> Self {
        Self
    }
}

impl From<FileListError> for Stopped {
    fn from(_: FileListError) -> Self {
        Self
    }
}

/// The two hashes of every file, as `exchange::intake` computes them.
#[derive(Default)]
struct Hashes(Md5, Sha256);

impl Hashes {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
        self.1.update(bytes);
    }

    fn finish(self) {
        black_box((self.0.finalize(), self.1.finalize()));
    }
}

/// The same bytes at each stage of decoding.
struct Stages {
    raw: Vec<u8>,
    base64: String,
    list: Vec<u8>,
    form: Vec<u8>,
}

impl Stages {
    fn new() -> Self {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let raw: Vec<u8> = (0..RAW / 8)
            .flat_map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            })
            .collect();
        let base64 = Simd::standard(GeneralPurposeConfig::new()).encode(&raw);
        let list = format!(r#"[{{"path": "problem.ipynb", "content": "{base64}"}}]"#).into_bytes();
        let mut form = b"user=sam&files=".to_vec();
        for &byte in &list {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => form.push(byte),
                b' ' => form.push(b'+'),
                _ => form.extend(format!("%{byte:02X}").bytes()),
            }
        }
        Self {
            raw,
            base64,
            list,
            form,
        }
    }

    fn memcpy(&self) {
        let mut copy = vec![0; BLOCK];
        for block in self.raw.chunks(BLOCK) {
            copy[..block.len()].copy_from_slice(block);
            black_box(&mut copy);
        }
    }

    fn md5(&self) {
        black_box(Md5::digest(&self.raw));
    }

    fn sha256(&self) {
        black_box(Sha256::digest(&self.raw));
    }

    /// Computes both hashes block by block, so that the second one finds the bytes in the cache, as in the server.
    fn both_hashes(&self) {
        let mut hashes = Hashes::default();
        for block in self.raw.chunks(BLOCK / 32) {
            hashes.update(block);
        }
        hashes.finish();
    }

    fn base64(&self) {
        black_box(
            Simd::standard(GeneralPurposeConfig::new())
                .decode(&self.base64)
                .ok(),
        );
    }

    fn decode_form(&self) -> Result<(), Stopped> {
        let mut decoder = FormDecoder::new();
        let mut sink = |event: FieldEvent<'_>| {
            black_box(event);
            Ok::<_, Stopped>(())
        };
        for block in self.form.chunks(BLOCK) {
            decoder.feed(block, &mut sink)?;
        }
        decoder.finish(&mut sink)
    }

    fn decode_list(&self) -> Result<(), Stopped> {
        let mut decoder = FileListDecoder::new();
        for block in self.list.chunks(BLOCK) {
            decoder.feed(block, &mut |event| {
                black_box(event);
                Ok::<_, Stopped>(())
            })?;
        }
        Ok(decoder.finish()?)
    }

    /// Runs the whole codec: form, list and base64.
    fn decode_upload(&self, content: &mut impl FnMut(&[u8])) -> Result<(), Stopped> {
        let mut form = FormDecoder::new();
        let mut list = FileListDecoder::new();
        let mut in_files = false;
        let mut sink = |event: FieldEvent<'_>| match event {
            FieldEvent::Name(name) => {
                in_files = name == b"files";
                Ok(())
            }
            FieldEvent::Value(bytes) if in_files => list.feed(bytes, &mut |event| {
                if let FileEvent::Content(bytes) = event {
                    content(bytes);
                }
                Ok::<_, Stopped>(())
            }),
            FieldEvent::Value(_) | FieldEvent::End => Ok(()),
        };
        for block in self.form.chunks(BLOCK) {
            form.feed(block, &mut sink)?;
        }
        form.finish(&mut sink)?;
        Ok(list.finish()?)
    }

    fn decode(&self) -> Result<(), Stopped> {
        self.decode_upload(&mut |bytes| {
            black_box(bytes);
        })
    }

    fn decode_and_hash(&self) -> Result<(), Stopped> {
        let mut hashes = Hashes::default();
        self.decode_upload(&mut |bytes| hashes.update(bytes))?;
        hashes.finish();
        Ok(())
    }

    fn encode_lines(&self) {
        let mut encoder = Base64LineEncoder::new();
        let mut output = Vec::new();
        for block in self.raw.chunks(BLOCK) {
            encoder.feed(block, &mut output);
            black_box(&output);
            output.clear();
        }
        encoder.finish(&mut output);
    }
}

/// A measured work with its name in the table.
type Work<'a> = (&'static str, Box<dyn Fn() -> Result<(), Stopped> + 'a>);

fn works(stages: &Stages) -> Vec<Work<'_>> {
    let always = |work: fn(&Stages)| {
        Box::new(move || {
            work(stages);
            Ok(())
        })
    };
    vec![
        ("limit: memcpy", always(Stages::memcpy)),
        ("limit: MD5", always(Stages::md5)),
        ("limit: SHA-256", always(Stages::sha256)),
        (BOTH_HASHES, always(Stages::both_hashes)),
        ("limit: base64 crate", always(Stages::base64)),
        ("FormDecoder", Box::new(|| stages.decode_form())),
        ("FileListDecoder", Box::new(|| stages.decode_list())),
        ("upload codec", Box::new(|| stages.decode())),
        (CODEC_AND_HASHES, Box::new(|| stages.decode_and_hash())),
        ("Base64LineEncoder", always(Stages::encode_lines)),
    ]
}

const BOTH_HASHES: &str = "limit: MD5 + SHA-256";
const CODEC_AND_HASHES: &str = "upload codec, MD5 + SHA-256";

/// Returns the speed in MB of raw bytes per second.
fn speed(work: &dyn Fn() -> Result<(), Stopped>) -> Result<f64, Stopped> {
    let begun = Instant::now();
    let mut times = 0_u32;
    while begun.elapsed() < SPELL {
        work()?;
        times += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let megabytes = u32::try_from(RAW).map_or(f64::NAN, f64::from) / 1e6;
    Ok(f64::from(times) * megabytes / seconds)
}

/// Returns the time until the disk confirms 4 KiB: the median of many flushes, in milliseconds.
fn fsync() -> io::Result<f64> {
    // Beside this program, since that is a directory on a real disk.
    let path = std::env::current_exe()?.with_extension("fsync");
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        let mut file = File::create(&path)?;
        file.write_all(&[7; 4096])?;
        let begun = Instant::now();
        file.sync_all()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(&path)?;
    Ok(median(times))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the table. All rows are measured in turn in each round, so that a slow machine slows all of them.
fn print_table(works: &[Work<'_>]) -> Result<(), Stopped> {
    let mut speeds = vec![Vec::new(); works.len()];
    for _ in 0..ROUNDS {
        for ((_, work), speeds) in works.iter().zip(&mut speeds) {
            speeds.push(speed(work)?);
        }
    }
    println!("\n| step | MB of raw bytes a second |\n|---|---|");
    let (mut hashes, mut all) = (1.0, 0.0);
    for ((name, _), speeds) in works.iter().zip(speeds) {
        let speed = median(speeds);
        println!("| {name} | {speed:.0} |");
        match *name {
            BOTH_HASHES => hashes = speed,
            CODEC_AND_HASHES => all = speed,
            _ => {}
        }
    }
    match fsync() {
        Ok(time) => println!("| limit: fsync of a file of 4 KiB | {time:.2} ms each |"),
        Err(error) => println!("| limit: fsync | not measured: {error} |"),
    }
    let reached = if all / hashes >= WANTED { "yes" } else { "no" };
    println!(
        "\n{CODEC_AND_HASHES}, as a part of the hashes alone: {:.2} (wanted {WANTED}: {reached})",
        all / hashes
    );
    Ok(())
}

fn main() -> Result<(), Stopped> {
    let stages = Stages::new();
    let works = works(&stages);
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(RAW as u64));
    for (name, work) in &works {
        group.bench_function(*name, |bencher| bencher.iter(work));
    }
    group.finish();
    criterion.final_summary();
    print_table(&works)
}
