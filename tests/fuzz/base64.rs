//! Base64, decoded by hand from a whole text: white space is removed, then four characters are decoded at a time.

use nbcourier_codec::{Base64Decoder, NotBase64};

pub fn decode(pieces: &[&[u8]]) -> String {
    let (mut decoder, mut bytes) = (Base64Decoder::new(), Vec::new());
    let mut sink = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok::<_, NotBase64>(())
    };
    let fed = pieces
        .iter()
        .try_for_each(|piece| decoder.feed(piece, &mut sink));
    let outcome = fed.and_then(|()| decoder.finish(&mut sink));
    format!("{:?}", outcome.ok().map(|()| bytes))
}

pub fn expected(text: &[u8]) -> String {
    format!("{:?}", bytes_of(text))
}

/// Returns the bytes, or None for invalid base64.
pub fn bytes_of(text: &[u8]) -> Option<Vec<u8>> {
    let white = b" \t\n\r\x0B\x0C";
    let dense: Vec<u8> = text
        .iter()
        .copied()
        .filter(|c| !white.contains(c))
        .collect();
    if !dense.len().is_multiple_of(4) {
        return None;
    }
    let padding = dense.iter().rev().take_while(|c| **c == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut bits = Vec::new();
    for c in &dense[..dense.len() - padding] {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits.extend((0..6).rev().map(|bit| (value >> bit) & 1));
    }
    // Remaining bits that do not fill a byte are ignored.
    let bytes = bits.chunks_exact(8);
    Some(
        bytes
            .map(|bits| bits.iter().fold(0, |byte, bit| byte * 2 + bit))
            .collect(),
    )
}

pub const WORDS: &[&[u8]] = &[
    b"A",
    b"Q",
    b"=",
    b"==",
    b"YQ==",
    b"YWI=",
    b"YWFh",
    b"+/+/",
    b" ",
    b"\n",
    b"\r\n",
    b"\x0B",
    b"-",
    b"_",
    b"\0",
    b"\xC2\xA0",
    b"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\n",
];
