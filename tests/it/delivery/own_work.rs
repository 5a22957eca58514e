//! The work of a student in a folder that is delivered: nobody is asked anything, and nothing of it is lost.

use super::lesson::{Lesson, notebook, only};
use crate::directories::client::Directory;
use serde_json::json;
use std::fs;

#[test]
fn a_notebook_that_was_only_run_is_corrected_and_the_run_one_is_kept() {
    let lesson = Lesson::new();
    lesson.teach("lesson.ipynb", &notebook("a = 1", 0));
    lesson.pull(&[]);
    lesson.write("lesson.ipynb", &notebook("a = 1", 7));
    lesson.teach("lesson.ipynb", &notebook("a = 2", 0));
    let report = lesson.pull(&[]);
    assert_eq!(report["kept"], json!(["lesson.ipynb"]));
    assert_eq!(lesson.read("lesson.ipynb"), notebook("a = 2", 0));
    assert_eq!(lesson.kept(), [notebook("a = 1", 7)]);
    assert_eq!(lesson.names(), ["lesson.ipynb"]);
}

#[test]
fn an_answer_stays_and_the_corrected_notebook_comes_beside_it() {
    let lesson = Lesson::new();
    lesson.teach("lesson.ipynb", &notebook("a = 1", 0));
    lesson.pull(&[]);
    let answer = notebook("a = 1 # Ada", 3);
    lesson.write("lesson.ipynb", &answer);
    lesson.teach("lesson.ipynb", &notebook("a = 2", 0));
    let report = lesson.pull(&[]);
    assert_eq!(lesson.read("lesson.ipynb"), answer);
    let beside = only(&lesson.names(), "lesson.new-{}.ipynb");
    assert_eq!(lesson.read(&beside), notebook("a = 2", 0));
    assert_eq!(
        report["beside"],
        json!([{ "path": "lesson.ipynb", "beside": beside }])
    );
    // A further correction of the day replaces the first, unless she has worked with it.
    lesson.teach("lesson.ipynb", &notebook("a = 3", 0));
    lesson.pull(&[]);
    assert_eq!(lesson.names().len(), 2);
    assert_eq!(lesson.read(&beside), notebook("a = 3", 0));
    lesson.write(&beside, "hers, too");
    lesson.teach("lesson.ipynb", &notebook("a = 4", 0));
    lesson.pull(&[]);
    assert_eq!(lesson.names().len(), 3);
    assert_eq!(
        (lesson.read(&beside), lesson.read("lesson.ipynb")),
        ("hers, too".into(), answer)
    );
}

#[test]
fn the_report_names_both_files_in_words() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    lesson.write("a.txt", "mine");
    lesson.teach("a.txt", "2");
    let said = lesson.ada.does(&["pull"]);
    assert!(
        said.contains("algebra/a.txt stays as you changed it."),
        "{said}"
    );
    assert!(said.contains("beside it, in a.new-"), "{said}");
    let log = lesson.read(".nbcourier/log");
    assert!(
        log.contains("algebra/a.txt stays as you changed it."),
        "{log}"
    );
}

#[test]
fn what_a_student_edited_stays_when_the_teacher_deletes_it() {
    let lesson = Lesson::new();
    lesson.teach("a.ipynb", &notebook("a", 0));
    lesson.teach("b.ipynb", &notebook("b", 0));
    lesson.teach("c.txt", "c");
    lesson.pull(&[]);
    lesson.write("a.ipynb", &notebook("hers", 1));
    lesson.write("b.ipynb", &notebook("b", 5));
    let gone = ["a.ipynb", "b.ipynb"].map(|path| json!({ "op": "remove", "path": path }));
    lesson.change(&json!(gone));
    let report = lesson.pull(&[]);
    assert_eq!(report["left"], json!(["a.ipynb"]));
    assert_eq!(lesson.names(), ["a.ipynb", "c.txt"]);
    assert_eq!(lesson.kept(), [notebook("b", 5)]);
}

#[test]
fn a_removed_folder_stays_away_until_it_is_asked_for() {
    let lesson = Lesson::new();
    lesson.teach("unit1/a.txt", "1");
    lesson.teach("unit2/a.txt", "2");
    lesson.pull(&[]);
    fs::remove_dir_all(lesson.at("unit1")).unwrap();
    lesson.teach("unit3/a.txt", "3");
    lesson.pull(&[]);
    assert_eq!(lesson.names(), ["unit2/a.txt", "unit3/a.txt"]);
    lesson.write("unit2/a.txt", "hers");
    lesson.pull(&["--missing"]);
    assert_eq!(
        lesson.names(),
        ["unit1/a.txt", "unit2/a.txt", "unit3/a.txt"]
    );
    assert_eq!(lesson.read("unit2/a.txt"), "hers");
}

#[test]
fn the_teachers_file_gets_its_name_where_a_student_had_made_one() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    lesson.write("Untitled.ipynb", &notebook("hers", 2));
    lesson.write("folder", "hers");
    lesson.teach("Untitled.ipynb", &notebook("the teacher's", 0));
    lesson.teach("folder/in/it", "x");
    lesson.pull(&[]);
    assert_eq!(lesson.read("Untitled.ipynb"), notebook("the teacher's", 0));
    let mine = only(&lesson.names(), "Untitled.mine-{}.ipynb");
    assert_eq!(lesson.read(&mine), notebook("hers", 2));
    assert_eq!(lesson.read("folder/in/it"), "x");
    assert_eq!(
        lesson.read(&only(&lesson.names(), "folder.mine-{}")),
        "hers"
    );
}

#[test]
fn a_folder_that_was_there_before_is_taken_over_without_loss() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.ipynb", &notebook("b", 0));
    lesson.write("a.txt", "an older one");
    lesson.write("b.ipynb", &notebook("b", 9));
    lesson.write("own.txt", "hers");
    lesson.pull(&[]);
    assert_eq!(lesson.read("a.txt"), "1");
    assert_eq!(
        lesson.read(&only(&lesson.names(), "a.mine-{}.txt")),
        "an older one"
    );
    // It was only run, and so is the same notebook.
    assert_eq!(lesson.read("b.ipynb"), notebook("b", 9));
    assert_eq!(lesson.names().len(), 4);
}

#[test]
fn a_folder_that_a_student_syncs_with_a_directory_of_their_own_stays_theirs() {
    let lesson = Lesson::new();
    let home = lesson.ada.home().join("thesis");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("a.txt"), "hers").unwrap();
    lesson.ada.does(&["sync", "add", "thesis"]);
    lesson.ada.does(&["sync", "run", "--once"]);
    lesson.deliver("exam", "thesis");
    let exam = Directory::of(&lesson.server, "course:algebra", "exam", "kevin");
    exam.put("b.txt", "the teacher's").ok();
    let pulled = lesson.ada.run(&["pull"]);
    assert_eq!(pulled.code, Some(1));
    let sentence = "nbcourier sync keeps this folder equal with ada/thesis";
    assert!(pulled.out.contains(sentence), "{}", pulled.out);
    lesson.ada.does(&["sync", "run", "--once"]);
    let own = Directory::of(&lesson.server, "ada", "thesis", "ada");
    assert_eq!(own.paths(""), ["a.txt"]);
    assert_eq!(fs::read_to_string(home.join("a.txt")).unwrap(), "hers");
    assert!(!home.join("b.txt").exists());
    // Without the pair, the folder is one of her own files, and none of them goes.
    lesson.ada.does(&["sync", "remove", "thesis"]);
    lesson.ada.does(&["pull"]);
    let texts = ["a.txt", "b.txt"].map(|name| fs::read_to_string(home.join(name)).unwrap());
    assert_eq!(texts, ["hers", "the teacher's"]);
}

#[test]
fn a_lost_state_costs_no_file() {
    let lesson = Lesson::new();
    for (path, text) in [("a.txt", "1"), ("b.txt", "2"), ("c.txt", "3")] {
        lesson.teach(path, text);
    }
    lesson.pull(&[]);
    lesson.write("b.txt", "hers");
    for damage in ["", "{", "{\"form\": 9}", "[1, 2]"] {
        fs::write(lesson.at(".nbcourier/state.json"), damage).unwrap();
        lesson.pull(&[]);
        let names = lesson.names();
        assert_eq!(lesson.read("b.txt"), "2", "{damage}");
        assert_eq!(
            lesson.read(&only(&names, "b.mine-{}.txt")),
            "hers",
            "{damage}"
        );
        fs::rename(
            lesson.at(&only(&names, "b.mine-{}.txt")),
            lesson.at("b.txt"),
        )
        .unwrap();
    }
}
