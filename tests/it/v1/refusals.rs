//! Refused submissions are events.

use super::client::{algebra, put_json, send_tar};
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually};
use serde_json::{Value, json};

const SUBMIT: &str = "v1/courses/algebra/assignments/challenge/submissions";

fn refusals(server: &Server) -> Vec<Value> {
    let listing = server.get("v1/courses/algebra/events", "kevin").ok().json();
    let events = listing["events"].as_array().unwrap().iter();
    let refusals = events.filter(|event| event["action"] == "submission refused");
    refusals.cloned().collect()
}

/// Waits for the events of all refusals so far. A later change is made after them.
fn settled(course: &Course<'_>) -> Vec<Value> {
    course.enrol("somebody").ok();
    refusals(course.server)
}

fn submit(server: &Server, whom: &str, by: &str, size: usize) -> u16 {
    let work = [Sent::new("work", "x".repeat(size))];
    send_tar(server, "POST", &format!("{SUBMIT}{whom}"), by, &work).status
}

#[test]
fn a_submission_that_is_too_large_is_an_event_with_the_reason() {
    let server = Setup::standalone()
        .args(&["--max-file-size", "1 kB"])
        .start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(submit(&server, "", "eric", 2000), 413);
    eventually("the refusal is an event", || refusals(&server).len() == 1);
    let event = &refusals(&server)[0];
    assert_eq!(event["actor"], "eric");
    assert_eq!(event["subject"], Value::Null);
    assert_eq!(event["assignment"], "challenge");
    let detail = &event["detail"];
    let reason = detail["reason"].as_str().unwrap();
    assert!(
        reason.contains("larger than the limit of 1000 bytes"),
        "{reason}"
    );
    assert_eq!(detail["limit"], "max-file-size");
    assert!(detail["bytes"].as_u64().unwrap() > 2000, "{detail}");
    // Within a minute, the same again is no further event of a server, in either protocol.
    let large = [Sent::new("work", "x".repeat(2000))];
    let servers = server.replica_ports().len();
    for _ in 0..servers {
        assert_eq!(submit(&server, "", "eric", 2000), 413);
        assert_eq!(course.submit("challenge", "eric", &large).status, 413);
    }
    let noted = settled(&course).len();
    assert!(noted <= servers, "{noted} events");
    // Another student has a refusal of their own, also in ngshare's protocol.
    assert_eq!(course.submit("challenge", "lawrence", &large).status, 413);
    let of_lawrence = || {
        refusals(&server)
            .iter()
            .any(|event| event["actor"] == "lawrence")
    };
    eventually("so has another student", of_lawrence);
}

#[test]
fn a_submission_after_the_cut_off_is_an_event_about_the_student() {
    let server = Setup::standalone()
        .args(&["--max-submissions", "1"])
        .start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(submit(&server, "?student=lawrence", "kevin", 10), 201);
    assert_eq!(submit(&server, "?student=lawrence", "kevin", 11), 409);
    eventually("the refusal is an event", || refusals(&server).len() == 1);
    let event = &refusals(&server)[0];
    assert_eq!(
        (&event["actor"], &event["subject"]),
        (&json!("kevin"), &json!("lawrence"))
    );
    assert_eq!(event["detail"]["limit"], "max-submissions");
    let dates = json!({ "cutoff_at": "2020-01-01T00:00:00Z" });
    let target = "v1/courses/algebra/assignments/challenge/dates";
    put_json(&server, target, "kevin", &dates).ok();
    assert_eq!(submit(&server, "", "eric", 10), 409);
    eventually("the refusal is an event", || refusals(&server).len() == 2);
    let reason = refusals(&server)[0]["detail"]["reason"].clone();
    let reason = reason.as_str().unwrap();
    assert!(reason.starts_with("Too late: the cut-off"), "{reason}");
}

#[test]
fn requests_of_strangers_and_about_nothing_are_no_events() {
    let server = Setup::standalone()
        .args(&["--max-file-size", "1 kB"])
        .start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let later = json!({ "opens_at": "2220-01-01T00:00:00Z" });
    let dates = "v1/courses/algebra/assignments/hidden/dates";
    course.release("hidden", "kevin", &[]).ok();
    put_json(&server, dates, "kevin", &later).ok();
    assert_eq!(submit(&server, "", "stranger", 2000), 403);
    assert_eq!(submit(&server, "?student=eric", "lawrence", 2000), 403);
    assert_eq!(submit(&server, "?student=nobody", "kevin", 2000), 404);
    for assignment in ["missing", "hidden"] {
        let target = SUBMIT.replace("challenge", assignment);
        let work = [Sent::new("work", "x".repeat(2000))];
        assert_eq!(
            send_tar(&server, "POST", &target, "eric", &work).status,
            404
        );
    }
    assert_eq!(settled(&course), Vec::<Value>::new());
}

#[test]
fn pages_say_why_a_submission_was_refused_to_those_who_look_for_it() {
    let server = Setup::standalone()
        .args(&["--max-file-size", "1 kB"])
        .start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    assert_eq!(submit(&server, "", "eric", 2000), 413);
    eventually("the refusal is an event", || refusals(&server).len() == 1);
    let shows = |target: &str, user: &str| {
        let page = server.page(target, user).ok();
        page.text().contains("larger than the limit of 1000 bytes")
    };
    assert!(shows("c/algebra/people/eric", "kevin"));
    assert!(!shows("c/algebra/people/lawrence", "kevin"));
    assert!(!shows("c/algebra", "eric"));
    for (filter, is_shown) in [
        ("", true),
        (
            "who=eric&what=refusals&assignment=challenge&from=&to=",
            true,
        ),
        ("who=+eric+", true),
        ("who=lawrence", false),
        ("who=a%2Fb", false),
        ("what=submissions", true),
        ("what=dates", false),
        ("assignment=other", false),
        ("from=2020-01-01&to=2220-01-01", true),
        ("from=2220-01-01", false),
        ("to=2020-01-01", false),
    ] {
        let target = format!("c/algebra/activity?{filter}");
        assert_eq!(shows(&target, "kevin"), is_shown, "{filter}");
    }
    let wrong = server.page("c/algebra/activity?who=eric&from=monday", "kevin");
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("This is no date"));
    assert!(wrong.text().contains(r#"value="monday""#));
    let refused = server.page("c/algebra/activity?who=eric", "eric");
    assert_eq!(refused.status, 403);
}
