//! Paths as the standard library parses them.

use nbcourier_domain::RelativePath;
use std::path::{Component, Path};

pub fn decode(pieces: &[&[u8]]) -> String {
    let text = String::from_utf8_lossy(&pieces.concat()).into_owned();
    format!("{:?}", RelativePath::parse(text.as_str()).is_ok())
}

pub fn expected(path: &[u8]) -> String {
    format!("{:?}", is_legal(&String::from_utf8_lossy(path)))
}

/// Whether the path consists of names only, is in its normal form, and can exist on a disk.
pub fn is_legal(path: &str) -> bool {
    let mut names = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => names.push(name.to_str().unwrap()),
            _ => return false,
        }
    }
    let letters: Vec<char> = path.chars().take(2).collect();
    let is_on_a_drive = matches!(letters[..], [drive, ':'] if drive.is_ascii_alphabetic());
    !names.is_empty()
        && names.len() <= 64
        && names.join("/") == path
        && names.iter().all(|name| name.len() <= 255)
        && path.len() <= 4096
        && !path.contains('\0')
        && !path.contains('\\')
        && !is_on_a_drive
}

pub const WORDS: &[&[u8]] = &[
    b"/",
    b".",
    b"..",
    b"...",
    b"a",
    b"a/",
    b"//",
    b"\\",
    b"\0",
    b"C:",
    b":",
    b"~",
    b" ",
    b"\n",
    b"con",
    b"%2e",
    b"\xE2\x88\x95",
    b"\xEF\xBC\x8F",
    b"\xE2\x80\xA4",
    b"\xE2\x80\xAE",
    b"e\xCC\x81",
    b"\xC3\xA9",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    b"d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/",
];
