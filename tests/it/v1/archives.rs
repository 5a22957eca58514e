//! Invalid archives, and archives beyond the limits.

use super::client::{algebra, call, files, problem};
use flate2::Compression;
use flate2::write::GzEncoder;
use nbcourier_testkit::tar::{archive, entry, header};
use nbcourier_testkit::{Call, Reply, Sent, Server, Setup};
use std::io::Write as _;

const SUBMISSIONS: &str = "v1/courses/algebra/assignments/challenge/submissions";
const TREE: &str = "v1/courses/algebra/assignments/challenge/tree";

fn released(arguments: &[&str]) -> Server {
    let server = Setup::standalone().args(arguments).start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    server
}

fn send(server: &Server, body: impl Into<Vec<u8>>, header: impl Fn(Call) -> Call) -> Reply {
    let call = call(server, "POST", SUBMISSIONS, "lawrence");
    server.send(&header(call.body("application/x-tar", body)))
}

#[track_caller]
fn assert_nothing_stored(server: &Server) {
    let listed = server
        .get("v1/courses/algebra/submissions", "kevin")
        .ok()
        .json();
    assert_eq!(listed["submissions"], serde_json::json!([]));
    assert_eq!(server.unfinished_uploads(), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn packed(coding: &str) -> impl Fn(Call) -> Call {
    let coding = coding.to_owned();
    move |call| call.header("Content-Encoding", &coding)
}

#[test]
fn an_archive_may_be_packed_in_every_way_that_is_understood() {
    let server = released(&[]);
    let sent = [Sent::new("a", "again ".repeat(50_000)), Sent::new("b", "")];
    let whole = archive(&sent);
    for (coding, body) in [
        ("identity", whole.clone()),
        ("gzip", gzip(&whole)),
        ("X-GZip", gzip(&whole)),
        ("zstd", zstd(&whole)),
    ] {
        let target = TREE.replace("challenge", &coding.to_lowercase());
        let call = call(&server, "PUT", &target, "kevin").body("application/x-tar", body);
        server.send(&packed(coding)(call)).ok();
        assert_eq!(files(&server.get(&target, "lawrence")), sent, "{coding}");
    }
    for coding in ["br", "deflate", "gzip, gzip", "compress", "\u{fc}"] {
        let refused = send(&server, whole.clone(), packed(coding));
        let sentence = "The Content-Encoding is identity, gzip or zstd";
        assert_eq!(problem(&refused), (415, sentence.to_owned()), "{coding}");
    }
    let twice = |call: Call| packed("gzip")(packed("gzip")(call));
    assert_eq!(problem(&send(&server, gzip(&whole), twice)).0, 415);
}

#[test]
fn an_incomplete_upload_is_refused_and_nothing_is_stored() {
    let server = released(&[]);
    let whole = archive(&[
        Sent::new("a", vec![1; 3000]),
        Sent::new("big", vec![2; 300_000]),
    ]);
    let without_end = whole.len() - 1024;
    for length in [
        0,
        1,
        511,
        512,
        2000,
        5000,
        without_end,
        without_end + 512,
        whole.len() - 1,
    ] {
        let refused = send(&server, &whole[..length], |call| call);
        assert_eq!(
            problem(&refused),
            (400, "The archive is incomplete".to_owned()),
            "{length}"
        );
        let refused = send(&server, gzip(&whole[..length]), packed("gzip"));
        assert_eq!(
            problem(&refused),
            (400, "The archive is incomplete".to_owned()),
            "{length}"
        );
    }
    for (coding, packed_whole) in [("gzip", gzip(&whole)), ("zstd", zstd(&whole))] {
        for length in [0, 1, 10, packed_whole.len() / 2, packed_whole.len() - 1] {
            let refused = send(&server, &packed_whole[..length], packed(coding));
            let (status, sentence) = problem(&refused);
            assert_eq!(status, 400, "{coding} {length}: {sentence}");
        }
        let refused = send(&server, whole.clone(), packed(coding));
        assert_eq!(problem(&refused).0, 400, "not packed at all");
    }
    assert_nothing_stored(&server);
}

#[test]
fn an_entry_that_is_no_file_is_named_in_the_refusal() {
    let server = released(&[]);
    let good = entry(&Sent::new("good", vec![1; 300_000]));
    for (bad, sentence) in [
        (
            header(b'2', "link", 0),
            "link is a symbolic link: only files and directories are taken",
        ),
        (
            header(b'1', "link", 0),
            "link is a hard link: only files and directories are taken",
        ),
        (
            header(b'3', "null", 0),
            "null is a device: only files and directories are taken",
        ),
        (
            header(b'6', "fifo", 0),
            "fifo is a pipe: only files and directories are taken",
        ),
        (header(b'0', "../up", 0), "Illegal path: ../up"),
        (header(b'0', "/etc/passwd", 0), "Illegal path: /etc/passwd"),
        (header(b'0', "a\\b", 0), "Illegal path: a\\\\b"),
        (header(b'0', "good/below", 0), "Illegal path: good/below"),
        (header(b'0', "good", 0), "Illegal path: good"),
        (
            header(b'x', "pax", 1 << 30),
            "The extended header behind good is too long",
        ),
        (vec![7; 512], "The archive is damaged behind good"),
    ] {
        let body = [good.clone(), bad, vec![0; 1024]].concat();
        assert_eq!(
            problem(&send(&server, body, |call| call)),
            (400, sentence.to_owned())
        );
    }
    let zip = send(&server, "PK\u{3}\u{4}".repeat(500), |call| call);
    let sentence = "This is no tar archive (of the kinds ustar, pax and GNU)";
    assert_eq!(problem(&zip), (400, sentence.to_owned()));
    assert_nothing_stored(&server);
}

#[test]
fn a_body_of_another_type_than_an_archive_is_refused() {
    let server = released(&[]);
    let sentence = "Send the files as application/x-tar";
    for kind in [
        "application/zip",
        "text/plain",
        "application/octet-stream",
        "x",
    ] {
        let call = call(&server, "POST", SUBMISSIONS, "lawrence").body(kind, archive(&[]));
        let (status, said) = problem(&server.send(&call));
        assert_eq!(status, 415, "{kind}");
        assert!(said.starts_with(sentence), "{said}");
    }
    let bare = call(&server, "POST", SUBMISSIONS, "lawrence").bare_body(archive(&[]));
    assert_eq!(problem(&server.send(&bare)).0, 415);
    let call = call(&server, "POST", SUBMISSIONS, "lawrence");
    let kind = "Application/X-Tar; charset=binary";
    assert_eq!(server.send(&call.body(kind, archive(&[]))).status, 201);
}

#[test]
fn beyond_a_limit_the_answer_is_413() {
    let server = released(&[
        "--max-request-size",
        "100kB",
        "--max-file-size",
        "20kB",
        "--max-files",
        "3",
    ]);
    let four: Vec<Sent> = (0..4).map(|n| Sent::new(&n.to_string(), "")).collect();
    let three_large = [1, 2, 3].map(|n| Sent::new(&n.to_string(), vec![n; 19_000]));
    for (files, limit) in [
        (vec![Sent::new("a", vec![1; 200_000])], "100000 bytes"),
        (vec![Sent::new("a", vec![1; 20_001])], "20000 bytes"),
        (four, "3 files"),
    ] {
        let (status, sentence) = problem(&send(&server, archive(&files), |call| call));
        assert_eq!(status, 413, "{sentence}");
        assert!(sentence.contains(limit), "{sentence}");
    }
    let lies = header(b'0', "lies", 1 << 30);
    assert_eq!(
        problem(&send(&server, lies, |call| call)).0,
        413,
        "before the bytes come"
    );
    let directories = header(b'5', "d/", 0).repeat(1000);
    for (coding, body) in [("gzip", gzip(&directories)), ("zstd", zstd(&directories))] {
        assert!(body.len() < 10_000);
        let (status, sentence) = problem(&send(&server, body, packed(coding)));
        assert_eq!(status, 413, "{sentence}");
        assert!(sentence.contains("100000 bytes"), "{sentence}");
    }
    assert_nothing_stored(&server);
    assert_eq!(
        send(&server, archive(&three_large), |call| call).status,
        201
    );
}
