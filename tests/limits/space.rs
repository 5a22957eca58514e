//! The free space below which no files are taken, and everything else goes on.

use crate::support::http::Connection;
use crate::support::{Course, Sent, Setup};
use crate::{algebra, bytes, first_of_ada, refused, uploads, v1};

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
                "Tell whoever runs it",
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
        "who may not is told that first"
    );
}

#[test]
fn an_upload_that_says_it_is_larger_than_the_room_is_not_even_read() {
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
    let _ = line.read();
    while !server.log().contains("status=507") {
        std::thread::yield_now();
    }
}
