//! Marks in the bytes of a file: solutions that nbgrader removes from releases, and pointers to bytes elsewhere.

use memchr::memmem;
use nbcourier_domain::Sha256Sum;

/// The marks before the parts that nbgrader removes: the usual delimiters of its `ClearSolutions`, `ClearHiddenTests` and
/// `ClearMarkScheme`. The sign of a comment in front of a mark depends on the language, so nbgrader does not look at it.
const MARKS: [&str; 3] = ["BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"];
/// The longest pointer of Git LFS in bytes (its specification: less than 1024).
pub const LONGEST_POINTER: u64 = 1024;

/// The versions of pointers of Git LFS: the current one, and its earlier name (`v1Aliases` of git-lfs).
const POINTERS: [&str; 2] = [
    "https://git-lfs.github.com/spec/v1",
    "https://hawser.github.com/spec/v1",
];

/// A mark that was found.
pub type Found = &'static str;

/// Looks for marks in bytes that arrive piece by piece.
#[derive(Debug, Default)]
pub struct Markers {
    // The end of the pieces so far, in which a mark may have begun.
    tail: Vec<u8>,
    found: Option<Found>,
}

impl Markers {
    /// Looks at the next piece.
    pub fn look(&mut self, bytes: &[u8]) {
        if self.found.is_some() {
            return;
        }
        let longest = MARKS.iter().map(|mark| mark.len()).max().unwrap_or(0) - 1;
        let begin = &bytes[..bytes.len().min(longest)];
        self.tail.extend_from_slice(begin);
        self.found = mark_in(&self.tail).or_else(|| mark_in(bytes));
        if bytes.len() >= longest {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - longest..]);
        } else {
            let surplus = self.tail.len().saturating_sub(longest);
            self.tail.drain(..surplus);
        }
    }

    /// Returns the mark that was found.
    pub fn found(&self) -> Option<Found> {
        self.found
    }
}

fn mark_in(bytes: &[u8]) -> Option<Found> {
    MARKS
        .into_iter()
        .find(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
}

/// Returns the checksum and the size of the bytes that a pointer of Git LFS stands for, if the bytes are one.
pub fn lfs_pointer(bytes: &[u8]) -> Option<(Sha256Sum, u64)> {
    if bytes.len() as u64 >= LONGEST_POINTER {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let version = text.lines().next()?.strip_prefix("version ")?;
    POINTERS.contains(&version).then_some(())?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let sum = Sha256Sum::parse(value("oid sha256:")?)?;
    Some((sum, value("size ")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_wherever_the_pieces_end() {
        for mark in MARKS {
            for comment in ["### ", "# ", "// ", "%", ""] {
                let text = format!("{{\"source\": [\"{comment}{mark}\\n\"]}}");
                for size in 1..text.len() {
                    let mut markers = Markers::default();
                    for piece in text.as_bytes().chunks(size) {
                        markers.look(piece);
                    }
                    assert_eq!(markers.found(), Some(mark), "{text} {size}");
                }
            }
        }
        let mut markers = Markers::default();
        for piece in b"### BEGIN HIDDEN  TESTS begin solution END SOLUTION".chunks(3) {
            markers.look(piece);
        }
        assert_eq!(markers.found(), None);
        markers.look(b"### BEGIN HIDDEN TESTS");
        assert_eq!(markers.found(), Some("BEGIN HIDDEN TESTS"));
    }

    #[test]
    fn a_pointer_names_the_bytes_that_it_stands_for() {
        let sum = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let text =
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sum}\nsize 12345\n");
        assert_eq!(
            lfs_pointer(text.as_bytes()),
            Some((Sha256Sum::parse(sum).unwrap(), 12345))
        );
        for same in [
            text.replace("git-lfs", "hawser"),
            text.replace('\n', "\r\n"),
        ] {
            assert_eq!(lfs_pointer(same.as_bytes()), lfs_pointer(text.as_bytes()));
        }
        for other in [
            String::new(),
            text.replace("v1", "v2"),
            text.replace("sha256:4", "sha256:"),
            text.replace("size ", "siz "),
            text.replace("12345", "many"),
            text + &"x".repeat(1024),
        ] {
            assert_eq!(lfs_pointer(other.as_bytes()), None, "{other}");
        }
    }
}
