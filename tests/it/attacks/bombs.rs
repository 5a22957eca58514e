//! Small bodies that decompress to very large ones.

use flate2::Compression;
use flate2::write::GzEncoder;
use nbcourier_testkit::tar::header;
use nbcourier_testkit::{Call, Course, Reply, Server, Setup};
use std::io::Write as _;

const TREE: &str = "v1/courses/algebra/assignments/ps1/tree?user=kevin";
/// The number of zeros: below the limit for a request, and very well compressible.
const SIZE: usize = 60_000_000;

fn start() -> Server {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &[]);
    server
}

/// Returns an archive of one file of zeros.
fn zeros() -> Vec<u8> {
    let mut archive = header(b'0', "zeros", SIZE);
    archive.resize(512 + SIZE.next_multiple_of(512) + 1024, 0);
    archive
}

fn send(server: &Server, coding: &str, body: Vec<u8>) -> Reply {
    let call = Call::new("PUT", &format!("{}{TREE}", server.prefix()));
    server.send(
        &call
            .body("application/x-tar", body)
            .header("Content-Encoding", coding),
    )
}

#[track_caller]
fn assert_nothing_kept(server: &Server) {
    assert_eq!(server.unfinished_uploads(), 0);
    let listed = server.get("assignments/algebra", "kevin").ok().json();
    assert_eq!(listed["assignments"], serde_json::json!([]));
}

#[test]
fn a_body_that_was_packed_better_than_files_ever_are_is_refused() {
    let server = start();
    let packed = zstd::encode_all(zeros().as_slice(), 3).unwrap();
    assert!(packed.len() < SIZE / 5000, "{} bytes", packed.len());
    let reply = send(&server, "zstd", packed);
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(
        reply.message().contains("1100 times"),
        "{}",
        reply.message()
    );
    assert_nothing_kept(&server);
}

#[test]
fn zeros_packed_by_gzip_are_taken_since_students_have_such_files() {
    let server = start();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&zeros()).unwrap();
    send(&server, "gzip", encoder.finish().unwrap()).ok();
}

#[test]
fn a_body_packed_twice_is_not_unpacked_twice() {
    let server = start();
    let once = zstd::encode_all(zeros().as_slice(), 3).unwrap();
    let twice = zstd::encode_all(once.as_slice(), 3).unwrap();
    assert_eq!(send(&server, "zstd, zstd", twice.clone()).status, 415);
    assert_eq!(
        send(&server, "zstd", twice).status,
        400,
        "what comes out is no archive"
    );
    assert_nothing_kept(&server);
}

#[test]
fn a_form_is_not_unpacked_at_all() {
    let server = start();
    let form = "user=kevin&files=%5B%5D";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(form.as_bytes()).unwrap();
    let call = server
        .call("POST", "assignment/algebra/ps1")
        .body(
            "application/x-www-form-urlencoded",
            encoder.finish().unwrap(),
        )
        .header("Content-Encoding", "gzip");
    let reply = server.send(&call);
    assert!((400..500).contains(&reply.status), "{}", reply.text());
    assert_nothing_kept(&server);
}
