//! Archives, held in memory and read header by header.

use super::paths::is_legal;
use nbcourier_codec::{TarDecoder, TarError, TarEvent};

const BLOCK: usize = 512;
/// The maximum length of an extended header, in bytes.
const EXTENDED: usize = 64 * 1024;

/// Paths and contents, or None for a faulty archive.
type Files = Option<Vec<(String, Vec<u8>)>>;

pub fn decode(pieces: &[&[u8]]) -> String {
    let (mut decoder, mut files) = (TarDecoder::new(), Vec::new());
    let mut sink = |event: TarEvent<'_>| {
        match event {
            TarEvent::Begin(path, _) => files.push((path.to_string(), Vec::new())),
            TarEvent::Content(bytes) => files.last_mut().unwrap().1.extend_from_slice(bytes),
            TarEvent::End => {}
        }
        Ok::<_, TarError>(())
    };
    let fed = pieces
        .iter()
        .try_for_each(|piece| decoder.feed(piece, &mut sink));
    let outcome = fed.and_then(|()| decoder.finish());
    let files: Files = outcome.ok().map(|()| files);
    format!("{files:?}")
}

pub fn expected(archive: &[u8]) -> String {
    let files: Files = Walk {
        rest: archive,
        files: Vec::new(),
    }
    .all();
    format!("{files:?}")
}

struct Walk<'a> {
    rest: &'a [u8],
    files: Vec<(String, Vec<u8>)>,
}

/// The values of extended headers for the next entry.
#[derive(Default)]
struct ExtendedHeader {
    any: bool,
    path: Option<Vec<u8>>,
    size: Option<usize>,
    sparse: bool,
}

impl<'a> Walk<'a> {
    fn all(mut self) -> Files {
        let mut said = ExtendedHeader::default();
        loop {
            let header = self.take(BLOCK)?;
            if header.iter().all(|byte| *byte == 0) {
                let rest_is_zero = self.rest.iter().all(|byte| *byte == 0);
                return (!said.any && self.rest.len() >= BLOCK && rest_is_zero)
                    .then_some(self.files);
            }
            let size = size_in(header)?;
            match header[156] {
                b'x' | b'g' | b'L' | b'K' if size > EXTENDED => return None,
                kind @ (b'x' | b'g' | b'L' | b'K') => {
                    let body = self.content(size)?;
                    said = said_by(kind, body, said)?;
                }
                kind => {
                    self.entry(kind, header, size, &std::mem::take(&mut said))?;
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn content(&mut self, size: usize) -> Option<&'a [u8]> {
        let content = self.take(size)?;
        self.take(size.next_multiple_of(BLOCK) - size)?;
        Some(content)
    }

    fn entry(&mut self, kind: u8, header: &[u8], size: usize, said: &ExtendedHeader) -> Option<()> {
        let name = said.path.clone().unwrap_or_else(|| name_in(header));
        let name = String::from_utf8(name).ok()?;
        let path = name.strip_prefix("./").unwrap_or(&name);
        let size = said.size.unwrap_or(size);
        match kind {
            _ if said.sparse => None,
            b'0' | 0 => {
                let clashes = self.files.iter().any(|(other, _)| {
                    other == path
                        || other.starts_with(&format!("{path}/"))
                        || path.starts_with(&format!("{other}/"))
                });
                if clashes || !is_legal(path) {
                    return None;
                }
                let content = self.content(size)?;
                self.files.push((path.to_owned(), content.to_vec()));
                Some(())
            }
            b'5' => {
                let path = path.strip_suffix('/').unwrap_or(path);
                let is_fine = path.is_empty() || path == "." || is_legal(path);
                (size == 0 && is_fine).then_some(())
            }
            _ => None,
        }
    }
}

/// Returns the size in a header, if it is valid.
fn size_in(header: &[u8]) -> Option<usize> {
    let mut sum = 8 * usize::from(b' ');
    for (at, byte) in header.iter().enumerate() {
        if !(148..156).contains(&at) {
            sum += usize::from(*byte);
        }
    }
    let magic = &header[257..265];
    let is_known = magic.starts_with(b"ustar\0") || magic == b"ustar  \0";
    if !is_known || octal(&header[148..156])? != sum {
        return None;
    }
    match header[124] {
        0x80 => header[125..136].iter().try_fold(0_usize, |number, byte| {
            number.checked_mul(256)?.checked_add(usize::from(*byte))
        }),
        _ => octal(&header[124..136]),
    }
}

/// Returns an octal number: digits after blanks, before blanks and NULs.
fn octal(field: &[u8]) -> Option<usize> {
    let text: String = field.iter().map(|byte| char::from(*byte)).collect();
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let text = text.trim_end_matches([' ', '\0']);
    let digits = text.chars().all(|c| c.is_digit(8));
    usize::from_str_radix(text, 8).ok().filter(|_| digits)
}

fn before_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap()
}

fn name_in(header: &[u8]) -> Vec<u8> {
    let name = before_nul(&header[..100]);
    let prefix = before_nul(&header[345..500]);
    if header[257..].starts_with(b"ustar\0") && !prefix.is_empty() {
        [prefix, b"/", name].concat()
    } else {
        name.to_vec()
    }
}

fn said_by(kind: u8, body: &[u8], before: ExtendedHeader) -> Option<ExtendedHeader> {
    match kind {
        b'K' => Some(before),
        b'L' if before.path.is_some() => None,
        b'L' => Some(ExtendedHeader {
            any: true,
            path: Some(before_nul(body).to_vec()),
            ..before
        }),
        b'x' if before.any => None,
        b'x' => records(body),
        _ => {
            let all = records(body)?;
            let says_much = all.path.is_some() || all.size.is_some() || all.sparse;
            (!says_much).then_some(before)
        }
    }
}

/// Parses the records `LENGTH KEY=VALUE\n`.
fn records(mut body: &[u8]) -> Option<ExtendedHeader> {
    let mut said = ExtendedHeader {
        any: true,
        ..ExtendedHeader::default()
    };
    while !body.is_empty() {
        let blank = body.iter().position(|byte| *byte == b' ')?;
        let length = decimal(&body[..blank])?;
        if length > body.len() || length < blank + 2 {
            return None;
        }
        let record = body[blank + 1..length].strip_suffix(b"\n")?;
        body = &body[length..];
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => said.path = Some(value.to_vec()),
            b"size" => said.size = Some(decimal(value)?),
            _ if key.starts_with(b"GNU.sparse.") => said.sparse = true,
            _ => {}
        }
    }
    Some(said)
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok()?;
    let all = text.chars().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| all)
}

/// Writes correct checksums into the headers, so that the contents behind them are tested, too.
pub fn seal(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(BLOCK) {
        if block[257..].starts_with(b"ustar") {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}
