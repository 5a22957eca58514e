//! Names that are used again.

use nbcourier_testkit::browser::Browser;
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, Sent, Server, Setup, run, timestamp_of};
use serde_json::{Value, json};

const THEN: &str = "2025-09-01T08:00:00.000000Z";
const NOW: &str = "2026-09-01T08:00:00.000000Z";

/// Lets Ada submit, get feedback and teach maths, and then leave.
fn a_year_with_ada(hub: &FakeHub, server: &Server) {
    hub.gives("ada-then", user_model("ada"));
    let course = Course::of(server, "algebra").by_token();
    course.make(&["kevin"], &["ada"]);
    course.release("ps1", "kevin", &[]).ok();
    Course::of(server, "maths").by_token().make(&["ada"], &[]);
    course.get("courses", "ada-then").ok();
    let work = [Sent::new("work", "hers")];
    let time = timestamp_of(&course.submit("ps1", "ada-then", &work));
    course.give_feedback("ps1", "ada", &time, &work).ok();
}

/// Gives Ada's name to another person.
fn ada_is_somebody_else(hub: &FakeHub) {
    hub.forgets("ada-then");
    hub.gives("ada-now", user_model("ada"));
}

fn courses(server: &Server, token: &str) -> Value {
    let reply = server.send(&server.call("GET", "courses").token(token));
    reply.ok().json()["courses"].clone()
}

fn students(course: &Course<'_>) -> Vec<String> {
    let listed = course.get("submissions/algebra/ps1", "kevin").ok().json();
    let listed = listed["submissions"].as_array().unwrap();
    let names = listed
        .iter()
        .map(|line| line["student_id"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

fn user(server: &Server, arguments: &[&str]) -> String {
    let data = server.data_dir().display().to_string();
    let (what, rest) = arguments.split_first().unwrap();
    let output = run(&[&["user", what, "--data-dir", &data], rest].concat());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn hole_22_who_gets_a_name_that_was_somebody_elses_inherits_nothing_unless_told_so() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin").made("ada", THEN);
    let server = Setup::behind(&hub).start();
    a_year_with_ada(&hub, &server);
    let session = Browser::logged_in(&server, &hub, "ada-then");
    let reading = session.tokens(&server).reading;
    ada_is_somebody_else(&hub);
    hub.made("ada", NOW);

    // Separated from the first request on, even if it is refused.
    let course = Course::of(&server, "algebra").by_token();
    let own = server
        .call("GET", "v1/courses/algebra/submissions")
        .token("ada-now");
    assert_eq!(
        server
            .send(&own.header("X-Request-Id", "first-of-new"))
            .status,
        403
    );
    assert_eq!(courses(&server, "ada-now"), json!([]));
    let former = students(&course).pop().unwrap();
    assert!(former.starts_with("former:ada:20"), "{former}");
    let kept = course.get(&format!("submission/algebra/ps1/{former}"), "kevin");
    assert_eq!(
        nbcourier_testkit::files::files_of_reply(&kept.ok().json())[0].bytes,
        b"hers"
    );
    let event = course.get("v1/courses/algebra/events", "kevin").ok().json();
    let event = &event["events"][0];
    assert_eq!(
        (&event["action"], &event["subject"], &event["request"]),
        (
            &json!("user set aside"),
            &json!(former),
            &json!("first-of-new")
        )
    );

    // Neither a cached token nor a session lets the former owner in.
    let late = server.send(&server.call("GET", "courses").token("ada-then"));
    assert_eq!(late.status, 403);
    assert!(
        late.message().contains("earlier account"),
        "{}",
        late.message()
    );
    let by_session = server
        .call("GET", "courses")
        .header("X-CSRF-Token", &reading);
    let late = server.send(&session.with_cookies(by_session));
    assert_eq!(late.status, 403);
    assert!(
        late.message().contains("earlier account"),
        "{}",
        late.message()
    );
    let late = server.send(&session.with_cookies(server.call("GET", server.prefix())));
    assert_eq!(late.status, 403);

    // A person who is enrolled under the name has their own submissions.
    course.enrol("ada").ok();
    course
        .submit("ps1", "ada-now", &[Sent::new("work", "his")])
        .ok();
    let own = course
        .get("v1/courses/algebra/submissions", "ada-now")
        .ok()
        .json();
    assert_eq!(own["submissions"].as_array().unwrap().len(), 1);
    assert_eq!(students(&course), [former.as_str(), "ada"]);

    // The operator can say that it was the same person.
    assert!(user(&server, &["show", "ada"]).contains(&former));
    user(&server, &["adopt", "ada", "--yes"]);
    assert_eq!(students(&course), ["ada", "ada"]);
    assert_eq!(courses(&server, "ada-now"), json!(["algebra", "maths"]));
    let server = server.kill().start();
    assert_eq!(courses(&server, "ada-now"), json!(["algebra", "maths"]));
}

#[test]
fn hole_22_where_the_hub_does_not_tell_accounts_apart_who_leaves_is_retired_by_hand() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    let server = Setup::behind(&hub).start();
    a_year_with_ada(&hub, &server);
    assert!(server.log().contains("read:users"), "what to grant is said");
    let said = user(&server, &["retire", "ada"]);
    assert!(said.contains("kept as former:ada:"), "{said}");
    ada_is_somebody_else(&hub);
    assert_eq!(courses(&server, "ada-now"), json!([]));
    let asked = hub
        .requests()
        .iter()
        .filter(|seen| seen.target.contains("/users/"))
        .count();
    assert_eq!(asked, 1, "a hub that reports no times is not asked again");
}

#[test]
fn hole_22_a_hub_that_never_gives_a_name_to_somebody_else_is_believed_where_that_is_said() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin").made("ada", THEN);
    let server = Setup::behind(&hub)
        .env("NBCOURIER_REUSED_NAMES", "keep")
        .start();
    a_year_with_ada(&hub, &server);
    ada_is_somebody_else(&hub);
    hub.made("ada", NOW);
    assert_eq!(courses(&server, "ada-now"), json!(["algebra", "maths"]));
    // Back to the default: the current account is the known one.
    let server = server
        .kill()
        .env("NBCOURIER_REUSED_NAMES", "set-aside")
        .start();
    assert_eq!(courses(&server, "ada-now"), json!(["algebra", "maths"]));
}

/// Makes a course with Kevin as instructor, with Ada by a group of the hub and Hal by hand. Both have had an
/// account for a year, and Ada has submitted.
fn a_course_with_ada_and_hal(hub: &FakeHub, server: &Server) {
    hub.gives("ada-then", in_algebra("ada"));
    hub.gives("hal-then", user_model("hal"));
    let course = Course::of(server, "algebra").by_token();
    course.make(&["kevin"], &["hal"]);
    course.release("ps1", "kevin", &[]).ok();
    course
        .submit("ps1", "ada-then", &[Sent::new("work", "hers")])
        .ok();
    course.get("courses", "hal-then").ok();
}

fn in_algebra(name: &str) -> Value {
    let mut model = user_model(name);
    model["groups"] = json!(["nbgrader-algebra"]);
    model
}

/// Lets the hub delete both accounts and make them anew, and both people return.
fn accounts_are_recreated(hub: &FakeHub, server: &Server) {
    hub.forgets("ada-then");
    hub.forgets("hal-then");
    hub.made("ada", NOW).made("hal", NOW);
    hub.gives("ada-now", in_algebra("ada"));
    hub.gives("hal-now", user_model("hal"));
    courses(server, "ada-now");
    courses(server, "hal-now");
}

/// Returns the roster, and the students without a submission according to the overview, both by name.
fn roster_and_missing(course: &Course<'_>) -> [Vec<String>; 2] {
    let words = |values: &[Value], key: &str| {
        let names = values.iter().map(|one| one[key].as_str().unwrap());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    };
    let roster = course.get("students/algebra", "kevin").ok().json();
    let overview = course
        .get("v1/courses/algebra/overview", "kevin")
        .ok()
        .json();
    let count = &overview["assignments"][0]["missing"];
    let missing: Vec<Value> = overview["students"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["enrolled"] == json!(true))
        .filter(|one| !one.to_string().contains("submitted_at"))
        .cloned()
        .collect();
    assert_eq!(*count, json!(missing.len()), "{overview}");
    [
        words(roster["students"].as_array().unwrap(), "username"),
        words(&missing, "student"),
    ]
}

#[test]
fn a_group_member_with_a_new_account_is_on_the_roster_at_once() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    hub.made("ada", THEN).made("hal", THEN);
    let server = Setup::behind(&hub).start();
    a_course_with_ada_and_hal(&hub, &server);
    let course = Course::of(&server, "algebra").by_token();
    assert_eq!(
        roster_and_missing(&course),
        [vec!["ada", "hal"], vec!["hal"]]
    );
    accounts_are_recreated(&hub, &server);
    // The name of the earlier account's work is not on the roster and not among the missing.
    assert_eq!(roster_and_missing(&course), [vec!["ada"], vec!["ada"]]);
    for listing in [
        "v1/courses/algebra/roster",
        "students/algebra",
        "instructors/algebra",
    ] {
        let listed = course.get(listing, "kevin").ok().text();
        assert!(!listed.contains("former:"), "{listing}: {listed}");
    }
    assert!(students(&course)[0].starts_with("former:ada:"));
    course
        .submit("ps1", "ada-now", &[Sent::new("work", "again")])
        .ok();
    // The place on the roster is kept for the person who gets the account back.
    user(&server, &["adopt", "ada", "hal", "--yes"]);
    assert_eq!(
        roster_and_missing(&course),
        [vec!["ada", "hal"], vec!["hal"]]
    );
}

#[test]
fn a_recreated_account_is_reported_to_the_operator_and_to_its_owner() {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    hub.made("ada", THEN).made("hal", THEN);
    let server = Setup::behind(&hub).start();
    a_course_with_ada_and_hal(&hub, &server);
    let page = |token: &str| {
        let browser = Browser::logged_in(&server, &hub, token);
        let call = browser.with_cookies(server.call("GET", server.prefix()));
        server.send(&call).ok().text()
    };
    assert!(!page("ada-then").contains("set aside"));
    assert!(!server.log().contains("user adopt"));
    accounts_are_recreated(&hub, &server);
    let log = server.log();
    for name in ["ada", "hal"] {
        let command = format!("nbcourier user adopt {name} --yes");
        let mut lines = log.lines().filter(|line| line.contains(&command));
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("no {command} in\n{log}"));
        assert!(line.contains("WARN"), "{line}");
        assert_eq!(lines.next(), None, "once is enough");
        let text = page(&format!("{name}-now"));
        assert!(text.contains("was set aside on 20"), "{text}");
        assert!(text.contains("(root)"), "whom to ask: {text}");
    }
    assert!(!page("kevin").contains("set aside"));
    user(&server, &["adopt", "ada", "--yes"]);
    assert!(!page("ada-now").contains("set aside"));
    assert!(page("hal-now").contains("set aside"));
}
