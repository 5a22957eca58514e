//! Recognises sources that are not the kind of exchange that the operator named.

use super::source_path::{Kind, SourcePath};
use std::io::Read as _;
use std::path::Path;

/// The maximum number of entries of a directory to examine.
const LOOKED_AT: usize = 100;

/// Returns what a directory without courses of a shared directory is, and what to do with it.
pub fn kind_of(root: &SourcePath) -> Option<String> {
    let has = |place: &SourcePath, names: &[&str]| {
        names.iter().any(|name| place.join(name).is_directory())
    };
    let has_file = |name: &str| root.join(name).is_file();
    let found = |text: &str| Some(text.to_owned());
    if has(root, &["inbound", "outbound"]) {
        return found(
            "a single course of a shared directory. Name the directory above it, and the course with --course",
        );
    }
    if has_file("nbcourier.db") {
        return found(
            "a data directory of nbcourier. `nbcourier backup` and `nbcourier restore` copy it elsewhere",
        );
    }
    if has_file("manifest.json") && has(root, &["blobs"]) {
        return found("a backup of nbcourier. Restore it with `nbcourier restore`");
    }
    if has_file("ngshare.db") {
        return found("the data of an ngshare. Import it with `nbcourier import ngshare`");
    }
    let is_of_instructors =
        |place: &SourcePath| has(place, &OF_INSTRUCTORS) || place.join("gradebook.db").is_file();
    if is_of_instructors(root) {
        return found(
            "a course directory of instructors (source, release, submitted), not an exchange. Its contents stay with \
             the instructors. Name the directory of nbgrader's Exchange.root",
        );
    }
    let entries = root.entries().ok()?;
    if entries.is_empty() {
        return found("empty. Name the directory of nbgrader's Exchange.root");
    }
    let mut entries = entries.iter().take(LOOKED_AT);
    let names = || entries.clone().filter_map(|entry| entry.name.to_str());
    if entries.clone().all(|entry| entry.kind == Kind::File) && names().all(is_uuid) {
        return found(
            "the storage directory of an ngshare. Import it with `nbcourier import ngshare`, and also name its \
             database",
        );
    }
    if let Some(packed) = names().find(|name| is_packed(name)) {
        return Some(format!(
            "a directory with the archive {packed:?}. Unpack the archive, and name the directory with the courses"
        ));
    }
    let below = |name: &str| root.join(name).entries().unwrap_or_default();
    for name in names() {
        let place = root.join(name);
        let inner = below(name);
        let mut inner = inner
            .iter()
            .take(LOOKED_AT)
            .filter_map(|entry| entry.name.to_str());
        if inner
            .clone()
            .any(|course| has(&place.join(course), &["inbound", "outbound"]))
        {
            return Some(format!(
                "the directory above an exchange. Name {}",
                place.path().display()
            ));
        }
        if inner.any(|name| name.matches('+').count() >= 2) {
            return found(
                "the cache in a home directory, not an exchange. Name the directory of nbgrader's Exchange.root",
            );
        }
        if is_of_instructors(&place) {
            return found(
                "a directory with course directories of instructors (source, release, submitted), not an exchange. \
                 Name the directory of nbgrader's Exchange.root",
            );
        }
    }
    let is_notebook = |name: &str| {
        Path::new(name)
            .extension()
            .is_some_and(|end| end == "ipynb")
    };
    entries
        .any(|entry| entry.name.to_str().is_some_and(is_notebook))
        .then(|| {
            "a directory with notebooks, not an exchange. Name the directory of nbgrader's Exchange.root".to_owned()
        })
}

/// Directories that `nbgrader` creates in an instructor's course directory.
const OF_INSTRUCTORS: [&str; 4] = ["source", "release", "submitted", "autograded"];

/// Returns what a file is that is neither a database nor an archive of nbcourier, and what to do with it. The path
/// may also be a directory.
pub fn what_a_file_is(path: &Path) -> Option<&'static str> {
    if path.is_dir() {
        return Some("a directory");
    }
    let mut start = Vec::new();
    std::fs::File::open(path)
        .ok()?
        .take(16)
        .read_to_end(&mut start)
        .ok()?;
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Some("a zip file");
    }
    if start.starts_with(b"SQLite format 3\0") {
        return Some("an SQLite database");
    }
    if start.starts_with(b"7z\xbc\xaf\x27\x1c") {
        return Some("a 7z file");
    }
    None
}

/// Whether the name has the form of the names of ngshare's stored files (`uuid.uuid4`).
fn is_uuid(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_packed(name: &str) -> bool {
    let lower = name.to_lowercase();
    [
        ".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".7z",
    ]
    .iter()
    .any(|end| lower.ends_with(end))
}
