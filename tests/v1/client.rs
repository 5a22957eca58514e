//! Requests about one course of a stand-alone server, by anybody.

use crate::support::{Call, Course, Reply, Sent, Server, percent_encode, tar};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub fn call(server: &Server, method: &str, target: &str, user: &str) -> Call {
    let and = if target.contains('?') { '&' } else { '?' };
    server.call(
        method,
        &format!("{target}{and}user={}", percent_encode(user)),
    )
}

#[track_caller]
pub fn put_json(server: &Server, target: &str, user: &str, body: &Value) -> Reply {
    let call = call(server, "PUT", target, user).body("application/json", body.to_string());
    server.send(&call)
}

/// Sends files as an archive.
#[track_caller]
pub fn send_tar(server: &Server, method: &str, target: &str, user: &str, files: &[Sent]) -> Reply {
    let call = call(server, method, target, user);
    server.send(&call.body("application/x-tar", tar::archive(files)))
}

/// Hands in to algebra's `challenge`.
#[track_caller]
pub fn submit(server: &Server, user: &str, files: &[Sent]) -> Reply {
    let target = "v1/courses/algebra/assignments/challenge/submissions";
    send_tar(server, "POST", target, user, files)
}

/// The files of an archive that says what it is.
#[track_caller]
pub fn files(reply: &Reply) -> Vec<Sent> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/x-tar"));
    tar::files(&reply.body)
}

/// The name of a tree of these files.
pub fn tree_digest(files: &[Sent]) -> String {
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let lines = sorted
        .iter()
        .map(|file| format!("{}\0{}\0", hex_sha256(&file.bytes), file.path));
    hex_sha256(lines.collect::<String>().as_bytes())
}

/// Status and sentence of a failure, which must be a whole problem.
#[track_caller]
pub fn problem(reply: &Reply) -> (u16, String) {
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{}",
        reply.text()
    );
    let problem = reply.json();
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["status"], reply.status);
    assert!(
        problem["title"]
            .as_str()
            .is_some_and(|title| !title.is_empty())
    );
    let keys: Vec<&String> = problem.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    (reply.status, problem["detail"].as_str().unwrap().to_owned())
}

/// The course `algebra` of kevin, with lawrence and eric.
pub fn algebra(server: &Server) -> Course<'_> {
    let course = Course::of(server, "algebra");
    course.make(&["kevin"], &["lawrence", "eric"]);
    course
}

pub fn hex_sha256(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    let digits = sum.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}
