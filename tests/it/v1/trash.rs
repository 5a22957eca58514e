//! Deleting by instructors, and restoring.

use super::client::{algebra, call, problem};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, percent_encode, run};
use serde_json::{Value, json};

fn delete(server: &Server, target: &str, user: &str) -> Reply {
    let target = format!("v1/courses/algebra/{target}");
    server.send(&call(server, "DELETE", &target, user))
}

#[track_caller]
fn deleted(server: &Server, target: &str) {
    let gone = delete(server, target, "kevin");
    assert_eq!((gone.status, gone.body.len()), (204, 0), "{}", gone.text());
}

fn restore(server: &Server, kind: &str, id: &Value) -> Reply {
    let target = format!("v1/courses/algebra/trash/{kind}/{id}");
    server.send(&call(server, "POST", &target, "kevin"))
}

fn trash(server: &Server) -> Value {
    server.get("v1/courses/algebra/trash", "kevin").ok().json()
}

fn listed(server: &Server, user: &str) -> Vec<Value> {
    let listing = server.get("v1/courses/algebra/submissions", user).ok();
    listing.json()["submissions"].as_array().unwrap().clone()
}

fn work(text: &str) -> [Sent; 1] {
    [Sent::new("work", text)]
}

/// Lets lawrence submit twice, with feedback on the first submission, and eric once.
fn with_work(server: &Server) -> Course<'_> {
    let course = algebra(server);
    course.release("challenge", "kevin", &work("task")).ok();
    let first = timestamp_of(&course.submit("challenge", "lawrence", &work("first")));
    course.submit("challenge", "lawrence", &work("second")).ok();
    course.submit("challenge", "eric", &work("eric")).ok();
    course
        .give_feedback("challenge", "lawrence", &first, &work("good"))
        .ok();
    course
}

fn feedback_files(course: &Course<'_>, time: &str) -> usize {
    let target = format!(
        "feedback/algebra/challenge/lawrence?timestamp={}",
        percent_encode(time)
    );
    let reply = course.get(&target, "lawrence").ok().json();
    reply["files"].as_array().unwrap().len()
}

#[test]
fn a_deleted_assignment_is_gone_for_everybody_and_comes_back_whole() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let before = listed(&server, "kevin");
    let shown = server.get("v1/courses/algebra/assignments", "eric").ok();
    deleted(&server, "assignments/challenge");

    for (user, target) in [
        ("lawrence", "assignment/algebra/challenge"),
        ("kevin", "submissions/algebra/challenge"),
        ("lawrence", "submissions/algebra/challenge/lawrence"),
        ("kevin", "submission/algebra/challenge/lawrence"),
        ("root", "feedback/algebra/challenge/lawrence?timestamp=1"),
        (
            "kevin",
            "v1/courses/algebra/submissions?assignment=challenge",
        ),
    ] {
        let reply = server.get(target, user);
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (404, "Assignment not found"),
            "{target}"
        );
    }
    assert_eq!(course.submit("challenge", "eric", &[]).status, 404);
    let names = |target| server.get(target, "kevin").ok().json()["assignments"].clone();
    assert_eq!(names("assignments/algebra"), json!([]));
    assert_eq!(names("v1/courses/algebra/assignments"), json!([]));
    assert!(listed(&server, "kevin").is_empty() && listed(&server, "lawrence").is_empty());
    assert_eq!(
        problem(&delete(&server, "assignments/challenge", "kevin")).0,
        404
    );

    let found = trash(&server);
    let gone = &found["assignments"][0];
    assert_eq!(
        (&gone["assignment"], &gone["submissions"]),
        (&json!("challenge"), &json!(3))
    );
    let time = gone["deleted_at"].as_str().unwrap();
    assert_eq!((time.len(), &time[26..]), (27, "Z"));
    assert_eq!(found["submissions"], json!([]), "they are in it already");
    let reply = restore(&server, "assignments", &gone["id"]).ok();
    assert_eq!(reply.json(), json!({}));
    assert_eq!(listed(&server, "kevin"), before);
    let again = server.get("v1/courses/algebra/assignments", "eric").ok();
    assert_eq!(again.json(), shown.json());
    assert_eq!(trash(&server)["assignments"], json!([]));
}

#[test]
fn the_name_of_a_deleted_assignment_is_free_and_then_taken() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    deleted(&server, "assignments/challenge");
    course.release("challenge", "kevin", &work("new")).ok();
    assert!(listed(&server, "kevin").is_empty(), "it is another one");
    let version = &server.get("v1/courses/algebra/assignments", "eric").json()["assignments"][0];
    assert_eq!(version["version"], 1);
    course.submit("challenge", "eric", &work("new work")).ok();

    let old = trash(&server)["assignments"][0]["id"].clone();
    assert_eq!(
        problem(&restore(&server, "assignments", &old)),
        (409, "Assignment already exists".to_owned())
    );
    assert_eq!(listed(&server, "kevin").len(), 1);
    deleted(&server, "assignments/challenge");
    restore(&server, "assignments", &old).ok();
    assert_eq!(
        listed(&server, "kevin").len(),
        3,
        "the one asked for is back"
    );
    assert_eq!(trash(&server)["assignments"][0]["submissions"], 1);
}

#[test]
fn an_assignment_that_was_taken_back_can_be_deleted_and_comes_back_so() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    server.delete("assignment/algebra/challenge", "kevin").ok();
    deleted(&server, "assignments/challenge");
    let id = trash(&server)["assignments"][0]["id"].clone();
    restore(&server, "assignments", &id).ok();
    assert!(listed(&server, "kevin").is_empty());
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(listed(&server, "kevin").len(), 3);
}

#[test]
fn a_deleted_submission_is_found_nowhere_and_comes_back_with_its_feedback() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let before = listed(&server, "kevin");
    let (first, second) = (&before[0], &before[1]);
    let time = |one: &Value| one["submitted_at"].as_str().unwrap().to_owned();
    for one in [first, second] {
        deleted(&server, &format!("submissions/{}", one["id"]));
    }
    assert_eq!(listed(&server, "kevin").len(), 1);
    assert!(listed(&server, "lawrence").is_empty());
    for target in [
        "submissions/algebra/challenge",
        "submissions/algebra/challenge/lawrence",
    ] {
        let lines = server.get(target, "kevin").ok().json();
        let lines = lines["submissions"].as_array().unwrap();
        assert!(
            lines.iter().all(|line| line["student_id"] != "lawrence"),
            "{target}"
        );
    }
    let when = percent_encode(&time(first));
    for target in [
        "submission/algebra/challenge/lawrence".to_owned(),
        format!("submission/algebra/challenge/lawrence?timestamp={when}"),
        format!("feedback/algebra/challenge/lawrence?timestamp={when}"),
    ] {
        let reply = server.get(&target, "kevin");
        assert_eq!(reply.message(), "Submission not found", "{target}");
    }
    let reply = course.give_feedback("challenge", "lawrence", &time(second), &[]);
    assert_eq!(reply.message(), "Submission not found");
    let again = delete(&server, &format!("submissions/{}", first["id"]), "kevin");
    assert_eq!(problem(&again), (404, "Submission not found".to_owned()));

    let found = trash(&server);
    let ids: Vec<&Value> = (0..2).map(|n| &found["submissions"][n]["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]], "the last deleted first");
    assert_eq!(found["submissions"][1]["student"], "lawrence");
    assert_eq!(
        found["submissions"][1]["submitted_at"],
        first["submitted_at"]
    );
    for id in ids {
        restore(&server, "submissions", id).ok();
        assert_eq!(problem(&restore(&server, "submissions", id)).0, 404);
    }
    assert_eq!(listed(&server, "kevin"), before);
}

#[test]
fn the_latest_submission_is_the_latest_that_is_not_deleted() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let second = listed(&server, "lawrence")[1].clone();
    deleted(&server, &format!("submissions/{}", second["id"]));
    assert_eq!(
        course.submitted("challenge", "lawrence", None),
        work("first")
    );
    restore(&server, "submissions", &second["id"]).ok();
    assert_eq!(
        course.submitted("challenge", "lawrence", None),
        work("second")
    );
}

#[test]
fn a_person_off_the_roster_without_submissions_is_unknown() {
    let server = Setup::standalone().start();
    with_work(&server);
    server.delete("student/algebra/eric", "kevin").ok();
    let ask = || server.get("submissions/algebra/challenge/eric", "kevin");
    ask().ok();
    let id = listed(&server, "kevin")[2]["id"].clone();
    deleted(&server, &format!("submissions/{id}"));
    assert_eq!(ask().message(), "Student not found");
    restore(&server, "submissions", &id).ok();
    ask().ok();
    deleted(&server, "assignments/challenge");
    let reply = server.get("v1/courses/algebra/submissions?student=eric", "kevin");
    assert_eq!(problem(&reply).1, "Student not found");
}

#[test]
fn deleted_feedback_is_shown_no_more_nor_is_an_earlier_one() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let first = listed(&server, "lawrence")[0].clone();
    let (id, time) = (&first["id"], first["submitted_at"].as_str().unwrap());
    course
        .give_feedback("challenge", "lawrence", time, &work("better"))
        .ok();
    let shown = listed(&server, "lawrence")[0]["feedback"].clone();
    let target = format!("submissions/{id}/feedback");
    deleted(&server, &target);
    assert_eq!(feedback_files(&course, time), 0);
    assert_eq!(listed(&server, "lawrence")[0]["feedback"], Value::Null);
    assert_eq!(
        problem(&delete(&server, &target, "kevin")),
        (404, "Feedback not found".to_owned())
    );
    let found = trash(&server);
    assert_eq!(found["feedback"].as_array().unwrap().len(), 1);
    assert_eq!(&found["feedback"][0]["id"], id);
    assert_eq!(found["feedback"][0]["submitted_at"], time);

    restore(&server, "feedback", id).ok();
    assert_eq!(listed(&server, "lawrence")[0]["feedback"], shown);
    assert_eq!(problem(&restore(&server, "feedback", id)).0, 404);
}

#[test]
fn feedback_given_after_a_deletion_stays_when_the_old_comes_back() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let first = listed(&server, "lawrence")[0].clone();
    let (id, time) = (&first["id"], first["submitted_at"].as_str().unwrap());
    deleted(&server, &format!("submissions/{id}/feedback"));
    course
        .give_feedback("challenge", "lawrence", time, &[])
        .ok();
    restore(&server, "feedback", id).ok();
    assert_eq!(feedback_files(&course, time), 0, "the empty one");
    deleted(&server, &format!("submissions/{id}"));
    assert_eq!(
        problem(&delete(
            &server,
            &format!("submissions/{id}/feedback"),
            "kevin"
        ))
        .1,
        "Submission not found"
    );
}

#[test]
fn a_later_submission_is_later_than_a_deleted_one() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    let mut last = listed(&server, "eric")[0]["submitted_at"].clone();
    for _ in 0..3 {
        let id = listed(&server, "eric")[0]["id"].clone();
        deleted(&server, &format!("submissions/{id}"));
        course.submit("challenge", "eric", &[]).ok();
        let now = listed(&server, "eric")[0]["submitted_at"].clone();
        assert!(now.as_str() > last.as_str());
        last = now;
    }
}

#[test]
fn the_trash_of_one_course_is_not_that_of_another() {
    let server = Setup::standalone().start();
    with_work(&server);
    let other = Course::of(&server, "botany");
    other.make(&["kevin"], &["eric"]);
    let id = listed(&server, "eric")[0]["id"].clone();
    let from_there =
        |method, target: String| problem(&server.send(&call(&server, method, &target, "kevin")));
    let target = format!("v1/courses/botany/submissions/{id}");
    assert_eq!(from_there("DELETE", target).0, 404);
    deleted(&server, &format!("submissions/{id}"));
    let target = format!("v1/courses/botany/trash/submissions/{id}");
    assert_eq!(from_there("POST", target).0, 404);
    let there = server.get("v1/courses/botany/trash", "kevin").ok().json();
    assert_eq!(
        there,
        json!({ "assignments": [], "submissions": [], "feedback": [], "next": null })
    );
    for nonsense in ["x", "-1", "99999999999999999999", "%00", "1.5"] {
        for kind in ["assignments", "submissions", "feedback"] {
            let target = format!("v1/courses/algebra/trash/{kind}/{nonsense}");
            assert_eq!(from_there("POST", target).0, 404, "{kind} {nonsense}");
        }
        let target = format!("v1/courses/algebra/submissions/{nonsense}");
        assert_eq!(from_there("DELETE", target).0, 404, "{nonsense}");
    }
}

#[test]
fn deleted_things_are_purged_after_the_retention_time() {
    let server = Setup::standalone().start();
    let course = with_work(&server);
    course.release("other", "kevin", &work("other task")).ok();
    course.submit("other", "eric", &work("other work")).ok();
    let all = listed(&server, "kevin");
    deleted(&server, &format!("submissions/{}/feedback", all[0]["id"]));
    deleted(&server, &format!("submissions/{}", all[1]["id"]));
    deleted(&server, "assignments/other");
    let gc = |more: &[&str]| {
        let data = server.data_dir().display().to_string();
        let output = run(&[&["gc", "--grace", "0", "--data-dir", &data], more].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    let reported = gc(&[]);
    assert!(
        reported.contains("0 assignments, 0 submissions and feedback on 0 submissions"),
        "{reported}"
    );
    let reported = gc(&["--retention", "0"]);
    assert!(
        reported.contains("1 assignment, 1 submission and feedback on 1 submission"),
        "{reported}"
    );
    assert!(reported.contains("4 trees and 4 blobs"), "{reported}");
    assert_eq!(
        trash(&server),
        json!({ "assignments": [], "submissions": [], "feedback": [], "next": null })
    );
    assert_eq!(
        course.submitted("challenge", "lawrence", None),
        work("first")
    );
    assert_eq!(
        problem(&restore(&server, "submissions", &all[1]["id"])).0,
        404
    );
    let left: Vec<Value> = listed(&server, "kevin")
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(left, [all[0]["id"].clone(), all[2]["id"].clone()]);
}

#[test]
fn a_course_comes_back_with_its_trash() {
    let server = Setup::standalone().start();
    with_work(&server);
    let id = listed(&server, "eric")[0]["id"].clone();
    deleted(&server, &format!("submissions/{id}"));
    server.delete("course/algebra", "root").ok();
    let courses = server.get("v1/trash", "root").ok().json();
    let target = format!("v1/trash/{}", courses["courses"][0]["id"]);
    server.post(&target, "root", &[]).ok();
    assert!(listed(&server, "eric").is_empty());
    restore(&server, "submissions", &id).ok();
    assert_eq!(listed(&server, "eric").len(), 1);
}
