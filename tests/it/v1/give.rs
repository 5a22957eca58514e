//! Releasing feedback by archive.

use super::client::{algebra, call, files, problem, send_tar, submit, tree_digest};
use nbcourier_testkit::{Sent, Server, Setup};
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

const ALL: &str = "v1/courses/algebra/assignments/challenge/feedback";

/// Makes a submission of lawrence and one of eric; returns their IDs.
fn two_submissions(server: &Server) -> [Value; 2] {
    algebra(server).release("challenge", "kevin", &[]).ok();
    ["lawrence", "eric"].map(|user| submit(server, user, &[]).json()["receipt"]["id"].clone())
}

fn below(submission: &Value, path: &str, text: &str) -> Sent {
    Sent::new(&format!("{submission}/{path}"), text)
}

#[test]
fn a_class_gets_its_feedback_in_one_request() {
    let server = Setup::standalone().start();
    let [one, two] = two_submissions(&server);
    // In no particular order, as a program may send them.
    let sent = [
        below(&two, "b.html", "to eric"),
        below(&one, "a.html", "to lawrence"),
        below(&two, "sub/a.html", "to eric, too"),
    ];
    let of = [
        vec![Sent::new("a.html", "to lawrence")],
        vec![
            Sent::new("b.html", "to eric"),
            Sent::new("sub/a.html", "to eric, too"),
        ],
    ];
    let give = |files: &[Sent]| send_tar(&server, "POST", ALL, "kevin", files).ok().json();
    let given = |n: usize, changed| {
        let submission = [&one, &two][n];
        json!({ "submission": submission, "tree": tree_digest(&of[n]), "changed": changed })
    };
    assert_eq!(
        give(&sent),
        json!({ "feedback": [given(0, true), given(1, true)] })
    );
    for (submission, files_of) in [&one, &two].into_iter().zip(&of) {
        let target = format!("v1/courses/algebra/submissions/{submission}/feedback");
        assert_eq!(files(&server.get(&target, "kevin")), *files_of);
    }
    assert_eq!(
        give(&sent),
        json!({ "feedback": [given(0, false), given(1, false)] })
    );
    assert_eq!(give(&sent[1..2]), json!({ "feedback": [given(0, false)] }));
    assert_eq!(give(&[]), json!({ "feedback": [] }));
}

#[test]
fn a_class_gets_all_its_feedback_or_none() {
    let server = Setup::standalone().start();
    let [one, two] = two_submissions(&server);
    let course = nbcourier_testkit::Course::of(&server, "algebra");
    course.release("other", "kevin", &[]).ok();
    course.submit("other", "lawrence", &[]).ok();
    let good = below(&one, "a.html", "to lawrence");
    let ask =
        |bad: Sent, user| problem(&send_tar(&server, "POST", ALL, user, &[good.clone(), bad]));
    for (path, status, sentence) in [
        ("99/a", 404, "Submission 99 not found"),
        ("3/a", 404, "Submission 3 not found"),
        ("-1/a", 404, "Submission -1 not found"),
        ("02/a", 400, "02/a is not below the number of a submission"),
        ("+2/a", 400, "+2/a is not below the number of a submission"),
        (
            "lawrence/a",
            400,
            "lawrence/a is not below the number of a submission",
        ),
        ("a", 400, "a is not below the number of a submission"),
        ("2/../3/a", 400, "Illegal path: 2/../3/a"),
    ] {
        assert_eq!(
            ask(Sent::new(path, ""), "kevin"),
            (status, sentence.to_owned())
        );
    }
    assert_eq!(two, 2, "the paths above mean what they should");
    for user in ["lawrence", "sam"] {
        assert_eq!(
            ask(below(&two, "a", ""), user),
            (403, "Permission denied".to_owned())
        );
    }
    let call = call(&server, "POST", ALL, "kevin").body("application/json", r#"{"files": []}"#);
    assert_eq!(problem(&server.send(&call)).0, 415);
    for submission in [&one, &two] {
        assert_eq!(feedback_on(&server, submission), Value::Null);
    }
}

#[test]
fn the_feedback_of_a_class_is_limited_for_each_and_for_all() {
    let server = Setup::standalone().args(&["--max-files", "2"]).start();
    let [one, two] = two_submissions(&server);
    let many = |submission: &Value, count: usize| {
        (0..count)
            .map(|n| below(submission, &n.to_string(), ""))
            .collect::<Vec<_>>()
    };
    let give = |files: &[Sent]| send_tar(&server, "POST", ALL, "kevin", files);
    assert_eq!(problem(&give(&many(&one, 3))).0, 413);
    let strangers: Vec<Sent> = (100..121).map(|n| below(&json!(n), "a", "")).collect();
    assert_eq!(problem(&give(&strangers)).0, 413);
    give(&[many(&one, 2), many(&two, 2)].concat()).ok();
}
