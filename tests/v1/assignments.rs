//! What is released.

use crate::client::algebra;
use crate::support::{Sent, Setup, hex_sha256, md5_hex};

#[test]
fn assignments_are_listed_with_versions_and_checksums_of_their_files() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("empty", "kevin", &[]).ok();
    course.release("challenge", "kevin", &[]).ok();
    server.delete("assignment/algebra/challenge", "kevin").ok();
    let files = [Sent::new("b/task", "task"), Sent::new("a ü", "")];
    course.release("challenge", "kevin", &files).ok();
    course.release("hidden", "kevin", &[]).ok();
    server.delete("assignment/algebra/hidden", "kevin").ok();

    let listed = server
        .get("v1/courses/algebra/assignments", "lawrence")
        .ok()
        .json();
    let listed = listed["assignments"].as_array().unwrap();
    let names: Vec<_> = listed.iter().map(|one| &one["assignment"]).collect();
    assert_eq!(names, ["empty", "challenge"]);
    assert_eq!(listed[0]["files"], serde_json::json!([]));
    assert_eq!(listed[1]["version"], 2);
    let (task, empty) = (hex_sha256(b"task"), hex_sha256(b""));
    assert_eq!(
        listed[1]["files"],
        serde_json::json!([
            { "path": "b/task", "size": 4, "sha256": task, "md5": md5_hex(b"task") },
            { "path": "a ü", "size": 0, "sha256": empty, "md5": md5_hex(b"") },
        ])
    );
    let lines = format!("{empty}\0a ü\0{task}\0b/task\0");
    assert_eq!(listed[1]["tree"], hex_sha256(lines.as_bytes()));
    let time = listed[1]["released_at"].as_str().unwrap();
    assert_eq!((time.len(), &time[10..11], &time[26..]), (27, "T", "Z"));
}
