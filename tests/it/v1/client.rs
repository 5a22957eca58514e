//! Requests about one course of a stand-alone server, as any user.

use nbcourier_testkit::{Call, Course, Reply, Sent, Server, hex_sha256, percent_encode, tar};
use serde_json::Value;

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

/// Submits to algebra's `challenge`.
#[track_caller]
pub fn submit(server: &Server, user: &str, files: &[Sent]) -> Reply {
    let target = "v1/courses/algebra/assignments/challenge/submissions";
    send_tar(server, "POST", target, user, files)
}

/// Returns the files of an archive with the right content type.
#[track_caller]
pub fn files(reply: &Reply) -> Vec<Sent> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/x-tar"));
    tar::files(&reply.body)
}

/// Returns the digest of a tree of these files.
pub fn tree_digest(files: &[Sent]) -> String {
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let lines = sorted
        .iter()
        .map(|file| format!("{}\0{}\0", hex_sha256(&file.bytes), file.path));
    hex_sha256(lines.collect::<String>().as_bytes())
}

/// Returns the status and the sentence of a failure, which must be a complete problem document.
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

/// Makes the course `algebra` of kevin, with lawrence and eric.
pub fn algebra(server: &Server) -> Course<'_> {
    let course = Course::of(server, "algebra");
    course.make(&["kevin"], &["lawrence", "eric"]);
    course
}
