//! Commands about events.

use nbcourier_testkit::person::Person;
use nbcourier_testkit::{Course, Setup};

#[test]
fn events_are_shown_to_instructors_and_all_of_them_to_administrators() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    Course::of(&server, "maths").make(&["abigail"], &[]);
    let kevin = Person::at(&server, "kevin");
    let shown = kevin.does(&["events", "algebra"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("WHEN"), "{shown}");
    assert!(
        lines[1].contains("root") && lines[1].contains("roster changed"),
        "{shown}"
    );
    assert!(lines[1].contains("lawrence"), "{shown}");
    let listed = kevin.json(&["events", "algebra", "--limit", "1"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["subject"], "lawrence");
    assert!(kevin.fails(&["events"]).contains("Permission denied"));
    let nothing = kevin.does(&["events", "algebra", "--since", "2220-01-01 00:00"]);
    assert_eq!(nothing, "Nothing happened.\n");

    let all = Person::at(&server, "root").json(&["events"]);
    assert_eq!(all.as_array().unwrap().len(), 3);
    // A person who can read the data directory needs no server.
    let data = server.data_dir().display().to_string();
    let same = Person::unconfigured().json(&["events", "--data-dir", &data]);
    assert_eq!(same, all);
    let _setup = server.kill();
    let same = Person::unconfigured().json(&["events", "algebra", "--data-dir", &data]);
    assert_eq!(same.as_array().unwrap().len(), 2);
}
