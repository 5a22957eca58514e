//! Large uploads and downloads: in constant memory within the limits, and refused with a clear answer beyond them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nbcourier_testkit::{Call, Course, Form, Random, Sent, Server, Setup, eventually, files_json};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

const MIB: usize = 1024 * 1024;
/// The maximum memory of the server while 500 MB pass through it, in bytes.
const PEAK: u64 = 64 * MIB as u64;
/// The size of a part of a large file: a multiple of 57 bytes, so that its base64 needs no padding and has whole lines.
const PART: usize = 57 * 4096;
/// The length of a line of base64, which stands for 57 bytes.
const LINE: usize = 76;

fn course(server: &Server) -> Course<'_> {
    let course = Course::of(server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    course
}

/// Returns bytes that compress badly and never repeat within a file.
fn part(number: u64) -> Vec<u8> {
    Random::seeded(number).bytes(PART)
}

/// Sends a file of this many parts as a form, piece by piece; returns the SHA-256 of the file and the status.
fn send_large(server: &Server, parts: u64) -> (Vec<u8>, u16) {
    let encode = |part: &[u8]| {
        let text = STANDARD.encode(part);
        let mut lines = String::with_capacity(text.len() * 2);
        for line in text.as_bytes().chunks(LINE) {
            lines.push_str(std::str::from_utf8(line).expect("base64"));
            lines.push_str("%5Cn");
        }
        lines.replace('+', "%2B").replace('/', "%2F")
    };
    let head = "user=lawrence&files=%5B%7B%22path%22%3A%22big%22%2C%22content%22%3A%22";
    let tail = "%22%7D%5D";
    let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    write!(
        line,
        "POST /api/submission/course1/challenge HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    .unwrap();
    let mut chunk = |text: &str| {
        write!(line, "{:x}\r\n{text}\r\n", text.len()).unwrap();
    };
    chunk(head);
    let mut hasher = Sha256::new();
    for number in 0..parts {
        let part = part(number);
        hasher.update(&part);
        chunk(&encode(&part));
    }
    chunk(tail);
    line.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    BufReader::new(line).read_line(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (hasher.finalize().to_vec(), status)
}

/// Reads the latest submission, a single file of this many parts, without keeping it in memory; returns its SHA-256.
fn fetch_large(server: &Server, parts: u64) -> Vec<u8> {
    let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    write!(
        line,
        "GET /api/submission/course1/challenge/lawrence?user=kevin HTTP/1.1\r\nHost: localhost\r\n\
         Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut reply = BufReader::with_capacity(MIB, line);
    let mut before = Vec::new();
    while !before.ends_with(b"\"content\": \"") {
        let mut byte = [0];
        reply.read_exact(&mut byte).unwrap();
        before.push(byte[0]);
    }
    assert!(
        before.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&before)
    );
    let mut hasher = Sha256::new();
    // Each line of base64 ends with a backslash and an n.
    let mut lines = vec![0; PART / 57 * (LINE + 2)];
    for _ in 0..parts {
        reply
            .read_exact(&mut lines)
            .expect("the reply ended too soon");
        let mut text = Vec::with_capacity(lines.len());
        for line in lines.chunks(LINE + 2) {
            let (line, end) = line.split_at(LINE);
            assert_eq!(end, b"\\n");
            text.extend_from_slice(line);
        }
        hasher.update(STANDARD.decode(&text).unwrap());
    }
    let mut end = [0];
    reply.read_exact(&mut end).unwrap();
    assert_eq!(end, *b"\"", "the file is longer than it was");
    hasher.finalize().to_vec()
}

#[test]
fn half_a_gigabyte_goes_up_and_down_in_constant_memory() {
    let server = Setup::standalone()
        .args(&["--max-request-size", "1GiB"])
        .start();
    course(&server);
    let parts = (500_000_000_u64).div_ceil(PART as u64);
    let (sent, status) = send_large(&server, parts);
    assert_eq!(status, 200, "{}", server.log());
    assert!(
        server.peak_memory() < PEAK,
        "{} bytes after the upload",
        server.peak_memory()
    );
    assert_eq!(fetch_large(&server, parts), sent);
    assert!(
        server.peak_memory() < PEAK,
        "{} bytes after the download",
        server.peak_memory()
    );
}

#[test]
fn ten_thousand_small_files_need_little_memory() {
    let server = Setup::standalone().start();
    let course = course(&server);
    let files: Vec<Sent> = (0..10_000)
        .map(|n| Sent::new(&format!("dir/{n}"), n.to_string().repeat(1500)))
        .collect();
    course.submit("challenge", "lawrence", &files).ok();
    assert!(
        server.peak_memory() < 2 * PEAK,
        "{} bytes",
        server.peak_memory()
    );
    assert_eq!(course.submitted("challenge", "lawrence", None), files);
}

#[test]
fn beyond_a_limit_the_answer_is_413_and_the_connection_stays() {
    let limits = [
        "--max-request-size",
        "100kB",
        "--max-file-size",
        "20kB",
        "--max-files",
        "3",
    ];
    let server = Setup::standalone().args(&limits).start();
    let course = course(&server);
    let mut connection = nbcourier_testkit::http::Connection::open(server.port()).unwrap();
    let mut submit = |files: &[Sent]| {
        let form = Form::new()
            .field("user", "lawrence")
            .field("files", &files_json(files));
        connection
            .ask(
                &server
                    .call("POST", "submission/course1/challenge")
                    .form(&form),
            )
            .unwrap()
    };
    let four: Vec<Sent> = (0..4).map(|n| Sent::new(&n.to_string(), "")).collect();
    for (files, limit) in [
        (vec![Sent::new("a", vec![1; 200_000])], "100000 bytes"),
        (vec![Sent::new("a", vec![1; 20_001])], "20000 bytes"),
        (four, "3 files"),
    ] {
        let reply = submit(&files);
        assert_eq!(reply.status, 413, "{}", reply.text());
        assert_eq!(reply.json()["success"], Value::Bool(false));
        assert!(reply.message().contains(limit), "{}", reply.message());
    }
    submit(&[Sent::new("a", vec![1; 20_000]), Sent::new("b", "")]).ok();
    assert_eq!(
        server
            .get("submissions/course1/challenge", "kevin")
            .ok()
            .json()["submissions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(course.submitted("challenge", "lawrence", None).len(), 2);
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let hub = nbcourier_testkit::FakeHub::start();
    hub.knows("kevin").knows("stranger").knows("root");
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&["kevin"], &[]);
    course.release("challenge", "kevin", &[]).ok();
    let large = Form::new().field("files", &files_json(&[Sent::new("a", vec![1; 30 * MIB])]));
    for (call, status, message) in [
        (
            server
                .call("POST", "submission/course1/challenge")
                .token("stranger"),
            403,
            "Permission denied",
        ),
        (
            server
                .call("POST", "assignment/course1/challenge")
                .token("kevin"),
            409,
            "Assignment already exists",
        ),
        (
            server
                .call("POST", "submission/course1/nothing")
                .token("kevin"),
            404,
            "Assignment not found",
        ),
        (server.call("POST", "submission/course1/challenge"), 401, ""),
    ] {
        let call: Call = call.form(&large);
        let reply = server.send(&call);
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.message().contains(message), "{}", reply.message());
    }
    assert!(
        server.peak_memory() < PEAK,
        "{} bytes",
        server.peak_memory()
    );
}

#[test]
fn a_flood_of_fields_is_refused_in_little_memory() {
    let server = Setup::standalone().start();
    let course = course(&server);
    let names = (0..2_000_000).map(|n| format!("{n:x}"));
    let flood = names.collect::<Vec<_>>().join("&");
    let call = server.call("POST", "student/course1/eric?user=root");
    let reply = server.send(&call.body("application/x-www-form-urlencoded", flood));
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(
        server.peak_memory() < PEAK,
        "{} bytes",
        server.peak_memory()
    );
    course.enrol("eric").ok();
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Setup::standalone().start();
    course(&server);
    let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    write!(
        line,
        "POST /api/submission/course1/challenge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nuser=lawrence&files=%5B%7B%22path%22%3A%22a%22%2C\
         %22content%22%3A%22{}",
        "AAAA".repeat(500_000)
    )
    .unwrap();
    eventually("the file is on its way", || server.unfinished_uploads() > 0);
    drop(line);
    eventually("the half of a file is gone", || {
        server.unfinished_uploads() == 0
    });
    assert_eq!(
        server
            .get("submissions/course1/challenge", "kevin")
            .ok()
            .json()["submissions"],
        Value::Array(Vec::new())
    );
}

#[test]
fn the_same_bytes_from_many_students_are_stored_once() {
    let server = Setup::standalone().start();
    let course = course(&server);
    let names: Vec<String> = (0..20).map(|n| format!("student-{n}")).collect();
    for name in &names {
        course.enrol(name).ok();
        let own = Sent::new("answer", name.as_str());
        course
            .submit("challenge", name, &[Sent::new("data", vec![3; MIB]), own])
            .ok();
    }
    assert_eq!(server.large_files().len(), 1);
    let sum = nbcourier_testkit::hex_sha256(&vec![3; MIB]);
    assert_eq!(server.large_file(&sum), vec![3; MIB]);
}
