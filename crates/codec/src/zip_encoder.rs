//! Encodes zip archives while they are sent. Sizes and checksums follow each file, so nothing is read twice.
//!
//! The format is that of PKWARE's APPNOTE 6.3.10: deflated files with data descriptors, names in UTF-8, and the
//! extensions for more than four gigabytes or 65,535 files where they are needed.

use flate2::{Compress, Compression, Crc, FlushCompress};
use nbcourier_domain::Timestamp;
use std::collections::VecDeque;

/// Names are in UTF-8, and sizes follow the file.
const FLAGS: u16 = 0x0808;
const DEFLATED: u16 = 8;
const VERSION: u16 = 20;
/// The version that knows archives of more than four gigabytes.
const VERSION_64: u16 = 45;
/// A size from which on a file may need eight bytes for its sizes. A little less than four gigabytes, since a file that
/// cannot be compressed grows.
const LARGE: u64 = 0xF000_0000;
const MANY: usize = 0xFFFF;
const IN_64: u32 = u32::MAX;
/// Size in bytes from which on a part of the directory is complete.
const PART: usize = 256 * 1024;

/// Encodes an archive.
#[derive(Default)]
pub struct ZipEncoder {
    offset: u64,
    directory: Directory,
    open: Option<Open>,
}

/// The directory at the end of an archive: one header for each file, as it will be sent. The parts have bounded sizes, so
/// that no large block of memory is ever copied.
#[derive(Default)]
struct Directory {
    parts: VecDeque<Vec<u8>>,
    files: usize,
    bytes: u64,
    /// The offset at which it begins, once it is sent.
    start: Option<u64>,
}

struct Open {
    entry: Entry,
    deflate: Compress,
    crc: Crc,
    is_large: bool,
}

struct Entry {
    name: String,
    time: DosTime,
    crc: u32,
    packed: u64,
    size: u64,
    offset: u64,
}

impl ZipEncoder {
    /// Creates an encoder that has written nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a file of about `size` bytes. The name has `/` between directories.
    pub fn begin(&mut self, name: &str, size: u64, time: Timestamp, output: &mut Vec<u8>) {
        let is_large = size >= LARGE;
        let entry = Entry {
            name: name.to_owned(),
            time: DosTime::of(time),
            crc: 0,
            packed: 0,
            size: 0,
            offset: self.offset,
        };
        let mut header = Vec::with_capacity(64 + name.len());
        put32(&mut header, 0x0403_4B50);
        put16(&mut header, if is_large { VERSION_64 } else { VERSION });
        put16(&mut header, FLAGS);
        put16(&mut header, DEFLATED);
        entry.time.write(&mut header);
        put32(&mut header, 0);
        // With the extension for large files, readers take the descriptor's sizes to have eight bytes.
        let unknown = if is_large { IN_64 } else { 0 };
        put32(&mut header, unknown);
        put32(&mut header, unknown);
        put16(&mut header, length_of(&entry.name));
        put16(&mut header, if is_large { 20 } else { 0 });
        header.extend_from_slice(entry.name.as_bytes());
        if is_large {
            put16(&mut header, 1);
            put16(&mut header, 16);
            put64(&mut header, 0);
            put64(&mut header, 0);
        }
        self.put(&header, output);
        self.open = Some(Open {
            entry,
            deflate: Compress::new(Compression::fast(), false),
            crc: Crc::new(),
            is_large,
        });
    }

    /// Adds bytes to the current file.
    pub fn write(&mut self, bytes: &[u8], output: &mut Vec<u8>) {
        if let Some(open) = &mut self.open {
            open.crc.update(bytes);
            let before = output.len();
            deflate(&mut open.deflate, bytes, FlushCompress::None, output);
            self.offset += (output.len() - before) as u64;
        }
    }

    /// Ends the current file.
    pub fn end(&mut self, output: &mut Vec<u8>) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        let before = output.len();
        deflate(&mut open.deflate, &[], FlushCompress::Finish, output);
        self.offset += (output.len() - before) as u64;
        let mut entry = open.entry;
        entry.crc = open.crc.sum();
        entry.packed = open.deflate.total_out();
        entry.size = open.deflate.total_in();
        let mut descriptor = Vec::with_capacity(24);
        put32(&mut descriptor, 0x0807_4B50);
        put32(&mut descriptor, entry.crc);
        for size in [entry.packed, entry.size] {
            if open.is_large {
                put64(&mut descriptor, size);
            } else {
                put32(&mut descriptor, narrow(size));
            }
        }
        self.put(&descriptor, output);
        self.directory.add(&entry);
    }

    /// Returns the number of bytes that the directory has so far.
    pub const fn directory_bytes(&self) -> u64 {
        self.directory.bytes
    }

    /// Adds the next part of the archive's end, which is its directory. Returns whether the archive is complete then.
    pub fn finish(&mut self, output: &mut Vec<u8>) -> bool {
        let start = *self.directory.start.get_or_insert(self.offset);
        if let Some(part) = self.directory.parts.pop_front() {
            self.put(&part, output);
            return false;
        }
        let length = self.directory.bytes;
        let count = self.directory.files;
        let mut end = Vec::with_capacity(98);
        if count >= MANY || narrow(start) == IN_64 || narrow(length) == IN_64 {
            let at = self.offset;
            put32(&mut end, 0x0606_4B50);
            put64(&mut end, 44);
            put16(&mut end, 0x0300 | VERSION_64);
            put16(&mut end, VERSION_64);
            put32(&mut end, 0);
            put32(&mut end, 0);
            put64(&mut end, count as u64);
            put64(&mut end, count as u64);
            put64(&mut end, length);
            put64(&mut end, start);
            put32(&mut end, 0x0706_4B50);
            put32(&mut end, 0);
            put64(&mut end, at);
            put32(&mut end, 1);
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        put32(&mut end, 0x0605_4B50);
        put16(&mut end, 0);
        put16(&mut end, 0);
        put16(&mut end, count);
        put16(&mut end, count);
        put32(&mut end, narrow(length));
        put32(&mut end, narrow(start));
        put16(&mut end, 0);
        self.put(&end, output);
        true
    }

    fn put(&mut self, bytes: &[u8], output: &mut Vec<u8>) {
        self.offset += bytes.len() as u64;
        output.extend_from_slice(bytes);
    }
}

impl Directory {
    fn add(&mut self, entry: &Entry) {
        let header = entry.header();
        self.files += 1;
        self.bytes += header.len() as u64;
        let last = self.parts.back();
        if last.is_none_or(|part| part.len() + header.len() > PART) {
            let part = Vec::with_capacity(PART.max(header.len()));
            self.parts.push_back(part);
        }
        if let Some(part) = self.parts.back_mut() {
            part.extend_from_slice(&header);
        }
    }
}

impl Entry {
    /// Returns the header in the directory.
    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(80 + self.name.len());
        let extra = self.extra();
        put32(&mut header, 0x0201_4B50);
        // Made on Unix, which decides how the permissions below are read.
        put16(&mut header, 0x0300 | VERSION);
        put16(
            &mut header,
            if extra.is_empty() {
                VERSION
            } else {
                VERSION_64
            },
        );
        put16(&mut header, FLAGS);
        put16(&mut header, DEFLATED);
        self.time.write(&mut header);
        put32(&mut header, self.crc);
        put32(&mut header, narrow(self.packed));
        put32(&mut header, narrow(self.size));
        put16(&mut header, length_of(&self.name));
        put16(&mut header, u16::try_from(extra.len()).unwrap_or(0));
        put16(&mut header, 0);
        put16(&mut header, 0);
        put16(&mut header, 0);
        put32(&mut header, 0o100_644 << 16);
        put32(&mut header, narrow(self.offset));
        header.extend_from_slice(self.name.as_bytes());
        header.extend_from_slice(&extra);
        header
    }

    /// Returns the extension with those values that do not fit into four bytes.
    fn extra(&self) -> Vec<u8> {
        let mut values = Vec::new();
        for value in [self.size, self.packed, self.offset] {
            if narrow(value) == IN_64 {
                put64(&mut values, value);
            }
        }
        if values.is_empty() {
            return values;
        }
        let mut extra = Vec::with_capacity(28);
        put16(&mut extra, 1);
        put16(&mut extra, u16::try_from(values.len()).unwrap_or(0));
        extra.extend_from_slice(&values);
        extra
    }
}

fn deflate(deflate: &mut Compress, mut bytes: &[u8], flush: FlushCompress, output: &mut Vec<u8>) {
    loop {
        output.reserve(32 * 1024);
        let before = deflate.total_in();
        // Compressing to memory cannot fail with this state.
        let status = deflate.compress_vec(bytes, output, flush);
        let taken = usize::try_from(deflate.total_in() - before).unwrap_or(bytes.len());
        bytes = &bytes[taken.min(bytes.len())..];
        let is_finishing = matches!(flush, FlushCompress::Finish);
        let is_done = match status {
            Ok(flate2::Status::StreamEnd) | Err(_) => true,
            Ok(_) => bytes.is_empty() && !is_finishing,
        };
        if is_done {
            return;
        }
    }
}

fn put16(output: &mut Vec<u8>, value: u16) {
    output.extend_from_slice(&value.to_le_bytes());
}

fn put32(output: &mut Vec<u8>, value: u32) {
    output.extend_from_slice(&value.to_le_bytes());
}

fn put64(output: &mut Vec<u8>, value: u64) {
    output.extend_from_slice(&value.to_le_bytes());
}

/// Returns the value in four bytes, or the mark of one that needs eight.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(IN_64)
}

/// Returns the length of a name. No name in a tree is longer than two bytes can say.
fn length_of(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}

/// A date and a time of day, to two seconds.
#[derive(Clone, Copy)]
struct DosTime {
    date: u16,
    time: u16,
}

impl DosTime {
    /// The first time that the format has.
    const FIRST: Self = Self {
        date: (1 << 5) | 1,
        time: 0,
    };

    /// Returns the time in UTC. Times outside the format are its first one.
    fn of(time: Timestamp) -> Self {
        // `2020-01-30 10:30:47.524219`
        let text = time.to_string();
        let number =
            |place: std::ops::Range<usize>| -> Option<u16> { text.get(place)?.parse().ok() };
        let parse = || {
            let year = number(0..4)?.checked_sub(1980).filter(|year| *year < 128)?;
            Some(Self {
                date: (year << 9) | (number(5..7)? << 5) | number(8..10)?,
                time: (number(11..13)? << 11) | (number(14..16)? << 5) | (number(17..19)? / 2),
            })
        };
        parse().unwrap_or(Self::FIRST)
    }

    fn write(self, output: &mut Vec<u8>) {
        output.extend_from_slice(&self.time.to_le_bytes());
        output.extend_from_slice(&self.date.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipEncoder::new();
        let mut output = Vec::new();
        for (name, content) in files {
            zip.begin(
                name,
                content.len() as u64,
                at("2027-02-01 22:24:10"),
                &mut output,
            );
            for piece in content.chunks(1000) {
                zip.write(piece, &mut output);
            }
            zip.end(&mut output);
        }
        while !zip.finish(&mut output) {}
        output
    }

    /// Reads an archive with a library.
    fn read(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let archive = rawzip::ZipArchive::from_slice(bytes).unwrap();
        let mut files = Vec::new();
        let mut entries = archive.entries();
        while let Some(entry) = entries.next_entry().unwrap() {
            let name = std::str::from_utf8(entry.file_path().as_ref())
                .unwrap()
                .to_owned();
            let found = archive.get_entry(entry.wayfinder()).unwrap();
            let inflated = flate2::read::DeflateDecoder::new(found.data());
            let mut content = Vec::new();
            found
                .verifying_reader(inflated)
                .read_to_end(&mut content)
                .unwrap();
            files.push((name, content));
        }
        files
    }

    #[test]
    fn a_library_reads_what_was_written() {
        let noise: Vec<u8> = (0..200_000_u32)
            .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
            .collect();
        let files: [(&str, &[u8]); 4] = [
            ("problem1.ipynb", b"{}"),
            ("data/\u{4f8b}.csv", &noise),
            ("empty", b""),
            ("text", &b"the same line\n".repeat(10_000)),
        ];
        let bytes = archive(&files);
        let expected: Vec<_> = files
            .iter()
            .map(|(name, content)| ((*name).to_owned(), content.to_vec()))
            .collect();
        assert!(read(&bytes) == expected);
        assert!(bytes.len() < 220_000, "{}", bytes.len());
    }

    #[test]
    fn an_archive_of_nothing_and_one_of_very_many_files_can_be_read() {
        assert!(read(&archive(&[])).is_empty());
        let names: Vec<String> = (0..70_000).map(|n| format!("f{n}")).collect();
        let files: Vec<(&str, &[u8])> = names
            .iter()
            .map(|name| (name.as_str(), &b"x"[..]))
            .collect();
        let found = read(&archive(&files));
        assert_eq!(found.len(), 70_000);
        assert_eq!(found[69_999], ("f69999".to_owned(), b"x".to_vec()));
    }

    #[test]
    fn times_before_the_format_are_its_first_one() {
        for text in ["1970-01-01 00:00:00", "9999-01-01 00:00:00"] {
            let mut output = Vec::new();
            DosTime::of(at(text)).write(&mut output);
            assert_eq!(output, [0, 0, 0x21, 0]);
        }
        let mut output = Vec::new();
        DosTime::of(at("2027-02-01 22:24:10")).write(&mut output);
        assert_eq!(output, [0x05, 0xB3, 0x41, 0x5E]);
    }
}
