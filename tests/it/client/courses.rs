//! Commands about courses.

use nbcourier_testkit::person::Person;
use nbcourier_testkit::{Course, Setup};
use serde_json::json;

#[test]
fn an_admin_makes_a_course_and_its_people_see_it() {
    let server = Setup::standalone().start();
    let root = Person::at(&server, "root");
    root.does(&["course", "create", "Übung (B) + more", "ira"]);
    let ira = Person::at(&server, "ira");
    assert_eq!(
        ira.json(&["course", "list"]),
        json!([{ "course": "Übung (B) + more", "role": "instructor" }])
    );
    let table = ira.does(&["course", "list"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines,
        ["COURSE            YOU ARE", "Übung (B) + more  instructor"]
    );
    let sam = Person::at(&server, "sam");
    assert_eq!(
        sam.does(&["course", "list"]),
        "You are not in any course.\n"
    );
    assert_eq!(
        root.fails(&["course", "create", "Übung (B) + more"]),
        "Course already exists"
    );
    let refused = sam.fails(&["course", "create", "mine"]);
    assert!(
        refused.starts_with("Permission denied. The exchange knows you as 'sam'. Ask"),
        "{refused}"
    );
}

#[test]
fn a_course_is_shown_to_those_in_it_each_what_is_theirs() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence", "eric"]);
    course.release("challenge", "kevin", &[]).ok();
    let kevin = Person::at(&server, "kevin");
    let shown = kevin.json(&["course", "show", "algebra"]);
    assert_eq!(shown["assignments"][0]["assignment"], "challenge");
    assert_eq!(shown["people"].as_array().unwrap().len(), 3);
    let table = kevin.does(&["course", "show", "algebra"]);
    assert!(
        table.contains("Instructors: 1. Assistants: 0. Students: 2."),
        "{table}"
    );
    let lawrence = Person::at(&server, "lawrence");
    let shown = lawrence.json(&["course", "show", "algebra"]);
    assert_eq!(
        (shown["role"].as_str(), shown.get("people")),
        (Some("student"), None)
    );
    assert_eq!(
        lawrence.fails(&["course", "show", "none"]),
        "Course not found"
    );
}

#[test]
fn a_deleted_course_comes_back_by_its_number() {
    let server = Setup::standalone().start();
    let root = Person::at(&server, "root");
    root.does(&["course", "create", "algebra", "kevin"]);
    root.does(&["course", "delete", "algebra"]);
    assert_eq!(
        root.fails(&["roster", "list", "algebra"]),
        "Course not found"
    );
    let trash = root.json(&["trash", "list"]);
    assert_eq!(trash[0]["course"], "algebra");
    let number = trash[0]["id"].to_string();
    assert!(root.does(&["trash", "list"]).contains("algebra"));
    root.does(&["trash", "restore-course", &number]);
    assert_eq!(
        root.json(&["roster", "list", "algebra"])[0]["username"],
        "kevin"
    );
    assert_eq!(
        root.fails(&["trash", "restore-course", &number]),
        "Course not found"
    );
    assert_eq!(
        root.does(&["trash", "list"]),
        "No course can be restored.\n"
    );
}

#[test]
fn names_that_cannot_be_are_refused_before_anybody_is_asked() {
    let person = Person::unconfigured();
    for name in ["..", "a/b", ""] {
        let ended = person.run(&["course", "show", name]);
        assert_eq!(ended.code, Some(2), "{name}");
        assert!(ended.err.contains("Illegal course id"), "{}", ended.err);
    }
}
