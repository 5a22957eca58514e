//! Directories whose names survive a power cut.

use nbcourier_domain::above;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// Creates a missing directory and its missing parents, which only the owner may enter. The name is durable when this
/// returns, even if a killed process created the directory.
pub fn make_directory(path: &Path) -> io::Result<()> {
    let missing = path
        .ancestors()
        .skip(1)
        .take_while(|part| !part.as_os_str().is_empty() && !part.exists());
    let missing: Vec<&Path> = missing.collect();
    for directory in missing.into_iter().rev().chain([path]) {
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        sync_name(directory)?;
    }
    if path.is_dir() {
        Ok(())
    } else {
        Err(ErrorKind::NotADirectory.into())
    }
}

/// Flushes the names in a directory.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Flushes the name of a directory in the one above it.
fn sync_name(directory: &Path) -> io::Result<()> {
    if directory.parent().is_none() {
        return Ok(());
    }
    match sync_directory(above(directory)) {
        // The directory may be entered but not read. Flushing the whole file system needs no right to do so.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            rustix::fs::syncfs(File::open(directory)?).map_err(Into::into)
        }
        flushed => flushed,
    }
}

/// Renames a file to a name in a directory, durably.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_directory(above(to))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn missing_directories_are_private_and_existing_ones_stay() {
        let place = tempfile::tempdir().unwrap();
        let (above, path) = (place.path().join("a"), place.path().join("a/b/c"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        make_directory(&path).unwrap();
        assert_eq!((mode(&above), mode(&path)), (0o700, 0o700));
        fs::set_permissions(&above, PermissionsExt::from_mode(0o755)).unwrap();
        make_directory(&path).unwrap();
        assert_eq!(mode(&above), 0o755);
        fs::write(path.join("file"), "").unwrap();
        for not in ["file", "file/below"] {
            assert!(make_directory(&path.join(not)).is_err(), "{not}");
        }
        make_directory(Path::new(".")).unwrap();
    }
}
