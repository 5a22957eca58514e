//! What events say about the time before a change, so that it can be undone.

use super::client::{algebra, call, put_json};
use nbcourier_testkit::{Server, Setup};
use serde_json::{Value, json};

const DUE: &str = "2220-01-01T00:00:00.000000Z";
const LATER: &str = "2220-02-02T00:00:00.000000Z";
const ROSTER: &str = "v1/courses/algebra/roster";
const OF_ERIC: &str = "v1/courses/algebra/assignments/challenge/extensions/eric";

/// Returns the detail of the last event.
fn last(server: &Server, action: &str) -> Value {
    let listing = server.get("v1/courses/algebra/events", "kevin").ok().json();
    assert_eq!(listing["events"][0]["action"], action);
    listing["events"][0]["detail"].clone()
}

fn delete(server: &Server, target: &str) {
    let reply = server.send(&call(server, "DELETE", target, "kevin"));
    assert_eq!(reply.status, 204);
}

#[test]
fn dates_say_what_they_were() {
    let server = Setup::standalone().start();
    algebra(&server);
    let dates = "v1/courses/algebra/assignments/challenge/dates";
    let none = json!({ "opens_at": null, "due_at": null, "cutoff_at": null });
    put_json(&server, dates, "kevin", &json!({ "due_at": DUE })).ok();
    assert_eq!(last(&server, "dates set")["before"], none);
    put_json(&server, dates, "kevin", &json!({ "due_at": LATER })).ok();
    let detail = last(&server, "dates set");
    assert_eq!(detail["due_at"], LATER);
    let before = &detail["before"];
    assert_eq!(before["due_at"], DUE);
    // The inverse request is the value as it is.
    put_json(&server, dates, "kevin", before).ok();
    assert_eq!(last(&server, "dates set")["due_at"], DUE);
}

#[test]
fn an_extension_says_what_it_was_and_its_note_is_for_those_who_teach() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    let first = json!({ "due_at": DUE, "note": "ill in the second week" });
    let given = put_json(&server, OF_ERIC, "kevin", &first).ok().json();
    assert_eq!(given["note"], first["note"]);
    assert_eq!(last(&server, "extension set")["before"], Value::Null);
    let second = json!({ "due_at": LATER });
    put_json(&server, OF_ERIC, "kevin", &second).ok();
    let before = last(&server, "extension set")["before"].clone();
    assert_eq!(
        before,
        json!({ "due_at": DUE, "cutoff_at": null, "note": first["note"] })
    );
    put_json(&server, OF_ERIC, "kevin", &before).ok();
    let listing = "v1/courses/algebra/assignments/challenge/extensions";
    let listed = server.get(listing, "kevin").ok().json();
    assert_eq!(listed["extensions"][0]["note"], first["note"]);
    // The student sees the dates alone.
    let own = server.get("v1/courses/algebra/assignments", "eric").ok();
    assert_eq!(own.json()["assignments"][0]["due_at"], DUE);
    assert!(!own.text().contains("second week"), "{}", own.text());
    delete(&server, OF_ERIC);
    assert_eq!(last(&server, "extension removed")["before"], before);
    for note in ["a\0b".to_owned(), "x".repeat(4097)] {
        let given = json!({ "due_at": DUE, "note": note });
        let refused = put_json(&server, OF_ERIC, "kevin", &given).status;
        assert!((400..500).contains(&refused), "{refused}");
    }
}

#[test]
fn a_roster_says_who_is_new_and_what_the_others_were() {
    let server = Setup::standalone().start();
    algebra(&server);
    let of = |name: &str, role: &str, first: &str| json!({ "username": name, "role": role, "first_name": first, "last_name": null, "email": null });
    let put = |people: &[Value]| {
        let body = json!({ "people": people });
        put_json(&server, ROSTER, "root", &body).ok();
        last(&server, "roster changed")
    };
    let detail = put(&[of("sam", "student", "Sam"), of("tim", "student", "Tim")]);
    assert_eq!(detail["added"], json!(["sam", "tim"]));
    assert_eq!(detail["before"], json!([]));
    // One stays the same, one gets another name and role, one is new.
    let detail = put(&[
        of("sam", "student", "Sam"),
        of("tim", "assistant", "Timothy"),
        of("kim", "student", "Kim"),
    ]);
    assert_eq!(detail["added"], json!(["kim"]));
    assert_eq!(detail["before"], json!([of("tim", "student", "Tim")]));
    delete(&server, &format!("{ROSTER}/tim"));
    let detail = last(&server, "roster removed");
    assert_eq!(detail["before"], json!([of("tim", "assistant", "Timothy")]));
    // The inverse request is the value as it is.
    let before = json!({ "people": detail["before"] });
    put_json(&server, ROSTER, "root", &before).ok();
    let listed = server.get(ROSTER, "kevin").ok().json();
    let people = listed["people"].as_array().unwrap();
    let tim = people.iter().find(|one| one["username"] == "tim").unwrap();
    assert_eq!(tim["first_name"], "Timothy");
    assert_eq!(tim["role"], "assistant");
}

#[test]
fn the_event_of_a_large_change_leaves_the_people_before_out() {
    let server = Setup::standalone().start();
    algebra(&server);
    let class = |first: &str| -> Value {
        let people = (0..100).map(|number| {
            json!({ "username": format!("student-{number}"), "role": "student", "first_name": first })
        });
        json!({ "people": people.collect::<Vec<_>>() })
    };
    put_json(&server, ROSTER, "kevin", &class(&"x".repeat(1000))).ok();
    put_json(&server, ROSTER, "kevin", &class("Kim")).ok();
    let detail = last(&server, "roster changed");
    assert!(detail.get("before").is_none());
    assert_eq!(detail["added"], json!([]));
    assert_eq!(detail["students"].as_array().map(Vec::len), Some(100));
}
