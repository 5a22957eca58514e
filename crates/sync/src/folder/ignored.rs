//! Names that are neither sent nor received.

use super::place::Root;
use rustix::fs::Dir;
use std::io;

/// The names that are ignored in every folder.
const NAMES: [&str; 11] = [
    ".nbcourier",
    ".git",
    ".ipynb_checkpoints",
    "__pycache__",
    ".venv",
    "node_modules",
    ".cache",
    ".local",
    ".conda",
    ".ds_store",
    "thumbs.db",
];

/// Those among them that programs make again by themselves.
const JUNK: [&str; 4] = [
    ".ipynb_checkpoints",
    "__pycache__",
    ".ds_store",
    "thumbs.db",
];

/// Whether a path has a part that is ignored. Capital letters do not count, since some file systems do not tell them
/// apart.
pub fn is_ignored(path: &str) -> bool {
    path.split('/').any(|name| {
        let name = name.to_lowercase();
        let is_temporary = name.starts_with("~$")
            || name.starts_with(".~")
            || name.starts_with(".nfs")
            || name.starts_with(".trash")
            || name.rsplit_once('.').is_some_and(|(_, last)| last == "swp");
        is_temporary || NAMES.contains(&name.as_str())
    })
}

/// Whether a folder has nothing but what programs make again by themselves, and at least something of that.
pub fn is_junk(folder: &Root) -> io::Result<bool> {
    let mut is_any = false;
    for entry in Dir::read_from(folder.fd())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if matches!(name.as_str(), "." | "..") {
            continue;
        }
        if !JUNK.contains(&name.as_str()) {
            return Ok(false);
        }
        is_any = true;
    }
    Ok(is_any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_and_repositories_are_never_received() {
        for path in [
            ".nbcourier/state.json",
            "a/.git/hooks/post-checkout",
            ".GIT/config",
            ".NBCourier/lock",
            "a/.ipynb_checkpoints/b",
            "a/.b.swp",
        ] {
            assert!(is_ignored(path), "{path}");
        }
        for path in ["a.ipynb", ".gitignore", "git/a", "swp", "a/.env"] {
            assert!(!is_ignored(path), "{path}");
        }
    }
}
