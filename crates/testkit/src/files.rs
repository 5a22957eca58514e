//! File lists in the form of the protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha256;

/// The length of a line of base64 in a reply, in characters.
const LINE: usize = 76;

/// A file that somebody submits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub path: String,
    pub bytes: Vec<u8>,
}

impl Sent {
    pub fn new(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.to_owned(),
            bytes: bytes.into(),
        }
    }
}

/// Returns the `files` argument of a request.
pub fn files_json(files: &[Sent]) -> String {
    let items: Vec<Value> = files
        .iter()
        .map(|file| json!({"path": file.path, "content": STANDARD.encode(&file.bytes)}))
        .collect();
    Value::Array(items).to_string()
}

/// Returns the files of a reply, after checking every checksum and every line break.
#[track_caller]
pub fn files_of_reply(reply: &Value) -> Vec<Sent> {
    let items = reply["files"].as_array().expect("a list of files");
    items
        .iter()
        .map(|item| {
            let content = item["content"].as_str().expect("content");
            let bytes = STANDARD.decode(content.replace('\n', "")).expect("base64");
            assert_eq!(content, base64_lines(&bytes), "lines of base64");
            assert_eq!(item["checksum"], md5_hex(&bytes), "checksum");
            Sent::new(item["path"].as_str().expect("path"), bytes)
        })
        .collect()
}

/// Returns base64 in lines of 76 characters, each with its line end.
pub fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.as_bytes().chunks(LINE);
    lines
        .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
        .collect()
}

pub fn md5_hex(bytes: &[u8]) -> String {
    let digest = Md5::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

pub fn hex_sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}
