//! Objects outlive their rows for a while, and no clean-up removes what somebody refers to.

use super::{objects, prepare, setup, work};
use crate::sql::Sql;
use nbcourier_testbuckets::shared;
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually, run};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Cleans up without a grace time. Returns what the command prints.
fn collect(server: &Server, object_retention: &str) -> String {
    try_collect(server, object_retention).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// Does the same. Returns the refusal if it fails.
fn try_collect(server: &Server, object_retention: &str) -> Result<String, String> {
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
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
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

/// Makes the rows of so many large files vanish as soon as their bytes have arrived, as a clean-up without grace does that
/// comes before a row names them.
fn overtake(server: &Server, times: u32) {
    Sql::of(server).execute(&format!(
        "CREATE TABLE overtaken AS SELECT {times} AS rest;
        CREATE TRIGGER overtake AFTER UPDATE OF arrived ON blobs WHEN (SELECT rest FROM overtaken) > 0 BEGIN
            DELETE FROM blobs WHERE id = new.id;
            UPDATE overtaken SET rest = rest - 1;
        END"
    ));
}

#[test]
fn an_upload_that_a_clean_up_overtook_is_made_all_the_same() {
    let (setup, bucket) = setup();
    let server = setup.start();
    let course = prepare(&server, &["ann"]);
    overtake(&server, 2);
    course.submit("ps1", "ann", &work(1)).ok();
    assert_eq!(course.submitted("ps1", "ann", None), work(1));
    // Each time the bytes got another name.
    assert_eq!(objects(shared(), &bucket).len(), 3);
    assert_eq!(Sql::of(&server).count("count(*)", "blobs"), 1);
    // The objects of the rows that vanished are removed.
    collect(&server, "0");
    assert_eq!(objects(shared(), &bucket).len(), 1);
    assert_eq!(course.submitted("ps1", "ann", None), work(1));
    eventually("the spool is empty", || server.unfinished_uploads() == 0);
}

#[test]
fn an_upload_that_is_overtaken_again_and_again_is_refused_in_the_end() {
    let (setup, _) = setup();
    let server = setup.start();
    let course = prepare(&server, &["ann"]);
    overtake(&server, 1000);
    let refused = course.submit("ps1", "ann", &work(1));
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("nothing was changed"));
    let left = Sql::of(&server).count("rest", "overtaken");
    assert_eq!(left, 1000 - 5, "{}", server.log());
    eventually("the spool is empty", || server.unfinished_uploads() == 0);
}

#[test]
fn two_clean_ups_without_grace_never_take_what_uploads_of_the_same_bytes_refer_to() {
    let (setup, bucket) = setup();
    clean_up_beside_uploads(&setup.start(), &bucket);
}

#[test]
fn on_postgres_two_clean_ups_without_grace_never_take_what_uploads_to_two_servers_refer_to() {
    let (setup, bucket) = setup();
    let databases = nbcourier_testdb::shared();
    let setup = setup.on_postgres(&databases.url(&databases.create()));
    clean_up_beside_uploads(&setup.start_replicas(2), &bucket);
}

/// The number of submissions of each student.
const ROUNDS: u64 = 10;

/// Submits work, and again if clean-ups overtook it five times: the reply then says that nothing was changed.
fn submit_until_accepted(course: Course<'_>, student: &str, files: &[Sent]) {
    eventually("a submission is accepted", || {
        let reply = course.submit("ps1", student, files);
        if reply.status == 503 {
            assert!(
                reply.text().contains("nothing was changed"),
                "{}",
                reply.text()
            );
            return false;
        }
        reply.ok();
        true
    });
}

/// Cleans up by two processes, for as long as two students submit the same new bytes at the same time.
fn clean_up_beside_uploads(server: &Server, bucket: &str) {
    let course = prepare(server, &["ann", "ben"]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let cleaning: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut cleaned = 0;
                    while !stop.load(Ordering::Relaxed) || cleaned == 0 {
                        match try_collect(server, "0") {
                            Ok(_) => cleaned += 1,
                            // With PostgreSQL, one process cleans up at a time.
                            Err(refusal) => {
                                assert!(refusal.contains("is cleaning up"), "{refusal}");
                            }
                        }
                    }
                })
            })
            .collect();
        let sending: Vec<_> = ["ann", "ben"]
            .into_iter()
            .map(|student| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        submit_until_accepted(course, student, &work(round));
                        let sent = course.submitted("ps1", student, None);
                        assert_eq!(sent, work(round), "{round}");
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
        let latest = work(ROUNDS - 1);
        assert_eq!(course.submitted("ps1", student, None), latest);
    }
    // Bytes that were overtaken were sent under further names.
    eventually("only what is referred to is left", || {
        let _ = try_collect(server, "0");
        objects(shared(), bucket).len() == usize::try_from(ROUNDS).unwrap()
    });
}
