//! The listing of released assignments.

use super::client::algebra;
use nbcourier_testkit::{Sent, Setup, hex_sha256, md5_hex};
use serde_json::{Value, json};

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

    let listing = server
        .get("v1/courses/algebra/assignments?files=true", "lawrence")
        .ok()
        .json();
    let listed = listing["assignments"].as_array().unwrap();
    let files = |one: &Value| listing["trees"][one["tree"].as_str().unwrap()].clone();
    let names: Vec<_> = listed.iter().map(|one| &one["assignment"]).collect();
    assert_eq!(names, ["empty", "challenge"]);
    assert_eq!(files(&listed[0]), json!([]));
    assert_eq!(
        (&listed[0]["files"], &listed[0]["bytes"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(listed[1]["version"], 2);
    let (task, empty) = (hex_sha256(b"task"), hex_sha256(b""));
    assert_eq!(
        (&listed[1]["files"], &listed[1]["bytes"]),
        (&json!(2), &json!(4))
    );
    assert_eq!(
        files(&listed[1]),
        json!([
            { "path": "b/task", "size": 4, "sha256": task, "md5": md5_hex(b"task") },
            { "path": "a ü", "size": 0, "sha256": empty, "md5": md5_hex(b"") },
        ])
    );
    let lines = format!("{empty}\0a ü\0{task}\0b/task\0");
    assert_eq!(listed[1]["tree"], hex_sha256(lines.as_bytes()));
    let time = listed[1]["released_at"].as_str().unwrap();
    assert_eq!((time.len(), &time[10..11], &time[26..]), (27, "T", "Z"));
}

#[test]
fn pages_put_together_are_the_list_of_assignments() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    for name in ["one", "two", "three", "four"] {
        course.release(name, "kevin", &[Sent::new(name, "")]).ok();
    }
    let target = "v1/courses/algebra/assignments";
    let whole = server.get(target, "lawrence").ok().json();
    assert_eq!((whole.get("trees"), &whole["next"]), (None, &Value::Null));
    for limit in 1..=4 {
        let mut together = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = format!("{target}?files=true&limit={limit}&cursor={cursor}");
            let page = server.get(&page, "lawrence").ok().json();
            let assignments = page["assignments"].as_array().unwrap();
            assert!((1..=limit).contains(&assignments.len()));
            assert_eq!(page["trees"].as_object().unwrap().len(), assignments.len());
            together.extend(assignments.clone());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            next.clone_into(&mut cursor);
        }
        assert_eq!(Value::from(together), whole["assignments"], "{limit}");
    }
    let nonsense = server.get(&format!("{target}?cursor=x"), "lawrence");
    assert_eq!(super::client::problem(&nonsense).0, 400);
}
