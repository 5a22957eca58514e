//! Notations of names and places in addresses, in shell commands and as paths.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use std::path::Path;

/// The characters that are escaped in an address: all but the unreserved ones (RFC 3986, section 2.3).
pub const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Quotes a word for a POSIX shell. A word that begins with `-` may still be taken for an option.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._@+-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Returns the directory that holds the name of a file or directory. The root holds its own.
pub fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        None if path.has_root() => path,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_each_word_for_itself() {
        for (text, word) in [
            ("ada", "ada"),
            ("größe+1@x", "größe+1@x"),
            ("", "''"),
            ("o'clock (b)", r"'o'\''clock (b)'"),
            ("$(rm)", "'$(rm)'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn every_path_has_a_directory_above_it() {
        for (path, directory) in [
            ("a/b", "a"),
            ("a", "."),
            ("/a", "/"),
            ("/", "/"),
            ("", "."),
            ("./a", "."),
        ] {
            assert_eq!(above(Path::new(path)), Path::new(directory), "{path}");
        }
    }
}
