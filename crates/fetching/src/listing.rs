//! The files of a commit, as `git ls-tree -r -l -z` lists them.

use crate::failure::{Failure, quoted};
use nbcourier_domain::ObjectName;
use std::io::{BufRead, BufReader, Read};

/// The maximum length of one line in bytes: a path and the facts before it.
const LONGEST_LINE: u64 = 16 * 1024;

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File {
        /// Whether it can be executed.
        executable: bool,
    },
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

/// A file, link or submodule of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path as it is in the repository. It may be anything but empty.
    pub path: Vec<u8>,
    /// The kind.
    pub kind: Kind,
    /// The name of its bytes.
    pub object: ObjectName,
    /// Its size in bytes. A submodule has none.
    pub size: u64,
}

/// Reads a listing of at most so many entries with at most so many bytes of paths.
pub(crate) fn read(
    from: impl Read,
    most: usize,
    most_path_bytes: u64,
) -> Result<Vec<Entry>, Failure> {
    let mut from = BufReader::new(from);
    let mut entries = Vec::new();
    let mut path_bytes = 0;
    loop {
        let mut line = Vec::new();
        let read = from.by_ref().take(LONGEST_LINE).read_until(0, &mut line);
        let length = read.map_err(|error| {
            Failure::failed(format!("The listing of git could not be read: {error}"))
        })?;
        if length == 0 {
            return Ok(entries);
        }
        if line.pop() != Some(0) {
            return Err(Failure::refused(
                "A path of the repository is too long, or the listing of git ended early",
            ));
        }
        let entry = parse(&line).ok_or_else(|| {
            let line = quoted(&String::from_utf8_lossy(&line));
            Failure::refused(format!(
                "The repository has an entry that cannot be understood: {line}"
            ))
        })?;
        path_bytes += entry.path.len() as u64;
        if entries.len() >= most || path_bytes > most_path_bytes {
            return Err(Failure::refused(format!(
                "The repository has more than {most} files, or paths of more than {most_path_bytes} bytes. Follow a \
                 smaller folder of it"
            )));
        }
        entries.push(entry);
    }
}

/// Parses `MODE TYPE OBJECT SIZE<tab>PATH`.
fn parse(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (facts, path) = (std::str::from_utf8(&line[..tab]).ok()?, &line[tab + 1..]);
    let mut facts = facts.split_ascii_whitespace();
    let (mode, _, object, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
    let kind = match mode {
        "100644" | "100664" => Kind::File { executable: false },
        "100755" => Kind::File { executable: true },
        "120000" => Kind::Link,
        "160000" => Kind::Submodule,
        _ => return None,
    };
    let size = match kind {
        Kind::Submodule => 0,
        _ => size.parse().ok()?,
    };
    (facts.next().is_none() && !path.is_empty()).then_some(())?;
    Some(Entry {
        path: path.to_owned(),
        kind,
        object: ObjectName::parse(object)?,
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_has_files_links_and_submodules() {
        let name = "a".repeat(40);
        let text = format!(
            "100644 blob {name}      12\tunit1/a b.ipynb\0100755 blob {name}       0\trun\n.sh\0120000 blob {name}       3\tlink\0\
             160000 commit {name}       -\tsub\0"
        );
        let entries = read(text.as_bytes(), 10, 1000).unwrap();
        let kinds: Vec<Kind> = entries.iter().map(|entry| entry.kind).collect();
        assert_eq!(
            kinds,
            [
                Kind::File { executable: false },
                Kind::File { executable: true },
                Kind::Link,
                Kind::Submodule
            ]
        );
        assert_eq!(entries[0].path, b"unit1/a b.ipynb");
        assert_eq!(
            (entries[0].size, entries[1].path.as_slice()),
            (12, b"run\n.sh".as_slice())
        );
    }

    #[test]
    fn a_listing_that_is_too_long_or_wrong_is_refused() {
        let name = "a".repeat(40);
        let line = format!("100644 blob {name} 1\ta\0");
        assert!(read(line.repeat(11).as_bytes(), 10, 1000).is_err());
        assert!(read(line.repeat(10).as_bytes(), 10, 9).is_err());
        assert!(read(line.repeat(10).as_bytes(), 10, 10).is_ok());
        for wrong in [
            "100644 blob a 1\ta\0",
            "junk\0",
            "\0",
            "040000 tree x -\ta\0",
            &format!("100644 blob {name} x\ta\0"),
            &format!("100644 blob {name} 1\t\0"),
            &line[..line.len() - 1],
            &format!("100644 blob {name} 1\t{}\0", "a".repeat(20_000)),
        ] {
            assert!(read(wrong.as_bytes(), 10, 100_000).is_err(), "{wrong:?}");
        }
    }
}
