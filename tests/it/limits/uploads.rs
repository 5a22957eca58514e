//! The number of simultaneous uploads of one caller.

use super::{algebra, refused};
use nbcourier_testkit::http::Connection;
use nbcourier_testkit::{Form, Sent, Setup, files_json};
use std::time::Duration;

/// A request without an answer after this time is waiting.
const SOON: Duration = Duration::from_millis(300);

#[test]
fn a_caller_with_open_uploads_waits_and_others_do_not() {
    let server = Setup::standalone().args(&["--max-uploads", "1"]).start();
    let course = algebra(&server, &[]);
    let work = [Sent::new("work", "{}")];
    let mut stalled = Connection::open(server.port()).unwrap();
    let head = "POST /api/submission/algebra/challenge HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n\
                user=ada&files=%5B";
    stalled.write(head.as_bytes()).unwrap();
    // More bytes than the server searches for the name of the caller.
    stalled.write(&"+".repeat(80_000).into_bytes()).unwrap();
    let form = Form::new().field("user", "ada");
    let form = form.field("files", &files_json(&work));
    let call = server
        .call("POST", "submission/algebra/challenge")
        .form(&form);
    let mut in_line = Vec::new();
    let reply = loop {
        let mut line = Connection::open(server.port()).unwrap();
        line.write(&call.to_bytes(true)).unwrap();
        match line.read_within(SOON) {
            Ok(reply) if reply.status == 429 => break reply,
            Ok(first) => assert_eq!(first.status, 200, "it came before the stalled one"),
            Err(_) => in_line.push(line),
        }
        assert!(in_line.len() < 20, "however many come, they all may wait");
    };
    refused(
        &reply,
        429,
        &["too many open uploads", "1 are read at a time"],
    );
    assert!(reply.header("retry-after").is_some());
    course.submit("challenge", "bob", &work).ok();
    drop(stalled);
    for mut line in in_line {
        assert_eq!(
            line.read().unwrap().status,
            200,
            "who waited has their turn"
        );
    }
    course.submit("challenge", "ada", &work).ok();
}

#[test]
fn the_paths_of_a_tree_may_not_be_long_together() {
    let server = Setup::standalone().start();
    let course = algebra(&server, &[]);
    let files = |count: usize| -> Vec<Sent> {
        let long = format!("{}/", "d".repeat(250)).repeat(15);
        let file = |n: usize| Sent::new(&format!("{long}{n}"), "");
        (0..count).map(file).collect()
    };
    course.submit("challenge", "ada", &files(1000)).ok();
    let many = files(1200);
    let form = course.submit("challenge", "ada", &many);
    refused(&form, 413, &["paths", "4 MiB", "nothing was stored"]);
    let sha256 = nbcourier_testkit::hex_sha256(b"");
    let line = |file: &Sent| serde_json::json!({ "path": file.path, "sha256": sha256, "size": 0 });
    let manifest = serde_json::json!({ "files": many.iter().map(line).collect::<Vec<_>>() });
    let target = "assignments/challenge/submissions";
    let call = super::v1(&server, "POST", target, "ada");
    let reply = server.send(&call.body("application/json", manifest.to_string()));
    refused(&reply, 413, &["paths", "4 MiB", "nothing was stored"]);
}
