//! The overview of a course.

use super::client::{algebra, call, problem, put_json};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, Server, Setup};
use serde_json::{Value, json};

const OVERVIEW: &str = "v1/courses/algebra/overview";
const PAST: &str = "2020-01-01T00:00:00.000000Z";
const FUTURE: &str = "2220-01-01T00:00:00.000000Z";

fn overview(server: &Server) -> Value {
    server.get(OVERVIEW, "kevin").ok().json()
}

/// Returns the numbers of submitted, missing, late, and works with feedback.
fn counts(overview: &Value, assignment: usize) -> Vec<i64> {
    let one = &overview["assignments"][assignment];
    ["submitted", "missing", "late", "feedback"]
        .map(|key| one[key].as_i64().unwrap())
        .to_vec()
}

fn student<'a>(overview: &'a Value, name: &str) -> &'a Value {
    let students = overview["students"].as_array().unwrap();
    students.iter().find(|one| one["student"] == name).unwrap()
}

fn give_feedback(course: &Course<'_>, student: &str, time: &str) {
    course.give_feedback("one", student, time, &[]).ok();
}

#[test]
fn everybody_who_takes_the_course_is_in_it_whether_they_handed_in_or_not() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let names = json!({ "people": [
        { "username": "eric", "role": "student", "first_name": "Eric", "last_name": "E" },
        { "username": "kevin", "role": "instructor", "first_name": "Kevin", "last_name": "K" },
    ] });
    put_json(&server, "v1/courses/algebra/roster", "kevin", &names).ok();
    course.release("one", "kevin", &[]).ok();
    course.release("two", "kevin", &[]).ok();
    let seen = overview(&server);
    assert_eq!(
        (counts(&seen, 0), counts(&seen, 1)),
        (vec![0, 2, 0, 0], vec![0, 2, 0, 0])
    );
    assert_eq!(
        seen["students"],
        json!([
            { "student": "lawrence", "first_name": "", "last_name": "", "enrolled": true, "work": [] },
            { "student": "eric", "first_name": "Eric", "last_name": "E", "enrolled": true, "work": [] },
        ])
    );

    course.submit("two", "lawrence", &[]).ok();
    let last = timestamp_of(&course.submit("two", "lawrence", &[])).replace(' ', "T") + "Z";
    course.submit("one", "kevin", &[]).ok();
    course.submit("one", "eric", &[]).ok();
    server.delete("student/algebra/eric", "kevin").ok();
    let seen = overview(&server);
    assert_eq!(
        (counts(&seen, 0), counts(&seen, 1)),
        (vec![2, 1, 0, 0], vec![1, 0, 0, 0])
    );
    let who = seen["students"].as_array().unwrap().iter();
    let who: Vec<Value> = who
        .map(|one| json!([one["student"], one["enrolled"]]))
        .collect();
    assert_eq!(
        json!(who),
        json!([["lawrence", true], ["eric", false], ["kevin", false]])
    );
    assert_eq!(student(&seen, "kevin")["first_name"], "Kevin");
    assert_eq!(student(&seen, "eric")["first_name"], Value::Null);
    assert_eq!(
        student(&seen, "lawrence")["work"],
        json!([{
            "assignment": "two", "submitted_at": last, "late": false, "submissions": 2, "feedback": "none",
        }])
    );
}

#[test]
fn it_tells_feedback_on_the_latest_submission_from_feedback_on_an_earlier_one() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("one", "kevin", &[]).ok();
    let state = || student(&overview(&server), "eric")["work"][0]["feedback"].clone();
    let first = timestamp_of(&course.submit("one", "eric", &[]));
    assert_eq!(state(), "none");
    give_feedback(&course, "eric", &first);
    assert_eq!(
        (state(), counts(&overview(&server), 0)),
        (json!("returned"), vec![1, 1, 0, 1])
    );
    let second = timestamp_of(&course.submit("one", "eric", &[]));
    assert_eq!(
        (state(), counts(&overview(&server), 0)),
        (json!("outdated"), vec![1, 1, 0, 0])
    );
    course.submit("one", "eric", &[]).ok();
    assert_eq!(state(), "outdated");
    give_feedback(&course, "eric", &second);
    assert_eq!(state(), "outdated");

    // Submissions in the trash do not count.
    let listed = server.get("v1/courses/algebra/submissions", "kevin").json();
    let delete = |target: String| {
        let target = format!("v1/courses/algebra/submissions/{target}");
        assert_eq!(
            server
                .send(&call(&server, "DELETE", &target, "kevin"))
                .status,
            204
        );
    };
    delete(listed["submissions"][2]["id"].to_string());
    assert_eq!(state(), "returned");
    delete(format!("{}/feedback", listed["submissions"][1]["id"]));
    assert_eq!(state(), "outdated");
    delete(format!("{}/feedback", listed["submissions"][0]["id"]));
    assert_eq!(state(), "none");
    assert_eq!(
        student(&overview(&server), "eric")["work"][0]["submissions"],
        2
    );
}

#[test]
fn it_tells_what_is_late_with_extensions_counted_in() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("one", "kevin", &[]).ok();
    for student in ["eric", "lawrence"] {
        course.submit("one", student, &[]).ok();
    }
    let assignment = "v1/courses/algebra/assignments/one";
    let dates = json!({ "opens_at": PAST, "due_at": PAST, "cutoff_at": FUTURE });
    put_json(&server, &format!("{assignment}/dates"), "kevin", &dates).ok();
    let extension = json!({ "due_at": FUTURE });
    put_json(
        &server,
        &format!("{assignment}/extensions/eric"),
        "kevin",
        &extension,
    )
    .ok();
    let seen = overview(&server);
    assert_eq!(counts(&seen, 0), [2, 0, 1, 0]);
    assert_eq!(student(&seen, "eric")["work"][0]["late"], false);
    assert_eq!(student(&seen, "lawrence")["work"][0]["late"], true);
    let one = &seen["assignments"][0];
    assert_eq!(
        json!([one["opens_at"], one["due_at"], one["cutoff_at"]]),
        json!([PAST, PAST, FUTURE])
    );
}

#[test]
fn assignments_are_in_it_before_their_release_and_after_and_not_when_they_are_deleted() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    let planned = "v1/courses/algebra/assignments/planned";
    put_json(
        &server,
        &format!("{planned}/dates"),
        "kevin",
        &json!({ "due_at": FUTURE }),
    )
    .ok();
    course.release("one", "kevin", &[]).ok();
    course.submit("one", "eric", &[]).ok();
    server.delete("assignment/algebra/one", "kevin").ok();
    let released = || {
        let seen = overview(&server);
        let all = seen["assignments"].as_array().unwrap().iter();
        all.map(|one| json!([one["assignment"], one["released"], one["submitted"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        released(),
        [json!(["planned", false, 0]), json!(["one", false, 1])]
    );
    course.release("one", "kevin", &[]).ok();
    assert_eq!(
        server
            .send(&call(&server, "DELETE", planned, "kevin"))
            .status,
        204
    );
    assert_eq!(released(), [json!(["one", true, 1])]);
    let one = "v1/courses/algebra/assignments/one";
    assert_eq!(
        server.send(&call(&server, "DELETE", one, "kevin")).status,
        204
    );
    let seen = overview(&server);
    assert_eq!(seen["assignments"], json!([]));
    assert_eq!(student(&seen, "eric")["work"], json!([]));
}

#[test]
fn only_the_first_page_lists_the_assignments() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    for assignment in ["one", "two"] {
        course.release(assignment, "kevin", &[]).ok();
        course.submit(assignment, "eric", &[]).ok();
    }
    let whole = overview(&server);
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let target = format!("{OVERVIEW}?limit=1{cursor}");
        let page = server.get(&target, "kevin").ok().json();
        let next = page["next"].as_str().map(str::to_owned);
        pages.push(page);
        let Some(next) = next else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(pages.len() > 1);
    assert_eq!(pages[0]["assignments"], whole["assignments"]);
    for later in &pages[1..] {
        assert_eq!(later["assignments"], json!([]));
    }
    let students = pages
        .iter()
        .flat_map(|page| page["students"].as_array().unwrap());
    let students: Vec<&Value> = students.collect();
    assert_eq!(json!(students), whole["students"]);
}

#[test]
fn it_is_for_instructors_and_not_sent_again_unchanged() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("one", "kevin", &[]).ok();
    for user in ["eric", "sam"] {
        assert_eq!(problem(&server.get(OVERVIEW, user)).0, 403);
    }
    let first = server.get(OVERVIEW, "kevin").ok();
    let known = call(&server, "GET", OVERVIEW, "kevin")
        .header("If-None-Match", first.header("etag").unwrap());
    assert_eq!(server.send(&known).status, 304);
    course.submit("one", "eric", &[]).ok();
    assert_eq!(server.send(&known).status, 200);
}

#[test]
fn students_by_a_group_of_the_hub_are_in_it() {
    let hub = FakeHub::start();
    hub.knows("root");
    let mut model = user_model("lawrence");
    model["groups"] = json!(["nbgrader-algebra"]);
    hub.gives("lawrence", model);
    let server = Setup::behind(&hub).start();
    let ask = |method, target, token| server.send(&server.call(method, target).token(token));
    ask("POST", "course/algebra", "root").ok();
    ask("GET", "v1/courses", "lawrence").ok();
    let seen = ask("GET", OVERVIEW, "root").ok().json();
    assert_eq!(student(&seen, "lawrence")["enrolled"], true);
}
