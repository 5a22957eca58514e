//! A streaming encoder from bytes to the base64 of replies.

use super::base64_engine::ENGINE;
use base64::Engine as _;

/// The number of bytes of one line, which has 76 characters.
const LINE_BYTES: usize = 57;
const LINE_CHARS: usize = LINE_BYTES / 3 * 4;
/// A line break as a JSON string holds it.
const LINE_BREAK: &[u8] = b"\\n";
const LINE_LENGTH: usize = LINE_CHARS + LINE_BREAK.len();
/// The number of lines that are encoded at a time. One call for each line would take twice as long.
const LINES: usize = 16;

/// An encoder of a file as base64 for the inside of a JSON string. It takes pieces of any size and writes lines of 76
/// characters. Every line ends in an escaped line break, including the last. An empty file gives nothing.
///
/// Python's `base64.encodebytes` writes the same, and ngshare has always sent it to clients.
#[derive(Debug)]
pub struct Base64LineEncoder {
    /// The beginning of an incomplete line.
    line: [u8; LINE_BYTES],
    filled: usize,
    /// The characters of some lines, before the line breaks are added.
    characters: [u8; LINES * LINE_CHARS],
}

impl Default for Base64LineEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Base64LineEncoder {
    /// Creates an encoder at the beginning of a file.
    pub fn new() -> Self {
        Self {
            line: [0; LINE_BYTES],
            filled: 0,
            characters: [0; LINES * LINE_CHARS],
        }
    }

    /// Encodes the next bytes of the file and appends every line that became complete.
    pub fn feed(&mut self, bytes: &[u8], output: &mut Vec<u8>) {
        let mut rest = bytes;
        if self.filled > 0 {
            let (now, later) = rest.split_at(rest.len().min(LINE_BYTES - self.filled));
            self.line[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            rest = later;
            if self.filled < LINE_BYTES {
                return;
            }
            append_lines(&self.line, &mut self.characters, output);
        }
        let (lines, rest) = rest.as_chunks::<LINE_BYTES>();
        output.reserve((lines.len() + 1) * LINE_LENGTH);
        for lines in lines.chunks(LINES) {
            append_lines(lines.as_flattened(), &mut self.characters, output);
        }
        self.line[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// Ends the file and appends its last line. The encoder is then at the beginning of another file.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        let filled = std::mem::take(&mut self.filled);
        if filled > 0 {
            append_lines(&self.line[..filled], &mut self.characters, output);
        }
    }

    /// Returns the encoded size of a file of this size, both in bytes.
    pub const fn encoded_len(size: u64) -> u64 {
        let lines = size / LINE_BYTES as u64;
        let last = match size % LINE_BYTES as u64 {
            0 => 0,
            bytes => bytes.div_ceil(3) * 4 + LINE_BREAK.len() as u64,
        };
        lines
            .saturating_mul(LINE_LENGTH as u64)
            .saturating_add(last)
    }
}

/// Appends the base64 of at most `LINES` lines of bytes, and the line breaks.
fn append_lines(bytes: &[u8], characters: &mut [u8; LINES * LINE_CHARS], output: &mut Vec<u8>) {
    // Encoding fails only without room for the characters, and there is room for all lines.
    let length = ENGINE.encode_slice(bytes, characters).unwrap_or_default();
    for line in characters[..length].chunks(LINE_CHARS) {
        output.extend_from_slice(line);
        output.extend_from_slice(LINE_BREAK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::ways_to_cut;

    fn encode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
        let (mut encoder, mut output) = (Base64LineEncoder::new(), Vec::new());
        pieces.for_each(|piece| encoder.feed(piece, &mut output));
        encoder.finish(&mut output);
        String::from_utf8_lossy(&output).into_owned()
    }

    #[test]
    fn every_line_ends_in_an_escaped_line_break() {
        let line = "YWFh".repeat(19) + "\\n";
        for (size, expected) in [
            (0, String::new()),
            (1, "YQ==\\n".to_owned()),
            (3, "YWFh\\n".to_owned()),
            (56, "YWFh".repeat(18) + "YWE=\\n"),
            (57, line.clone()),
            (58, line.clone() + "YQ==\\n"),
            (57 * 40 + 2, line.repeat(40) + "YWE=\\n"),
        ] {
            for pieces in ways_to_cut(&vec![b'a'; size]) {
                assert_eq!(encode(pieces), expected, "{size}");
            }
        }
    }

    #[test]
    fn the_length_is_known_beforehand() {
        for size in 0..500_u64 {
            let bytes: Vec<u8> = (0..size).map(|at| (at * 7 % 251) as u8).collect();
            let encoded = encode(std::iter::once(&bytes[..]));
            assert_eq!(encoded.len() as u64, Base64LineEncoder::encoded_len(size));
            let decoded = ENGINE.decode(encoded.replace("\\n", ""));
            assert_eq!(decoded.as_ref(), Ok(&bytes));
        }
        assert_eq!(Base64LineEncoder::encoded_len(u64::MAX), u64::MAX);
    }

    #[test]
    fn after_the_end_another_file_may_begin() {
        let (mut encoder, mut output) = (Base64LineEncoder::new(), Vec::new());
        for _ in 0..2 {
            encoder.feed(b"a", &mut output);
            encoder.finish(&mut output);
        }
        assert_eq!(output, b"YQ==\\nYQ==\\n");
    }
}
