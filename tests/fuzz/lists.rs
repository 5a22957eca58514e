//! File lists by the documented rules, from a value that is held in memory.

use super::base64::bytes_of;
use super::json::{Text, Value, parse};
use super::paths::is_legal;
use nbcourier_codec::{FileEvent, FileListDecoder, FileListError};
use std::convert::Infallible;

/// The complete files, and the verdict.
type Outcome = (Vec<(String, Vec<u8>)>, Option<FileListError>);

pub fn decode(pieces: &[&[u8]]) -> String {
    let (mut decoder, mut files, mut open) = (FileListDecoder::new(), Vec::new(), Vec::new());
    for piece in pieces {
        let Ok(()) = decoder.feed(piece, &mut |event| {
            match event {
                FileEvent::Begin | FileEvent::Restart => open.clear(),
                FileEvent::Content(bytes) => open.extend_from_slice(bytes),
                FileEvent::End(path) => files.push((path.to_string(), std::mem::take(&mut open))),
            }
            Ok::<_, Infallible>(())
        });
    }
    shown((files, decoder.finish().err()))
}

pub fn expected(json: &[u8]) -> String {
    let mut files = Vec::new();
    let error = match parse(json) {
        None => Some(FileListError::NotJson),
        Some(Value::List(items)) => items.iter().find_map(|item| add(item, &mut files).err()),
        Some(_) => Some(FileListError::IncorrectFormat),
    };
    shown((files, error))
}

/// Returns the outcome as text. For a text that is not JSON in the end, the files before the fault do not matter.
fn shown((files, error): Outcome) -> String {
    match error {
        Some(FileListError::NotJson) => "not JSON".to_owned(),
        _ => format!("{files:?} {error:?}"),
    }
}

fn add(item: &Value, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), FileListError> {
    let (Some(path), Some(content)) = (member(item, "path"), member(item, "content")) else {
        return Err(FileListError::IncorrectFormat);
    };
    let clashes = files.iter().any(|(other, _)| {
        *other == path.text
            || other.starts_with(&format!("{}/", path.text))
            || path.text.starts_with(&format!("{other}/"))
    });
    if path.lone || clashes || !is_legal(&path.text) {
        return Err(FileListError::IllegalPath);
    }
    let bytes = bytes_of(content.text.as_bytes()).filter(|_| !content.lone);
    files.push((path.text.clone(), bytes.ok_or(FileListError::NotBase64)?));
    Ok(())
}

/// Returns the last member with this name, if it is a text.
fn member<'a>(item: &'a Value, name: &str) -> Option<&'a Text> {
    let Value::Object(members) = item else {
        return None;
    };
    let named = members
        .iter()
        .rfind(|(key, _)| !key.lone && key.text == name);
    match named {
        Some((_, Value::Text(text))) => Some(text),
        _ => None,
    }
}

pub const WORDS: &[&[u8]] = &[
    b"[",
    b"]",
    b"[]",
    b"{",
    b"}",
    b", ",
    b": ",
    b"\"path\": ",
    b"\"content\": ",
    b"\"checksum\": \"x\"",
    b"\"a\"",
    b"\"a/b\"",
    b"\"b/c\"",
    b"\"a/../b\"",
    b"\"\"",
    b"\"YQ==\"",
    b"\"YWI=\\nYWI=\"",
    b"\"YWJj\\nYWJj\\n\"",
    b"1",
    b"null",
    b"\\ud800",
    b"{\"path\": \"a\", \"content\": \"YQ==\"}",
    b"{\"path\": \"b\", \"content\": \"\"}",
    b"{\"content\": \"YQ==\", \"path\": \"a/b\"}",
    b"{\"path\": \"c\", \"content\": \"YQ\"}",
    b"{\"path\": \"../c\", \"content\": \"YQ==\"}",
    b"{\"p\\u0061th\": \"d\", \"content\": \"YQ==\", \"content\": \"\"}",
];
