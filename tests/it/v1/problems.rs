//! Refusals as problem documents.

use super::client::{algebra, call, problem, put_json};
use nbcourier_testkit::{FakeHub, Setup};
use serde_json::json;

#[test]
fn every_error_below_v1_is_a_problem() {
    let server = Setup::standalone()
        .args(&["--max-request-size", "1000"])
        .start();
    algebra(&server);
    let ask = |method, target, user| problem(&server.send(&call(&server, method, target, user)));
    let said = |status, sentence: &str| (status, sentence.to_owned());
    assert_eq!(ask("GET", "v1/nothing", "kevin"), said(404, "Not found"));
    assert_eq!(ask("GET", "v1/", "kevin"), said(404, "Not found"));
    assert_eq!(
        ask("PATCH", "v1/courses", "kevin"),
        said(405, "Method not allowed")
    );
    assert_eq!(
        ask("GET", "v1/courses/none/roster", "kevin"),
        said(404, "Course not found")
    );
    assert_eq!(
        ask("GET", "v1/courses/algebra/roster", "lawrence"),
        said(403, "Permission denied")
    );
    assert_eq!(
        ask("GET", "v1/trash", "kevin"),
        said(403, "Permission denied")
    );
    assert_eq!(
        ask("POST", "v1/trash/7", "root"),
        said(404, "Course not found")
    );
    assert_eq!(
        ask("GET", "%76%31/courses/none/roster", "kevin").0,
        404,
        "however it is spelt"
    );
    let target = "v1/courses/algebra/roster";
    let large = json!({ "people": [], "padding": "x".repeat(2000) });
    let (status, sentence) = problem(&put_json(&server, target, "kevin", &large));
    assert_eq!(status, 413, "{sentence}");
    let demoted = json!({ "people": [{ "username": "kevin", "role": "student" }] });
    assert_eq!(
        problem(&put_json(&server, target, "root", &demoted)),
        said(409, "Cannot add instructor as student")
    );
}

#[test]
fn an_unknown_caller_gets_a_problem_with_the_usual_header() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    for target in ["v1/courses", "v1/nothing", "v1/courses/algebra/roster"] {
        let reply = server.send(&server.call("GET", target));
        assert_eq!(problem(&reply).0, 401);
        assert_eq!(reply.header("www-authenticate"), Some("token"), "{target}");
    }
}

#[test]
fn a_problem_is_readable_for_a_client_that_takes_compressed_answers() {
    let server = Setup::standalone().start();
    let asked = call(&server, "GET", "v1/courses/none/roster", "kevin");
    let reply = server.send(&asked.header("Accept-Encoding", "gzip, zstd"));
    assert_eq!(problem(&reply), (404, "Course not found".to_owned()));
    assert_eq!(reply.header("content-encoding"), None);
}

#[test]
fn failures_of_the_ngshare_protocol_are_no_problems() {
    let server = Setup::standalone().start();
    let reply = server.get("assignments/none", "kevin");
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(
        reply.json(),
        json!({ "success": false, "message": "Course not found" })
    );
}
