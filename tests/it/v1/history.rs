//! Earlier releases and earlier feedback.

use super::client::{algebra, call, problem, put_json};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Sent, Server, Setup};
use serde_json::{Value, json};

const RELEASES: &str = "v1/courses/algebra/assignments/challenge/history";

fn releases(server: &Server) -> Vec<Value> {
    let history = server.get(RELEASES, "kevin").ok().json();
    history["releases"].as_array().unwrap().clone()
}

#[test]
fn every_version_of_an_assignment_is_told_with_who_released_it() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let again = |by, text| {
        course
            .release("challenge", by, &[Sent::new("task", text)])
            .ok();
    };
    again("kevin", "one");
    server.delete("assignment/algebra/challenge", "kevin").ok();
    again("root", "two");
    let shown = server
        .get("v1/courses/algebra/assignments", "eric")
        .ok()
        .json();
    let versions = releases(&server);
    let lines: Vec<Value> = versions
        .iter()
        .map(|one| json!([one["version"], one["released_by"], one["current"]]))
        .collect();
    assert_eq!(
        lines,
        [json!([1, "kevin", false]), json!([2, "root", true])]
    );
    assert_eq!(versions[1]["tree"], shown["assignments"][0]["tree"]);
    assert_eq!(
        versions[1]["released_at"],
        shown["assignments"][0]["released_at"]
    );
    assert_ne!(versions[0]["tree"], versions[1]["tree"]);

    server.delete("assignment/algebra/challenge", "kevin").ok();
    assert!(releases(&server).iter().all(|one| one["current"] == false));
    assert_eq!(problem(&server.get(RELEASES, "eric")).0, 403);
    let gone = call(
        &server,
        "DELETE",
        "v1/courses/algebra/assignments/challenge",
        "kevin",
    );
    assert_eq!(server.send(&gone).status, 204);
    assert_eq!(
        problem(&server.get(RELEASES, "kevin")),
        (404, "Assignment not found".to_owned())
    );
}

#[test]
fn an_assignment_that_was_never_released_has_no_versions() {
    let server = Setup::standalone().start();
    algebra(&server);
    let dates = "v1/courses/algebra/assignments/challenge/dates";
    put_json(&server, dates, "kevin", &json!({})).ok();
    assert!(releases(&server).is_empty());
}

#[test]
fn every_feedback_on_a_submission_is_told_and_the_deleted_to_instructors() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let time = timestamp_of(&course.submit("challenge", "eric", &[]));
    let listed = || {
        server
            .get("v1/courses/algebra/submissions", "eric")
            .ok()
            .json()
    };
    let id = listed()["submissions"][0]["id"].clone();
    let target = format!("v1/courses/algebra/submissions/{id}/history");
    let history = |user| {
        let versions = server.get(&target, user).ok().json();
        versions["feedback"].as_array().unwrap().clone()
    };
    let give = |text| {
        let files = [Sent::new("seen.html", text)];
        course
            .give_feedback("challenge", "eric", &time, &files)
            .ok();
    };
    let states = |user| {
        let lines = history(user);
        let state = |one: &Value| json!([one["number"], one["deleted"], one["current"]]);
        lines.iter().map(state).collect::<Vec<_>>()
    };
    assert!(history("eric").is_empty());
    give("one");
    give("two");
    assert_eq!(
        states("eric"),
        [json!([1, false, false]), json!([2, false, true])]
    );
    let versions = history("eric");
    assert_eq!(
        versions[1]["tree"],
        listed()["submissions"][0]["feedback"]["tree"]
    );
    assert_eq!(versions[0]["returned_by"], "root");
    assert!(versions[0]["returned_at"].as_str() < versions[1]["returned_at"].as_str());

    let feedback = target.replace("/history", "/feedback");
    let deleted = server.send(&call(&server, "DELETE", &feedback, "kevin"));
    assert_eq!(deleted.status, 204);
    give("three");
    let all = [
        json!([1, true, false]),
        json!([2, true, false]),
        json!([3, false, true]),
    ];
    assert_eq!(states("kevin"), all);
    assert_eq!(states("eric"), all[2..]);
}

#[test]
fn the_history_of_a_submission_is_for_its_student_and_instructors() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "eric", &[]).ok();
    let listed = server
        .get("v1/courses/algebra/submissions", "eric")
        .ok()
        .json();
    let id = &listed["submissions"][0]["id"];
    let ask = |id: &str, user| {
        let target = format!("v1/courses/algebra/submissions/{id}/history");
        server.get(&target, user)
    };
    for user in ["eric", "kevin", "root"] {
        ask(&id.to_string(), user).ok();
    }
    for user in ["lawrence", "sam"] {
        assert_eq!(problem(&ask(&id.to_string(), user)).0, 403);
        assert_eq!(
            problem(&ask("999", user)).0,
            403,
            "and not whether there is one"
        );
    }
    for nonsense in ["999", "x", "-1"] {
        assert_eq!(problem(&ask(nonsense, "kevin")).1, "Submission not found");
    }
    let reply = ask(&id.to_string(), "eric");
    let target = format!("v1/courses/algebra/submissions/{id}/history");
    let known = call(&server, "GET", &target, "eric")
        .header("If-None-Match", reply.header("etag").unwrap());
    assert_eq!(server.send(&known).status, 304);
    server.delete("assignment/algebra/challenge", "kevin").ok();
    assert_eq!(
        problem(&ask(&id.to_string(), "eric")).1,
        "Assignment not found"
    );
    ask(&id.to_string(), "kevin").ok();
}
