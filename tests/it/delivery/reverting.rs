//! The originals of files.

use super::lesson::{Lesson, notebook, only};
use serde_json::json;
use std::fs;

#[test]
fn the_original_returns_and_the_students_own_is_beside_it() {
    let lesson = Lesson::new();
    lesson.teach("unit1/a.ipynb", &notebook("a", 0));
    lesson.pull(&[]);
    let said = lesson.ada.does(&["revert", "algebra/unit1/a.ipynb"]);
    assert!(
        said.ends_with("a.ipynb is the original already.\n"),
        "{said}"
    );
    // Twice in a minute: both are there.
    for answer in ["first", "second"] {
        lesson.write("unit1/a.ipynb", &notebook(answer, 1));
        let said = lesson.ada.does(&["revert", "algebra/unit1/a.ipynb"]);
        assert!(said.contains("is the original again. Yours is"), "{said}");
        assert_eq!(lesson.read("unit1/a.ipynb"), notebook("a", 0));
    }
    let files = lesson.files();
    assert_eq!(files.len(), 3, "{files:?}");
    for answer in ["first", "second"] {
        assert!(
            files.iter().any(|(_, text)| *text == notebook(answer, 1)),
            "{files:?}"
        );
    }
    assert_eq!(lesson.pull(&[])["outcome"], "current");
}

#[test]
fn the_original_is_that_of_the_version_in_the_folder() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    lesson.pull(&[]);
    lesson.write("a.txt", "hers");
    fs::remove_file(lesson.at("b.txt")).unwrap();
    lesson.teach("a.txt", "2");
    let shown = lesson
        .ada
        .json(&["revert", "algebra/a.txt", "algebra/b.txt", "--discard"]);
    assert_eq!(
        (&shown[0]["version"], &shown[1]["mine"]),
        (&json!(3), &json!(null))
    );
    assert_eq!(
        (lesson.read("a.txt"), lesson.read("b.txt")),
        ("1".into(), "1".into())
    );
    assert_eq!(
        (lesson.names().len(), lesson.kept()),
        (2, vec!["hers".to_owned()])
    );
    lesson.pull(&[]);
    assert_eq!(lesson.read("a.txt"), "2");
}

#[test]
fn a_file_without_an_original_stays() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    lesson.write("own.txt", "hers");
    fs::write(lesson.ada.home().join("elsewhere.txt"), "hers").unwrap();
    let refusal = lesson.ada.fails(&["revert", "algebra/own.txt"]);
    assert!(refusal.contains("has received no such file"), "{refusal}");
    let refusal = lesson.ada.fails(&["revert", "elsewhere.txt"]);
    assert!(
        refusal.contains("is in no folder that a course delivers"),
        "{refusal}"
    );
    assert_eq!(lesson.read("own.txt"), "hers");
    lesson.write("a.txt", "hers");
    let ended = lesson
        .ada
        .run(&["revert", "algebra/own.txt", "algebra/a.txt"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(lesson.read("a.txt"), "1");
    assert_eq!(lesson.read(&only(&lesson.names(), "a.mine-{}.txt")), "hers");
}
