//! The listing of events.

use super::client::{algebra, call, problem, put_json};
use crate::sql::Sql;
use nbcourier_testkit::{Course, Server, Setup, eventually, run};
use serde_json::{Value, json};

const EVENTS: &str = "v1/courses/algebra/events";

fn events(server: &Server) -> Vec<Value> {
    let listing = server.get(EVENTS, "kevin").ok().json();
    listing["events"].as_array().unwrap().clone()
}

fn actions(server: &Server) -> Vec<String> {
    let all = events(server);
    let words = all
        .iter()
        .map(|one| one["action"].as_str().unwrap().to_owned());
    words.collect()
}

fn of(server: &Server, action: &str) -> Value {
    let all = events(server);
    let found = all.into_iter().find(|one| one["action"] == action);
    found.unwrap_or_else(|| panic!("{action} in {:?}", actions(server)))
}

fn delete(server: &Server, target: &str) {
    let target = format!("v1/courses/algebra/{target}");
    assert_eq!(
        server
            .send(&call(server, "DELETE", &target, "kevin"))
            .status,
        204
    );
}

#[test]
fn every_change_tells_who_did_what_to_whom() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "eric", &[]).ok();
    let listed = server.get("v1/courses/algebra/submissions", "kevin").json();
    let (number, time) = (
        &listed["submissions"][0]["id"],
        listed["submissions"][0]["submitted_at"].as_str().unwrap(),
    );
    course.give_feedback("challenge", "eric", time, &[]).ok();
    let assignment = "v1/courses/algebra/assignments/challenge";
    let due = json!({ "due_at": "2220-01-01T00:00:00.000000Z" });
    let dates = call(&server, "PUT", &format!("{assignment}/dates"), "kevin")
        .header("X-Request-Id", "dates-17")
        .body("application/json", due.to_string());
    server.send(&dates).ok();
    put_json(
        &server,
        &format!("{assignment}/extensions/eric"),
        "kevin",
        &due,
    )
    .ok();
    delete(&server, "assignments/challenge/extensions/eric");
    delete(&server, &format!("submissions/{number}/feedback"));
    delete(&server, &format!("submissions/{number}"));
    let restore = |kind: &str, id: &Value| {
        let target = format!("v1/courses/algebra/trash/{kind}/{id}");
        server.post(&target, "kevin", &[]).ok();
    };
    restore("submissions", number);
    restore("feedback", number);
    delete(&server, "assignments/challenge");
    let trash = server.get("v1/courses/algebra/trash", "kevin").json();
    restore("assignments", &trash["assignments"][0]["id"]);
    delete(&server, "roster/lawrence");
    let people = json!({ "people": [
        { "username": "sam", "role": "student" }, { "username": "eric", "role": "student" },
    ] });
    put_json(&server, "v1/courses/algebra/roster", "kevin", &people).ok();
    server.delete("student/algebra/sam", "kevin").ok();

    let noted = actions(&server);
    let mine = [
        "roster removed",
        "roster changed",
        "roster removed",
        "assignment restored",
        "assignment deleted",
        "feedback restored",
        "submission restored",
        "submission deleted",
        "feedback deleted",
        "extension removed",
        "extension set",
        "dates set",
    ];
    assert_eq!(noted[..mine.len()], mine, "the last one first");
    assert_eq!(noted.last().unwrap(), "course created");

    let dates = of(&server, "dates set");
    assert_eq!(
        (
            &dates["actor"],
            &dates["assignment"],
            &dates["request"],
            &dates["subject"]
        ),
        (
            &json!("kevin"),
            &json!("challenge"),
            &json!("dates-17"),
            &Value::Null
        )
    );
    assert_eq!(dates["detail"]["due_at"], due["due_at"]);
    let at = dates["at"].as_str().unwrap();
    assert_eq!((at.len(), &at[26..]), (27, "Z"));
    let extension = of(&server, "extension set");
    assert_eq!(
        (&extension["subject"], &extension["detail"]["cutoff_at"]),
        (&json!("eric"), &Value::Null)
    );
    let deleted = of(&server, "submission deleted");
    assert_eq!(
        (&deleted["submission"], &deleted["subject"]),
        (number, &json!("eric"))
    );
    let changed = of(&server, "roster changed");
    assert_eq!(changed["detail"]["students"], json!(["sam", "eric"]));
    let removed = of(&server, "roster removed");
    assert_eq!(
        (&removed["subject"], &removed["detail"]["role"]),
        (&json!("sam"), &json!("student"))
    );
}

#[test]
fn a_refused_request_records_no_event() {
    let server = Setup::standalone().start();
    algebra(&server);
    let before = actions(&server);
    let roster = "v1/courses/algebra/roster";
    let refused = json!({ "people": [
        { "username": "sam", "role": "student" }, { "username": "kevin", "role": "student" },
    ] });
    assert_eq!(
        problem(&put_json(&server, roster, "kevin", &refused)).0,
        409
    );
    put_json(&server, roster, "kevin", &json!({ "people": [] })).ok();
    let gone = call(
        &server,
        "DELETE",
        "v1/courses/algebra/assignments/none",
        "kevin",
    );
    assert_eq!(server.send(&gone).status, 404);
    let dates = "v1/courses/algebra/assignments/none/dates";
    assert_eq!(
        problem(&put_json(&server, dates, "eric", &json!({}))).0,
        403
    );
    assert_eq!(actions(&server), before);
}

#[test]
fn events_come_a_page_at_a_time_and_together_are_all() {
    let server = Setup::standalone().start();
    algebra(&server);
    for _ in 0..5 {
        let dates = "v1/courses/algebra/assignments/one/dates";
        put_json(&server, dates, "kevin", &json!({})).ok();
    }
    let all = events(&server);
    assert!(all.len() >= 8);
    for limit in [1, 3, all.len(), 10_000] {
        let mut together = Vec::new();
        let mut cursor = String::new();
        loop {
            let target = format!("{EVENTS}?limit={limit}&cursor={cursor}");
            let page = server.get(&target, "kevin").ok().json();
            let events = page["events"].as_array().unwrap();
            assert!((1..=limit).contains(&events.len()));
            together.extend(events.clone());
            // Events that happen meanwhile do not shift the pages.
            put_json(
                &server,
                "v1/courses/algebra/assignments/one/dates",
                "kevin",
                &json!({}),
            )
            .ok();
            let Some(next) = page["next"].as_str() else {
                break;
            };
            next.clone_into(&mut cursor);
        }
        assert_eq!(together[together.len() - all.len()..], all, "{limit}");
    }
    for nonsense in [
        "limit=0",
        "limit=10001",
        "limit=x",
        "cursor=x",
        "cursor=1.1",
        "cursor=99999999999999999999",
    ] {
        let reply = server.get(&format!("{EVENTS}?{nonsense}"), "kevin");
        assert_eq!(problem(&reply).0, 400, "{nonsense}");
    }
}

#[test]
fn events_are_for_instructors_and_not_sent_again_unchanged() {
    let server = Setup::standalone().start();
    algebra(&server);
    for user in ["eric", "sam"] {
        assert_eq!(problem(&server.get(EVENTS, user)).0, 403);
    }
    let first = server.get(EVENTS, "kevin").ok();
    let known = call(&server, "GET", EVENTS, "kevin")
        .header("If-None-Match", first.header("etag").unwrap());
    assert_eq!(server.send(&known).status, 304);
    server.delete("student/algebra/eric", "kevin").ok();
    assert_eq!(server.send(&known).status, 200);
}

#[test]
fn a_later_course_of_the_same_name_does_not_tell_of_the_earlier() {
    let server = Setup::standalone().start();
    algebra(&server);
    server.delete("course/algebra", "root").ok();
    let later = Course::of(&server, "algebra");
    later.make(&["abigail"], &[]);
    let noted = server.get(EVENTS, "abigail").ok().json();
    let noted: Vec<&Value> = noted["events"].as_array().unwrap().iter().collect();
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0]["detail"], json!({ "instructors": ["abigail"] }));

    server.delete("course/algebra", "root").ok();
    let trash = server.get("v1/trash", "root").ok().json();
    let first = trash["courses"].as_array().unwrap().last().unwrap();
    let target = format!("v1/trash/{}", first["id"]);
    server.post(&target, "root", &[]).ok();
    let noted = actions(&server);
    assert_eq!(noted[..2], ["course restored", "course deleted"]);
    assert!(noted.len() > 3, "and all that was before: {noted:?}");
    let detail = events(&server).pop().unwrap()["detail"].clone();
    assert_eq!(detail, json!({ "instructors": ["kevin"] }));
}

#[test]
fn events_are_forgotten_after_their_retention_time() {
    let setup = Setup::standalone();
    let server = setup.start();
    algebra(&server);
    let data = server.data_dir().display().to_string();
    let gc = |more: &[&str]| {
        let output = run(&[&["gc", "--data-dir", &data], more].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    let noted = gc(&[]);
    assert!(noted.contains("forgot 0 events"), "{noted}");
    assert!(!events(&server).is_empty());
    let noted = gc(&["--event-retention", "0"]);
    assert!(!noted.contains("forgot 0 events"), "{noted}");
    assert!(events(&server).is_empty());
    server.delete("student/algebra/eric", "kevin").ok();
    assert_eq!(actions(&server), ["roster removed"]);

    // The server also removes old events by itself. On PostgreSQL it does so an hour after the last clean-up.
    Sql::of(&server).execute("DELETE FROM runs");
    let again = server.kill().args(&["--event-retention", "0"]).start();
    eventually("the server forgets the event", || {
        again.log().contains("Removed 1 old events")
    });
    assert!(events(&again).is_empty());
}

fn all(server: &Server, query: &str) -> Vec<Value> {
    let listing = server.get(&format!("v1/events{query}"), "root").ok().json();
    listing["events"].as_array().unwrap().clone()
}

#[test]
fn administrators_read_the_events_of_all_courses_and_of_those_that_are_gone() {
    let server = Setup::standalone().start();
    algebra(&server);
    Course::of(&server, "maths").make(&["abigail"], &[]);
    server.delete("course/maths", "root").ok();
    for user in ["kevin", "eric", "sam"] {
        assert_eq!(problem(&server.get("v1/events", user)).0, 403);
    }
    let noted = all(&server, "");
    assert_eq!(
        (&noted[0]["action"], &noted[0]["course"]),
        (&json!("course deleted"), &json!("maths"))
    );
    assert!(noted.len() >= 5, "{noted:?}");
    let first = all(&server, "?limit=2");
    assert_eq!(first[..], noted[..2]);

    // No older events.
    let at = noted[1]["at"].as_str().unwrap();
    let since = all(&server, &format!("?since={at}"));
    assert_eq!(since[..], noted[..2]);
    let of_course = server
        .get(&format!("{EVENTS}?since={at}"), "kevin")
        .ok()
        .json();
    assert_eq!(of_course["events"], json!([]));
    assert_eq!(problem(&server.get("v1/events?since=x", "root")).0, 400);
}

#[test]
fn a_purge_is_an_event_of_its_actor() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "eric", &[]).ok();
    let listed = server.get("v1/courses/algebra/submissions", "kevin").json();
    delete(
        &server,
        &format!("submissions/{}", listed["submissions"][0]["id"]),
    );
    Course::of(&server, "maths").make(&["abigail"], &[]);
    server.delete("course/maths", "root").ok();
    let data = server.data_dir().display().to_string();
    assert!(
        run(&["gc", "--data-dir", &data, "--retention", "0"])
            .status
            .success()
    );
    let emptied = of(&server, "trash emptied");
    assert!(emptied["actor"].as_str().unwrap().starts_with("operator:"));
    let counts = json!({ "course": false, "assignments": 0, "submissions": 1, "feedback": 0 });
    assert_eq!(emptied["detail"], counts);
    let noted = all(&server, "?limit=1");
    assert_eq!(
        (&noted[0]["course"], &noted[0]["detail"]["course"]),
        (&json!("maths"), &json!(true))
    );

    // Removing old events is recorded itself, but not repeatedly.
    for _ in 0..2 {
        assert!(
            run(&["gc", "--data-dir", &data, "--event-retention", "0"])
                .status
                .success()
        );
    }
    let noted = all(&server, "");
    let words: Vec<&Value> = noted.iter().map(|one| &one["action"]).collect();
    assert!(words.len() <= 1, "{words:?}");
}

#[test]
fn damaged_details_of_an_event_are_shown_as_they_are() {
    let server = Setup::standalone().start();
    algebra(&server);
    Sql::of(&server).execute("UPDATE events SET detail = '{\"half\": '");
    let events = server.get("v1/events", "root").ok().json();
    let details = events["events"].as_array().unwrap().iter();
    let details: Vec<_> = details.map(|event| event["detail"].clone()).collect();
    assert!(!details.is_empty());
    for detail in details {
        assert_eq!(detail, json!({ "unreadable": "{\"half\": " }));
    }
}
