//! The deliveries at the starts of servers: who reports and reads them, and what is kept.

use super::client::{algebra, call, problem};
use crate::sql::Sql;
use nbcourier_testkit::{Reply, Server, Setup, run};
use serde_json::{Value, json};

const STARTS: &str = "v1/courses/algebra/starts";

fn report(server: &Server, user: &str, body: &Value) -> Reply {
    let call = call(server, "POST", STARTS, user);
    server.send(&call.body("application/json", body.to_string()))
}

#[track_caller]
fn started(server: &Server, user: &str, outcome: &str, version: Option<i64>, report_of: &Value) {
    let body = json!({
        "outcome": outcome, "millis": 5, "version": version, "directory": "materials", "report": report_of,
    });
    let reply = report(server, user, &body);
    assert_eq!(reply.status, 204, "{}", reply.text());
}

fn listed(server: &Server, query: &str) -> Value {
    let target = format!("{STARTS}{query}");
    server.get(&target, "kevin").ok().json()
}

fn people(listed: &Value) -> Vec<&str> {
    let starts = listed["starts"].as_array().unwrap().iter();
    starts
        .map(|start| start["person"].as_str().unwrap())
        .collect()
}

/// Makes the directory `materials` of algebra, which is delivered at starts.
fn deliver(server: &Server) {
    let new = json!({
        "owner": "course:algebra", "name": "materials", "deliver": "algebra", "deliver_at_start": true,
    });
    let call = call(server, "POST", "v1/directories", "kevin");
    let made = server.send(&call.body("application/json", new.to_string()));
    assert_eq!(made.status, 201, "{}", made.text());
}

#[test]
fn members_report_their_own_starts_and_staff_see_all() {
    let server = Setup::standalone().start();
    algebra(&server);
    deliver(&server);
    started(
        &server,
        "lawrence",
        "updated",
        Some(1),
        &json!({ "received": 3 }),
    );
    let full = json!({ "failures": ["Nothing was changed: there is no space left on the disk"] });
    started(&server, "eric", "failed", None, &full);
    let all = listed(&server, "");
    assert_eq!(people(&all), ["eric", "lawrence"], "the newest first");
    assert_eq!(all["starts"][1]["report"]["received"], 3);
    assert_eq!(people(&listed(&server, "?outcome=failed")), ["eric"]);
    assert_eq!(people(&listed(&server, "?person=lawrence")), ["lawrence"]);
    let first = listed(&server, "?limit=1");
    let next = first["next"].as_str().unwrap();
    let second = listed(&server, &format!("?limit=1&cursor={next}"));
    assert_eq!(people(&second), ["lawrence"]);
    assert_eq!(
        (&second["next"], &second["summary"]),
        (&Value::Null, &Value::Null)
    );
    // Members only, and nobody for somebody else.
    for user in ["lawrence", "stranger"] {
        let refused = server.get(STARTS, user);
        assert_eq!(problem(&refused).0, 403, "{user}");
    }
    let body = json!({ "outcome": "updated", "millis": 1, "person": "eric" });
    assert_eq!(report(&server, "stranger", &body).status, 403);
    assert_eq!(report(&server, "lawrence", &body).status, 204);
    assert_eq!(people(&listed(&server, "?person=eric")), ["eric"]);
}

#[test]
fn the_summary_counts_the_last_start_of_each_member() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course
        .post(
            "student/algebra/ann",
            "kevin",
            &[("first_name", ""), ("last_name", ""), ("email", "")],
        )
        .ok();
    deliver(&server);
    assert_eq!(listed(&server, "")["summary"], json!([]));
    started(
        &server,
        "lawrence",
        "failed",
        None,
        &json!({ "failures": ["old"] }),
    );
    started(&server, "lawrence", "updated", Some(17), &json!({}));
    started(&server, "ann", "unchanged", Some(17), &json!({}));
    started(&server, "eric", "updated", Some(17), &json!({}));
    started(
        &server,
        "eric",
        "failed",
        None,
        &json!({ "failures": ["no <space>\nleft"] }),
    );
    // Of a directory that is not delivered.
    let other = json!({ "outcome": "updated", "millis": 1, "version": 3, "directory": "other" });
    assert_eq!(report(&server, "ann", &other).status, 204);
    let expected = json!([
        { "directory": "materials", "outcome": "unchanged", "version": 17, "people": 2, "reason": null },
        { "directory": "materials", "outcome": "failed", "version": null, "people": 1, "reason": "no <space> left" },
    ]);
    assert_eq!(listed(&server, "")["summary"], expected);
    let shown = server.page("c/algebra", "kevin").ok().text();
    let line = "materials: 2 have version 17, 1 failed: no &#60;space&#62; left";
    assert!(shown.contains(line), "{shown}");
    // Who has left the course is not counted.
    server.delete("student/algebra/eric", "kevin").ok();
    assert_eq!(listed(&server, "")["summary"].as_array().unwrap().len(), 1);
}

#[test]
fn a_hostile_report_is_bounded_and_shown_as_text() {
    let server = Setup::standalone().start();
    algebra(&server);
    for (body, status, part) in [
        (
            json!({ "outcome": "splendid", "millis": 1 }),
            400,
            "splendid",
        ),
        (json!({ "outcome": "updated" }), 400, "millis"),
        (json!({ "outcome": "updated", "millis": -1 }), 400, "-1"),
        (json!({ "outcome": "updated", "millis": 1e30 }), 400, "u32"),
        (
            json!({ "outcome": "updated", "millis": 1, "version": 0 }),
            400,
            "version",
        ),
        (
            json!({ "outcome": "updated", "millis": 1, "directory": "a/b" }),
            400,
            "directory",
        ),
        (
            json!({ "outcome": "updated", "millis": 1, "report": ["x"] }),
            400,
            "map",
        ),
        (
            json!({ "outcome": "updated", "millis": 1, "report": { "x": "y".repeat(17_000) } }),
            413,
            "larger",
        ),
        // It is longer when it is written again.
        (
            json!({ "outcome": "updated", "millis": 1, "report": { "x": vec![0; 3] } }),
            204,
            "",
        ),
    ] {
        let reply = report(&server, "eric", &body);
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        assert!(reply.text().contains(part), "{body}: {}", reply.text());
    }
    let numbers = vec!["1e15"; 3000].join(",");
    let body = format!(r#"{{"outcome": "updated", "millis": 1, "report": {{"x": [{numbers}]}}}}"#);
    let call = call(&server, "POST", STARTS, "eric").body("application/json", body);
    assert_eq!(server.send(&call).status, 413);
    let script = "<script>alert(1)</script>\u{202e}\u{0}";
    for shape in [
        json!({ "failures": [script], "kept": [script], "log": script, "folder": script }),
        json!({ "failures": script, "received": -1, "kept": {"a": 1}, "log": [] }),
        json!({ "failures": vec![script; 200], "blocked": vec![script; 100] }),
        json!({}),
    ] {
        started(&server, "eric", "failed", Some(i64::MAX), &shape);
    }
    assert_eq!(
        listed(&server, "?outcome=failed")["starts"][3]["report"]["log"],
        script
    );
    for target in [
        "c/algebra/starts",
        "c/algebra/starts?outcome=failed&person=eric",
        "c/algebra",
    ] {
        let shown = server.page(target, "kevin").ok().text();
        assert!(!shown.contains("<script>alert"), "{target}");
    }
    let refused = server.page("c/algebra/starts", "eric");
    assert_eq!(refused.status, 403);
}

#[test]
fn the_last_fifty_starts_of_a_person_are_kept_for_ninety_days() {
    let server = Setup::standalone().unlimited().start();
    algebra(&server);
    for number in 1..=53 {
        started(&server, "eric", "updated", Some(number), &json!({}));
    }
    started(&server, "lawrence", "updated", Some(1), &json!({}));
    let kept = listed(&server, "?person=eric");
    let versions = kept["starts"].as_array().unwrap().iter();
    let versions: Vec<i64> = versions
        .map(|start| start["version"].as_i64().unwrap())
        .collect();
    assert_eq!(versions, (4..=53).rev().collect::<Vec<_>>());
    let days = |days: i64| days * 24 * 60 * 60 * 1_000_000;
    Sql::of(&server).execute(&format!(
        "UPDATE starts SET at = at - {} WHERE version < 10 AND person = 'eric';
         UPDATE starts SET at = at - {} WHERE version >= 10 AND person = 'eric'",
        days(91),
        days(89)
    ));
    let data = server.data_dir().display().to_string();
    assert!(run(&["gc", "--data-dir", &data]).status.success());
    let left = listed(&server, "");
    assert_eq!(left["starts"].as_array().unwrap().len(), 45);
}
