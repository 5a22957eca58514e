//! Objects outlive their rows for a while, and no clean-up removes what somebody refers to.

use super::{objects, prepare, setup, work};
use crate::sql::Sql;
use nbcourier_testbuckets::shared;
use nbcourier_testkit::server::run;
use nbcourier_testkit::{Course, Server, Setup};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Cleans up without a grace time. Returns what the command prints.
fn collect(server: &Server, object_retention: &str) -> String {
    let data = server.data_dir().display().to_string();
    let output = run(&[
        "gc",
        "--data-dir",
        &data,
        "--retention",
        "0",
        "--grace",
        "0",
        "--object-retention",
        object_retention,
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn delete_course(server: &Server) {
    server.delete("course/algebra", "root").ok();
}

/// Starts a server, submits work to a course, and deletes the course. Its object stays.
fn with_deleted_work(setup: &Setup) -> Server {
    let server = setup.start();
    prepare(&server, &["ann"])
        .submit("ps1", "ann", &work(1))
        .ok();
    delete_course(&server);
    collect(&server, "1h");
    server
}

#[test]
fn an_object_stays_for_its_retention_time_after_its_data() {
    let (setup, bucket) = setup();
    let server = with_deleted_work(&setup);
    let mut sql = Sql::of(&server);
    assert_eq!(sql.count("count(*)", "blobs"), 0);
    assert_eq!(sql.count("count(*)", "removed_objects"), 1);
    assert_eq!(objects(shared(), &bucket).len(), 1);
    let said = collect(&server, "0");
    assert!(said.contains("1 file "), "{said}");
    assert_eq!(sql.count("count(*)", "removed_objects"), 0);
    assert_eq!(objects(shared(), &bucket), [""; 0]);
}

#[test]
fn bytes_that_return_before_their_object_is_deleted_get_an_object_of_their_own() {
    let (setup, bucket) = setup();
    let server = with_deleted_work(&setup);
    let course = prepare(&server, &["ann"]);
    course.submit("ps1", "ann", &work(1)).ok();
    assert_eq!(objects(shared(), &bucket).len(), 2);
    // The late deletion of the old object does not hit the new one.
    collect(&server, "0");
    assert_eq!(objects(shared(), &bucket).len(), 1);
    assert_eq!(course.submitted("ps1", "ann", None), work(1));
}

#[test]
fn a_restored_database_finds_its_objects() {
    let (setup, _) = setup();
    let server = setup.start();
    prepare(&server, &["ann"])
        .submit("ps1", "ann", &work(1))
        .ok();
    let database = server.data_dir().join("nbcourier.db");
    let copy = server.data_dir().with_extension("copy");
    Sql::of(&server).execute(&format!("VACUUM INTO '{}'", copy.display()));
    delete_course(&server);
    collect(&server, "1h");
    let setup = server.kill();
    for old in ["nbcourier.db-wal", "nbcourier.db-shm"] {
        let _ = std::fs::remove_file(database.with_file_name(old));
    }
    std::fs::rename(&copy, &database).unwrap();
    let server = setup.start();
    let course = Course::of(&server, "algebra");
    assert_eq!(course.submitted("ps1", "ann", None), work(1));
}

#[test]
fn two_clean_ups_without_grace_never_take_what_uploads_of_the_same_bytes_refer_to() {
    let (setup, bucket) = setup();
    let server = setup.start();
    let course = prepare(&server, &["ann", "ben"]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let cleaning: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        collect(&server, "0");
                    }
                })
            })
            .collect();
        let sending: Vec<_> = ["ann", "ben"]
            .into_iter()
            .map(|student| {
                scope.spawn(move || {
                    for round in 0..8 {
                        // The bytes return after their data was removed.
                        course.submit("ps1", student, &work(round % 2)).ok();
                        let sent = course.submitted("ps1", student, None);
                        assert_eq!(sent, work(round % 2), "{round}");
                    }
                })
            })
            .collect();
        let sent: Vec<_> = sending
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        stop.store(true, Ordering::Relaxed);
        for thread in cleaning {
            thread.join().unwrap();
        }
        assert!(sent.iter().all(Result::is_ok));
    });
    for student in ["ann", "ben"] {
        assert_eq!(course.submitted("ps1", student, None), work(1));
    }
    assert_eq!(objects(shared(), &bucket).len(), 2);
}
