//! Names of files and directories in an archive. Original names are kept as far as all file systems and programs allow.

use nbcourier_domain::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Maximum length in bytes of a name that is kept.
const MAX_NAME: usize = 200;
/// Maximum length in bytes of a path within a tree that is kept.
const MAX_PATH: usize = 1000;
/// The characters that Windows refuses in names, and the percent sign that replaces them.
const ILLEGAL: &str = "<>:\"|?*\\%";

/// Returns a form of the name that is safe everywhere. Different names always have different forms.
pub fn plain(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let last = name.char_indices().next_back().map(|(at, _)| at);
    for (at, c) in name.char_indices() {
        let is_bad_end = Some(at) == last && matches!(c, '.' | ' ');
        let is_bad_start = at == 0 && matches!(c, '-' | '~');
        if c.is_control() || ILLEGAL.contains(c) || is_bad_end || is_bad_start {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(made, "%{byte:02X}");
            }
        } else {
            made.push(c);
        }
    }
    if made.len() <= MAX_NAME {
        return made;
    }
    let end = (0..=MAX_NAME - 70)
        .rev()
        .find(|end| made.is_char_boundary(*end));
    made.truncate(end.unwrap_or(0));
    // Otherwise a percent sign is only followed by digits.
    made.push_str("%-");
    made.push_str(&sum(name));
    made
}

/// Returns the path of a file within its tree, if it differs from the original path.
pub(super) fn file(path: &str) -> Option<String> {
    let safe: Vec<String> = path.split('/').map(plain).collect();
    let safe = safe.join("/");
    if safe.len() > MAX_PATH {
        return Some(format!("%-{}", sum(path)));
    }
    (safe != path).then_some(safe)
}

pub(super) fn release(assignment: &str, version: i64) -> String {
    format!("releases/{}/{version}", plain(assignment))
}

pub(super) fn directory(name: &str, version: i64) -> String {
    format!("directories/{}/{version}", plain(name))
}

pub(super) fn submission(assignment: &str, student: &str, at: Timestamp) -> String {
    of_student("submissions", assignment, student, at)
}

pub(super) fn feedback(assignment: &str, student: &str, at: Timestamp, number: usize) -> String {
    let of = of_student("feedback", assignment, student, at);
    format!("{of}/{number}")
}

fn of_student(what: &str, assignment: &str, student: &str, at: Timestamp) -> String {
    let (student, assignment) = (plain(student), plain(assignment));
    format!(
        "{what}/{student}/{assignment}/{}",
        at.to_rfc3339().replace(':', ".")
    )
}

fn sum(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_stay_and_odd_ones_become_safe() {
        for name in [
            "ps1",
            "a b+c",
            "Übung (1)",
            ".hidden",
            "..a",
            "ada@example.org",
        ] {
            assert_eq!(plain(name), name);
        }
        for (name, safe) in [
            ("a\\b", "a%5Cb"),
            ("a\nb", "a%0Ab"),
            ("100%", "100%25"),
            ("-rf", "%2Drf"),
            ("end.", "end%2E"),
            ("end ", "end%20"),
            ("-", "%2D"),
            ("12:30", "12%3A30"),
        ] {
            assert_eq!(plain(name), safe);
        }
        assert_eq!(file("a/b.ipynb"), None);
        assert_eq!(file("a:/-b").as_deref(), Some("a%3A/%2Db"));
    }

    #[test]
    fn no_name_is_too_long_and_different_ones_stay_different() {
        let (one, other) = ("ü".repeat(127), format!("{}o", "ü".repeat(126)));
        for name in [&one, &other] {
            assert!(plain(name).len() <= MAX_NAME, "{}", plain(name));
        }
        assert_ne!(plain(&one), plain(&other));
        let deep = vec!["directory"; 300].join("/");
        assert_eq!(file(&deep).unwrap().len(), 66);
    }
}
