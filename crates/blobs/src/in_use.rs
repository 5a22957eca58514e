//! Locks between a clean-up and those who need the bytes that it would remove: uploads in progress, and copies of the
//! directory. Processes share the locks as files, because the clean-up may run beside the server.

use super::LocalBlobs;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::time::SystemTime;
use tempfile::TempPath;

/// The suffix of the file beside the directory whose lock coordinates copying and clean-up.
const LOCK: &str = "lock";
/// The prefix of the names of files that stand for uploads.
const UPLOAD: &str = "upload-";

/// A guard that prevents the removal of files.
#[derive(Debug)]
pub struct Hold(#[allow(dead_code, reason = "what it does is being there")] File);

/// A guard that prevents copies of the directory from beginning.
#[derive(Debug)]
pub struct Clearing(#[allow(dead_code, reason = "what it does is being there")] File);

/// A guard for an upload. Bytes that came in since its creation may be about to be named.
#[derive(Debug)]
pub struct Announcement(#[allow(dead_code, reason = "what it does is being there")] TempPath);

impl LocalBlobs {
    /// Keeps all files where they are, after waiting for a running clean-up.
    pub fn hold(&self) -> io::Result<Hold> {
        let file = self.lock_file()?;
        file.lock_shared()?;
        Ok(Hold(file))
    }

    /// Returns permission to remove files, unless somebody holds them.
    pub fn try_clear(&self) -> io::Result<Option<Clearing>> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Clearing(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        let path = self.root().with_extension(LOCK);
        let made = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&path);
        match made {
            // A reader without write permission can also take the lock.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => File::open(&path),
            other => other,
        }
    }

    /// Announces an upload. Call it before its first bytes are stored, and keep the guard until a row names them.
    pub fn announce(&self) -> io::Result<Announcement> {
        let file = tempfile::Builder::new()
            .prefix(UPLOAD)
            .tempfile_in(self.staging())?;
        // The kernel's own times for files lag behind the clock by up to a tick.
        file.as_file().set_modified(SystemTime::now())?;
        Ok(Announcement(file.into_temp_path()))
    }

    /// Returns the number of uploads in progress, in all processes.
    pub fn announcements(&self) -> io::Result<usize> {
        let mut count = 0;
        for entry in fs::read_dir(self.staging())? {
            let name = entry?.file_name();
            count += usize::from(name.to_string_lossy().starts_with(UPLOAD));
        }
        Ok(count)
    }

    /// Returns the time when the oldest upload in progress began.
    pub fn oldest_upload(&self) -> io::Result<Option<SystemTime>> {
        let entries = match fs::read_dir(self.staging()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let mut oldest: Option<SystemTime> = None;
        for entry in entries {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with(UPLOAD) {
                continue;
            }
            match entry.metadata().and_then(|file| file.modified()) {
                Ok(began) => oldest = Some(oldest.map_or(began, |other| other.min(began))),
                // The upload ended just now.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(oldest)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_is_cleared_while_somebody_holds_it() {
        let place = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(&place.path().join("blobs")).unwrap();
        let (one, other) = (blobs.hold().unwrap(), blobs.hold().unwrap());
        assert!(blobs.try_clear().unwrap().is_none());
        drop((one, other));
        assert!(blobs.try_clear().unwrap().is_some());
    }

    #[test]
    fn an_upload_is_known_from_its_announcement_to_its_end() {
        let place = tempfile::tempdir().unwrap();
        let blobs = LocalBlobs::open(place.path()).unwrap();
        assert_eq!(blobs.oldest_upload().unwrap(), None);
        let before = SystemTime::now();
        let first = blobs.announce().unwrap();
        let between = SystemTime::now();
        let second = blobs.announce().unwrap();
        let oldest = blobs.oldest_upload().unwrap().unwrap();
        assert!(before <= oldest && oldest <= between);
        drop(first);
        assert!(blobs.oldest_upload().unwrap().unwrap() >= between);
        drop(second);
        assert_eq!(blobs.oldest_upload().unwrap(), None);
    }
}
