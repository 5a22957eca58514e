//! Giving feedback by archive.

use crate::client::{algebra, call, files, problem, send_tar, submit, tree_digest};
use crate::support::{Sent, Server, Setup};
use serde_json::{Value, json};

fn feedback_on(server: &Server, submission: &Value) -> Value {
    let listed = server
        .get("v1/courses/algebra/submissions", "kevin")
        .ok()
        .json();
    let listed = listed["submissions"].as_array().unwrap();
    let one = listed.iter().find(|one| one["id"] == *submission);
    one.unwrap()["feedback"].clone()
}

#[test]
fn feedback_is_given_on_a_submission_and_once() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let submission = submit(&server, "lawrence", &[]).json()["receipt"]["id"].clone();
    let target = format!("v1/courses/algebra/submissions/{submission}/feedback");
    let seen = |text: &str| {
        [
            Sent::new("work.html", text),
            Sent::new("plot.png", vec![9; 70_000]),
        ]
    };
    let mut before = Value::Null;
    for (text, changed) in [
        ("good", true),
        ("good", false),
        ("better", true),
        ("good", true),
    ] {
        let reply = send_tar(&server, "POST", &target, "kevin", &seen(text)).ok();
        let tree = tree_digest(&seen(text));
        assert_eq!(
            reply.json(),
            json!({ "submission": submission, "tree": tree, "changed": changed })
        );
        assert_eq!(files(&server.get(&target, "lawrence")), seen(text));
        let shown = feedback_on(&server, &submission);
        assert_eq!(shown["returned_at"] != before["returned_at"], changed);
        before = shown;
    }
}

#[test]
fn only_instructors_give_feedback_and_only_on_what_there_is() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let submission = submit(&server, "lawrence", &[]).json()["receipt"]["id"].clone();
    let give = |id: &str, user| {
        let target = format!("v1/courses/algebra/submissions/{id}/feedback");
        problem(&send_tar(&server, "POST", &target, user, &[]))
    };
    let submission = submission.to_string();
    for user in ["lawrence", "eric", "sam"] {
        assert_eq!(
            give(&submission, user),
            (403, "Permission denied".to_owned())
        );
        assert_eq!(give("99", user), (403, "Permission denied".to_owned()));
    }
    for id in ["99", "x", "-1"] {
        assert_eq!(give(id, "kevin"), (404, "Submission not found".to_owned()));
    }
    let release = "v1/courses/algebra/assignments/challenge/release";
    server.send(&call(&server, "DELETE", release, "kevin"));
    assert_eq!(
        give(&submission, "kevin"),
        (404, "Assignment not found".to_owned())
    );
}
