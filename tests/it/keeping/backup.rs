//! Backups, and the faults that may happen during them.

use super::place::{LARGE, blobs, command, done, files_below, refused, text, with_work};
use nbcourier_testkit::{Course, Sent, Setup, eventually, program, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_backup_restored_is_the_exchange_with_its_key() {
    let place = tempfile::tempdir().unwrap();
    let (dest, fresh) = (place.path().join("backup"), Setup::standalone());
    let server = Setup::standalone().start();
    let (course, large) = with_work(&server, "algebra", 1);
    let printed = done(&server.data_dir(), &["backup", text(&dest), "--verify"]);
    assert!(
        printed.contains(&format!("1 file of {LARGE} bytes; 0 files of 0 bytes were")),
        "{printed}"
    );
    assert!(
        printed.contains("Read everything again: 3 contents"),
        "{printed}"
    );

    let printed = done(&fresh.data_dir(), &["restore", text(&dest)]);
    assert!(printed.contains("1 course with 1 submission"), "{printed}");
    let restored = fresh.start();
    let sent = Course::of(&restored, "algebra").submitted("ps1", "ada", None);
    assert!(sent == course.submitted("ps1", "ada", None) && sent[1].bytes == large);
    assert!(done(&fresh.data_dir(), &["fsck"]).contains("All is well: 3 blobs"));
    let key = |data: &Path| fs::read(data.join("session.key")).unwrap();
    assert_eq!(key(&fresh.data_dir()), key(&server.data_dir()));

    for (name, _) in files_below(&dest) {
        let path = dest.join(name);
        let is_empty_lock = fs::metadata(&path).unwrap().len() == 0;
        let said = format!("{:o} {}", mode(&path), path.display());
        assert!(
            mode(&path).is_multiple_of(0o100) || is_empty_lock || path.ends_with("exchange"),
            "{said}"
        );
    }
    assert_eq!(mode(&dest), 0o700);
    assert_eq!(mode(&fresh.data_dir()), 0o700);
    assert_eq!(mode(&fresh.data_dir().join("session.key")), 0o600);
    assert_eq!(mode(&fresh.data_dir().join("nbcourier.db")), 0o600);
}

#[test]
fn the_second_backup_copies_what_is_new_and_drops_what_is_gone() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    done(&server.data_dir(), &["backup", text(&dest)]);
    let first = blobs(&dest);
    with_work(&server, "logic", 2);
    let printed = done(&server.data_dir(), &["backup", text(&dest)]);
    let counted = format!("1 file of {LARGE} bytes; 1 file of {LARGE} bytes were there already");
    assert!(printed.contains(&counted), "{printed}");
    assert_eq!(blobs(&dest).len(), 2);

    server.delete("course/algebra", "root").ok();
    done(
        &server.data_dir(),
        &["gc", "--grace", "0", "--retention", "0"],
    );
    let printed = done(&server.data_dir(), &["backup", text(&dest)]);
    assert!(
        printed.contains(&format!("Removed 1 file of {LARGE} bytes")),
        "{printed}"
    );
    assert!(!first[0].exists());
    let states = fs::read_dir(&dest).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_str().unwrap().starts_with("state-")
    });
    assert_eq!(states.count(), 1);
}

#[test]
fn a_place_that_is_no_place_for_a_backup_is_refused_and_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    let data = server.data_dir();
    let inside = data.join("backup");
    let printed = refused(&data, &["backup", text(&inside)]);
    assert!(printed.contains("would be lost with it"), "{printed}");
    assert!(!inside.exists());

    let foreign = place.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("thesis.tex"), "mine").unwrap();
    let printed = refused(&data, &["backup", text(&foreign)]);
    assert!(
        printed.contains("other files than a backup of nbcourier"),
        "{printed}"
    );
    assert_eq!(files_below(&foreign).len(), 1);

    let other = Setup::standalone().start();
    let dest = place.path().join("other's");
    done(&other.data_dir(), &["backup", text(&dest)]);
    let before = files_below(&dest);
    let printed = refused(&data, &["backup", text(&dest)]);
    assert!(printed.contains("of another exchange"), "{printed}");
    assert!(files_below(&dest) == before);
}

#[test]
fn a_restore_goes_only_where_nothing_is() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    let data = server.data_dir();
    done(&data, &["backup", text(&dest)]);
    let printed = refused(&data, &["restore", text(&dest)]);
    assert!(printed.contains("exists already"), "{printed}");
    assert!(server.is_healthy());

    let fresh = place.path().join("fresh");
    let printed = refused(&fresh, &["restore", text(place.path())]);
    assert!(printed.contains("contains no complete backup"), "{printed}");
    fs::create_dir_all(&fresh).unwrap();
    fs::write(fresh.join("thesis.tex"), "mine").unwrap();
    let printed = refused(&fresh, &["restore", text(&dest)]);
    assert!(printed.contains("thesis.tex exists already"), "{printed}");
    assert_eq!(
        files_below(&fresh),
        [("thesis.tex".into(), b"mine".to_vec())]
    );
}

#[test]
fn a_restore_that_was_broken_off_is_not_served_and_can_be_repeated() {
    let place = tempfile::tempdir().unwrap();
    let (dest, fresh) = (place.path().join("backup"), Setup::standalone());
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    done(&server.data_dir(), &["backup", text(&dest)]);
    let blob = blobs(&dest).pop().unwrap();
    let whole = fs::read(&blob).unwrap();
    let mut flipped = whole.clone();
    flipped[LARGE / 2] ^= 1;
    fs::write(&blob, &flipped).unwrap();
    let data = fresh.data_dir();
    let printed = refused(&data, &["restore", text(&dest)]);
    let name = blob.file_name().unwrap().to_str().unwrap();
    assert!(
        printed.contains(name) && printed.contains("has changed bytes"),
        "{printed}"
    );

    for arguments in [
        ["serve", "--standalone", "--port", "0"].as_slice(),
        &["fsck"],
        &["gc"],
    ] {
        let printed = refused(&data, arguments);
        assert!(printed.contains("was interrupted"), "{printed}");
    }
    // The partial file of a killed copy is read, too.
    fs::write(&blob, &whole).unwrap();
    let there = data.join("blobs").join(&name[..2]).join(name);
    fs::write(&there, &flipped).unwrap();
    done(&data, &["restore", text(&dest)]);
    let restored = fresh.start();
    let sent = Course::of(&restored, "algebra").submitted("ps1", "ada", None);
    assert!(sent[1].bytes == whole);
}

#[test]
fn damaged_parts_of_a_backup_can_be_left_out() {
    let place = tempfile::tempdir().unwrap();
    let (dest, fresh) = (place.path().join("backup"), place.path().join("fresh"));
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    done(&server.data_dir(), &["backup", text(&dest)]);
    fs::remove_file(blobs(&dest).pop().unwrap()).unwrap();
    let printed = refused(&fresh, &["restore", text(&dest), "--incomplete"]);
    assert!(
        printed.contains("is missing") && printed.contains("Everything else was"),
        "{printed}"
    );
    let printed = refused(&fresh, &["fsck"]);
    assert!(printed.contains("is missing"), "{printed}");
}

#[test]
fn a_damaged_blob_is_named_and_a_good_copy_of_it_stays() {
    let place = tempfile::tempdir().unwrap();
    let (dest, second) = (place.path().join("backup"), place.path().join("second"));
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    let data = server.data_dir();
    done(&data, &["backup", text(&dest)]);
    let blob = blobs(&data).pop().unwrap();
    fs::write(&blob, vec![0; LARGE]).unwrap();
    done(&data, &["backup", text(&dest), "--verify"]);
    let printed = refused(&data, &["backup", text(&second), "--verify"]);
    assert!(
        printed.contains("has changed bytes") && printed.contains("not in the backup"),
        "{printed}"
    );
    assert_eq!((blobs(&dest).len(), blobs(&second).len()), (1, 0));
}

#[test]
fn a_changed_byte_in_a_backup_is_found_by_verifying() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    let data = server.data_dir();
    done(&data, &["backup", text(&dest)]);
    fs::write(blobs(&dest).pop().unwrap(), vec![0; LARGE]).unwrap();
    let printed = refused(&data, &["backup", text(&dest), "--verify"]);
    assert!(
        printed.contains("is damaged: its bytes differ"),
        "{printed}"
    );
}

#[test]
fn a_backup_that_was_killed_leaves_the_former_one() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let server = Setup::standalone().start();
    let (course, _) = with_work(&server, "algebra", 1);
    let data = server.data_dir();
    done(&data, &["backup", text(&dest)]);
    let manifest = fs::read(dest.join("manifest.json")).unwrap();
    let mut broken_off = 0;
    for round in 0..12_u8 {
        let large = [Sent::new("large", vec![round; 20 * LARGE])];
        course.submit("ps1", "bob", &large).ok();
        let mut child = Command::new(program())
            .args(["backup", "--data-dir", text(&data), text(&dest)])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Killed as soon as it shows that it works: by a new state, or by a file being copied.
        let is_at_work = || {
            let states = fs::read_dir(&dest).unwrap();
            let names = states.map(|entry| entry.unwrap().file_name());
            let count = names.filter(|name| name.to_str().unwrap().starts_with("state-"));
            let incoming = fs::read_dir(dest.join("blobs/incoming")).unwrap();
            if round % 2 == 0 {
                count.count() > 1
            } else {
                incoming.count() > 0
            }
        };
        eventually("the backup is at work", || {
            is_at_work() || child.try_wait().unwrap().is_some()
        });
        let _ = child.kill();
        child.wait().unwrap();
        if fs::read(dest.join("manifest.json")).unwrap() == manifest {
            broken_off += 1;
            let fresh = place.path().join(format!("fresh-{round}"));
            done(&fresh, &["restore", text(&dest)]);
            done(&fresh, &["fsck"]);
        } else {
            break;
        }
    }
    assert!(broken_off > 0, "none was broken off");
    done(&data, &["backup", text(&dest), "--verify"]);
    assert_eq!(blobs(&dest).len(), blobs(&data).len());
}

#[test]
fn database_and_blobs_elsewhere_come_along_and_go_elsewhere() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("db")).unwrap();
    let url = format!("sqlite:///{}", text(&at("db/courses.db")));
    let (disk, other_disk) = (at("disk"), at("other-disk"));
    let places = ["--database", &url, "--storage", text(&disk)];
    let server = Setup::standalone().args(&places).start();
    with_work(&server, "algebra", 1);
    let data = server.data_dir();
    let (dest, fresh) = (at("backup"), at("fresh"));
    let printed = refused(
        &data,
        &[&["backup"], places.as_slice(), &[text(&at("disk/blobs/x"))]].concat(),
    );
    assert!(printed.contains("would be lost with it"), "{printed}");
    done(
        &data,
        &[&["backup"], places.as_slice(), &[text(&dest)]].concat(),
    );

    let url = format!("sqlite:///{}", text(&at("db/restored.db")));
    let elsewhere = ["--database", &url, "--storage", text(&other_disk)];
    done(
        &fresh,
        &[&["restore"], elsewhere.as_slice(), &[text(&dest)]].concat(),
    );
    let printed = done(&fresh, &[&["fsck"], elsewhere.as_slice()].concat());
    assert!(printed.contains("All is well: 3 blobs"), "{printed}");
    assert!(at("db/restored.db").exists() && blobs(&other_disk).len() == 1);
    assert!(!fresh.join("blobs").exists() && !fresh.join("nbcourier.db").exists());
}

#[test]
fn there_is_no_backup_of_nothing() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let printed = refused(&place.path().join("nowhere"), &["backup", text(&dest)]);
    assert!(printed.contains("There is no database at"), "{printed}");
    assert!(!dest.exists());
    let (code, _) = command(&["backup"]);
    assert_eq!(code, 2);
    assert!(run(&["backup", "--help"]).status.success());
}

#[test]
fn a_manifest_that_is_too_large_is_not_read() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    done(&server.data_dir(), &["backup", text(&dest)]);
    // As large as a disk, but a sparse file.
    let manifest = fs::File::options()
        .write(true)
        .open(dest.join("manifest.json"))
        .unwrap();
    manifest.set_len(1 << 40).unwrap();
    let fresh = place.path().join("fresh");
    for arguments in [&["restore", text(&dest)][..], &["backup", text(&dest)]] {
        let data = if arguments[0] == "restore" {
            &fresh
        } else {
            &server.data_dir()
        };
        let printed = refused(data, arguments);
        assert!(printed.contains("more than 16777216 bytes"), "{printed}");
    }
}
