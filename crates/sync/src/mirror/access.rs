//! The people who may enter the folder of a version.

use crate::folder::Root;
use rustix::fs::{Mode, fchmod, fchown};
use rustix::io::Errno;
use rustix::process::Gid;
use std::io;

/// The mode of a folder that everybody may enter.
pub const OPEN: u32 = 0o755;
const OF_GROUP: u32 = 0o750;
const CLOSED: u32 = 0o700;

/// The people who may enter a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody on the machine.
    Everybody,
    /// The members of a Unix group, by its number.
    Group(u32),
    /// The owner of the mirror.
    Nobody,
}

impl Access {
    /// Lets only these people enter the folder. Changes nothing if that is so already.
    pub fn set(self, folder: &Root) -> io::Result<()> {
        let found = rustix::fs::fstat(folder.fd())?;
        let mode = Mode::from_raw_mode(found.st_mode).as_raw_mode() & 0o7777;
        if let Self::Group(group) = self
            && found.st_gid != group
        {
            give(folder, group)?;
        } else if mode == self.mode() {
            return Ok(());
        }
        set_mode(folder, self.mode())?;
        folder.flush()
    }

    const fn mode(self) -> u32 {
        match self {
            Self::Everybody => OPEN,
            Self::Group(_) => OF_GROUP,
            Self::Nobody => CLOSED,
        }
    }
}

fn give(folder: &Root, group: u32) -> io::Result<()> {
    fchown(folder.fd(), None, Some(Gid::from_raw(group))).map_err(|error| match error {
        Errno::PERM => io::Error::other(format!(
            "the folder cannot be given to the group {group}. Run the mirror as a member of the group, or as root"
        )),
        error => error.into(),
    })
}

/// Sets the permissions of a folder. The umask does not change them.
pub fn set_mode(folder: &Root, mode: u32) -> io::Result<()> {
    Ok(fchmod(folder.fd(), Mode::from_raw_mode(mode))?)
}

/// Whether the owner of a folder is this user or root, and nobody else can write to it.
pub fn is_safe(folder: &Root) -> io::Result<bool> {
    let found = rustix::fs::fstat(folder.fd())?;
    let us = rustix::process::geteuid().as_raw();
    Ok(found.st_mode & 0o022 == 0 && [us, 0].contains(&found.st_uid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn a_folder_is_for_those_who_may_enter_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = Root::open(place.path()).unwrap();
        let found = || fs::metadata(place.path()).unwrap();
        let own = found().gid();
        for (access, mode) in [
            (Access::Group(own), 0o750),
            (Access::Everybody, 0o755),
            (Access::Nobody, 0o700),
            (Access::Everybody, 0o755),
        ] {
            access.set(&folder).unwrap();
            assert_eq!(found().mode() & 0o7777, mode);
            assert!(is_safe(&folder).unwrap());
        }
        for mode in [0o777, 0o775, 0o757, 0o1777] {
            fs::set_permissions(place.path(), Permissions::from_mode(mode)).unwrap();
            assert!(!is_safe(&folder).unwrap(), "{mode:o}");
        }
    }
}
