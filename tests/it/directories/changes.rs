//! Writing: files with preconditions, batches, conflicts, and waiting for changes.

use super::client::{Directory, put, refused};
use nbcourier_testkit::{Setup, hex_sha256};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_file_is_stored_only_if_its_precondition_holds() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let store = |bytes: &str, name: &str, value: &str| {
        let call = directory.call("PUT", "/files/a").header(name, value);
        server.send(&call.body("text/plain", bytes))
    };
    let tag = |bytes: &str| format!("\"{}\"", hex_sha256(bytes.as_bytes()));
    let first = store("1", "If-None-Match", "*").ok().json();
    assert_eq!(
        first,
        json!({ "version": 2, "changed": true, "sha256": hex_sha256(b"1") })
    );
    // The same again, since a reply may be lost.
    assert_eq!(
        store("1", "If-None-Match", "*").ok().json()["changed"],
        false
    );
    let taken = store("2", "If-None-Match", "*");
    let problem = taken.json();
    assert_eq!(
        (taken.status, &problem["type"]),
        (412, &json!("urn:nbcourier:conflict"))
    );
    assert_eq!(problem["conflicts"][0]["path"], "a");
    assert_eq!(problem["conflicts"][0]["now"]["sha256"], hex_sha256(b"1"));
    assert_eq!(problem["version"], 2);
    assert_eq!(store("2", "If-Match", &tag("0")).status, 412);
    assert_eq!(store("2", "If-Match", &tag("1")).ok().json()["version"], 3);
    // Without a precondition, it is a conflict.
    let file_above = directory.call("PUT", "/files/a/b").body("text/plain", "x");
    assert_eq!(server.send(&file_above).status, 409);
    let unclear = directory.call("DELETE", "/files/a?recursive=perhaps");
    assert_eq!(server.send(&unclear).status, 400);
    for (name, value) in [
        ("If-Match", "x"),
        ("If-Match", "\"x\""),
        ("If-None-Match", "\"x\""),
    ] {
        assert_eq!(store("3", name, value).status, 400, "{name}: {value}");
    }
    let remove = |value: &str| {
        let call = directory
            .call("DELETE", "/files/a")
            .header("If-Match", value);
        server.send(&call)
    };
    assert_eq!(remove(&tag("1")).status, 412);
    assert_eq!(
        remove(&tag("2")).ok().json(),
        json!({ "version": 4, "changed": true })
    );
    assert_eq!(
        remove(&tag("2")).ok().json(),
        json!({ "version": 4, "changed": false })
    );
}

#[test]
fn a_batch_is_applied_whole_or_not_at_all() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let begun = json!([put("unit1/a", "1"), put("unit2/b", "2")]);
    directory.change_with(&begun, &["1", "2"]).ok();
    let mut stale = put("unit1/a", "3");
    stale["if"] = json!(hex_sha256(b"0"));
    let mut new = put("unit2/b", "3");
    new["if"] = json!(null);
    let refusal = directory.change_with(&json!([put("c", "3"), stale, new]), &["3"]);
    let problem = refusal.json();
    assert_eq!(refusal.status, 409);
    assert_eq!(problem["type"], "urn:nbcourier:conflict");
    assert_eq!(
        problem["detail"],
        "2 of the paths changed meanwhile; nothing was changed"
    );
    let paths = [0, 1].map(|number| problem["conflicts"][number]["path"].clone());
    assert_eq!(paths, ["unit1/a", "unit2/b"]);
    assert_eq!(directory.version(), 2);

    let done = directory.change(&json!([
        { "op": "move", "from": "unit2", "to": "unit3", "if": null },
        { "op": "copy", "from": "unit1/a", "to": "unit1/b", "if": null },
        { "op": "mkdir", "path": "empty" },
        put("d", "2"),
        { "op": "remove", "path": "unit1/a" },
    ]));
    assert_eq!(done.ok().json(), json!({ "version": 3, "changed": true }));
    let now = ["d", "empty/", "unit1/", "unit1/b", "unit3/", "unit3/b"];
    assert_eq!(directory.paths(""), now);
    assert_eq!(directory.text("unit1/b"), "1");
    assert_eq!(
        directory.paths("version=2"),
        ["unit1/", "unit1/a", "unit2/", "unit2/b"]
    );

    let sentences = [
        (
            json!([{ "op": "remove", "path": "unit3" }]),
            409,
            "unit3 is a directory with entries. Remove it recursively; nothing was changed",
        ),
        (
            json!([{ "op": "move", "from": "x", "to": "y" }]),
            409,
            "Nothing has the path x; nothing was changed",
        ),
        (
            json!([{ "op": "mkdir", "path": "d/e" }]),
            409,
            "d is a file; nothing was changed",
        ),
        (
            json!([put("empty", "2")]),
            409,
            "empty is a directory; nothing was changed",
        ),
        (
            json!([{ "op": "move", "from": "unit3", "to": "unit3/x" }]),
            400,
            "unit3 cannot be moved or copied into itself",
        ),
        (
            json!([{ "op": "mkdir", "path": "../x" }]),
            400,
            "Illegal path: ../x",
        ),
        (
            json!([{ "op": "mkdir", "path": "a\nb" }]),
            400,
            "Illegal path: a\\nb",
        ),
        (
            json!([{ "op": "put", "path": "x", "sha256": "X", "size": 1 }]),
            400,
            "The sha256 of x is not a SHA-256",
        ),
        (
            json!([{ "op": "chmod", "path": "x" }]),
            400,
            "Incorrect request format: unknown variant `chmod`, expected one of `put`, `mkdir`, `move`, `copy`, \
             `remove` at line 1 column 25",
        ),
    ];
    for (changes, status, sentence) in sentences {
        let reply = directory.change(&changes);
        assert_eq!(refused(&reply), (status, sentence.to_owned()));
    }
    assert_eq!(directory.version(), 3);
}

#[test]
fn a_version_may_be_expected_and_bytes_may_be_missing() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    directory.put("a", "1").ok();
    let expecting = |version: &str| {
        let body = json!({ "changes": [{ "op": "mkdir", "path": "x" }] }).to_string();
        let call = directory
            .call("POST", "/changes")
            .header("If-Match", version);
        server.send(&call.body("application/json", body))
    };
    assert_eq!(expecting("\"v1\"").status, 412);
    assert_eq!(expecting("\"2\"").status, 400);
    expecting("\"v2\"").ok();
    let missing = directory.change(&json!([put("b", "new"), put("c", "1")]));
    let problem = missing.json();
    assert_eq!(missing.status, 409);
    assert_eq!(problem["type"], "urn:nbcourier:missing-blobs");
    assert_eq!(problem["missing"], json!([hex_sha256(b"new")]));
    // The bytes of others are as good as missing.
    let other = Directory::make(&server, "eve", "mine", "eve");
    assert_eq!(other.change(&json!([put("a", "1")])).status, 409);
    directory.grant(&json!([{ "kind": "user", "name": "eve", "level": "read" }]));
    other.change(&json!([put("a", "1")])).ok();
}

#[test]
fn changes_are_listed_since_a_version_and_waited_for() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    directory.put("a", "1").ok();
    directory.put("b", "2").ok();
    directory.put("a", "3").ok();
    server.send(&directory.call("DELETE", "/files/b")).ok();
    let changed = |since: i64| {
        let page = directory
            .get(&format!("/changes?since={since}"))
            .ok()
            .json();
        let changes = page["changes"].as_array().unwrap().iter();
        let shown = changes.map(|change| {
            let removed = if change["removed"] == true { "-" } else { "+" };
            format!(
                "{removed}{}@{}",
                change["path"].as_str().unwrap(),
                change["version"]
            )
        });
        (page["version"].as_i64().unwrap(), shown.collect::<Vec<_>>())
    };
    assert_eq!(changed(0), (5, vec!["+a@4".to_owned(), "-b@5".to_owned()]));
    assert_eq!(changed(4), (5, vec!["-b@5".to_owned()]));
    assert_eq!(changed(5), (5, Vec::new()));
    let ahead = directory.get("/changes?since=6");
    assert_eq!(
        (ahead.status, &ahead.json()["type"]),
        (410, &json!("urn:nbcourier:too-old"))
    );
    assert_eq!(directory.get("/changes?since=5&wait=26").status, 400);

    let begun = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| directory.get("/changes?since=5&wait=25").ok().json());
        directory.put("c", "new").ok();
        let page = waiting.join().unwrap();
        assert_eq!(page["changes"][0]["path"], "c");
    });
    assert!(begun.elapsed() < Duration::from_secs(20));
    let nothing = directory.get("/changes?since=6&wait=1").ok().json();
    assert_eq!(nothing["changes"], json!([]));
}

#[test]
fn requests_that_wait_are_bounded() {
    let server = Setup::standalone().args(&["--max-waiting", "0"]).start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let begun = Instant::now();
    let page = directory.get("/changes?since=1&wait=25").ok().json();
    assert_eq!(page["changes"], json!([]));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn two_people_who_change_different_files_do_not_conflict() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    directory.grant(&json!([{ "kind": "everybody", "level": "write" }]));
    std::thread::scope(|scope| {
        for person in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let user = format!("person{person}");
                let directory = Directory::of(server, "ada", "data", &user);
                for save in 0..10 {
                    directory.put(&format!("of/{user}"), &save.to_string()).ok();
                }
            });
        }
    });
    assert_eq!(directory.version(), 1 + 80);
    assert_eq!(directory.paths("path=of").len(), 8);
    assert_eq!(directory.text("of/person3"), "9");
}
