//! The troubles that users of nbgitpuller report, each with the number of an issue of jupyterhub/nbgitpuller.

use super::lesson::{Lesson, notebook, only};
use serde_json::json;
use std::fs;

#[test]
fn issue_69_a_file_that_both_deleted_and_edited_stops_no_pull() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    lesson.pull(&[]);
    lesson.write("a.txt", "hers");
    lesson.change(&json!([{ "op": "remove", "path": "a.txt" }]));
    lesson.pull(&[]);
    lesson.teach("b.txt", "2");
    lesson.pull(&[]);
    assert_eq!(
        (lesson.read("a.txt"), lesson.read("b.txt")),
        ("hers".into(), "2".into())
    );
}

#[test]
fn issue_196_a_file_that_the_teacher_renamed_and_the_student_edited_stays_and_the_new_name_comes() {
    let lesson = Lesson::new();
    lesson.teach("a.ipynb", &notebook("a", 0));
    lesson.pull(&[]);
    lesson.write("a.ipynb", &notebook("hers", 1));
    lesson.change(&json!([{ "op": "move", "from": "a.ipynb", "to": "b.ipynb" }]));
    let report = lesson.pull(&[]);
    assert_eq!(lesson.read("a.ipynb"), notebook("hers", 1));
    assert_eq!(lesson.read("b.ipynb"), notebook("a", 0));
    assert_eq!(report["left"], json!(["a.ipynb"]));
}

#[test]
fn issues_221_and_234_a_file_that_the_student_renamed_or_deleted_stops_no_pull() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    lesson.teach("c.txt", "1");
    lesson.pull(&[]);
    fs::rename(lesson.at("a.txt"), lesson.at("mine.txt")).unwrap();
    fs::remove_file(lesson.at("b.txt")).unwrap();
    lesson.teach("c.txt", "2");
    assert_eq!(lesson.pull(&[])["outcome"], "updated");
    assert_eq!(lesson.names(), ["c.txt", "mine.txt"]);
    assert_eq!(lesson.read("c.txt"), "2");
}

#[test]
fn issue_263_the_student_is_told_of_a_correction_that_meets_own_changes() {
    let lesson = Lesson::new();
    lesson.teach("a.ipynb", &notebook("a", 0));
    lesson.pull(&[]);
    lesson.write("a.ipynb", &notebook("hers", 1));
    lesson.teach("a.ipynb", &notebook("corrected", 0));
    let said = lesson.ada.does(&["pull"]);
    let beside = only(&lesson.names(), "a.new-{}.ipynb");
    assert!(
        said.contains("algebra/a.ipynb") && said.contains(&beside),
        "{said}"
    );
    assert_eq!(lesson.read(&beside), notebook("corrected", 0));
}

#[test]
fn issues_264_and_279_deleting_to_start_over_gives_the_original() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    lesson.pull(&[]);
    lesson.write("a.txt", "hers");
    lesson.pull(&[]);
    fs::remove_file(lesson.at("a.txt")).unwrap();
    lesson.pull(&["--missing"]);
    assert_eq!(lesson.read("a.txt"), "1");
    // Or the whole folder: the next start of the server brings it.
    lesson.write("b.txt", "hers");
    fs::remove_dir_all(lesson.at("")).unwrap();
    assert_eq!(lesson.ada.run(&["start"]).code, Some(0));
    assert_eq!(
        (lesson.read("a.txt"), lesson.read("b.txt")),
        ("1".into(), "1".into())
    );
}

#[test]
fn issue_277_files_that_are_not_of_the_course_are_left_alone() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    for number in 0..30 {
        lesson.write(&format!("own/{number}.csv"), "hers");
        lesson.teach("a.txt", &number.to_string());
        lesson.pull(&[]);
    }
    assert_eq!(lesson.names().len(), 31);
    assert_eq!(lesson.read("own/0.csv"), "hers");
}

#[test]
fn a_history_that_was_rewritten_is_a_version_like_any_other() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    lesson.pull(&[]);
    lesson.write("b.txt", "hers");
    // Another branch: nothing is as it was, and an earlier version comes back.
    lesson.change(&json!([
        { "op": "remove", "path": "a.txt" },
        { "op": "remove", "path": "b.txt" },
    ]));
    lesson.teach("z.txt", "other");
    lesson.pull(&[]);
    assert_eq!(lesson.names(), ["b.txt", "z.txt"]);
    lesson
        .materials()
        .send("POST", "/versions/3/restore", &json!({}))
        .ok();
    lesson.pull(&[]);
    assert_eq!(lesson.read("a.txt"), "1");
    assert_eq!(lesson.read("b.txt"), "1");
    assert_eq!(lesson.read(&only(&lesson.names(), "b.mine-{}.txt")), "hers");
    assert!(!lesson.at("z.txt").exists());
}

#[test]
fn a_directory_that_was_made_anew_takes_over_the_folder() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    lesson.pull(&[]);
    lesson.write("b.txt", "hers");
    let deleted = lesson.materials().call("DELETE", "");
    assert_eq!(lesson.server.send(&deleted).status, 204);
    lesson.deliver("new", "algebra");
    let new =
        crate::directories::client::Directory::of(&lesson.server, "course:algebra", "new", "kevin");
    new.put("a.txt", "2").ok();
    let report = lesson.pull(&[]);
    assert_eq!(report["directory"], "course:algebra/new");
    assert_eq!(
        (lesson.read("a.txt"), lesson.read("b.txt")),
        ("2".into(), "hers".into())
    );
}
