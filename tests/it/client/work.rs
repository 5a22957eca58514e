//! Commands about submissions, dates and the trash.

use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::person::Person;
use nbcourier_testkit::{Call, Course, Sent, Server, Setup};
use serde_json::{Value, json};

const LATE: &str = "2020-01-01T00:00:00Z";
const LATE_SHOWN: &str = "2020-01-01T00:00:00.000000Z";
const LATER: &str = "2099-01-01T00:00:00Z";
const LATER_SHOWN: &str = "2099-01-01T00:00:00.000000Z";

/// Returns a course where lawrence has submitted and got feedback, and eric has done nothing.
fn algebra() -> (Server, Person) {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence", "eric"]);
    course.release("ps1", "kevin", &[]).ok();
    let time = timestamp_of(&course.submit("ps1", "lawrence", &[Sent::new("a", "b")]));
    course.give_feedback("ps1", "lawrence", &time, &[]).ok();
    let kevin = Person::at(&server, "kevin");
    (server, kevin)
}

fn ask(server: &Server, method: &str, target: &str, body: &Value) -> Value {
    let call: Call = server.call(method, &format!("{target}?user=kevin"));
    let reply = server.send(&call.body("application/json", body.to_string()));
    assert!(reply.status < 300, "{}", reply.text());
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

#[test]
fn an_instructor_sees_who_has_handed_in_and_who_has_not() {
    let (server, kevin) = algebra();
    kevin.does(&["dates", "algebra", "ps1", "--due", LATE]);
    let course = Course::of(&server, "algebra");
    course.submit("ps1", "lawrence", &[Sent::new("a", "c")]);
    let lines = kevin.json(&["submissions", "algebra", "ps1"]);
    assert_eq!(lines.as_array().unwrap().len(), 2);
    let of = |student: &str| {
        let mut lines = lines.as_array().unwrap().iter();
        lines.find(|line| line["student"] == student).unwrap()
    };
    let lawrence = of("lawrence");
    assert_eq!(
        (
            &lawrence["late"],
            &lawrence["submissions"],
            &lawrence["feedback"]
        ),
        (&json!(true), &json!(2), &json!("outdated"))
    );
    assert_eq!(of("eric")["submitted_at"], Value::Null);
    let table = kevin.does(&["submissions", "algebra", "ps1"]);
    let eric = table.lines().find(|line| line.starts_with("eric"));
    assert!(eric.unwrap().contains("missing"), "{table}");
    assert!(
        table.contains("Submitted: 1. Missing: 1. Late: 1."),
        "{table}"
    );
    let missing = kevin.does(&["submissions", "algebra", "ps1", "--missing"]);
    assert!(!missing.contains("lawrence"), "{missing}");
    let said = kevin.fails(&["submissions", "algebra", "ps2"]);
    assert_eq!(said, "Assignment not found. The course has: ps1");
    let lawrence = Person::at(&server, "lawrence");
    let said = lawrence.fails(&["submissions", "algebra", "ps1"]);
    assert!(said.starts_with("Permission denied"), "{said}");
}

#[test]
fn dates_are_set_one_by_one_and_taken_away_again() {
    let (server, kevin) = algebra();
    let dates = |opens: Value, due: Value, cut_off: Value| json!({ "opens_at": opens, "due_at": due, "cutoff_at": cut_off });
    let none = Value::Null;
    let said = kevin.json(&["dates", "algebra", "ps1", "--due", LATE]);
    assert_eq!(said, dates(none.clone(), json!(LATE_SHOWN), none.clone()));
    kevin.does(&["dates", "algebra", "ps1", "--cut-off", LATER]);
    let said = kevin.json(&["dates", "algebra", "ps1"]);
    assert_eq!(
        said,
        dates(none.clone(), json!(LATE_SHOWN), json!(LATER_SHOWN))
    );
    kevin.does(&["dates", "algebra", "ps1", "--due", "none"]);
    let lawrence = Person::at(&server, "lawrence");
    assert_eq!(
        lawrence.json(&["dates", "algebra", "ps1"]),
        dates(none.clone(), none, json!(LATER_SHOWN)),
        "a student sees theirs"
    );
    let said = lawrence.fails(&["dates", "algebra", "ps1", "--due", "none"]);
    assert!(said.starts_with("Permission denied"), "{said}");
    kevin.fails(&[
        "dates",
        "algebra",
        "ps1",
        "--opens",
        LATER,
        "--cut-off",
        LATE,
    ]);
    assert_eq!(
        kevin.fails(&["dates", "algebra", "nothing"]),
        "Assignment not found"
    );
    let wrong = kevin.run(&["dates", "algebra", "ps1", "--due", "tomorrow"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("2026-12-01 23:59"), "{}", wrong.err);
}

#[test]
fn dates_are_shown_and_understood_in_the_time_zone_of_the_reader() {
    let (_server, kevin) = algebra();
    let kevin = kevin.env("TZ", "Asia/Tokyo");
    let line = ["dates", "algebra", "ps1", "--due", "2026-12-01 23:59"];
    let table = kevin.does(&line);
    assert!(table.contains("2026-12-01 23:59:00 +09:00"), "{table}");
    assert_eq!(
        kevin.json(&["dates", "algebra", "ps1"])["due_at"],
        "2026-12-01T14:59:00.000000Z"
    );
}

#[test]
fn a_student_gets_more_time_and_loses_it_again() {
    let (server, kevin) = algebra();
    kevin.does(&["dates", "algebra", "ps1", "--due", LATE]);
    let of = ["algebra", "ps1"];
    let set = |more: &[&str]| {
        let line = [&["extension", "set"], &of[..], &["eric"], more].concat();
        kevin.does(&line)
    };
    set(&["--due", LATER]);
    set(&["--cut-off", LATER]);
    let listed = kevin.json(&["extension", "list", "algebra", "ps1"]);
    assert_eq!(
        listed,
        json!([{ "student": "eric", "due_at": LATER_SHOWN, "cutoff_at": LATER_SHOWN }]),
        "the second left the first as it was"
    );
    let eric = Person::at(&server, "eric");
    let dates = eric.json(&["dates", "algebra", "ps1"]);
    assert_eq!(dates["due_at"], LATER_SHOWN);
    kevin.does(&["extension", "remove", "algebra", "ps1", "eric"]);
    assert_eq!(
        kevin.does(&["extension", "list", "algebra", "ps1"]),
        "Nobody has an extension.\n"
    );
    let dates = eric.json(&["dates", "algebra", "ps1"]);
    assert_eq!(dates["due_at"], LATE_SHOWN);
}

#[test]
fn a_student_always_has_more_time_until_the_allowance_is_removed() {
    let (server, kevin) = algebra();
    kevin.does(&["dates", "algebra", "ps1", "--due", LATE]);
    let set = |more: &[&str]| {
        let line = [&["allowance", "set", "algebra", "eric"], more].concat();
        kevin.json(&line)
    };
    let noted = set(&["--days", "2", "--hours", "1", "--note", "dyslexia"]);
    assert_eq!(
        noted,
        json!({ "student": "eric", "hours": 49, "note": "dyslexia" })
    );
    let kept = set(&["--hours", "24"]);
    assert_eq!(
        (&kept["hours"], &kept["note"]),
        (&json!(24), &noted["note"])
    );
    assert!(set(&["--hours", "24", "--note", ""]).get("note").is_none());
    let listed = kevin.json(&["allowance", "list", "algebra"]);
    assert_eq!(listed, json!([{ "student": "eric", "hours": 24 }]));
    let eric = Person::at(&server, "eric");
    let dates = eric.json(&["dates", "algebra", "ps1"]);
    assert_ne!(dates["due_at"], LATE_SHOWN);
    kevin.does(&["allowance", "remove", "algebra", "eric"]);
    assert_eq!(
        kevin.does(&["allowance", "list", "algebra"]),
        "Nobody has an allowance.\n"
    );
    let dates = eric.json(&["dates", "algebra", "ps1"]);
    assert_eq!(dates["due_at"], LATE_SHOWN);
    for wrong in [&["--days", "366"][..], &["--hours", "-1"], &[]] {
        let line = [&["allowance", "set", "algebra", "eric"], wrong].concat();
        assert_eq!(kevin.run(&line).code, Some(2), "{wrong:?}");
    }
    let said = kevin.fails(&["allowance", "set", "algebra", "eric", "--hours", "0"]);
    assert!(said.contains("from 1 to 8760 hours"), "{said}");
    let said = kevin.fails(&["allowance", "set", "algebra", "nobody", "--hours", "1"]);
    assert!(said.contains("Student not found"), "{said}");
}

#[test]
fn deleted_things_of_a_course_are_restored_by_number() {
    let (server, kevin) = algebra();
    let kinds = [
        ("feedback", "submissions/ID/feedback"),
        ("submission", "submissions/ID"),
        ("assignment", "assignments/ps1"),
    ];
    let listing = server.get("v1/courses/algebra/submissions", "kevin").ok();
    let id = listing.json()["submissions"][0]["id"].to_string();
    for (kind, path) in kinds {
        let before = kevin.json(&["submissions", "algebra", "ps1"]);
        let path = path.replace("ID", &id);
        ask(
            &server,
            "DELETE",
            &format!("v1/courses/algebra/{path}"),
            &json!({}),
        );
        let table = kevin.does(&["trash", "list", "algebra"]);
        let line = table.lines().nth(1).unwrap_or_default();
        assert!(line.starts_with(kind), "{table}");
        let number = line.split_whitespace().nth(1).unwrap();
        kevin.does(&["trash", "restore", "algebra", kind, number]);
        assert_eq!(
            kevin.does(&["trash", "list", "algebra"]),
            "Nothing can be restored.\n"
        );
        assert_eq!(
            kevin.json(&["submissions", "algebra", "ps1"]),
            before,
            "{kind}"
        );
        let again = kevin.fails(&["trash", "restore", "algebra", kind, number]);
        assert!(again.contains("not found"), "{again}");
    }
}
