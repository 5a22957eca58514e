//! A streaming encoder from files to a tar archive.

use super::tar::{
    BLOCK, Block, CHECKSUM, EXTENDED, FILE, GROUP, HARD_LINK, KIND, LINK, MAGIC, MODE, MODIFIED,
    NAME, OWNER, POSIX, SIZE, checksum, padding,
};
use nbcourier_domain::Timestamp;
use std::ops::Range;

/// The largest number that fits into eleven octal digits.
const MAX_OCTAL: u64 = 0o777_7777_7777;
/// The name of extended headers. Readers that do not know them extract them as files of this name.
const EXTENDED_NAME: &str = "pax-header";

/// An encoder that writes entries one after the other: `begin`, the file's bytes, `end`, and `finish` after the last.
///
/// A path that is too long for a header, or not ASCII, is written in an extended header before it.
#[derive(Debug, Default)]
pub struct TarEncoder {
    size: u64,
}

impl TarEncoder {
    /// The number of bytes that `finish` writes.
    pub const END: usize = 2 * BLOCK;

    /// Creates an encoder at the beginning of an archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of bytes that a file takes in an archive.
    pub fn encoded_len(path: &str, size: u64) -> u64 {
        let records = records(path, size).len() as u64;
        let extended = match records {
            0 => 0,
            length => BLOCK as u64 + length + padding(length) as u64,
        };
        extended + BLOCK as u64 + size + padding(size) as u64
    }

    /// Writes the headers before a file's bytes.
    pub fn begin(&mut self, path: &str, size: u64, modified: Timestamp, output: &mut Vec<u8>) {
        self.begin_with(path, size, modified, false, output);
    }

    /// Writes the headers before the bytes of a file that may be executable.
    pub fn begin_with(
        &mut self,
        path: &str,
        size: u64,
        modified: Timestamp,
        executable: bool,
        output: &mut Vec<u8>,
    ) {
        extend(&records(path, size), modified, output);
        let mut header = header(FILE, path, size, modified);
        if executable {
            octal(&mut header, MODE, 0o755);
            seal(&mut header);
        }
        output.extend_from_slice(&header);
        self.size = size;
    }

    /// Writes another name of a file that was written before. It needs no `end`.
    pub fn link(&mut self, path: &str, to: &str, modified: Timestamp, output: &mut Vec<u8>) {
        let mut said = records(path, 0);
        if !to.is_ascii() || to.len() > LINK.len() {
            said.push_str(&record("linkpath", to));
        }
        extend(&said, modified, output);
        let mut header = header(HARD_LINK, path, 0, modified);
        let length = to.len().min(LINK.len());
        header[LINK][..length].copy_from_slice(&to.as_bytes()[..length]);
        seal(&mut header);
        output.extend_from_slice(&header);
    }

    /// Writes the padding after a file's bytes.
    pub fn end(&mut self, output: &mut Vec<u8>) {
        pad(self.size, output);
        self.size = 0;
    }

    /// Closes the archive. A reader that does not find this end knows that the archive is incomplete.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        output.resize(output.len() + Self::END, 0);
    }
}

/// Writes the extended header with the records that do not fit into a header.
fn extend(records: &str, modified: Timestamp, output: &mut Vec<u8>) {
    if records.is_empty() {
        return;
    }
    let length = records.len() as u64;
    output.extend_from_slice(&header(EXTENDED, EXTENDED_NAME, length, modified));
    output.extend_from_slice(records.as_bytes());
    pad(length, output);
}

fn pad(size: u64, output: &mut Vec<u8>) {
    output.resize(output.len() + padding(size), 0);
}

/// Returns the content of the file's extended header. It is empty when the file needs none.
fn records(path: &str, size: u64) -> String {
    let mut records = String::new();
    if !path.is_ascii() || path.len() > NAME.len() {
        records.push_str(&record("path", path));
    }
    if size > MAX_OCTAL {
        records.push_str(&record("size", &size.to_string()));
    }
    records
}

/// Appends `LENGTH KEY=VALUE\n`, where the length counts its own digits, too.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + " =\n".len();
    let mut length = rest;
    loop {
        let whole = rest + length.to_string().len();
        if whole == length {
            return format!("{length} {key}={value}\n");
        }
        length = whole;
    }
}

fn header(kind: u8, name: &str, size: u64, modified: Timestamp) -> Block {
    let mut header = [0; BLOCK];
    // A longer name is cut here, for a reader that does not know extended headers.
    let length = name.len().min(NAME.len());
    header[..length].copy_from_slice(&name.as_bytes()[..length]);
    octal(&mut header, MODE, 0o644);
    octal(&mut header, OWNER, 0);
    octal(&mut header, GROUP, 0);
    octal(&mut header, SIZE, size.min(MAX_OCTAL));
    // The field has no sign.
    let seconds = modified.micros().max(0).unsigned_abs() / 1_000_000;
    octal(&mut header, MODIFIED, seconds.min(MAX_OCTAL));
    header[KIND] = kind;
    header[MAGIC].copy_from_slice(POSIX);
    seal(&mut header);
    header
}

/// Writes the checksum of a complete header.
fn seal(header: &mut Block) {
    let sum = checksum(header);
    octal(header, CHECKSUM.start..CHECKSUM.end - 1, sum);
    header[CHECKSUM.end - 1] = b' ';
}

/// Writes the number in octal digits with a NUL behind them.
fn octal(header: &mut Block, field: Range<usize>, mut number: u64) {
    let Some((end, digits)) = header[field].split_last_mut() else {
        return;
    };
    *end = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 8) as u8;
        number /= 8;
    }
}
