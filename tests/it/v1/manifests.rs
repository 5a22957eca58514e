//! Trees sent as manifests. Only the bytes that the exchange lacks are sent.

use super::client::{algebra, call, files, problem, put_json, send_tar, submit, tree_digest};
use crate::sql::Sql;
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, eventually, hex_sha256, tar};
use serde_json::{Value, json};

const SUBMISSIONS: &str = "v1/courses/algebra/assignments/challenge/submissions";
const WITH_BYTES: &str = "application/vnd.nbcourier.manifest+x-tar";

fn manifest(files: &[Sent]) -> Value {
    let line = |file: &Sent| {
        let sha256 = hex_sha256(&file.bytes);
        json!({ "path": file.path, "sha256": sha256, "size": file.bytes.len() })
    };
    json!({ "files": files.iter().map(line).collect::<Vec<_>>() })
}

fn offer(server: &Server, user: &str, manifest: &Value) -> Reply {
    let call = call(server, "POST", SUBMISSIONS, user);
    server.send(&call.body("application/json", manifest.to_string()))
}

/// Submits a manifest with these entries after it.
fn offer_with(server: &Server, user: &str, manifest: &Value, entries: &[Sent]) -> Reply {
    let first = Sent::new("manifest.json", manifest.to_string());
    let archive = tar::archive(&[&[first], entries].concat());
    let call = call(server, "POST", SUBMISSIONS, user);
    server.send(&call.body(WITH_BYTES, archive))
}

fn by_name(bytes: &[u8]) -> Sent {
    Sent::new(&hex_sha256(bytes), bytes)
}

/// Returns the missing blobs that a 409 lists.
#[track_caller]
fn missing(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let problem = reply.json();
    assert_eq!(problem["type"], "urn:nbcourier:missing-blobs");
    assert_eq!(problem["title"], "Conflict");
    let missing = problem["missing"].as_array().unwrap();
    missing
        .iter()
        .map(|sum| sum.as_str().unwrap().to_owned())
        .collect()
}

fn large(byte: u8) -> Vec<u8> {
    vec![byte; 200_000]
}

fn task() -> [Sent; 2] {
    [Sent::new("task.ipynb", "{}"), Sent::new("data", large(1))]
}

fn released(server: &Server) -> Course<'_> {
    let course = algebra(server);
    course.release("challenge", "kevin", &task()).ok();
    course
}

#[test]
fn stored_bytes_need_not_be_sent_again() {
    let server = Setup::standalone().start();
    let course = released(&server);
    let mut work = task().to_vec();
    work.reverse();
    let reply = offer(&server, "lawrence", &manifest(&work));
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.json()["receipt"]["tree"], tree_digest(&work));
    work.push(Sent::new("answer", "42"));
    assert_eq!(
        missing(&offer(&server, "lawrence", &manifest(&work))),
        [hex_sha256(b"42")]
    );
    let reply = offer_with(&server, "lawrence", &manifest(&work), &[by_name(b"42")]);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(
        course.submitted("challenge", "lawrence", None),
        work,
        "in the manifest's order"
    );
    assert_eq!(
        offer(&server, "lawrence", &manifest(&work)).status,
        201,
        "now it is their own"
    );
    assert_eq!(offer(&server, "lawrence", &manifest(&[])).status, 201);
}

#[test]
fn a_manifest_may_bring_all_its_bytes_and_large_ones_too() {
    let server = Setup::standalone().start();
    let course = released(&server);
    let work = [
        Sent::new("b", large(7)),
        Sent::new("a", large(8)),
        Sent::new("copy", large(7)),
        Sent::new("empty", ""),
    ];
    let bytes = [by_name(&large(7)), by_name(b""), by_name(&large(8))];
    let reply = offer_with(&server, "lawrence", &manifest(&work), &bytes);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(course.submitted("challenge", "lawrence", None), work);
}

#[test]
fn to_know_the_name_of_bytes_is_not_to_have_them() {
    let server = Setup::standalone().start();
    let course = released(&server);
    let text = |text: &str| vec![Sent::new("work", text)];
    let own = submit(&server, "eric", &text("by eric")).json()["receipt"]["id"].clone();
    let feedback = format!("v1/courses/algebra/submissions/{own}/feedback");
    send_tar(&server, "POST", &feedback, "kevin", &text("to eric")).ok();
    let other = Course::of(&server, "other");
    other.make(&["abigail"], &["lawrence"]);
    other
        .release("elsewhere", "abigail", &text("elsewhere"))
        .ok();
    other
        .submit("elsewhere", "lawrence", &text("own elsewhere"))
        .ok();
    course.release("hidden", "kevin", &text("hidden")).ok();
    server.delete("assignment/algebra/hidden", "kevin").ok();
    let tree = "v1/courses/algebra/assignments/versions/tree";
    for version in ["outdated", "current"] {
        send_tar(&server, "PUT", tree, "kevin", &text(version)).ok();
    }
    course.release("later", "kevin", &text("not open yet")).ok();
    let dates = json!({ "opens_at": "2999-01-01T00:00:00Z" });
    put_json(
        &server,
        "v1/courses/algebra/assignments/later/dates",
        "kevin",
        &dates,
    )
    .ok();
    let can = |user, known: &str| {
        let reply = offer(&server, user, &manifest(&text(known)));
        if reply.status == 201 {
            return true;
        }
        assert_eq!(missing(&reply), [hex_sha256(known.as_bytes())]);
        false
    };
    for known in [
        "by eric",
        "to eric",
        "elsewhere",
        "own elsewhere",
        "hidden",
        "outdated",
        "none",
    ] {
        assert!(!can("lawrence", known), "{known}");
    }
    assert!(can("lawrence", "current"));
    assert!(can("eric", "by eric") && can("eric", "to eric"));
    for known in [
        "by eric",
        "to eric",
        "hidden",
        "outdated",
        "not open yet",
        "current",
    ] {
        assert!(can("kevin", known), "{known}");
    }
    for known in ["elsewhere", "own elsewhere", "none"] {
        assert!(!can("kevin", known), "{known}");
        assert!(!can("root", known), "{known}");
    }
    let guessed = by_name(b"by eric");
    let reply = offer_with(&server, "lawrence", &manifest(&text("by eric")), &[guessed]);
    assert_eq!(reply.status, 201, "who has the bytes may hand them in");
}

#[test]
fn releases_and_feedback_are_told_the_same_way() {
    let server = Setup::standalone().start();
    released(&server);
    let submission = submit(&server, "lawrence", &[Sent::new("work", "mine")]).json();
    let feedback = format!(
        "v1/courses/algebra/submissions/{}/feedback",
        submission["receipt"]["id"]
    );
    let tree = "v1/courses/algebra/assignments/challenge/tree";
    let seen = [Sent::new("work", "mine"), Sent::new("task", "{}")];
    for (method, target) in [("POST", feedback.as_str()), ("PUT", tree)] {
        let call = call(&server, method, target, "kevin");
        let reply = server
            .send(&call.body("application/json", manifest(&seen).to_string()))
            .ok();
        assert_eq!(reply.json()["changed"], true);
        assert_eq!(files(&server.get(target, "lawrence")), seen, "{target}");
    }
}

#[test]
fn a_manifest_that_makes_no_sense_is_refused() {
    let server = Setup::standalone()
        .args(&["--max-files", "3", "--max-request-size", "1MB"])
        .start();
    released(&server);
    let good = hex_sha256(b"{}");
    let line = |path: &str| json!({ "path": path, "sha256": good, "size": 2 });
    let ask = |manifest: &Value| problem(&offer(&server, "lawrence", manifest));
    for (files, sentence) in [
        (json!([line("../up")]), "Illegal path: ../up"),
        (json!([line("a"), line("b"), line("a")]), "Illegal path: a"),
        (json!([line("a/b"), line("a")]), "Illegal path: a"),
        (
            json!([{ "path": "a", "sha256": "{}", "size": 2 }]),
            "The sha256 of a is not a SHA-256",
        ),
        (
            json!([{ "path": "a", "sha256": good.to_uppercase(), "size": 2 }]),
            "The sha256 of a is not a SHA-256",
        ),
        (
            json!([{ "path": "a", "sha256": good, "size": 3 }]),
            "The size of a is not that of the bytes with its SHA-256",
        ),
        (
            json!([{ "path": "a", "sha256": good, "size": -1 }]),
            "Incorrect request format: invalid value: integer `-1`, expected u64 at line 1 column 107",
        ),
        (
            json!([{ "path": "a", "sha256": good }]),
            "Incorrect request format: missing field `size` at line 1 column 98",
        ),
        (
            json!(["a"]),
            "Incorrect request format: invalid type: string \"a\", expected struct ManifestEntry at line 1 column 13",
        ),
        (
            json!({}),
            "Incorrect request format: invalid type: map, expected a sequence at line 1 column 9",
        ),
    ] {
        assert_eq!(
            ask(&json!({ "files": files })),
            (400, sentence.to_owned()),
            "{files}"
        );
    }
    for manifest in [json!([]), json!({}), json!(1)] {
        let (status, sentence) = ask(&manifest);
        assert_eq!(status, 400);
        assert!(
            sentence.starts_with("Incorrect request format: "),
            "{sentence}"
        );
    }
    let call = call(&server, "POST", SUBMISSIONS, "lawrence").body("application/json", "{");
    let sentence =
        "The manifest cannot be JSON decoded: EOF while parsing an object at line 1 column 1";
    assert_eq!(problem(&server.send(&call)), (400, sentence.to_owned()));
    let four: Vec<Value> = ["a", "b", "c", "d"].map(line).to_vec();
    assert_eq!(ask(&json!({ "files": four })).0, 413);
    let huge = |size: u64| json!({ "path": size.to_string(), "sha256": good, "size": size });
    assert_eq!(ask(&json!({ "files": [huge(1_000_001)] })).0, 413);
    assert_eq!(
        ask(&json!({ "files": [huge(600_000), huge(600_001)] })).0,
        413,
        "together"
    );
    assert_eq!(
        ask(&json!({ "files": [huge(u64::MAX), huge(u64::MAX - 1)] })).0,
        413
    );
}

#[test]
fn bytes_that_do_not_belong_to_the_manifest_are_refused() {
    let server = Setup::standalone().start();
    released(&server);
    let offered = manifest(&[Sent::new("answer", "42")]);
    let ask = |entries: &[Sent]| problem(&offer_with(&server, "lawrence", &offered, entries));
    let name = hex_sha256(b"42");
    let stranger = hex_sha256(b"41");
    for (entries, sentence) in [
        (
            vec![Sent::new(&name, "43")],
            format!("The bytes of {name} are not those of that name"),
        ),
        (
            vec![Sent::new(&name, "421")],
            format!("{name} has another size than the manifest says"),
        ),
        (
            vec![by_name(b"42"), by_name(b"41")],
            format!("{stranger} is not in the manifest"),
        ),
        (
            vec![by_name(b"42"), by_name(b"42")],
            format!("Illegal path: {name}"),
        ),
        (
            vec![Sent::new("answer", "42")],
            "answer is not in the manifest".to_owned(),
        ),
    ] {
        assert_eq!(ask(&entries), (400, sentence));
    }
    for entries in [
        vec![],
        vec![by_name(b"42")],
        vec![by_name(b"42"), Sent::new("manifest.json", "{}")],
    ] {
        let call = call(&server, "POST", SUBMISSIONS, "lawrence");
        let reply = server.send(&call.body(WITH_BYTES, tar::archive(&entries)));
        let sentence = "The first entry is not manifest.json";
        assert_eq!(problem(&reply), (400, sentence.to_owned()));
    }
    let reply = offer_with(&server, "lawrence", &offered, &[]);
    assert_eq!(missing(&reply), [name]);
    let listed = server
        .get("v1/courses/algebra/submissions", "kevin")
        .ok()
        .json();
    assert_eq!(listed["submissions"], json!([]));
}

#[test]
fn bytes_that_were_lost_are_asked_for_again() {
    let server = Setup::standalone().start();
    released(&server);
    let sum = hex_sha256(&large(1));
    server.remove_large_file(&sum);
    if server.bucket().is_some() {
        // A row vouches for its object until a reader misses it.
        let tree = "v1/courses/algebra/assignments/challenge/tree";
        assert_eq!(server.get(tree, "lawrence").status, 500);
        eventually("the row says that the object is missing", || {
            Sql::of(&server).count("count(*)", "blobs WHERE NOT arrived") == 1
        });
    }
    let offered = manifest(&task());
    assert_eq!(
        missing(&offer(&server, "lawrence", &offered)),
        [sum.as_str()]
    );
    let reply = offer_with(&server, "lawrence", &offered, &[by_name(&large(1))]);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert!(server.large_file(&sum) == large(1));
}
