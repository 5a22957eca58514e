//! Rosters follow the hub's groups: `formgrade-COURSE` teaches, `assist-COURSE` assists, `nbgrader-COURSE` takes.

use nbcourier_testkit::browser::Browser;
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, HubBehaviour, Server, Setup, eventually};
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

/// Returns the user names in a listing, sorted.
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

/// Returns the roles of the members that the roster of v1 lists, by name.
fn roles(course: &Course) -> Vec<(String, String)> {
    let path = format!("v1/courses/{}/roster", course.id);
    let reply = course.get(&path, "root").ok().json();
    let people = reply["people"].as_array().expect("people").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut roles: Vec<_> = people
        .map(|person| (text(&person["username"]), text(&person["role"])))
        .collect();
    roles.sort();
    roles
}

fn named<const N: usize>(roles: [(&str, &str); N]) -> Vec<(String, String)> {
    roles.map(|(name, role)| (name.into(), role.into())).into()
}

#[test]
fn a_group_makes_assistants_who_help_with_the_work_and_change_no_assignment() {
    let hub = FakeHub::start();
    hub.knows("root").knows("lawrence");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    in_groups(&hub, "alex", &["assist-course1", "nbgrader-course1"]);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "lawrence", &[]).ok();
    assert_eq!(courses_of(&server, "alex"), json!(["course1"]));
    let own = course.get("v1/courses", "alex").ok().json();
    assert_eq!(
        own["courses"],
        json!([{ "course": "course1", "role": "assistant" }])
    );
    // In ngshare's protocol and in ours.
    let listed = course.get("submissions/course1/challenge", "alex");
    assert_eq!(
        listed.ok().json()["submissions"].as_array().map(Vec::len),
        Some(1)
    );
    let collected = "v1/courses/course1/assignments/challenge/collect";
    course.get(collected, "alex").ok();
    assert_eq!(course.release("another", "alex", &[]).status, 403);
    // The greater of the two groups counts, and the protocol's lists have no assistants.
    let all = [
        ("alex", "assistant"),
        ("kevin", "instructor"),
        ("lawrence", "student"),
    ];
    assert_eq!(roles(&course), named(all));
    assert_eq!(names(&course, "instructors"), ["kevin"]);
    assert_eq!(names(&course, "students"), ["lawrence"]);
    let overview = course
        .get("v1/courses/course1/overview", "kevin")
        .ok()
        .json();
    assert_eq!(overview["students"].as_array().map(Vec::len), Some(1));
}

#[test]
fn members_of_the_registrars_group_keep_the_rosters_of_all_courses() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    in_groups(&hub, "regina", &["/staff/registrars"]);
    in_groups(&hub, "eric", &["/staff"]);
    let server = Setup::behind(&hub)
        .args(&["--registrars-group", "/staff/registrars"])
        .start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&["kevin"], &[]);
    let own = course.get("v1/courses", "regina").ok().json();
    assert_eq!(
        own["courses"],
        json!([{ "course": "course1", "role": null }])
    );
    assert_eq!(
        course.get("v1/courses", "eric").ok().json()["courses"],
        json!([])
    );
    let put = |role: &str, by: &str| {
        let person = json!({ "people": [{ "username": role, "role": role }] }).to_string();
        let call = server.call("PUT", "v1/courses/course1/roster").token(by);
        server.send(&call.body("application/json", person)).status
    };
    assert_eq!(put("student", "eric"), 403);
    assert_eq!(put("student", "regina"), 200);
    assert_eq!(put("assistant", "regina"), 403);
    assert_eq!(put("instructor", "regina"), 403);
    let all = [("kevin", "instructor"), ("student", "student")];
    assert_eq!(roles(&course), named(all));
    for work in [
        "submissions/course1/challenge",
        "v1/courses/course1/submissions",
    ] {
        assert_eq!(course.get(work, "regina").status, 403, "{work}");
    }
}

#[test]
fn without_the_hubs_groups_nobody_is_a_registrar() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "regina", &["registrars"]);
    let server = Setup::behind(&hub)
        .args(&["--registrars-group", "registrars", "--no-hub-groups"])
        .start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    assert_eq!(
        course.get("v1/courses/course1/roster", "regina").status,
        403
    );
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
    // kevin takes the course by hand and teaches it by group; abigail and eric are there by hand only.
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
fn students_see_who_teaches_by_a_group() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["formgrade-course1"]);
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&["abigail"], &[]);
    courses_of(&server, "kevin");
    let browser = Browser::logged_in(&server, &hub, "lawrence");
    let page = server.call("GET", &format!("{}c/course1", server.prefix()));
    let page = server.send(&browser.with_cookies(page)).ok().text();
    let page = page.replace(['\u{2068}', '\u{2069}'], "");
    assert!(page.contains("abigail, kevin"), "{page}");
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
    let listed = course.get("v1/courses/course1/events", "root").ok().json();
    let listed = listed["events"].as_array().unwrap();
    let words: Vec<_> = listed
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        ["left by group", "joined by group", "course created"]
    );
    assert_eq!(
        (
            &listed[1]["actor"],
            &listed[1]["detail"],
            &listed[1]["request"]
        ),
        (
            &json!("kevin"),
            &json!({ "role": "instructor" }),
            &json!("first-seen")
        )
    );
}

/// Returns how often somebody joined or left the course by a group, according to its events.
fn moves(course: &Course) -> usize {
    let listed = course.get("v1/courses/course1/events", "root").ok().json();
    let events = listed["events"].as_array().expect("events").iter();
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
fn remembered_groups_of_a_session_change_no_roster() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let server = Setup::behind(&hub).args(&["--hub-cache-ttl", "0s"]).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    let old_tab = Browser::logged_in(&server, &hub, "lawrence");
    assert_eq!(names(&course, "students"), ["lawrence"]);
    assert_eq!(moves(&course), 1);

    // A token shows that the person left the group; the session in the tab still has the old groups.
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

    // The same for a person who joined a group.
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    let later_tab = Browser::logged_in(&server, &hub, "lawrence");
    for tab in [&old_tab, &later_tab, &old_tab] {
        opens_home(&server, tab);
        assert_eq!(names(&course, "students"), ["lawrence"]);
    }
    assert_eq!(moves(&course), 3);
}

#[test]
fn a_login_joins_the_rosters_of_all_groups_even_those_that_do_not_fit_into_the_cookie() {
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
    // The cached answer for the first token is older than this.
    hub.gives("his-second-token", lawrence(&[]));
    courses_of(&server, "his-second-token");
    for token in ["his-first-token", "his-second-token", "his-first-token"] {
        courses_of(&server, token);
        assert_eq!(names(&course, "students"), [""; 0], "{token}");
    }
    assert_eq!(moves(&course), 2);
}

/// Waits until the listing of the course has these names; the server asks the hub in the background.
#[track_caller]
fn await_names(course: &Course, listing: &str, expected: &[&str]) {
    eventually(&format!("{listing} are {expected:?}"), || {
        names(course, listing) == expected
    });
}

#[track_caller]
fn await_log(server: &Server, text: &str) {
    eventually(&format!("a line with {text:?}"), || {
        server.log().contains(text)
    });
}

/// Returns the setup of a server that does not cache the hub's answers.
fn at_once(hub: &FakeHub) -> Setup {
    Setup::behind(hub).args(&["--hub-cache-ttl", "0s"])
}

#[test]
fn members_of_groups_are_on_every_list_before_their_first_request() {
    let hub = FakeHub::start();
    hub.knows("root");
    hub.lists(&[
        ("nbgrader-course1", &["lawrence", "eric"]),
        ("admins", &["root"]),
        ("formgrade-course1", &["kevin", "eric"]),
        ("nbgrader-other", &["nadia"]),
        ("nbgrader-course1-lab", &["olga"]),
    ]);
    let server = at_once(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &[]);
    await_names(&course, "students", &["lawrence"]);
    assert_eq!(names(&course, "instructors"), ["eric", "kevin"]);
    let roster = course.get("v1/courses/course1/roster", "root").ok().json();
    assert_eq!(roster["people"].as_array().unwrap().len(), 3);
    // Other requests about the person: a lookup, a submission by an instructor, and the list of missing work.
    course.get("student/course1/lawrence", "root").ok();
    course.release("challenge", "root", &[]).ok();
    let overview = course
        .get("v1/courses/course1/overview", "root")
        .ok()
        .json();
    assert_eq!(overview["assignments"][0]["missing"], 1);
    let listed = course.get("v1/courses/course1/events", "root").ok().json();
    let joined = listed["events"].as_array().unwrap().iter();
    let mut joined: Vec<_> = joined
        .filter(|event| event["action"] == "joined by group")
        .map(|event| (event["subject"].clone(), event["actor"].clone()))
        .collect();
    joined.sort_by_key(|(subject, _)| subject.to_string());
    for (_, actor) in &joined {
        assert_eq!(*actor, "operator:the server");
    }
    // Nobody could join the course before it was made.
    assert!(joined.len() <= 3, "{joined:?}");
}

#[test]
fn a_person_removed_from_a_group_leaves_the_roster_without_a_request() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "lawrence", &["nbgrader-course1"]);
    hub.lists(&[("nbgrader-course1", &["lawrence", "eric"])]);
    let server = at_once(&hub).start();
    let course = Course::of(&server, "course1").by_token();
    course.make(&[], &["hannah"]);
    await_names(&course, "students", &["eric", "hannah", "lawrence"]);
    courses_of(&server, "lawrence");
    hub.lists(&[("nbgrader-course1", &["eric"])]);
    await_names(&course, "students", &["eric", "hannah"]);
    hub.lists(&[]);
    await_names(&course, "students", &["hannah"]);
    // A person who returns to the group is on the roster again at once.
    hub.lists(&[("nbgrader-course1", &["lawrence"])]);
    await_names(&course, "students", &["hannah", "lawrence"]);
}

#[test]
fn a_hub_that_lists_some_groups_only_or_none_takes_nobody_off() {
    for scopes in [
        &["list:groups!group=other", "read:groups!group=other"][..],
        &["list:groups"],
        &["read:users"],
    ] {
        let hub = FakeHub::start();
        hub.knows("root");
        in_groups(&hub, "lawrence", &["nbgrader-course1"]);
        hub.lists_to(scopes, &[("other", &["nobody"])]);
        let server = at_once(&hub).start();
        let course = Course::of(&server, "course1").by_token();
        course.make(&[], &[]);
        courses_of(&server, "lawrence");
        await_log(&server, "does not list its groups,");
        assert_eq!(names(&course, "students"), ["lawrence"], "{scopes:?}");
    }
}

#[test]
fn a_hub_that_is_away_takes_nobody_off() {
    for mood in [HubBehaviour::Status(500), HubBehaviour::other_json()] {
        let hub = FakeHub::start();
        hub.knows("root");
        hub.lists(&[("nbgrader-course1", &["lawrence"])]);
        let server = at_once(&hub).start();
        let course = Course::of(&server, "course1").by_token();
        course.make(&[], &[]);
        await_names(&course, "students", &["lawrence"]);
        hub.feels(mood.clone());
        await_log(&server, "cannot list its groups at the moment");
        hub.feels(HubBehaviour::Well);
        assert_eq!(names(&course, "students"), ["lawrence"], "{mood:?}");
    }
}

#[test]
fn groups_as_identity_providers_write_them_are_mapped_by_the_configuration() {
    let hub = FakeHub::start();
    hub.knows("root");
    in_groups(&hub, "kevin", &["/courses/algebra/instructors"]);
    in_groups(
        &hub,
        "lawrence",
        &["uni:maths-101:students", "nbgrader-course2"],
    );
    hub.lists(&[
        ("/courses/algebra/students", &["eric"]),
        ("/courses/algebra/instructors", &["kevin"]),
        ("uni:maths-101:students", &["lawrence"]),
        ("nbgrader-algebra", &["nadia"]),
    ]);
    let setup = at_once(&hub);
    let file = setup.beside("nbcourier.toml");
    std::fs::write(
        &file,
        r#"
[[groups]]
group = "/courses/{course}/instructors"
role = "instructor"

[[groups]]
group = "/courses/{course}/students"
role = "student"

[[groups]]
group = "uni:maths-101:students"
course = "algebra"
role = "student"
"#,
    )
    .unwrap();
    let server = setup.args(&["--config", file.to_str().unwrap()]).start();
    let course = Course::of(&server, "algebra").by_token();
    course.make(&[], &[]);
    assert_eq!(courses_of(&server, "kevin"), json!(["algebra"]));
    assert_eq!(courses_of(&server, "lawrence"), json!(["algebra"]));
    course.release("challenge", "kevin", &[]).ok();
    await_names(&course, "students", &["eric", "lawrence", "nadia"]);
    assert_eq!(names(&course, "instructors"), ["kevin"]);
    let call = server.call("DELETE", "student/algebra/eric").token("root");
    let refused = server.send(&call);
    assert_eq!(refused.status, 409);
    assert!(
        refused.message().contains("/courses/algebra/students"),
        "{}",
        refused.message()
    );
}
