//! What looks like a mass removal and may be none.

use super::desk::Desk;
use nbcourier_testkit::machine::Machine;
use std::fs;
use std::process::Command;

fn with_files(number: usize) -> Desk {
    let desk = Desk::new();
    for number in 0..number {
        desk.school
            .write(&format!("{number}.txt"), &number.to_string());
    }
    desk.all_sync();
    desk
}

#[test]
fn an_emptied_folder_waits_for_a_confirmation_and_so_does_the_other_side() {
    let desk = with_files(20);
    for number in 0..15 {
        desk.school.remove(&format!("{number}.txt"));
    }
    let report = desk.school.sync_fails();
    assert_eq!(report["outcome"], "asking", "{report}");
    assert_eq!(
        (&report["asked"]["files"], &report["asked"]["of"]),
        (&15.into(), &20.into())
    );
    let named = [
        "0.txt", "1.txt", "10.txt", "11.txt", "12.txt", "13.txt", "14.txt", "2.txt", "3.txt",
        "4.txt",
    ];
    assert_eq!(report["asked"]["paths"], serde_json::json!(named));
    assert_eq!(desk.directory().paths("").len(), 20);
    let said = desk.school.ada.run(&["sync", "status"]);
    assert!(said.out.contains("nbcourier sync confirm"), "{}", said.out);
    desk.school.ada.does(&["sync", "confirm", "thesis"]);
    desk.school.sync();
    assert_eq!(desk.directory().paths("").len(), 5);
    let report = desk.home.sync_fails();
    assert_eq!(report["asked"]["are_here"], true, "{report}");
    assert_eq!(desk.home.names().len(), 20);
    // What is confirmed are these, and no more.
    desk.home.ada.does(&["sync", "confirm"]);
    desk.school.remove("15.txt");
    desk.school.sync();
    assert_eq!(desk.home.sync_fails()["asked"]["files"], 16);
    desk.home.ada.does(&["sync", "confirm"]);
    desk.home.sync();
    assert_eq!(desk.home.names().len(), 4);
    // It counted once.
    assert!(
        desk.home
            .ada
            .fails(&["sync", "confirm"])
            .contains("No removal waits")
    );
}

#[test]
fn a_few_removals_need_no_confirmation_and_all_do() {
    let desk = with_files(11);
    for number in 0..10 {
        desk.school.remove(&format!("{number}.txt"));
    }
    desk.all_sync();
    assert_eq!(desk.home.names(), ["10.txt"]);
    desk.home.remove("10.txt");
    assert_eq!(desk.home.sync_fails()["outcome"], "asking");
    assert_eq!(desk.directory().paths("").len(), 1);
}

#[test]
fn a_folder_whose_disk_is_not_mounted_changes_nothing_and_says_why() {
    let desk = with_files(5);
    let (folder, elsewhere) = (desk.school.at_path(""), desk.school.ada.home().join("disk"));
    fs::rename(&folder, &elsewhere).unwrap();
    for is_there in [false, true] {
        if is_there {
            fs::create_dir(&folder).unwrap();
        }
        let report = desk.school.sync_fails();
        let sentence = report["failures"][0].as_str().unwrap();
        assert!(sentence.contains("not mounted"), "{sentence}");
        let said = desk.school.ada.run(&["sync", "status"]);
        assert_eq!(said.code, Some(1));
        assert!(said.out.contains("not mounted"), "{}", said.out);
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert_eq!(desk.directory().paths("").len(), 5);
    fs::remove_dir(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    assert_eq!(desk.school.sync()["outcome"], "equal");
}

/// Puts a copy of the folder in its place, as a restored backup is.
fn restore_from(machine: &Machine, change: impl FnOnce(&std::path::Path)) {
    let (folder, copy) = (machine.at_path(""), machine.ada.home().join("copy"));
    let copied = Command::new("cp")
        .arg("-a")
        .arg(&folder)
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());
    change(&copy);
    fs::remove_dir_all(&folder).unwrap();
    fs::rename(copy, folder).unwrap();
}

#[test]
fn a_folder_that_was_copied_with_its_state_removes_nothing_in_its_first_round() {
    let desk = with_files(3);
    restore_from(&desk.school, |copy| {
        fs::remove_file(copy.join("0.txt")).unwrap();
        fs::write(copy.join("1.txt"), "changed").unwrap();
    });
    desk.home.remove("2.txt");
    desk.home.sync();
    desk.school.sync();
    assert_eq!(desk.school.names(), ["0.txt", "1.txt", "2.txt"]);
    assert_eq!(desk.school.read("1.txt"), "changed");
    assert_eq!(desk.directory().paths("").len(), 3);
    // Afterwards a removal is one again.
    desk.school.remove("2.txt");
    desk.all_sync();
    assert_eq!(desk.home.names(), ["0.txt", "1.txt"]);
}

#[test]
fn an_exchange_that_was_restored_from_an_older_backup_removes_and_replaces_nothing() {
    let desk = with_files(3);
    // The state knows a version that the exchange does not have any more.
    let at = desk.school.at_path(".nbcourier/state.json");
    let mut state: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&at).unwrap()).unwrap();
    state["version"] = 1000.into();
    fs::write(&at, state.to_string()).unwrap();
    desk.home.remove("0.txt");
    desk.home.write("1.txt", "older");
    desk.home.sync();
    desk.school.sync();
    let names = desk.school.names();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(desk.school.read("0.txt"), "0");
    let copy = crate::delivery::lesson::only(&names, "1.conflict-school-{}.txt");
    assert_eq!(
        (desk.school.read("1.txt"), desk.school.read(&copy)),
        ("older".into(), "1".into())
    );
}

#[test]
fn another_directory_of_the_same_name_is_not_taken_for_the_old_one() {
    let desk = with_files(3);
    desk.school.ada.does(&["dir", "delete", "ada/thesis"]);
    let report = desk.school.sync_fails();
    assert_eq!(report["outcome"], "stopped", "{report}");
    let sentence = report["failures"][0].as_str().unwrap();
    assert!(
        sentence.contains("ada/thesis does not exist any more"),
        "{sentence}"
    );
    desk.school.ada.does(&["dir", "create", "thesis"]);
    let report = desk.school.sync_fails();
    let sentence = report["failures"][0].as_str().unwrap();
    assert!(
        sentence.contains("another directory than before"),
        "{sentence}"
    );
    assert_eq!(desk.school.names().len(), 3);
}
