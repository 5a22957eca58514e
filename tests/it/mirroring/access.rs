//! The people on the machine who may read a directory, and directories that are gone.

use super::machine::{Machine, mode};
use nbcourier_testkit::Course;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// Returns the report about a directory of the course.
#[track_caller]
fn of<'a>(reports: &'a [Value], name: &str) -> &'a Value {
    let name = format!("course:algebra/{name}");
    let mut found = reports
        .iter()
        .filter(|report| report["directory"] == name.as_str());
    found
        .next()
        .unwrap_or_else(|| panic!("{name}: {reports:?}"))
}

/// The mirror may read all directories of the course from now on.
fn enrol(machine: &Machine) {
    Course::of(&machine.server, "algebra")
        .enrol(super::machine::TOKEN)
        .ok();
}

#[test]
fn only_what_is_open_to_everybody_is_mirrored_and_the_rest_is_named() {
    let machine = Machine::new();
    machine.make("exam");
    machine.directory("exam").put("solution.txt", "42").ok();
    machine.mirror(&[]);
    assert!(!machine.at("algebra/exam").exists());
    // The mirror can read it now, and still does not show it to others.
    enrol(&machine);
    let reports = machine.mirror(&[]);
    let exam = of(&reports, "exam");
    assert_eq!(exam["outcome"], "skipped");
    let reason = exam["reasons"][0].as_str().unwrap();
    assert!(
        reason.contains("nbcourier dir share algebra:exam --everybody"),
        "{reason}"
    );
    assert_eq!(of(&reports, "data")["outcome"], "current");
    assert_eq!(machine.entries().len(), 2);
    // Directories of people are not a course's.
    let own = json!({ "name": "thesis", "owner": "ada" });
    crate::directories::client::send_json(&machine.server, "POST", "v1/directories", "ada", &own);
    let thesis = crate::directories::client::Directory::of(&machine.server, "ada", "thesis", "ada");
    thesis.grant(&json!([{ "kind": "everybody", "level": "read" }]));
    assert_eq!(machine.mirror(&[]).len(), 2);
}

#[test]
fn a_group_reads_all_directories_of_its_course_and_nobody_else_does() {
    let machine = Machine::new();
    machine.make("exam");
    machine.directory("exam").put("a.txt", "1").ok();
    enrol(&machine);
    machine.mirror(&[]);
    let data = machine.at("algebra/data");
    assert_eq!(mode(&data), 0o755);
    let group = fs::metadata(machine.operator.home()).unwrap().gid();
    let flag = format!("algebra={group}");
    machine.mirror(&["--group", &flag]);
    // What was open before is not open any more, also in its older version.
    machine.teach("a.csv", "2");
    machine.mirror(&["--group", &flag]);
    for name in machine.entries() {
        let found = fs::metadata(machine.at("algebra").join(&name)).unwrap();
        assert_eq!(
            (found.mode() & 0o7777, found.gid()),
            (0o750, group),
            "{name}"
        );
    }
    // Without the group, what is open is opened again, and nobody else reads the rest any more.
    let reports = machine.mirror_fails(&[]);
    assert_eq!(of(&reports, "exam")["outcome"], "kept");
    assert_eq!(
        (mode(&data), mode(&machine.at("algebra/exam"))),
        (0o755, 0o700)
    );
}

#[test]
fn a_wrong_group_is_an_error_of_the_command_line() {
    let machine = Machine::new();
    for flag in ["algebra", "algebra=no-such-group", "=0"] {
        let ended = machine
            .operator
            .run(&["mirror", "--to", "courses", "--group", flag]);
        assert_eq!(ended.code, Some(2), "{flag}: {}", ended.err);
    }
    let ended = machine
        .operator
        .run(&["mirror", "--to", "courses", "--every", "0s"]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(!machine.at("").exists());
}

#[test]
fn a_directory_that_is_not_open_any_more_is_closed() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    enrol(&machine);
    machine.mirror(&[]);
    machine.close("data");
    let report = &machine.mirror_fails(&[])[0];
    assert_eq!(report["outcome"], "kept");
    assert_eq!(mode(&machine.at("algebra/data")), 0o700);
    machine.open("data");
    machine.mirror(&[]);
    assert_eq!(mode(&machine.at("algebra/data")), 0o755);
    machine.close("data");
    assert_eq!(machine.mirror(&["--prune"])[0]["outcome"], "removed");
    assert_eq!(machine.entries(), [""; 0]);
}

#[test]
fn a_deleted_directory_stays_until_somebody_wants_it_removed() {
    let machine = Machine::new();
    machine.make("more");
    machine.open("more");
    machine.teach("a.csv", "1");
    machine.mirror(&[]);
    let delete = |name: &str| {
        let deleted = machine.directory(name).call("DELETE", "");
        assert_eq!(machine.server.send(&deleted).status, 204);
    };
    delete("data");
    let reports = machine.mirror_fails(&[]);
    assert_eq!(of(&reports, "data")["outcome"], "kept");
    assert_eq!(machine.read("algebra/data/a.csv"), "1");
    let reports = machine.mirror(&["--prune"]);
    assert_eq!(of(&reports, "data")["outcome"], "removed");
    assert_eq!(machine.entries().len(), 2);
    assert_eq!(machine.mirror(&["--prune"]).len(), 1);
    // A token that can read nothing, or an exchange that lost its data, removes nothing.
    delete("more");
    let reports = machine.mirror_fails(&["--prune"]);
    assert_eq!(of(&reports, "more")["outcome"], "kept");
    assert_eq!(machine.entries().len(), 2);
}

#[test]
fn a_course_of_which_nothing_is_mirrored_is_named() {
    let machine = Machine::new();
    Course::of(&machine.server, "calculus").make(&["kevin"], &[]);
    let reports = machine.mirror_fails(&["algebra", "calculus"]);
    assert_eq!(of(&reports, "data")["outcome"], "updated");
    assert_eq!(
        reports[1]["reasons"][0],
        "No directory of the course calculus is mirrored. Ask its instructors to grant one to the name of your token"
    );
    machine.mirror(&["algebra"]);
    machine.close("data");
    let nothing = machine.operator.does(&["mirror", "--to", "elsewhere"]);
    assert_eq!(
        nothing,
        "You can read no directory of a course. Ask instructors to grant one to the name of your token.\n"
    );
    // A group for a course is a wish for its directories.
    let reports = machine.mirror_fails(&["--group", "calculus=root"]);
    let last = reports.last().unwrap();
    let reason = last["reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("No directory of the course calculus is mirrored"),
        "{reason}"
    );
}
