//! What a pull brings, and what it says.

use super::lesson::Lesson;
use crate::watching::numbers::Numbers;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_pull_brings_all_files_and_folders_and_the_next_one_nothing() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("unit1/b.txt", "2");
    lesson.change(&json!([
        { "op": "mkdir", "path": "empty" },
        { "op": "copy", "from": "a.txt", "to": "again/a.txt" },
    ]));
    let run = json!({ "op": "put", "path": "run.sh", "executable": true, "size": 1,
        "sha256": nbcourier_testkit::hex_sha256(b"1") });
    lesson.change(&json!([run]));
    let report = lesson.pull(&[]);
    assert_eq!(report["outcome"], "updated", "{report}");
    assert_eq!(
        (&report["received"], &report["version"]),
        (&json!(4), &json!(5))
    );
    assert_eq!(report["directory"], "course:algebra/materials");
    assert_eq!(
        lesson.names(),
        ["a.txt", "again/a.txt", "run.sh", "unit1/b.txt"]
    );
    assert!(lesson.at("empty").is_dir());
    let mode = |path: &str| fs::metadata(lesson.at(path)).unwrap().permissions().mode();
    assert_eq!(
        (mode("run.sh") & 0o111 != 0, mode("a.txt") & 0o111 != 0),
        (true, false)
    );
    let again = lesson.pull(&[]);
    assert_eq!(
        (&again["outcome"], &again["received"]),
        (&json!("current"), &json!(0))
    );
    assert_eq!(
        lesson.ada.does(&["pull", "algebra"]),
        "algebra has version 5 already.\n"
    );
    assert_eq!(
        lesson.ada.does(&["pull", "physics"]),
        "The course physics delivers nothing to you.\n"
    );
}

#[test]
fn changes_and_removals_arrive_and_what_they_replace_is_kept() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("old/b.txt", "2");
    lesson.teach("stays.txt", "3");
    lesson.pull(&[]);
    lesson.teach("a.txt", "4");
    lesson.change(&json!([{ "op": "remove", "path": "old", "recursive": true }]));
    let report = lesson.pull(&[]);
    assert_eq!(
        (&report["received"], &report["removed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(lesson.names(), ["a.txt", "stays.txt"]);
    assert!(!lesson.at("old").exists());
    assert_eq!(lesson.kept(), ["1", "2"]);
}

#[test]
fn a_renamed_folder_is_not_downloaded_again() {
    let lesson = Lesson::with_metrics();
    for number in 0..12 {
        lesson.teach(&format!("unit1/{number}.txt"), &number.to_string());
    }
    lesson.pull(&[]);
    lesson.change(&json!([{ "op": "move", "from": "unit1", "to": "week1" }]));
    let downloads = || {
        let route = "v1/directories/{owner}/{directory}/files/{path}";
        Numbers::of(&lesson.server)
            .answers(route, "GET", 200)
            .to_string()
    };
    let before = downloads();
    let report = lesson.pull(&[]);
    assert_eq!(report["renamed"], 12, "{report}");
    assert_eq!((downloads(), before), ("12".to_owned(), "12".to_owned()));
    assert_eq!(lesson.names().len(), 12);
    assert!(lesson.at("week1/3.txt").is_file() && !lesson.at("unit1").exists());
}

#[test]
fn a_dry_run_changes_nothing() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    let report = lesson.pull(&["--dry-run"]);
    assert_eq!(
        (&report["outcome"], &report["received"]),
        (&json!("planned"), &json!(1))
    );
    assert!(!lesson.at("").exists());
    lesson.pull(&[]);
    lesson.teach("a.txt", "2");
    let shown = lesson.ada.does(&["pull", "--dry-run"]);
    assert!(
        shown.starts_with("algebra would change: 1 received, 0 removed"),
        "{shown}"
    );
    assert_eq!(lesson.read("a.txt"), "1");
}

#[test]
fn a_directory_that_was_emptied_removes_nothing_unless_somebody_says_so() {
    let lesson = Lesson::new();
    for name in ["a", "b", "c"] {
        lesson.teach(name, name);
    }
    lesson.pull(&[]);
    lesson.write("own", "mine");
    let all = ["a", "b", "c"].map(|path| json!({ "op": "remove", "path": path }));
    lesson.change(&json!(all));
    let report = lesson.pull_fails(&[]);
    let sentence = report["failures"][0].as_str().unwrap();
    assert!(
        sentence.contains("3 of your 3 files would go"),
        "{sentence}"
    );
    assert_eq!(lesson.names(), ["a", "b", "c", "own"]);
    lesson.pull(&["--confirm"]);
    assert_eq!(lesson.names(), ["own"]);
    assert_eq!(lesson.kept(), ["a", "b", "c"]);
}

#[test]
fn a_file_and_a_folder_change_their_kinds() {
    let lesson = Lesson::new();
    lesson.teach("one", "1");
    lesson.teach("two/x", "2");
    lesson.teach("three/x", "3");
    lesson.pull(&[]);
    lesson.write("three/own", "mine");
    lesson.change(&json!([
        { "op": "remove", "path": "one" },
        { "op": "remove", "path": "two", "recursive": true },
        { "op": "remove", "path": "three", "recursive": true },
    ]));
    lesson.teach("one/x", "4");
    lesson.teach("two", "5");
    lesson.teach("three", "6");
    let report = lesson.pull(&[]);
    assert_eq!(
        (lesson.read("one/x"), lesson.read("two")),
        ("4".into(), "5".into())
    );
    // The student's folder keeps its name, so the file is beside it.
    assert_eq!(lesson.read("three/own"), "mine");
    let beside = report["beside"][0]["beside"].as_str().unwrap();
    assert_eq!(lesson.read(beside), "6");
    assert_eq!(lesson.pull(&[])["outcome"], "current");
}
