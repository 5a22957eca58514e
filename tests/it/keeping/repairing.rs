//! The findings of a check, and their repair.

use super::place::{LARGE, blobs, done, files_below, refused, text, with_work};
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::{Course, Random, Sent, Setup};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The data of a server that has stopped, with three large files in it, and a backup.
struct Stopped {
    place: TempDir,
    setup: Setup,
    files: Vec<Sent>,
}

impl Stopped {
    fn new() -> Self {
        let (place, setup) = (tempfile::tempdir().unwrap(), Setup::standalone());
        let server = setup.start();
        with_work(&server, "algebra", 1);
        let mut random = Random::seeded(2);
        let files: Vec<Sent> = (0..3)
            .map(|number| Sent::new(&format!("file {number}"), random.bytes(LARGE)))
            .chain([Sent::new("small", "of bob")])
            .collect();
        Course::of(&server, "algebra")
            .submit("ps1", "bob", &files)
            .ok();
        done(
            &setup.data_dir(),
            &["backup", text(&place.path().join("backup"))],
        );
        server.kill();
        Self {
            place,
            setup,
            files,
        }
    }

    fn data(&self) -> PathBuf {
        self.setup.data_dir()
    }

    fn backup(&self) -> PathBuf {
        self.place.path().join("backup")
    }

    fn change(&self, statement: &str) {
        let path = self.data().join("nbcourier.db");
        let mut conn = SqliteConnection::establish(text(&path)).unwrap();
        conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        conn.batch_execute(statement).unwrap();
    }

    /// Checks that the server serves bob's submission.
    #[track_caller]
    fn assert_served(&self) {
        let server = self.setup.start();
        let found = Course::of(&server, "algebra").submitted("ps1", "bob", None);
        assert!(found == self.files);
        server.kill();
    }
}

fn truncate(file: &Path) {
    File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(100)
        .unwrap();
}

fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[LARGE / 2] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn aside(data: &Path) -> usize {
    let directory = data.join("blobs/damaged");
    if directory.exists() {
        files_below(&directory).len()
    } else {
        0
    }
}

#[test]
fn damaged_and_missing_bytes_come_back_from_a_backup() {
    let stopped = Stopped::new();
    let data = stopped.data();
    let files = blobs(&data);
    truncate(&files[0]);
    flip(&files[1]);
    fs::remove_file(&files[2]).unwrap();
    stopped
        .change("UPDATE blob_contents SET content = x'00' WHERE content = CAST('of bob' AS BLOB)");
    stopped.change("DELETE FROM blob_contents WHERE content = CAST('do it' AS BLOB)");
    let printed = refused(&data, &["fsck"]);
    for (problem, count) in [
        ("has the wrong length", 2),
        ("has changed bytes", 1),
        ("is missing", 2),
    ] {
        assert_eq!(
            printed.matches(problem).count(),
            count,
            "{problem}: {printed}"
        );
    }
    assert!(printed.contains("Found 5 damaged things"), "{printed}");

    let printed = done(
        &data,
        &["fsck", "--repair", "--from", text(&stopped.backup())],
    );
    assert_eq!(
        printed.matches("was restored from the backup").count(),
        5,
        "{printed}"
    );
    assert!(printed.contains("All is well now"), "{printed}");
    assert_eq!(aside(&data), 3, "nothing was deleted");
    assert!(done(&data, &["fsck"]).contains("All is well: 7 blobs"));
    stopped.assert_served();
}

#[test]
fn damaged_files_are_set_aside_and_restored_by_the_next_upload() {
    let stopped = Stopped::new();
    let data = stopped.data();
    flip(&blobs(&data)[0]);
    flip(&blobs(&data)[1]);
    stopped
        .change("UPDATE blob_contents SET content = x'00' WHERE content = CAST('of bob' AS BLOB)");
    let printed = refused(&data, &["fsck", "--repair"]);
    assert_eq!(printed.matches("remains: blob").count(), 3, "{printed}");
    assert_eq!((blobs(&data).len(), aside(&data)), (2, 3), "{printed}");

    let server = stopped.setup.start();
    let again = [Course::of(&server, "algebra")
        .submit("ps1", "ada", &stopped.files)
        .status];
    assert_eq!(again, [200]);
    // The other file may be ada's, who has to send her own copy.
    let large = Random::seeded(1).bytes(LARGE);
    Course::of(&server, "algebra")
        .submit("ps1", "ada", &[Sent::new("large", large)])
        .ok();
    server.kill();
    assert!(done(&data, &["fsck"]).contains("All is well"));
    stopped.assert_served();
}

#[test]
fn a_damaged_backup_mends_nothing() {
    let stopped = Stopped::new();
    let data = stopped.data();
    let file = blobs(&data)[0].clone();
    flip(&file);
    let name = file.file_name().unwrap();
    let copy = blobs(&stopped.backup())
        .into_iter()
        .find(|copy| copy.file_name() == Some(name));
    flip(&copy.unwrap());
    let printed = refused(
        &data,
        &["fsck", "--repair", "--from", text(&stopped.backup())],
    );
    assert!(printed.contains("remains: blob"), "{printed}");
    let printed = refused(
        &data,
        &["fsck", "--repair", "--from", text(stopped.place.path())],
    );
    assert!(printed.contains("contains no complete backup"), "{printed}");
}

#[test]
fn files_that_nobody_names_are_removed_when_old_and_foreign_ones_set_aside() {
    let stopped = Stopped::new();
    let data = stopped.data();
    let root = data.join("blobs");
    let (old, young) = ("ab".repeat(32), "ac".repeat(32));
    for (name, part) in [
        (old.as_str(), "ab"),
        (&young, "ac"),
        ("notes.txt", "ab"),
        (&young, "00"),
    ] {
        fs::write(root.join(part).join(name), "whatever").unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_hours(48);
    let file = File::options()
        .write(true)
        .open(root.join("ab").join(&old))
        .unwrap();
    file.set_modified(long_ago).unwrap();
    let before = blobs(&data).len();
    let printed = done(&data, &["fsck"]);
    assert!(
        printed.contains("Found 2 files without a blob") && printed.contains("notes.txt does not"),
        "{printed}"
    );

    let printed = done(&data, &["fsck", "--repair"]);
    assert!(
        printed.contains("removed: 1 file of 8 bytes") && printed.contains("All is well now"),
        "{printed}"
    );
    assert!(!root.join("ab").join(&old).exists() && root.join("ac").join(&young).exists());
    assert_eq!((blobs(&data).len(), aside(&data)), (before - 2, 2));
    stopped.assert_served();
}

#[test]
fn a_file_in_another_place_is_put_where_it_belongs() {
    let stopped = Stopped::new();
    let data = stopped.data();
    let file = blobs(&data)[0].clone();
    let other = data
        .join("blobs")
        .join(if file.starts_with(data.join("blobs/00")) {
            "01"
        } else {
            "00"
        });
    fs::rename(&file, other.join(file.file_name().unwrap())).unwrap();
    assert!(refused(&data, &["fsck"]).contains("is missing"));
    let printed = done(&data, &["fsck", "--repair"]);
    assert!(
        printed.contains("was restored from a file in another place"),
        "{printed}"
    );
    stopped.assert_served();
}

#[test]
fn trees_that_do_not_fit_their_names_are_found_and_counts_corrected() {
    let stopped = Stopped::new();
    let data = stopped.data();
    stopped.change("UPDATE trees SET bytes = bytes + 1, files = 7 WHERE files = 4");
    let printed = refused(&data, &["fsck"]);
    assert!(
        printed.contains("but its row has other numbers"),
        "{printed}"
    );
    let printed = done(&data, &["fsck", "--repair"]);
    assert!(printed.contains("the rows of 1 tree"), "{printed}");
    assert!(done(&data, &["fsck"]).contains("All is well"));

    stopped.change("UPDATE tree_files SET path = 'renamed' WHERE path = 'file 1'");
    let printed = refused(&data, &["fsck", "--repair"]);
    assert!(
        printed.contains("remains: tree") && printed.contains("does not match its checksum"),
        "{printed}"
    );
}

#[test]
fn nothing_is_repaired_beside_a_server() {
    let stopped = Stopped::new();
    let server = stopped.setup.start();
    let file = blobs(&server.data_dir())[0].clone();
    flip(&file);
    let printed = refused(&server.data_dir(), &["fsck", "--repair"]);
    assert!(
        printed.contains("Another nbcourier is serving"),
        "{printed}"
    );
    assert!(file.exists() && aside(&server.data_dir()) == 0);
}

#[test]
fn a_directory_of_blobs_that_cannot_be_listed_is_a_finding() {
    let setup = Setup::standalone();
    let server = setup.start();
    with_work(&server, "algebra", 1);
    drop(server);
    let data = setup.data_dir();
    assert!(done(&data, &["fsck"]).contains("All is well"));
    // A directory without blobs, so that nothing else is wrong.
    let part = (0..=u8::MAX)
        .map(|part| data.join("blobs").join(format!("{part:02x}")))
        .find(|part| fs::remove_dir(part).is_ok())
        .unwrap();
    fs::write(&part, "in the way").unwrap();
    for arguments in [&["fsck"][..], &["fsck", "--repair"]] {
        let printed = refused(&data, arguments);
        assert!(printed.contains("cannot be listed"), "{printed}");
        assert!(printed.contains(part.to_str().unwrap()), "{printed}");
        assert!(!printed.contains("All is well"), "{printed}");
    }
}
