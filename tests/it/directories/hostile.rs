//! Hostile names, bodies and patterns.

use super::client::{Directory, put, refused};
use nbcourier_testkit::{Setup, percent_encode};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn hostile_paths_are_refused_and_odd_ones_kept() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    for path in [
        "..",
        "../x",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "a/",
        "C:x",
        "a\\b",
        "a\0",
        "a\nb",
        "a\u{7}b",
    ] {
        let encoded = percent_encode(path);
        let refusal = directory.put(&encoded, "1");
        assert!(
            matches!(refusal.status, 400 | 404),
            "{path:?}: {}",
            refusal.text()
        );
    }
    let long = "x".repeat(256);
    assert_eq!(directory.put(&long, "1").status, 400);
    let deep = vec!["d"; 65].join("/");
    assert_eq!(directory.put(&deep, "1").status, 400);
    assert_eq!(directory.paths(""), [""; 0]);
    for path in [
        "ü (1)+.txt",
        "<script>alert(1)<",
        "%2e%2e",
        "a b",
        "=1+1",
        "con",
    ] {
        directory.put(&percent_encode(path), path).ok();
        assert_eq!(directory.text(&percent_encode(path)), path);
    }
}

#[test]
fn a_pattern_cannot_keep_the_server_busy() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let paths: Vec<_> = (0..5000)
        .map(|number| put(&format!("{}b{number}", "a".repeat(200)), "1"))
        .collect();
    directory.change_with(&json!(paths), &["1"]).ok();
    for pattern in [
        "**/**/**/**/**/x",
        &"*a".repeat(20),
        &"a".repeat(2000),
        "[",
        "***",
    ] {
        let reply = directory.get(&format!("/entries?glob={}", percent_encode(pattern)));
        assert_eq!(reply.status, 400, "{pattern}");
    }
    let begun = Instant::now();
    let pattern = percent_encode(&format!("{}x", "*a".repeat(16)));
    directory.get(&format!("/entries?glob={pattern}")).ok();
    server.get("healthz", "ada").ok();
    assert!(begun.elapsed() < Duration::from_mins(1));
}

#[test]
fn wrong_bodies_change_nothing() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let send =
        |kind: &str, body: &[u8]| server.send(&directory.call("POST", "/changes").body(kind, body));
    let tar = "application/vnd.nbcourier.changes+x-tar";
    for (kind, body, status) in [
        ("application/json", &b"{"[..], 400),
        ("application/json", b"[]", 400),
        ("application/json", b"{\"changes\": 1}", 400),
        ("application/json", b"\xff", 400),
        ("text/plain", b"{}", 415),
        (tar, b"x", 400),
        (tar, b"", 400),
    ] {
        assert_eq!(send(kind, body).status, status, "{kind} {body:?}");
    }
    // Half a character, as programs write it that take bytes for text.
    for half in ["\\ud800", "\\udfff"] {
        let body = format!("{{\"changes\": [{{\"op\": \"mkdir\", \"path\": \"a{half}\"}}]}}");
        let (status, sentence) = refused(&send("application/json", body.as_bytes()));
        assert_eq!(status, 400);
        let is_clear = sentence.starts_with("The changes cannot be JSON decoded: ")
            && sentence.contains(" hex escape at line 1 column ");
        assert!(is_clear, "{sentence}");
    }
    let unnamed = nbcourier_testkit::tar::archive(&[
        nbcourier_testkit::Sent::new("changes.json", "{\"changes\": []}"),
        nbcourier_testkit::Sent::new(&"0".repeat(64), "x"),
    ]);
    assert_eq!(send(tar, &unnamed).status, 400);
    let many: Vec<_> = (0..20_001)
        .map(|_| json!({ "op": "mkdir", "path": "a" }))
        .collect();
    assert_eq!(directory.change(&json!(many)).status, 413);
    // A body that is stored nowhere leaves no bytes.
    let stranger = directory.by("eve");
    assert_eq!(stranger.put("a", "secret").status, 404);
    assert_eq!(directory.version(), 1);
}

#[test]
fn a_few_operations_cannot_keep_the_server_busy() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    directory.put("copy0/a", "1").ok();
    let copy = |from: &str, to: &str| json!({ "op": "copy", "from": from, "to": to });
    // Each folder has the one before twice: 2 to the power of 60 files.
    let copies: Vec<_> = (0..60)
        .flat_map(|number| {
            let (from, to) = (format!("copy{number}"), format!("copy{}", number + 1));
            [
                copy(&from, &format!("{to}/l")),
                copy(&from, &format!("{to}/r")),
            ]
        })
        .collect();
    let many: Vec<_> = (0..3000)
        .map(|number| put(&format!("many/{number}"), "1"))
        .collect();
    directory.change_with(&json!(many), &["1"]).ok();
    let moves: Vec<_> = (0..2000)
        .map(|number| {
            let (from, to) = [("many", "other"), ("other", "many")][number % 2];
            json!({ "op": "move", "from": from, "to": to })
        })
        .collect();
    // Each path names the folders above it.
    let deep: Vec<_> = (0..600)
        .map(|number| {
            let path = vec![format!("{number:063}"); 60].join("/");
            json!({ "op": "mkdir", "path": path })
        })
        .collect();
    for changes in [copies, moves, deep] {
        let (status, sentence) = refused(&directory.change(&json!(changes)));
        assert_eq!(status, 413, "{sentence}");
        assert!(
            sentence.starts_with("The changes name, copy, move or remove too many paths for one request; nothing was changed"),
            "{sentence}"
        );
    }
    assert_eq!(directory.version(), 3);
    // What a directory can have is copied and moved at once.
    let all = json!([
        copy("many", "copied"),
        { "op": "move", "from": "many", "to": "moved" },
        { "op": "remove", "path": "copied", "recursive": true },
    ]);
    directory.change(&all).ok();
    assert_eq!(directory.paths("path=moved").len(), 3000);
}
