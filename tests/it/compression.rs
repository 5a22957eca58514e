//! Compression of long listings for clients that ask for it. The contents of files are never compressed.

use nbcourier_testkit::{Call, Course, Reply, Sent, Server, Setup};
use serde_json::{Value, json};
use std::io::Read as _;

fn ask(server: &Server, target: &str, encoding: &str) -> Reply {
    let call: Call = server.call("GET", target);
    server
        .send(&call.token("kevin").header("Accept-Encoding", encoding))
        .ok()
}

fn server_with(students: usize) -> Server {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &[]);
    let people: Vec<Value> = (0..students)
        .map(|n| json!({ "username": format!("student-{n}"), "first_name": "", "last_name": "", "email": "" }))
        .collect();
    course
        .post(
            "students/course1",
            "kevin",
            &[("students", &json!(people).to_string())],
        )
        .ok();
    course
        .release(
            "challenge",
            "kevin",
            &[Sent::new("long", "again and again ".repeat(10_000))],
        )
        .ok();
    server
}

#[test]
fn a_long_listing_is_compressed_for_those_who_ask() {
    let server = server_with(2000);
    let plain = ask(&server, "students/course1", "identity");
    let packed = ask(&server, "students/course1", "gzip, deflate");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() * 5 < plain.body.len());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);
    assert_eq!(
        ask(&server, "students/course1", "zstd").header("content-encoding"),
        Some("zstd")
    );
}

#[test]
fn short_replies_and_files_are_not_compressed() {
    let server = server_with(2);
    for target in ["students/course1", "assignment/course1/challenge"] {
        let reply = ask(&server, target, "gzip, deflate, zstd");
        assert!(
            matches!(reply.header("content-encoding"), None | Some("identity")),
            "{target}"
        );
        assert!(reply.json()["success"].as_bool().unwrap(), "{target}");
    }
}
