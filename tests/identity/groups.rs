//! Rosters follow the hub's groups: `formgrade-COURSE` teaches, `nbgrader-COURSE` takes.

use crate::support::hub::user_model;
use crate::support::{Course, FakeHub, Server, Setup};
use serde_json::{Value, json};

fn in_groups(hub: &FakeHub, name: &str, groups: &[&str]) {
    let mut model = user_model(name);
    model["groups"] = json!(groups);
    hub.gives(name, model);
}

fn courses_of(server: &Server, user: &str) -> Value {
    let call = server.call("GET", "courses").token(user);
    server.send(&call).ok().json()["courses"].clone()
}

/// User names in a listing, sorted.
fn names(course: &Course, listing: &str) -> Vec<String> {
    let reply = course
        .get(&format!("{listing}/{}", course.id), "root")
        .ok()
        .json();
    let people = reply[listing].as_array().expect("people").iter();
    let mut names: Vec<String> = people
        .map(|person| person["username"].as_str().expect("a name").to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn groups_make_instructors_and_students() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    in_groups(&hub, "lawrence", &["nbgrader-course1", "formgrade-other"]);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    assert_eq!(courses_of(&server, "kevin"), json!(["course1"]));
    assert_eq!(courses_of(&server, "lawrence"), json!(["course1"]));
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "lawrence", &[]).ok();
    course.get("submissions/course1/challenge", "kevin").ok();
    let refused = course.get("submissions/course1/challenge", "lawrence");
    assert_eq!(refused.status, 403);
    let refused = course.release("another", "lawrence", &[]);
    assert_eq!(refused.status, 403);
}

#[test]
fn the_course_is_everything_after_the_first_hyphen() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["formgrade-maths-101 (a)"]);
    in_groups(&hub, "lawrence", &["nbgrader-maths"]);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "maths-101%20%28a%29").by_token();
    course.make(&[], &[]);
    assert_eq!(courses_of(&server, "kevin"), json!(["maths-101 (a)"]));
    assert_eq!(courses_of(&server, "lawrence"), json!([]));
}

#[test]
fn other_groups_mean_nothing() {
    let hub = FakeHub::start();
    hub.knows("root");
    let others = [
        "formgrade",
        "formgrade-",
        "course1",
        "FORMGRADE-course1",
        "xformgrade-course1",
        "formgrader-course1",
    ];
    in_groups(&hub, "eric", &others);
    let server = Setup::behind(&hub).start();
    Course::of(&server, "course1").by_token().make(&[], &[]);
    assert_eq!(courses_of(&server, "eric"), json!([]));
}

#[test]
fn a_group_makes_no_course() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    let server = Setup::behind(&hub).start();
    assert_eq!(courses_of(&server, "kevin"), json!([]));
    assert_eq!(courses_of(&server, "root"), json!([]));
    let course = Course::of(&server, "course1").by_token();
    let missing = course.get("assignments/course1", "kevin");
    assert_eq!(
        (missing.status, missing.message().as_str()),
        (404, "Course not found")
    );
}

#[test]
fn group_and_roster_add_up_and_the_instructor_wins() {
    let hub = FakeHub::start();
    hub.knows("root").knows("abigail").knows("eric");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    in_groups(&hub, "lawrence", &["nbgrader-course1", "formgrade-course1"]);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    // kevin takes the course by hand and teaches it by group; abigail and eric are there by hand alone.
    course.make(&["abigail"], &["kevin", "eric"]);
    for person in ["kevin", "lawrence"] {
        course.get("submissions/course1/nothing", person);
    }
    assert_eq!(
        names(&course, "instructors"),
        ["abigail", "kevin", "lawrence"]
    );
    assert_eq!(names(&course, "students"), ["eric"]);
    course.release("challenge", "kevin", &[]).ok();
    course.get("submissions/course1/challenge", "lawrence").ok();
}

#[test]
fn members_by_group_are_listed_once_seen() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    assert_eq!(names(&course, "students"), [""; 0]);
    courses_of(&server, "lawrence");
    courses_of(&server, "kevin");
    assert_eq!(names(&course, "students"), ["lawrence"]);
    assert_eq!(names(&course, "instructors"), ["kevin"]);
    let shown = course.get("student/course1/lawrence", "kevin").ok().json();
    let expected = json!({"success": true, "username": "lawrence", "first_name": null, "last_name": null, "email": null});
    assert_eq!(shown, expected);
}

#[test]
fn groups_can_be_turned_off() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let server = Setup::behind(&hub).args(&["--no-hub-groups"]).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    assert_eq!(courses_of(&server, "kevin"), json!([]));
    assert_eq!(course.get("assignments/course1", "lawrence").status, 403);
    assert_eq!(names(&course, "instructors"), [""; 0]);
    assert_eq!(names(&course, "students"), [""; 0]);
}

#[test]
fn joining_and_leaving_by_a_group_are_events_of_the_course() {
    let hub = FakeHub::start();
    hub.knows("root");
    let setup = Setup::behind(&hub).args(&["--hub-cache-ttl", "0s"]);
    let server = setup.start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    in_groups(&hub, "kevin", &["nbgrader-course1", "formgrade-course1"]);
    let first = server.call("GET", "courses").token("kevin");
    server
        .send(&first.header("X-Request-Id", "first-seen"))
        .ok();
    courses_of(&server, "kevin");
    in_groups(&hub, "kevin", &[]);
    courses_of(&server, "kevin");
    let told = course.get("v1/courses/course1/events", "root").ok().json();
    let told = told["events"].as_array().unwrap();
    let words: Vec<_> = told
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        ["left by group", "joined by group", "course created"]
    );
    assert_eq!(
        (&told[1]["actor"], &told[1]["detail"], &told[1]["request"]),
        (
            &json!("kevin"),
            &json!({ "role": "instructor" }),
            &json!("first-seen")
        )
    );
}
