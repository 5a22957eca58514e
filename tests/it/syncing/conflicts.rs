//! Both sides changed the same: both contents stay.

use super::desk::Desk;
use crate::delivery::lesson::{notebook, only};
use serde_json::json;

#[test]
fn both_texts_of_a_conflict_stay_and_one_is_named_after_device_and_day() {
    let desk = Desk::new();
    desk.school.write("lesson.txt", "1");
    desk.all_sync();
    desk.school.write("lesson.txt", "school");
    desk.home.write("lesson.txt", "home");
    desk.school.sync();
    let report = desk.home.sync();
    let copy = only(&desk.home.names(), "lesson.conflict-home-{}.txt");
    assert_eq!(
        report["conflicts"],
        json!([{ "path": "lesson.txt", "beside": copy }])
    );
    desk.school.sync();
    for machine in [&desk.school, &desk.home] {
        assert_eq!(machine.read("lesson.txt"), "school");
        assert_eq!(machine.read(&copy), "home");
        assert_eq!(machine.names().len(), 2);
    }
}

#[test]
fn many_conflicts_of_a_day_make_one_copy_and_each_state_of_it_is_a_version() {
    let desk = Desk::new();
    desk.school.write("lesson.txt", "0");
    desk.all_sync();
    for number in 1..4 {
        desk.school.write("lesson.txt", &format!("school {number}"));
        desk.home.write("lesson.txt", &format!("home {number}"));
        desk.school.sync();
        desk.home.sync();
    }
    desk.all_sync();
    let copy = only(&desk.home.names(), "lesson.conflict-home-{}.txt");
    assert_eq!(desk.home.names().len(), 2);
    assert_eq!(desk.school.read(&copy), "home 3");
    let kept = desk.home.kept();
    assert!(
        kept.contains(&"home 1".into()) && kept.contains(&"home 2".into()),
        "{kept:?}"
    );
    let history = desk.directory().get(&format!("/history?path={copy}"));
    let versions = history.ok().json()["versions"].as_array().unwrap().len();
    assert_eq!(versions, 3);
    // A copy of a copy is not made.
    desk.school.write(&copy, "school's");
    desk.home.write(&copy, "home's");
    desk.all_sync();
    assert_eq!(desk.home.names().len(), 2);
    assert_eq!(desk.home.read(&copy), "school's");
    assert!(desk.home.kept().contains(&"home's".into()));
}

#[test]
fn a_change_wins_over_a_removal() {
    let desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.school.write(name, "1");
    }
    desk.all_sync();
    desk.school.remove("a");
    desk.home.write("a", "2");
    desk.school.write("b", "2");
    desk.home.remove("b");
    desk.all_sync();
    desk.all_sync();
    assert_eq!(desk.school.names(), ["a", "b", "c"]);
    assert_eq!(
        (desk.home.read("a"), desk.home.read("b")),
        ("2".into(), "2".into())
    );
}

#[test]
fn a_notebook_that_was_run_on_both_sides_is_no_conflict() {
    let desk = Desk::new();
    desk.school.write("lesson.ipynb", &notebook("a = 1", 0));
    desk.all_sync();
    desk.school.write("lesson.ipynb", &notebook("a = 1", 2));
    desk.home.write("lesson.ipynb", &notebook("a = 1", 3));
    desk.all_sync();
    assert_eq!(desk.school.names(), ["lesson.ipynb"]);
    assert_eq!(desk.school.read("lesson.ipynb"), notebook("a = 1", 3));
}

#[test]
fn two_folders_with_files_become_one_and_nothing_is_lost() {
    let desk = Desk::new();
    for (machine, text) in [(&desk.school, "school"), (&desk.home, "home")] {
        machine.write("same.txt", "same");
        machine.write("differs.txt", text);
        machine.write(&format!("{text}.txt"), text);
    }
    desk.all_sync();
    let copy = only(&desk.school.names(), "differs.conflict-home-{}.txt");
    assert_eq!(desk.school.read("differs.txt"), "school");
    assert_eq!(desk.school.read(&copy), "home");
    assert_eq!(desk.school.names().len(), 5);
}
