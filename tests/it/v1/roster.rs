//! Courses and their rosters.

use super::client::{algebra, call, problem, put_json};
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, Setup, percent_encode};
use serde_json::{Value, json};

const ROSTER: &str = "v1/courses/algebra/roster";

fn named(username: &str, role: &str) -> Value {
    json!({ "username": username, "role": role, "first_name": "A", "last_name": "B", "email": "c@d" })
}

#[test]
fn everybody_sees_their_courses_and_what_they_are_there() {
    let server = Setup::standalone().start();
    algebra(&server);
    let seen = |user| server.get("v1/courses", user).ok().json();
    let as_role =
        |role| json!({ "courses": [{ "course": "algebra", "role": role }], "next": null });
    assert_eq!(seen("kevin"), as_role(Some("instructor")));
    assert_eq!(seen("lawrence"), as_role(Some("student")));
    assert_eq!(seen("root"), as_role(None));
    assert_eq!(seen("sam"), json!({ "courses": [], "next": null }));
}

#[test]
fn a_roster_is_changed_in_one_request_and_read_in_one() {
    let server = Setup::standalone().start();
    algebra(&server);
    let people = json!({ "people": [named("sam", "student"), named("lawrence", "student")] });
    let reply = put_json(&server, ROSTER, "kevin", &people).ok();
    assert_eq!(reply.json(), json!({ "added": 1, "updated": 1 }));
    let roster = server.get(ROSTER, "kevin").ok().json();
    let lines = roster["people"].as_array().unwrap();
    let names: Vec<_> = lines.iter().map(|line| &line["username"]).collect();
    assert_eq!(names, ["kevin", "lawrence", "eric", "sam"]);
    assert_eq!(lines[0]["role"], "instructor");
    let mut sam = named("sam", "student");
    sam["by_group"] = json!(false);
    assert_eq!(lines[3], sam);
    assert_eq!(
        server.get("students/algebra", "kevin").ok().json()["students"][2]["username"],
        "sam",
        "it is the one roster of the exchange"
    );
}

#[test]
fn a_detail_that_is_not_given_stays() {
    let server = Setup::standalone().start();
    algebra(&server);
    let whole = json!({ "people": [named("sam", "student")] });
    put_json(&server, ROSTER, "kevin", &whole).ok();
    let line = json!({ "username": "sam", "role": "student", "first_name": "", "email": null });
    put_json(&server, ROSTER, "kevin", &json!({ "people": [line] })).ok();
    let sam = &server.get(ROSTER, "kevin").ok().json()["people"][3];
    assert_eq!(
        (&sam["first_name"], &sam["last_name"], &sam["email"]),
        (&json!(""), &json!("B"), &json!("c@d"))
    );
}

#[test]
fn one_refused_line_keeps_all_others_out() {
    let server = Setup::standalone().start();
    algebra(&server);
    let refused = [
        (named("abigail", "instructor"), 403),
        (named("kevin", "student"), 409),
        (json!({ "username": "a/b", "role": "student" }), 400),
        (json!({ "username": "abigail", "role": "king" }), 400),
        (json!({ "role": "student" }), 400),
    ];
    for (line, status) in refused {
        let people = json!({ "people": [named("sam", "student"), line] });
        let reply = put_json(&server, ROSTER, "kevin", &people);
        assert_eq!(problem(&reply).0, status, "{line}");
    }
    let people = server.get(ROSTER, "kevin").ok().json();
    assert_eq!(people["people"].as_array().unwrap().len(), 3);
    for body in ["", "{", "[]", "\u{1}", "[[[["] {
        let asked = call(&server, "PUT", ROSTER, "kevin").body("application/json", body);
        assert_eq!(problem(&server.send(&asked)).0, 400, "{body}");
    }
}

#[test]
fn an_instructor_may_send_back_the_roster_as_it_was_read() {
    let server = Setup::standalone().start();
    algebra(&server);
    let both = json!({ "people": [named("abigail", "instructor"), named("kevin", "instructor")] });
    put_json(&server, ROSTER, "root", &both).ok();
    let roster = server.get(ROSTER, "kevin").ok().json();
    let reply = put_json(&server, ROSTER, "kevin", &roster).ok();
    assert_eq!(reply.json(), json!({ "added": 0, "updated": 4 }));
    assert_eq!(server.get(ROSTER, "kevin").ok().json(), roster);
}

#[test]
fn a_person_removed_from_the_roster_is_out_and_their_submissions_stay() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "lawrence", &[]).ok();
    let remove = |user, by| {
        let target = format!("{ROSTER}/{user}");
        server.send(&call(&server, "DELETE", &target, by))
    };
    let gone = remove("lawrence", "kevin");
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert_eq!(problem(&remove("lawrence", "kevin")).0, 404);
    assert_eq!(problem(&remove("kevin", "kevin")).0, 403);
    assert_eq!(
        problem(&server.get("v1/courses/algebra/assignments", "lawrence")).0,
        403
    );
    assert!(course.submitted("challenge", "lawrence", None).is_empty());
    assert_eq!(remove("kevin", "root").status, 204);
}

#[test]
fn members_by_a_group_of_the_hub_are_listed_as_such_and_stay() {
    let hub = FakeHub::start();
    hub.knows("root");
    let mut model = user_model("lawrence");
    model["groups"] = json!(["nbgrader-algebra"]);
    hub.gives("lawrence", model);
    let server = Setup::behind(&hub).start();
    let ask = |method, target, token| server.send(&server.call(method, target).token(token));
    ask("POST", "course/algebra", "root").ok();
    let courses = ask("GET", "v1/courses", "lawrence").ok().json();
    assert_eq!(courses["courses"][0]["role"], "student");
    let roster = ask("GET", ROSTER, "root").ok().json();
    assert_eq!(
        roster["people"],
        json!([{
            "username": "lawrence", "role": "student", "by_group": true,
            "first_name": null, "last_name": null, "email": null,
        }])
    );
    let target = format!("{ROSTER}/lawrence");
    let (status, sentence) = problem(&ask("DELETE", &target, "root"));
    assert_eq!(status, 409);
    assert!(sentence.contains("nbgrader-algebra"), "{sentence}");
}

/// Returns the names of a roster that is read in pages of this size.
fn read_by_pages(limit: usize, ask: impl Fn(&str) -> Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ask(&format!(
            "{ROSTER}?limit={limit}&cursor={}",
            percent_encode(&cursor)
        ));
        let people = page["people"].as_array().unwrap();
        assert!((1..=limit).contains(&people.len()));
        names.extend(
            people
                .iter()
                .map(|one| one["username"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            return names;
        };
        next.clone_into(&mut cursor);
    }
}

#[test]
fn the_pages_of_a_roster_are_everybody_once_by_hand_and_by_group() {
    let hub = FakeHub::start();
    hub.knows("root");
    let by_group = [" blank ", "100% ~me", "lawrence", "zoë"];
    for name in by_group {
        let mut model = user_model(name);
        model["groups"] = json!(["nbgrader-algebra"]);
        hub.gives(&percent_encode(name), model);
    }
    let server = Setup::behind(&hub).start();
    let ask =
        |method, target: &str, token: &str| server.send(&server.call(method, target).token(token));
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin", "abigail"], &["sam", "lawrence", "ann"]);
    for name in by_group {
        ask("GET", "v1/courses", &percent_encode(name)).ok();
    }
    let everybody = [
        "abigail", "kevin", "sam", "lawrence", "ann", " blank ", "100% ~me", "zoë",
    ];
    for limit in [1, 2, 3, 7, 8, 9] {
        let names = read_by_pages(limit, |target| ask("GET", target, "root").ok().json());
        assert_eq!(names, everybody, "{limit}");
    }
    for nonsense in ["limit=0", "limit=10001", "cursor=x", "cursor=~%2580"] {
        let reply = ask("GET", &format!("{ROSTER}?{nonsense}"), "root");
        assert_eq!(problem(&reply).0, 400, "{nonsense}");
    }
}

#[test]
fn a_name_that_looks_like_another_is_made_on_no_way_in() {
    let server = Setup::standalone().start();
    algebra(&server);
    let everybody = server.get(ROSTER, "kevin").ok().json();
    let details = [("first_name", ""), ("last_name", ""), ("email", "")];
    for odd in [
        "sam\u{200b}",
        "\u{feff}sam",
        "s\u{202e}am",
        "sam ",
        " ",
        "\u{a0}sam",
        "s\u{2009}am",
    ] {
        let people = json!({ "people": [named("sam", "student"), named(odd, "student")] });
        let (status, said) = problem(&put_json(&server, ROSTER, "kevin", &people));
        assert_eq!(status, 400, "{said}");
        assert!(said.starts_with("Illegal user id: "), "{said}");
        let encoded = percent_encode(odd);
        for kind in ["student", "instructor"] {
            let target = format!("{kind}/algebra/{encoded}");
            let reply = server.post(&target, "root", &details);
            assert_eq!(
                (reply.status, reply.message().as_str()),
                (400, "Illegal user id")
            );
        }
        let line = json!({ "username": odd, "first_name": "", "last_name": "", "email": "" });
        let lines = json!([line]).to_string();
        let reply = server.post("students/algebra", "kevin", &[("students", &lines)]);
        let status = &reply.ok().json()["status"][0];
        assert_eq!(
            (&status["success"], &status["message"]),
            (&json!(false), &json!("Illegal user id"))
        );
        let reply = server.post(&format!("course/{encoded}"), "root", &[]);
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (400, "Illegal course id")
        );
        let teachers = json!([odd]).to_string();
        let reply = server.post("course/other", "root", &[("instructors", &teachers)]);
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (400, "Illegal user id")
        );
    }
    assert_eq!(server.get(ROSTER, "kevin").ok().json(), everybody);
    assert_eq!(
        server.get("courses", "root").ok().json()["courses"],
        json!(["algebra"])
    );
}

#[test]
fn names_that_differ_by_case_alone_are_named_in_the_answer() {
    let server = Setup::standalone().start();
    algebra(&server);
    let people = json!({ "people": [named("LAWRENCE", "student"), named("zo\u{eb}", "student")] });
    let changes = put_json(&server, ROSTER, "kevin", &people).ok().json();
    assert_eq!(
        (&changes["added"], &changes["updated"]),
        (&json!(2), &json!(0))
    );
    let warnings = changes["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1);
    let said = warnings[0].as_str().unwrap();
    assert!(
        said.contains("\"LAWRENCE\" and \"lawrence\" differ"),
        "{said}"
    );
    let people = json!({ "people": [named("a", "student"), named("A", "student"), named("ZO\u{cb}", "student")] });
    let changes = put_json(&server, ROSTER, "kevin", &people).ok().json();
    assert_eq!(changes["warnings"].as_array().unwrap().len(), 2);
}

#[test]
fn new_names_with_capitals_are_named_unless_the_hub_has_them() {
    let hub = FakeHub::start();
    for name in ["root", "kevin", "KNOWN"] {
        hub.knows(name);
    }
    hub.made("KNOWN", "2026-09-01T08:00:00.000000Z");
    let server = Setup::behind(&hub).start();
    let course = Course::of(&server, "algebra").by_token();
    course.make(&["kevin"], &["Before"]);
    let known = server.call("GET", "v1/courses").token("KNOWN");
    server.send(&known).ok();
    let put = |people: Value| {
        let call = server.call("PUT", ROSTER).token("kevin");
        let body = json!({ "people": people }).to_string();
        server
            .send(&call.body("application/json", body))
            .ok()
            .json()
    };
    let many = (0..12).map(|number| named(&format!("S{number}"), "student"));
    let people: Vec<Value> = ["Before", "KNOWN", "eve@Uni.edu", "\u{e9}mile", "\u{e7}9"]
        .map(|name| named(name, "student"))
        .into_iter()
        .chain(many)
        .collect();
    let changes = put(json!(people));
    let warnings = changes["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let said = warnings[0].as_str().unwrap();
    assert!(said.starts_with("\"eve@Uni.edu\", \"S0\""), "{said}");
    assert!(
        said.contains(" and 3 more: JupyterHub makes names lower-case"),
        "{said}"
    );
    assert!(
        !said.contains("Before") && !said.contains("KNOWN"),
        "{said}"
    );
    let changes = put(json!([
        named("S0", "student"),
        named("\u{e9}mile", "student")
    ]));
    assert_eq!(changes["warnings"], Value::Null);
}
