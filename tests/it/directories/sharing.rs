//! Owners, grants and copies.

use super::client::{Directory, refused, send_json};
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, Server, Setup};
use serde_json::{Value, json};

fn names(server: &Server, query: &str, user: &str) -> Vec<String> {
    let listed = server
        .get(&format!("v1/directories?{query}"), user)
        .ok()
        .json();
    let found = listed["directories"].as_array().unwrap().iter();
    found
        .map(|directory| directory["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_course_has_directories_that_its_members_read() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    let new = json!({
        "owner": "course:algebra", "name": "materials", "description": "Notebooks of the lecture",
        "deliver": "algebra", "deliver_at_start": true,
    });
    for stranger in ["lawrence", "eve"] {
        let refusal = send_json(&server, "POST", "v1/directories", stranger, &new);
        assert_eq!(refusal.status, 403, "{stranger}");
    }
    let made = send_json(&server, "POST", "v1/directories", "kevin", &new);
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(
        made["owner"],
        json!({ "kind": "course", "name": "algebra" })
    );
    assert_eq!(
        (&made["deliver"], &made["may"]),
        (&json!("algebra"), &json!("admin"))
    );
    let materials = Directory::of(&server, "course:algebra", "materials", "kevin");
    materials.put("a.ipynb", "{}").ok();
    let student = materials.by("lawrence");
    assert_eq!(student.get("").ok().json()["may"], "read");
    assert_eq!(student.text("a.ipynb"), "{}");
    assert_eq!(student.put("b", "1").status, 403);
    assert_eq!(materials.by("eve").put("b", "1").status, 404);
    assert_eq!(names(&server, "deliver=start", "lawrence"), ["materials"]);
    assert_eq!(names(&server, "deliver=start", "eve"), [""; 0]);
    assert_eq!(
        names(&server, "owner=course:algebra&reach=granted", "lawrence"),
        ["materials"]
    );
    assert_eq!(names(&server, "reach=own", "lawrence"), [""; 0]);
    assert_eq!(names(&server, "q=LECTURE", "lawrence"), ["materials"]);
    let twice = send_json(&server, "POST", "v1/directories", "kevin", &new);
    assert_eq!(
        refused(&twice),
        (409, "Directory already exists".to_owned())
    );
}

#[test]
fn grants_reach_people_groups_roles_and_everybody() {
    let hub = FakeHub::start();
    for name in ["ada", "ben", "carl", "root"] {
        hub.gives(name, user_model(name));
    }
    let mut dora = user_model("dora");
    dora["groups"] = json!(["guests"]);
    hub.gives("dora", dora);
    let server = Setup::behind(&hub).start();
    let ask = |method: &str, target: &str, token: &str, body: Value| {
        let call = server.call(method, target).token(token);
        server.send(&call.body("application/json", body.to_string()))
    };
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["ben"], &["carl"]);
    let new = json!({ "name": "data" });
    assert_eq!(ask("POST", "v1/directories", "ada", new).status, 201);
    let grants = "v1/directories/ada/data/grants";
    let may = |token: &str| {
        let call = server.call("GET", "v1/directories/ada/data").token(token);
        server.send(&call).json()["may"].clone()
    };
    let all = ["ben", "carl", "dora"];
    for (grant, expected) in [
        (json!([]), [Value::Null, Value::Null, Value::Null]),
        (
            json!([{ "kind": "user", "name": "ben", "level": "admin" }]),
            [json!("admin"), Value::Null, Value::Null],
        ),
        (
            json!([{ "kind": "group", "name": "guests", "level": "write" }]),
            [Value::Null, Value::Null, json!("write")],
        ),
        (
            json!([{ "kind": "course", "name": "algebra", "level": "read" }]),
            [json!("read"), json!("read"), Value::Null],
        ),
        (
            json!([{ "kind": "course", "name": "algebra", "role": "instructor", "level": "write" }]),
            [json!("write"), Value::Null, Value::Null],
        ),
        (
            json!([{ "kind": "everybody", "level": "read" }, { "kind": "user", "name": "carl", "level": "write" }]),
            [json!("read"), json!("write"), json!("read")],
        ),
    ] {
        ask("PUT", grants, "ada", json!({ "grants": grant })).ok();
        assert_eq!(all.map(may), expected, "{grant}");
    }
    // Those who are not admins see only the grants to themselves.
    let seen = |token: &str| {
        let call = server.call("GET", grants).token(token);
        server.send(&call).ok().json()["grants"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(["ada", "ben", "carl"].map(seen), [2, 1, 2]);
    for (wrong, sentence) in [
        (
            json!([{ "kind": "user", "level": "read" }]),
            "A grant to a user has the name of the user",
        ),
        (
            json!([{ "kind": "user", "name": "x", "role": "student", "level": "read" }]),
            "Only a grant to a course has a role",
        ),
        (
            json!([{ "kind": "everybody", "level": "admin" }]),
            "Nobody can make everybody an admin of a directory",
        ),
        (
            json!([{ "kind": "user", "name": "operator:x", "level": "read" }]),
            "operator:x cannot be the name of a user",
        ),
    ] {
        let refusal = ask("PUT", grants, "ada", json!({ "grants": wrong }));
        assert_eq!(refused(&refusal), (400, sentence.to_owned()));
    }
    let unknown = json!({ "grants": [{ "kind": "course", "name": "nothing", "level": "read" }] });
    assert_eq!(ask("PUT", grants, "ada", unknown).status, 404);
    assert_eq!(seen("ada"), 2);
}

#[test]
fn a_copy_is_the_way_to_write_what_one_may_only_read() {
    let server = Setup::standalone().start();
    let original = Directory::make(&server, "ada", "data", "ada");
    original.put("unit/a", "1").ok();
    original.put("unit/a", "2").ok();
    original.grant(&json!([{ "kind": "everybody", "level": "read" }]));
    assert_eq!(original.by("ben").put("unit/a", "3").status, 403);
    let copied =
        original
            .by("ben")
            .send("POST", "/copies", &json!({ "name": "mine", "version": 2 }));
    assert_eq!(copied.status, 201);
    let copied = copied.json();
    assert_eq!(
        copied["parent"],
        json!({ "id": original.get("").json()["id"], "version": 2 })
    );
    assert_eq!(
        (&copied["owner"]["name"], &copied["files"]),
        (&json!("ben"), &json!(1))
    );
    let copy = Directory::of(&server, "ben", "mine", "ben");
    assert_eq!(copy.text("unit/a"), "1");
    copy.put("unit/a", "3").ok();
    assert_eq!(original.text("unit/a"), "2");
    assert_eq!(copy.by("ada").get("").status, 404);
    let missing = original.send("POST", "/copies", &json!({ "name": "x", "version": 9 }));
    assert_eq!(missing.status, 404);
}

#[test]
fn names_and_facts_are_changed_by_admins() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    Directory::make(&server, "ada", "taken", "ada");
    let changed = directory
        .send("PATCH", "", &json!({ "description": "Weather\nof 2026" }))
        .ok();
    assert_eq!(changed.json()["description"], "Weather\nof 2026");
    assert_eq!(
        directory
            .send("PATCH", "", &json!({ "name": "taken" }))
            .status,
        409
    );
    let deliver = directory.send("PATCH", "", &json!({ "deliver": "x" }));
    assert_eq!(
        refused(&deliver),
        (
            400,
            "Only the directories of a course are delivered. Leave out deliver".to_owned()
        )
    );
    for name in ["", "a/b", "..", " a", "a\u{200b}"] {
        let refusal = directory.send("PATCH", "", &json!({ "name": name }));
        assert_eq!(refusal.status, 400, "{name:?}");
    }
    directory
        .send(
            "PATCH",
            "",
            &json!({ "name": "weather", "description": null }),
        )
        .ok();
    let renamed = Directory::of(&server, "ada", "weather", "ada")
        .get("")
        .ok()
        .json();
    assert_eq!(renamed["description"], Value::Null);
    assert_eq!(directory.get("").status, 404);
}

#[test]
fn bytes_of_a_course_directory_are_released_without_sending_them() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    let materials = Directory::make(&server, "course:algebra", "materials", "kevin");
    materials.put("ps1/task.ipynb", "do it").ok();
    let entry = materials.get("/entries?path=ps1/task.ipynb").ok().json()["entries"][0].clone();
    let manifest = json!({ "files": [{
        "path": "task.ipynb", "sha256": entry["sha256"], "size": entry["size"],
    }]});
    let target = "v1/courses/algebra/assignments/ps1/tree";
    send_json(&server, "PUT", target, "kevin", &manifest).ok();
    let fetched = crate::v1::client::files(&server.get(target, "lawrence"));
    assert_eq!(fetched[0].bytes, b"do it");
}
