//! Replies that somebody made long: no single request takes much memory, and none keeps others waiting.

use crate::support::{Call, Course, Sent, Server, Setup, hex_sha256, percent_encode, routes};
use serde_json::{Value, json};
use std::fs;

/// What one request may take beside what the idle server has, in bytes.
const MOST: u64 = 64 * 1024 * 1024;
/// As many as a tree may have.
const FILES: usize = 10_000;
/// How often the same tree is handed in.
const TIMES: usize = 20;
/// How many trees with other paths are handed in.
const TREES: usize = 3;
/// How many people are enrolled at once, and how often.
const PEOPLE: usize = 2000;
const CLASSES: usize = 4;

/// A manifest of many files, all with the released bytes, below a long path.
fn manifest(number: usize, path_bytes: usize) -> String {
    let sha256 = hex_sha256(b"{}");
    let long = format!("{}/", "d".repeat(90)).repeat(path_bytes / 100);
    let line =
        |n: usize| json!({ "path": format!("{number}/{long}{n}"), "sha256": sha256, "size": 2 });
    json!({ "files": (0..FILES).map(line).collect::<Vec<_>>() }).to_string()
}

fn hand_in(server: &Server, manifest: &str) {
    let target = "v1/courses/algebra/assignments/challenge/submissions?user=ann";
    let call = server.call("POST", target);
    let call = call.body("application/json", manifest.to_owned());
    let reply = call.send(server.port()).unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
}

/// A course that a student and an instructor made as large as their requests allow.
fn hostile() -> Server {
    let limits = ["--max-request-rate", "0", "--max-submissions", "0"];
    let server = Setup::standalone().args(&limits).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["ann"]);
    let released = [Sent::new("task", "{}")];
    course.release("challenge", "kevin", &released).ok();
    let same = manifest(0, 110);
    for _ in 0..TIMES {
        hand_in(&server, &same);
    }
    for number in 1..=TREES {
        hand_in(&server, &manifest(number, 300));
    }
    for class in 0..CLASSES {
        let person = |n: usize| {
            let name = format!("{class}-{n}-{}", "n".repeat(240));
            let detail = "\"".repeat(250);
            json!({ "username": name, "role": "student", "first_name": detail, "last_name": detail, "email": detail })
        };
        let people: Vec<Value> = (0..PEOPLE).map(person).collect();
        let call = server.call("PUT", "v1/courses/algebra/roster?user=root");
        let call = call.body("application/json", json!({ "people": people }).to_string());
        let reply = call.send(server.port()).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let listed = server.get("v1/courses/algebra/submissions?user=kevin&limit=4", "kevin");
    let listed = listed.ok().json();
    let listed = listed["submissions"].as_array().unwrap();
    for one in listed {
        let time = one["submitted_at"].as_str().unwrap();
        course
            .give_feedback("challenge", "ann", time, &released)
            .ok();
    }
    let target = format!(
        "v1/courses/algebra/submissions/{}?user=kevin",
        listed[0]["id"]
    );
    let reply = server.call("DELETE", &target).send(server.port()).unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());
    server
}

fn memory(server: &Server, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

/// The most memory that the server took beyond what it had, while that request was answered.
fn taken(server: &Server, call: &Call) -> (u64, crate::support::Reply) {
    let before = memory(server, "VmRSS:");
    // The peak counts from here (proc(5)).
    fs::write(format!("/proc/{}/clear_refs", server.id()), "5").unwrap();
    let reply = std::thread::scope(|scope| {
        let asked = scope.spawn(|| call.send(server.port()).unwrap());
        while !asked.is_finished() {
            assert!(server.is_healthy(), "{call:?}");
        }
        asked.join().unwrap()
    });
    (memory(server, "VmHWM:").saturating_sub(before), reply)
}

#[test]
fn no_listing_takes_much_memory_or_keeps_a_worker_busy() {
    let server = hostile();
    let listed = server.get("v1/courses/algebra/submissions?limit=3", "kevin");
    let listed = listed.ok().json();
    let last = listed["submissions"].as_array().unwrap().last().unwrap();
    let number = last["id"].to_string();
    let time = percent_encode(last["submitted_at"].as_str().unwrap());
    let mut asked = 0;
    for route in routes() {
        let Some(path) = route.strip_prefix("GET ") else {
            continue;
        };
        let path = path
            .replace("{course}", "algebra")
            .replace("{assignment}", "challenge")
            .replace("{id}", &number)
            .replace("{user}", "ann");
        let arguments: &[&str] = match path.as_str() {
            "v1/courses/algebra/submissions" | "v1/courses/algebra/assignments" => {
                &["", "&files=true"]
            }
            "submission/algebra/challenge/ann" => &["", "&list_only=true"],
            _ => &[""],
        };
        for argument in arguments {
            let mut cursor = String::new();
            // A few pages are as good as all.
            for _ in 0..4 {
                let mut target = format!("{path}?user=root{argument}");
                if path.starts_with("feedback/") {
                    target = format!("{target}&timestamp={time}");
                }
                if !cursor.is_empty() {
                    target = format!("{target}&cursor={cursor}");
                }
                let call = server.call("GET", &target);
                let (bytes, reply) = taken(&server, &call);
                asked += 1;
                assert!(
                    bytes <= MOST,
                    "{target} took {bytes} bytes for a reply of {}",
                    reply.body.len()
                );
                let is_json = reply.header("content-type") == Some("application/json");
                let next = is_json.then(|| reply.json()["next"].as_str().map(str::to_owned));
                let Some(next) = next.flatten() else {
                    break;
                };
                cursor = percent_encode(&next);
            }
        }
    }
    assert!(asked > 25, "{asked}");
}

#[test]
fn a_listing_of_the_same_tree_many_times_is_short() {
    let server = hostile();
    let target = "v1/courses/algebra/submissions?user=ann&files=true";
    let page = server.call("GET", target).send(server.port()).unwrap();
    let page = page.json();
    // The trees on one page have 20,000 files at most.
    assert!(page["submissions"].as_array().unwrap().len() >= TIMES - 1);
    assert_eq!(page["trees"].as_object().unwrap().len(), 2);
    let mut listed = 0;
    let mut cursor = String::new();
    loop {
        let call = server.call("GET", &format!("{target}&cursor={cursor}"));
        let page = call.send(server.port()).unwrap().json();
        listed += page["submissions"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else {
            break;
        };
        next.clone_into(&mut cursor);
    }
    assert_eq!(listed, TIMES + TREES - 1);
}
