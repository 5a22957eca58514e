//! Withdrawing feedback, from one student or from a class.

use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::person::Person;
use nbcourier_testkit::{Course, Sent, Server, Setup};
use serde_json::json;

/// Returns a course where lawrence has feedback on both submissions, eric on his only one, and ann has none.
fn algebra() -> (Server, Person) {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence", "eric", "ann"]);
    course.release("ps1", "kevin", &[]).ok();
    for (student, text) in [("lawrence", "1"), ("lawrence", "2"), ("eric", "3")] {
        let handed_in = course.submit("ps1", student, &[Sent::new("a", text)]);
        let page = [Sent::new("p1.html", text)];
        let time = timestamp_of(&handed_in);
        course.give_feedback("ps1", student, &time, &page).ok();
    }
    course.submit("ps1", "ann", &[Sent::new("a", "4")]);
    let kevin = Person::at(&server, "kevin");
    (server, kevin)
}

/// Returns the state of feedback for each student's work on `ps1`: `none`, `returned` or `outdated`.
fn states(kevin: &Person) -> Vec<String> {
    let lines = kevin.json(&["submissions", "algebra", "ps1"]);
    let of = |student: &str| {
        let mut lines = lines.as_array().unwrap().iter();
        let line = lines.find(|line| line["student"] == student).unwrap();
        line["feedback"].as_str().unwrap().to_owned()
    };
    ["ann", "eric", "lawrence"].map(of).to_vec()
}

#[test]
fn one_students_feedback_is_removed_from_all_their_submissions_and_comes_back() {
    let (_server, kevin) = algebra();
    let said = kevin.does(&["feedback", "remove", "algebra", "ps1", "lawrence"]);
    assert!(
        said.starts_with("Removed the feedback on 2 submissions."),
        "{said}"
    );
    assert_eq!(states(&kevin), ["none", "returned", "none"]);
    let again = kevin.fails(&["feedback", "remove", "algebra", "ps1", "lawrence"]);
    assert_eq!(again, "lawrence has no feedback on ps1 in algebra");
    let trash = kevin.json(&["trash", "list", "algebra"]);
    for deleted in trash["feedback"].as_array().unwrap() {
        let number = deleted["id"].to_string();
        kevin.does(&["trash", "restore", "algebra", "feedback", &number]);
    }
    assert_eq!(states(&kevin), ["none", "returned", "returned"]);
}

#[test]
fn a_class_is_asked_about_first_and_shown_by_a_dry_run() {
    let (_server, kevin) = algebra();
    let all = ["feedback", "remove", "algebra", "ps1", "--all"];
    let said = kevin.fails(&all);
    assert!(
        said.starts_with("This affects the feedback on 3 submissions to ps1. Add --yes"),
        "{said}"
    );
    let shown = kevin.json(&[&all[..], &["--dry-run"]].concat());
    let students = shown.as_array().unwrap().iter();
    let students: Vec<_> = students.map(|line| line["student"].clone()).collect();
    assert_eq!(
        students,
        ["lawrence", "lawrence", "eric"].map(|name| json!(name))
    );
    let table = kevin.does(&[&all[..], &["--dry-run"]].concat());
    assert_eq!(table.lines().count(), 4, "{table}");
    assert_eq!(states(&kevin), ["none", "returned", "returned"]);

    kevin.does(&[&all[..], &["--yes"]].concat());
    assert_eq!(states(&kevin), ["none", "none", "none"]);
    let again = kevin.fails(&[&all[..], &["--yes"]].concat());
    assert_eq!(again, "Nobody has feedback on ps1 in algebra");
}

#[test]
fn only_an_instructor_removes_feedback_and_only_what_is_named() {
    let (server, kevin) = algebra();
    let lawrence = Person::at(&server, "lawrence");
    let remove = ["feedback", "remove", "algebra"];
    let said = lawrence.fails(&[&remove[..], &["ps1", "lawrence"]].concat());
    assert!(said.starts_with("Permission denied"), "{said}");
    let said = lawrence.fails(&[&remove[..], &["ps1", "eric"]].concat());
    assert!(said.starts_with("Permission denied"), "{said}");
    for wrong in [&["ps1"][..], &["ps1", "lawrence", "--all"]] {
        assert_eq!(kevin.run(&[&remove[..], wrong].concat()).code, Some(2));
    }
    let said = kevin.fails(&[&remove[..], &["ps2", "--all", "--yes"]].concat());
    assert_eq!(said, "Assignment not found");
    assert_eq!(
        kevin.fails(&[&remove[..], &["ps1", "ann"]].concat()),
        "ann has no feedback on ps1 in algebra"
    );
    assert_eq!(states(&kevin), ["none", "returned", "returned"]);
}
