//! Rosters follow the hub's groups: `formgrade-COURSE` teaches, `nbgrader-COURSE` takes.

use crate::support::hub::user_model;
use crate::support::login::Browser;
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

/// How often somebody joined the course by a group or left it, as its events tell.
fn moves(course: &Course) -> usize {
    let told = course.get("v1/courses/course1/events", "root").ok().json();
    let events = told["events"].as_array().expect("events").iter();
    let actions = events.map(|event| event["action"].as_str().expect("an action"));
    actions
        .filter(|action| matches!(*action, "joined by group" | "left by group"))
        .count()
}

fn opens_home(server: &Server, browser: &Browser) {
    let page = server.call("GET", server.prefix());
    server.send(&browser.with_cookies(page)).ok();
}

#[test]
fn what_a_session_remembers_changes_no_roster() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let server = Setup::behind(&hub).args(&["--hub-cache-ttl", "0s"]).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    let old_tab = Browser::logged_in(&server, &hub, "lawrence");
    assert_eq!(names(&course, "students"), ["lawrence"]);
    assert_eq!(moves(&course), 1);

    // Taken out of the group, as a token tells; the tab remembers otherwise.
    in_groups(&hub, "lawrence", &[]);
    assert_eq!(courses_of(&server, "lawrence"), json!([]));
    for _ in 0..3 {
        opens_home(&server, &old_tab);
        old_tab.reads(&server, "courses").ok();
        assert_eq!(
            names(&course, "students"),
            [""; 0],
            "an old tab was reloaded"
        );
        courses_of(&server, "lawrence");
    }
    assert_eq!(moves(&course), 2, "joined and left, once");

    // And the other way round.
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let later_tab = Browser::logged_in(&server, &hub, "lawrence");
    for tab in [&old_tab, &later_tab, &old_tab] {
        opens_home(&server, tab);
        assert_eq!(names(&course, "students"), ["lawrence"]);
    }
    assert_eq!(moves(&course), 3);
}

#[test]
fn who_logs_in_is_on_the_roster_of_every_group_though_the_session_has_no_room_for_all() {
    let hub = FakeHub::start();
    hub.knows("root");
    let mut groups: Vec<String> = (0..120)
        .map(|n| format!("nbgrader-a course with quite a long name {n:03}"))
        .collect();
    groups.push("nbgrader-course1".to_owned());
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    in_groups(&hub, "lawrence", &groups);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    let browser = Browser::logged_in(&server, &hub, "lawrence");
    assert_eq!(names(&course, "students"), ["lawrence"]);
    for _ in 0..2 {
        opens_home(&server, &browser);
        assert_eq!(names(&course, "students"), ["lawrence"]);
        assert_eq!(courses_of(&server, "lawrence"), json!(["course1"]));
    }
    assert_eq!(moves(&course), 1);
}

#[test]
fn an_older_answer_of_the_hub_does_not_undo_a_newer_one() {
    let hub = FakeHub::start();
    hub.knows("root");
    let lawrence = |groups: &[&str]| {
        let mut model = user_model("lawrence");
        model["groups"] = json!(groups);
        model
    };
    hub.gives("his-first-token", lawrence(&["nbgrader-course1"]));
    let server = Setup::behind(&hub).args(&["--hub-cache-ttl", "1h"]).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    assert_eq!(courses_of(&server, "his-first-token"), json!(["course1"]));
    assert_eq!(names(&course, "students"), ["lawrence"]);
    // What is remembered of the first token is from before this.
    hub.gives("his-second-token", lawrence(&[]));
    courses_of(&server, "his-second-token");
    for token in ["his-first-token", "his-second-token", "his-first-token"] {
        courses_of(&server, token);
        assert_eq!(names(&course, "students"), [""; 0], "{token}");
    }
    assert_eq!(moves(&course), 2);
}
