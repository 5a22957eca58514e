//! Commands on an exchange whose large files are in a bucket.

use super::{objects, prepare, setup, work};
use nbcourier_testbuckets::shared;
use nbcourier_testkit::{Course, Server, Setup, run};

/// Runs a command on the data of the server. Returns its exit code and all that it prints.
fn command(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let data = server.data_dir().display().to_string();
    let all = [arguments, &["--data-dir", &data]].concat();
    let output = run(&all);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn fsck_finds_missing_changed_and_superfluous_objects() {
    let (setup, bucket) = setup();
    let server = setup.start();
    let course = prepare(&server, &["ann", "ben"]);
    course.submit("ps1", "ann", &work(1)).ok();
    course.submit("ps1", "ben", &work(2)).ok();
    let (code, text) = command(&server, &["fsck"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("All is well: 2 blobs"), "{text}");

    let [first, second] = &objects(shared(), &bucket)[..] else {
        panic!("two objects")
    };
    shared().overwrite(&bucket, first, b"changed");
    shared().remove(&bucket, second);
    let nobodys = format!("{}-999999", first.rsplit_once('-').unwrap().0);
    shared().overwrite(&bucket, &nobodys, b"left over");
    shared().overwrite(&bucket, "term/thesis.pdf", b"foreign");
    let (code, text) = command(&server, &["fsck"]);
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "has the wrong length",
        "is missing",
        "Found 1 object without a blob",
        "term/thesis.pdf does not belong there",
    ] {
        assert!(text.contains(part), "{text}\nlacks {part:?}");
    }

    // The server must not run during a repair. Afterwards, the same bytes restore both.
    let setup = server.kill();
    let data = setup.data_dir().display().to_string();
    let output = run(&["fsck", "--data-dir", &data, "--repair"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("2 objects as missing or damaged"), "{text}");
    let server = setup.start();
    let course = Course::of(&server, "algebra");
    course.submit("ps1", "ann", &work(2)).ok();
    course.submit("ps1", "ben", &work(1)).ok();
    let (code, text) = command(&server, &["fsck"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_course_moves_from_a_bucket_to_a_directory_and_back_as_an_archive() {
    let (setup, _) = setup();
    let server = setup.start();
    let course = prepare(&server, &["ann"]);
    course.submit("ps1", "ann", &work(1)).ok();
    let archive = setup.beside("algebra.tar");
    let path = archive.display().to_string();
    let (code, text) = command(&server, &["export", "algebra", "--output", &path]);
    assert_eq!(code, Some(0), "{text}");
    let (other, bucket) = super::setup();
    for target in [Setup::standalone().unlimited(), other] {
        let server = target.start();
        let (code, text) = command(&server, &["import", "archive", &path]);
        assert_eq!(code, Some(0), "{text}");
        let course = Course::of(&server, "algebra");
        assert_eq!(course.submitted("ps1", "ann", None), work(1));
    }
    assert_eq!(objects(shared(), &bucket).len(), 1);
}
