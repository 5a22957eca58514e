//! The limit on free space, below which files are refused and everything else works.

use super::{algebra, bytes, first_of_ada, refused, uploads, v1};
use nbcourier_testkit::http::Connection;
use nbcourier_testkit::{Course, Sent, Setup, eventually};

/// More than any disk has.
const EVERYTHING: &str = "1000000 TiB";

#[test]
fn below_the_floor_uploads_are_refused_and_all_else_goes_on() {
    let setup = Setup::standalone();
    let server = setup.start();
    let course = algebra(&server, &[Sent::new("task", "{}")]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "{}")])
        .ok();
    let (submission, time) = first_of_ada(&course);
    server.kill();

    let server = setup.args(&["--min-free-space", EVERYTHING]).start();
    let course = Course::of(&server, "algebra");
    for (what, reply) in uploads(&course, submission, &time) {
        eprintln!("{what}");
        refused(
            &reply,
            507,
            &[
                "short of disk space",
                "nothing was stored",
                "Tell the administrators of the exchange",
            ],
        );
    }
    for (target, user) in [
        ("courses", "ada"),
        ("assignments/algebra", "ada"),
        ("assignment/algebra/challenge", "ada"),
        ("submissions/algebra/challenge", "kevin"),
        ("submission/algebra/challenge/ada", "kevin"),
        ("v1/courses/algebra/submissions", "ada"),
        ("v1/courses/algebra/assignments/challenge/collect", "kevin"),
        ("healthz", "ada"),
    ] {
        server.get(target, user).ok();
    }
    refused(&server.get("readyz", "ada"), 507, &["short of disk space"]);
    course.enrol("eve").ok();
    let removed = server.send(&v1(
        &server,
        "DELETE",
        &format!("submissions/{submission}"),
        "kevin",
    ));
    assert_eq!(removed.status, 204, "deleting makes room");
    server.delete("assignment/algebra/challenge", "kevin").ok();
    assert_eq!(
        course.release("new", "eve", &[]).status,
        403,
        "a missing permission is the first reason"
    );
}

#[test]
fn an_upload_that_announces_more_than_the_room_is_refused_for_that() {
    let setup = Setup::standalone().args(&["--max-request-size", "100000 TiB"]);
    let server = setup.start();
    algebra(&server, &[]);
    let head = "POST /api/submission/algebra/challenge?user=ada HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000000000000000\r\n\r\n\
                user=ada&files=%5B%7B%22path%22%3A%22a%22%2C%22content%22%3A%22";
    let mut line = Connection::open(server.port()).unwrap();
    line.write(head.as_bytes()).unwrap();
    line.write(&bytes("QUFB", 200_000)).unwrap();
    line.finish_writing().unwrap();
    // A reply may find the connection closed, so the log is checked. A body that was read would give a 400, because it
    // broke off.
    drop(line.read());
    let answered = || {
        let log = server.log();
        let mut lines = log.lines().map(str::to_owned);
        lines.find(|line| line.contains("method=POST") && line.contains("/submission/"))
    };
    eventually("the upload is answered", || answered().is_some());
    let line = answered().unwrap();
    assert!(line.contains("status=507"), "{line}");
    assert!(line.contains("error="), "{line}");
    assert_eq!(server.unfinished_uploads(), 0);
}
