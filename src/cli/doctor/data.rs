//! Checks the data directory: permissions and free space.

use crate::config::Places;
use crate::findings::Findings;
use nbcourier_blobs::Space;
use nbcourier_domain::{ByteSize, above};
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const LOCK: &str = "nbcourier.lock";
/// The permissions of users who are neither the owner nor in the group.
const OTHERS: u32 = 0o007;
/// The permission of other users to enter a directory.
const OTHERS_ENTER: u32 = 0o001;
/// Free space is reported as scarce below this multiple of the minimum.
const COMFORT: u64 = 4;
/// The numbers of NFS and of three kinds of SMB in statfs(2).
const NETWORK: [u64; 4] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42];

/// Checks that the data directory can be used, and that only its owner reads it. Returns whether it exists.
pub fn examine_directory(places: &Places, findings: &mut Findings) -> bool {
    let directory = places.data_dir.as_path();
    let shown = directory.display();
    let Ok(metadata) = fs::metadata(directory) else {
        findings.warning(
            format!("The data directory {shown} does not exist or cannot be read"),
            "The first start creates it. Otherwise name the server's directory with --data-dir, and run doctor as the \
             server's user",
        );
        return false;
    };
    let us = rustix::process::geteuid().as_raw();
    if us != 0 && metadata.uid() != us {
        findings.warning(
            format!(
                "The data directory {shown} belongs to user {}, and you are user {us}",
                metadata.uid()
            ),
            "Run doctor as the server's user: the result depends on it",
        );
    }
    let places_written = [directory, places.blobs.as_path()];
    let places_written = places_written.into_iter().chain(places.database.file());
    let there = places_written.filter(|path| path.exists());
    let closed: Vec<String> = there
        .filter(|path| rustix::fs::access(*path, rustix::fs::Access::WRITE_OK).is_err())
        .map(|path| path.display().to_string())
        .collect();
    if closed.is_empty() {
        findings.ok(format!("The data directory is {shown}, and it is writable"));
    } else {
        findings.wrong(
            format!("User {us} cannot write to {}", closed.join(" and ")),
            format!("As root: chown -R {us} {}", closed.join(" ")),
        );
    }
    examine_rights(places, findings);
    true
}

/// Checks permissions. A user who can enter the directory and read the files can read all submissions.
fn examine_rights(places: &Places, findings: &mut Findings) {
    let has = |path: &Path, rights: u32| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & rights != 0)
    };
    let open = |path: &Path| {
        // Other users can reach a file only through directories that they may enter.
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        has(path, OTHERS)
            && whole
                .ancestors()
                .skip(1)
                .all(|above| has(above, OTHERS_ENTER))
    };
    let mut directories = vec![places.data_dir.as_path()];
    directories.extend(places.database.file().map(above));
    directories.push(above(&places.blobs));
    directories.dedup();
    let open: Vec<String> = directories
        .into_iter()
        .filter(|directory| open(directory))
        .map(|directory| directory.display().to_string())
        .collect();
    if open.is_empty() {
        findings.ok("Other users of this machine cannot read it");
    } else {
        findings.warning(
            format!(
                "Other users of this machine can read {}, which holds all submissions",
                open.join(" and ")
            ),
            format!("chmod 700 {}", open.join(" ")),
        );
    }
}

/// Checks the free space on the disks, and the kind of their file systems. Uploads are refused below `floor` bytes.
pub fn examine_space(places: &Places, floor: u64, findings: &mut Findings) {
    let database = places.database.file().and_then(Path::parent);
    let database = database.filter(|path| path.exists());
    let mut directories = vec![places.blobs.as_path(), database.unwrap_or(&places.data_dir)];
    if fs::metadata(directories[0]).map(|file| file.dev()).ok()
        == fs::metadata(directories[1]).map(|file| file.dev()).ok()
    {
        directories.truncate(1);
    }
    for directory in directories.into_iter().filter(|path| path.exists()) {
        let shown = directory.display();
        let space = match Space::of(directory) {
            Ok(space) => space,
            Err(error) => {
                findings.warning(
                    format!("The free space on the disk of {shown} cannot be read: {error}"),
                    "Look at that disk",
                );
                continue;
            }
        };
        let free = format!(
            "{} of {} are free on the disk of {shown}",
            ByteSize(space.free).rounded(),
            ByteSize(space.total).rounded()
        );
        let todo = "Free some space: nbcourier gc removes deleted data after its retention time. Otherwise use a \
                    larger disk, or set --max-course-size and --max-user-size";
        if space.free < floor {
            let floor = ByteSize(floor);
            let says = format!("{free}: below {floor}, all submissions are refused");
            findings.wrong(says, todo);
        } else if space.free < floor.saturating_mul(COMFORT) || space.free < space.total / 20 {
            findings.warning(format!("Only {free}"), todo);
        } else {
            findings.ok(free);
        }
        let inodes = rustix::fs::statvfs(directory);
        if inodes.is_ok_and(|inodes| inodes.f_files > 0 && inodes.f_favail < 1000) {
            findings.wrong(
                format!("The file system of {shown} is almost out of inodes"),
                "Remove files, or use a file system with more inodes",
            );
        }
        let kind = rustix::fs::statfs(directory).map(|system| system.f_type);
        if kind.is_ok_and(|kind| u64::try_from(kind).is_ok_and(|kind| NETWORK.contains(&kind))) {
            findings.warning(
                format!("{shown} is on a network file system"),
                "Keep the database on a disk of this machine (--database), since SQLite's log does not work on network \
                 file systems; blobs may stay (--storage)",
            );
        }
    }
}

/// Whether a server, or a command that fills the directory, has locked it.
pub fn is_claimed(directory: &Path) -> bool {
    // The lock is released at once, when the file is closed.
    File::open(directory.join(LOCK))
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
