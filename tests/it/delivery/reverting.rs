//! The originals of files.

use super::lesson::{Lesson, notebook, only};
use nbcourier_testkit::{Course, Sent};
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
        refusal.contains(
            "neither in a folder that a course delivers nor in that of one of your assignments"
        ),
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

/// Releases `ps1` in the course, and gives Ada a folder of it.
fn fetched(lesson: &Lesson, folder: &str) -> std::path::PathBuf {
    let algebra = Course::of(&lesson.server, "algebra");
    let files = [
        Sent::new("p1.ipynb", notebook("# answer", 0)),
        Sent::new("data/values.csv", "1,2"),
    ];
    algebra.release("ps1", "kevin", &files).ok();
    let at = lesson.ada.home().join(folder);
    fs::create_dir_all(at.join("data")).unwrap();
    fs::write(at.join("p1.ipynb"), notebook("x = 7", 1)).unwrap();
    fs::write(at.join("data/values.csv"), "1,2").unwrap();
    at
}

#[test]
fn the_released_file_of_an_assignment_returns() {
    for folder in ["ps1", "courses/algebra/ps1", "work/ps1"] {
        let lesson = Lesson::new();
        let at = fetched(&lesson, folder);
        let path = format!("{folder}/p1.ipynb");
        let shown = lesson.ada.json(&["revert", &path]);
        let original = fs::read_to_string(at.join("p1.ipynb")).unwrap();
        assert_eq!(original, notebook("# answer", 0), "{folder}");
        let mine = shown[0]["mine"].as_str().unwrap();
        assert_eq!(fs::read_to_string(mine).unwrap(), notebook("x = 7", 1));
        assert_eq!(lesson.ada.json(&["revert", &path])[0]["was_original"], true);
        // A file below, one that is gone, and one that was never released.
        let data = format!("{folder}/data/values.csv");
        fs::write(at.join("data/values.csv"), "hers").unwrap();
        let mine = lesson.ada.json(&["revert", &data])[0]["mine"].clone();
        assert_eq!(fs::read_to_string(mine.as_str().unwrap()).unwrap(), "hers");
        fs::remove_dir_all(at.join("data")).unwrap();
        lesson.ada.does(&["revert", &data]);
        assert_eq!(
            fs::read_to_string(at.join("data/values.csv")).unwrap(),
            "1,2"
        );
        let refusal = lesson.ada.fails(&["revert", &format!("{folder}/own.txt")]);
        assert!(
            refusal.contains("assignment ps1 of algebra has no such file"),
            "{refusal}"
        );
        let refusal = lesson.ada.fails(&["revert", "--discard", &path]);
        assert!(refusal.contains("Leave out --discard"), "{refusal}");
        // Nothing else is left for nbgrader to submit.
        let mut names: Vec<_> = fs::read_dir(&at)
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
    }
}

#[test]
fn an_assignment_of_two_courses_is_found_by_the_folder_of_the_course() {
    let lesson = Lesson::new();
    let at = fetched(&lesson, "ps1");
    let physics = Course::of(&lesson.server, "physics");
    physics.make(&["kevin"], &["ada"]);
    physics
        .release("ps1", "kevin", &[Sent::new("p1.ipynb", "physics")])
        .ok();
    let refusal = lesson.ada.fails(&["revert", "ps1/p1.ipynb"]);
    assert!(
        refusal.contains("nor in that of one of your assignments"),
        "{refusal}"
    );
    assert_eq!(
        fs::read_to_string(at.join("p1.ipynb")).unwrap(),
        notebook("x = 7", 1)
    );
    let below = lesson.ada.home().join("physics/ps1");
    fs::create_dir_all(&below).unwrap();
    fs::write(below.join("p1.ipynb"), "hers").unwrap();
    lesson.ada.does(&["revert", "physics/ps1/p1.ipynb"]);
    assert_eq!(
        fs::read_to_string(below.join("p1.ipynb")).unwrap(),
        "physics"
    );
}

#[test]
fn a_link_in_the_folder_of_an_assignment_is_not_followed() {
    let lesson = Lesson::new();
    let at = fetched(&lesson, "ps1");
    let elsewhere = lesson.ada.home().join("elsewhere");
    fs::rename(at.join("data"), &elsewhere).unwrap();
    std::os::unix::fs::symlink("../elsewhere", at.join("data")).unwrap();
    fs::write(elsewhere.join("values.csv"), "hers").unwrap();
    let refusal = lesson.ada.fails(&["revert", "ps1/data/values.csv"]);
    assert!(refusal.contains("was not changed"), "{refusal}");
    assert_eq!(
        fs::read_to_string(elsewhere.join("values.csv")).unwrap(),
        "hers"
    );
}
