//! Receipts as proof.

use super::client::{algebra, call, problem, submit};
use nbcourier_testkit::{FakeHub, Sent, Server, Setup, percent_encode, tar};
use serde_json::{Value, json};

fn verify(server: &Server, user: &str, shown: &Value) -> Value {
    let call = call(server, "POST", "v1/receipts/verify", user);
    let call = call.body("application/json", shown.to_string());
    server.send(&call).ok().json()
}

fn verdict(valid: bool, stored: bool) -> Value {
    json!({ "valid": valid, "stored": stored })
}

#[test]
fn a_receipt_of_ours_is_known_to_everybody_and_after_a_restart() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    let shown = submit(&server, "lawrence", &[Sent::new("work", "mine")]).json();
    assert_eq!(verify(&server, "lawrence", &shown), verdict(true, true));
    assert_eq!(verify(&server, "sam", &shown), verdict(true, true));
    let server = server.kill().start();
    assert_eq!(verify(&server, "kevin", &shown), verdict(true, true));
    let elsewhere = Setup::standalone().start();
    assert_eq!(verify(&elsewhere, "kevin", &shown), verdict(false, false));
}

#[test]
fn a_changed_receipt_is_invalid() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    let genuine = submit(&server, "lawrence", &[Sent::new("work", "mine")]).json();
    let mut forged = Vec::new();
    for (key, value) in [
        ("id", json!(99)),
        ("course", json!("geometry")),
        ("assignment", json!("other")),
        ("student", json!("eric")),
        ("submitted_at", json!("2020-01-01T00:00:00.000000Z")),
        ("tree", json!("0".repeat(64))),
        ("files", json!(2)),
        ("bytes", json!(5)),
        ("submitted_by", json!("kevin")),
        ("points", json!(100)),
        ("id", json!("1")),
        ("student", Value::Null),
    ] {
        let mut shown = genuine.clone();
        shown["receipt"][key] = value;
        forged.push(shown);
    }
    let mut shorter = genuine.clone();
    shorter["receipt"].as_object_mut().unwrap().remove("tree");
    forged.push(shorter);
    for receipt in [Value::Null, json!([]), json!("receipt"), json!(1)] {
        forged.push(json!({ "receipt": receipt, "signature": genuine["signature"] }));
    }
    for signature in ["", "0", &"0".repeat(64), &"é".repeat(64)] {
        forged.push(json!({ "receipt": genuine["receipt"], "signature": signature }));
    }
    for shown in forged {
        assert_eq!(
            verify(&server, "kevin", &shown),
            verdict(false, false),
            "{shown}"
        );
    }
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"receipt": {}}"#,
        r#"{"receipt": {}, "signature": 1}"#,
    ] {
        let call = call(&server, "POST", "v1/receipts/verify", "kevin");
        let reply = server.send(&call.body("application/json", body));
        assert_eq!(problem(&reply).0, 400, "{body}");
    }
}

#[test]
fn a_receipt_outlives_what_it_tells_of() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    let shown = submit(&server, "lawrence", &[]).json();
    server.delete("assignment/algebra/challenge", "kevin").ok();
    assert_eq!(
        verify(&server, "lawrence", &shown),
        verdict(true, true),
        "it is only not shown"
    );
    server.delete("course/algebra", "root").ok();
    assert_eq!(verify(&server, "lawrence", &shown), verdict(true, false));
}

#[test]
fn a_receipt_is_shown_to_its_student_and_instructors() {
    let server = Setup::standalone().start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    let answer = submit(&server, "lawrence", &[]).json();
    let target = format!(
        "v1/courses/algebra/submissions/{}/receipt",
        answer["receipt"]["id"]
    );
    server.delete("assignment/algebra/challenge", "kevin").ok();
    for user in ["lawrence", "kevin", "root"] {
        assert_eq!(server.get(&target, user).ok().json(), answer, "{user}");
    }
    for user in ["eric", "sam"] {
        assert_eq!(
            problem(&server.get(&target, user)),
            (403, "Permission denied".to_owned())
        );
    }
    let none = server.get("v1/courses/algebra/submissions/99/receipt", "kevin");
    assert_eq!(problem(&none), (404, "Submission not found".to_owned()));
}

#[test]
fn names_of_every_kind_stand_in_receipts_unharmed() {
    let server = Setup::standalone().start();
    algebra(&server);
    let assignment = "ü (1) + \\ \"x\"";
    let target = percent_encode(assignment);
    server
        .post(
            &format!("assignment/algebra/{target}"),
            "kevin",
            &[("files", "[]")],
        )
        .ok();
    let target = format!("v1/courses/algebra/assignments/{target}/submissions");
    let call = call(&server, "POST", &target, "lawrence");
    let shown = server
        .send(&call.body("application/x-tar", tar::archive(&[])))
        .json();
    assert_eq!(shown["receipt"]["assignment"], assignment);
    assert_eq!(verify(&server, "kevin", &shown), verdict(true, true));
}

#[test]
fn an_unknown_caller_verifies_nothing() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    let call = server
        .call("POST", "v1/receipts/verify")
        .body("application/json", "{}");
    assert_eq!(problem(&server.send(&call)).0, 401);
}
