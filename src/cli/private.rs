//! Keeps the files that commands write readable only by their user, from the first byte. They hold the work of other
//! people.

use crate::config::Places;
use nbcourier_blobs::sync_directory;
use nbcourier_domain::above;
use rustix::fs::{Mode, OFlags};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

const GROUP_AND_OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o002;
/// The bit of shared directories, in which every user keeps files.
const STICKY: u32 = 0o1000;
/// The files of a data directory besides the database, its companions and the blobs.
const OURS: [&str; 5] = [
    "session.key",
    "nbcourier.lock",
    "blobs.lock",
    "spool.lock",
    "restore-unfinished",
];

/// Makes all files that this process creates from now on private.
pub fn from_now_on() {
    rustix::process::umask(Mode::from_raw_mode(GROUP_AND_OTHERS));
}

/// Removes the permissions of others on existing files. Returns a sentence for each failure.
pub fn tighten(places: &Places) -> Vec<String> {
    let mut failures = Vec::new();
    let database = places
        .database
        .file()
        .map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
    let mut private = Vec::new();
    if let Some(database) = &database {
        match files_of(above(database), database) {
            Ok(files) => private.extend(files),
            Err(error) => failures.push(format!(
                "Other users of this machine may be able to read the database, because the files in {} cannot be listed: \
                 {error}",
                above(database).display()
            )),
        }
    }
    private.extend(OURS.map(|name| places.data_dir.join(name)));
    private.push(places.blobs.with_extension("lock"));
    for file in private {
        // A key that others could read is refused instead of used, since somebody may have read it.
        if file.ends_with("session.key") {
            continue;
        }
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        if let Err(error) = close(&file, flags, Metadata::is_file) {
            failures.push(format!(
                "Other users of this machine may be able to read {}, and that cannot be changed: {error}. As its owner: \
                 chmod 600 {}",
                file.display(),
                file.display()
            ));
        }
    }
    if let Err(error) = close(&places.blobs, OFlags::DIRECTORY, Metadata::is_dir) {
        failures.push(format!(
            "Other users of this machine may be able to look into {}, and that cannot be changed: {error}. As its owner: \
             chmod -R go-rwx {}",
            places.blobs.display(),
            places.blobs.display()
        ));
    }
    failures.extend(tighten_directory(places, database.as_deref()));
    failures
}

/// Closes the data directory itself if it holds only nbcourier's files. Otherwise only its files are closed.
fn tighten_directory(places: &Places, database: Option<&Path>) -> Option<String> {
    let directory = &places.data_dir;
    let mode = fs::metadata(directory).ok()?.permissions().mode();
    let name = database.and_then(Path::file_name);
    let is_ours = |entry: &OsStr| {
        name.is_some_and(|name| is_of_database(entry, name))
            || OURS.iter().any(|ours| entry == *ours)
            || places.blobs.file_name() == Some(entry)
    };
    let names = fs::read_dir(directory).ok()?;
    let is_own = mode & STICKY == 0
        && names
            .into_iter()
            .all(|entry| entry.is_ok_and(|entry| is_ours(&entry.file_name())));
    if is_own && close(directory, OFlags::DIRECTORY, Metadata::is_dir).is_ok() {
        return None;
    }
    (mode & OTHERS_WRITE != 0).then(|| {
        format!(
            "Other users of this machine can put files into the data directory {}. As its owner: chmod 700 {}",
            directory.display(),
            directory.display()
        )
    })
}

/// Returns the files of the database: the database, its log, and copies that were set aside.
fn files_of(directory: &Path, database: &Path) -> io::Result<Vec<PathBuf>> {
    let name = database.file_name().unwrap_or_default();
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?.file_name();
        if is_of_database(&entry, name) {
            files.push(directory.join(entry));
        }
    }
    Ok(files)
}

/// Whether the entry is a file of the database: `nbcourier.db`, `nbcourier.db-wal`, `nbcourier.db.before-2026…`.
fn is_of_database(entry: &OsStr, name: &OsStr) -> bool {
    let rest = entry
        .as_encoded_bytes()
        .strip_prefix(name.as_encoded_bytes());
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'-' | b'.')))
}

/// Restricts a file or directory to its owner, if it exists and is of that kind.
fn close(path: &Path, flags: OFlags, is_kind: fn(&Metadata) -> bool) -> io::Result<()> {
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // The target of a link does not belong to nbcourier.
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) => return Ok(()),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    let mode = found.permissions().mode();
    if !is_kind(&found) || mode & GROUP_AND_OTHERS == 0 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode & 0o7777 & !GROUP_AND_OTHERS))
}

/// Creates a file that must not exist yet. Links are not followed.
pub fn create_new(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Flushes a new file and its directory entry to the disk.
pub fn keep(file: &File, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    sync_directory(above(path))
}

/// Writes a file and replaces an existing one. Refuses a link, since others may be able to read its target.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(stream) = stream(path) {
        let mut stream = stream?;
        stream.write_all(bytes)?;
        return stream.flush();
    }
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other(
            "it is a link or not a regular file; name a file",
        ));
    }
    let directory = above(path);
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_directory(directory)
}

/// Opens a path that is not a regular file: a pipe, a terminal, or a descriptor of the shell.
pub fn stream(path: &Path) -> Option<io::Result<File>> {
    let is_descriptor = path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
        || [Path::new("/dev/stdout"), Path::new("/dev/stderr")].contains(&path);
    let us = rustix::process::geteuid().as_raw();
    let is_stream = is_descriptor
        || fs::symlink_metadata(path).is_ok_and(|found| {
            let kind = found.file_type();
            kind.is_char_device() || kind.is_fifo() && found.uid() == us
        });
    is_stream.then(|| File::options().write(true).open(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use nbcourier_storage::Database;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_by_a_private_one_and_never_written_through_a_link() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("there"), "before").unwrap();
        fs::set_permissions(at("there"), Permissions::from_mode(0o666)).unwrap();
        fs::hard_link(at("there"), at("other name")).unwrap();
        for name in ["there", "new"] {
            write(&at(name), b"private").unwrap();
            assert_eq!(fs::read(at(name)).unwrap(), b"private");
            assert_eq!(mode(&at(name)), 0o600);
        }
        assert_eq!(fs::read(at("other name")).unwrap(), b"before");
        symlink(at("other name"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        for name in ["link", "dangling"] {
            let error = write(&at(name), b"private").unwrap_err();
            assert!(error.to_string().contains("link"), "{error}");
            assert!(create_new(&at(name)).is_err());
        }
        assert_eq!(fs::read(at("other name")).unwrap(), b"before");
        assert!(!at("nowhere").exists());
        write(Path::new("/dev/null"), b"private").unwrap();
    }

    #[test]
    fn open_files_are_closed_and_foreign_files_stay() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let at = |name: &str| data.join(name);
        fs::create_dir_all(at("blobs")).unwrap();
        let ours = [
            "nbcourier.db",
            "nbcourier.db-wal",
            "nbcourier.db-shm",
            "nbcourier.db.before-2026",
            "nbcourier.lock",
            "blobs.lock",
        ];
        let open = |path: &Path, bits| {
            fs::set_permissions(path, Permissions::from_mode(bits)).unwrap();
        };
        let target = place.path().join("target");
        fs::write(&target, "").unwrap();
        open(&target, 0o644);
        let places = Places {
            data_dir: data.clone(),
            database: Database::Sqlite(at("nbcourier.db")),
            database_password_file: None,
            bucket: None,
            blobs: at("blobs"),
        };
        for name in ours {
            fs::write(at(name), "").unwrap();
            open(&at(name), 0o664);
        }
        open(&at("blobs"), 0o755);
        open(&data, 0o755);
        assert_eq!(tighten(&places), Vec::<String>::new());
        for name in ours {
            assert_eq!(mode(&at(name)), 0o600, "{name}");
        }
        assert_eq!((mode(&at("blobs")), mode(&data)), (0o700, 0o700));

        // A directory that others use too.
        fs::write(at("notes"), "").unwrap();
        symlink(&target, at("nbcourier.db-journal")).unwrap();
        for path in [&data, &at("notes")] {
            open(path, 0o777);
        }
        open(&at("nbcourier.db"), 0o644);
        let warnings = tighten(&places);
        assert!(
            warnings.len() == 1 && warnings[0].contains("chmod 700"),
            "{warnings:?}"
        );
        assert_eq!(mode(&at("nbcourier.db")), 0o600);
        for path in [&data, &at("notes")] {
            assert_eq!(mode(path), 0o777);
        }
        assert_eq!(mode(&target), 0o644);
    }
}
