//! Forms, decoded from a whole text: split at every `&`, then at the first `=`, then unescaped byte by byte.

use nbcourier_codec::{FieldEvent, FormDecoder, NameTooLong};

/// Names and values, or None if a name is too long.
type Fields = Option<Vec<(Vec<u8>, Vec<u8>)>>;

pub fn decode(pieces: &[&[u8]]) -> String {
    let (mut decoder, mut fields) = (FormDecoder::new(), Vec::new());
    let mut sink = |event: FieldEvent<'_>| {
        match event {
            FieldEvent::Name(name) => fields.push((name.to_vec(), Vec::new())),
            FieldEvent::Value(value) => fields.last_mut().unwrap().1.extend_from_slice(value),
            FieldEvent::End => {}
        }
        Ok::<_, NameTooLong>(())
    };
    let fed = pieces
        .iter()
        .try_for_each(|piece| decoder.feed(piece, &mut sink));
    let outcome = fed.and_then(|()| decoder.finish(&mut sink));
    let fields: Fields = outcome.ok().map(|()| fields);
    format!("{fields:?}")
}

pub fn expected(form: &[u8]) -> String {
    let mut fields = Some(Vec::new());
    for pair in form.split(|byte| *byte == b'&') {
        if pair.is_empty() {
            continue;
        }
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals {
            Some(at) => (unescape(&pair[..at]), unescape(&pair[at + 1..])),
            None => (unescape(pair), Vec::new()),
        };
        if name.len() > 1024 {
            fields = None;
            break;
        }
        fields.as_mut().unwrap().push((name, value));
    }
    let fields: Fields = fields;
    format!("{fields:?}")
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).unwrap_or_default();
        if text[at] == b'%' && digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit) {
            let digits = std::str::from_utf8(digits).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            at += 3;
        } else {
            bytes.push(if text[at] == b'+' { b' ' } else { text[at] });
            at += 1;
        }
    }
    bytes
}

pub const WORDS: &[&[u8]] = &[
    b"%",
    b"%2",
    b"%41",
    b"%2B",
    b"%2f",
    b"%26",
    b"%3D",
    b"%zz",
    b"%E2%82%AC",
    b"+",
    b"&",
    b"&&",
    b"=",
    b"==",
    b"a",
    b"files",
    b"user",
    b"\xC3\xA9",
    b"\0",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];
