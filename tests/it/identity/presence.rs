//! The last time at which students were seen, by the hub and by the exchange.

use nbcourier_testkit::{Course, FakeHub, HubBehaviour, Server, Setup};
use serde_json::{Value, json};

const PRESENCE: &str = "v1/courses/algebra/presence";

fn stage(hub: &FakeHub) -> Server {
    for name in ["root", "ira", "tom", "ada", "bob", "eve"] {
        hub.knows(name);
    }
    let server = Setup::behind(hub).start();
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["ira"], &["ada", "bob", "cleo"]);
    let assistant = json!({ "people": [{ "username": "tom", "role": "assistant" }] });
    let call = server.call("PUT", "v1/courses/algebra/roster").token("ira");
    server
        .send(&call.body("application/json", assistant.to_string()))
        .ok();
    course.release("ps1", "ira", &[]).ok();
    course.submit("ps1", "ada", &[]).ok();
    server
}

fn seen(server: &Server, user: &str, query: &str) -> Value {
    let call = server
        .call("GET", &format!("{PRESENCE}{query}"))
        .token(user);
    server.send(&call).ok().json()
}

#[test]
fn the_exchange_says_when_students_were_seen_if_the_hub_does_not() {
    let hub = FakeHub::start();
    let server = stage(&hub);
    let listed = seen(&server, "tom", "");
    assert_eq!(
        (&listed["by_hub"], &listed["next"]),
        (&json!(false), &Value::Null)
    );
    let students = listed["presence"].as_array().unwrap();
    let names: Vec<&Value> = students.iter().map(|student| &student["student"]).collect();
    assert_eq!(
        names,
        ["ada", "bob", "cleo"],
        "those who teach are not listed"
    );
    assert_eq!(students[0]["by"], "exchange");
    assert!(students[0]["last_seen"].is_string());
    let unseen = json!({ "student": "bob", "last_seen": null, "by": null, "running": null });
    assert_eq!(students[1], unseen);
    let page = seen(&server, "ira", "?limit=2");
    let cursor = page["next"].as_str().unwrap();
    let rest = seen(&server, "ira", &format!("?cursor={cursor}"));
    assert_eq!(rest["presence"][0]["student"], "cleo");
    for (user, status) in [("ada", 403), ("eve", 403)] {
        let call = server.call("GET", PRESENCE).token(user);
        assert_eq!(server.send(&call).status, status, "{user}");
    }
}

#[test]
fn the_hub_says_it_if_it_knows_more() {
    let hub = FakeHub::start();
    let later = "2220-01-01T00:00:00.000000Z";
    hub.lists_users(&[
        json!({ "name": "ira", "kind": "user", "last_activity": later, "servers": {} }),
        json!({ "name": "ada", "kind": "user", "last_activity": "2020-01-01T00:00:00Z", "servers": { "": {} } }),
        json!({ "name": "bob", "kind": "user", "last_activity": later, "servers": {} }),
        json!({ "name": "cleo", "kind": "user", "last_activity": null }),
        json!({ "name": "eve", "kind": "user", "last_activity": "yesterday" }),
    ]);
    let server = stage(&hub);
    let listed = seen(&server, "ira", "");
    assert_eq!(listed["by_hub"], true);
    let students = &listed["presence"];
    assert_eq!(
        (&students[0]["by"], &students[0]["running"]),
        (&json!("exchange"), &json!(true))
    );
    let bob = json!({ "student": "bob", "last_seen": later, "by": "hub", "running": false });
    assert_eq!(students[1], bob);
    assert_eq!(
        (&students[2]["by"], &students[2]["running"]),
        (&Value::Null, &Value::Null)
    );
    // The hub is asked at most every five minutes, also by several people.
    let asked = || {
        let requests = hub.requests();
        let of_users = requests
            .iter()
            .filter(|request| request.target.starts_with("/hub/api/users?"));
        of_users.count()
    };
    let before = asked();
    assert_eq!(before, 3, "a request for each page");
    assert_eq!(seen(&server, "tom", "")["by_hub"], true);
    assert_eq!(asked(), before);
}

#[test]
fn a_hub_that_says_nonsense_of_its_users_is_passed_over() {
    let hub = FakeHub::start();
    let server = stage(&hub);
    // The callers are known already.
    for user in ["ira", "tom"] {
        server.send(&server.call("GET", "courses").token(user)).ok();
    }
    for mood in [
        HubBehaviour::no_json(),
        HubBehaviour::other_json(),
        HubBehaviour::huge(),
    ] {
        hub.feels(mood);
        let listed = seen(&server, "ira", "");
        assert_eq!(
            (&listed["by_hub"], &listed["presence"][0]["by"]),
            (&json!(false), &json!("exchange"))
        );
    }
}
