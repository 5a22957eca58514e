//! Changes on either side reach the other.

use super::desk::{Desk, is_executable};
use crate::watching::numbers::Numbers;
use nbcourier_testkit::Finish as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn work_at_school_goes_on_at_home_and_comes_back() {
    let desk = Desk::new();
    desk.school.write("lesson.txt", "school");
    desk.school.write("unit/a.txt", "a");
    let report = desk.school.sync();
    assert_eq!(
        (&report["sent"], &report["outcome"]),
        (&2.into(), &"synced".into())
    );
    let report = desk.home.sync();
    assert_eq!(report["received"], 2, "{report}");
    assert_eq!(desk.home.read("lesson.txt"), "school");
    desk.home.write("lesson.txt", "school and home");
    desk.home.remove("unit/a.txt");
    desk.home.write("unit/b.txt", "b");
    desk.all_sync();
    assert_eq!(desk.school.read("lesson.txt"), "school and home");
    assert_eq!(desk.school.names(), ["lesson.txt", "unit/b.txt"]);
    // What was replaced and removed here is kept.
    assert_eq!(desk.school.kept(), ["a", "school"]);
    assert_eq!(desk.school.sync()["outcome"], "equal");
    // The versions name the device.
    let versions = desk.directory().get("/versions").ok().json();
    assert_eq!(versions["versions"][0]["device"], "home", "{versions}");
}

#[test]
fn an_executable_script_stays_executable_and_empty_folders_come_and_go() {
    let desk = Desk::new();
    desk.school.write("run.sh", "#!/bin/sh");
    let permissions = fs::Permissions::from_mode(0o700);
    fs::set_permissions(desk.school.at_path("run.sh"), permissions).unwrap();
    fs::create_dir(desk.school.at_path("empty")).unwrap();
    desk.all_sync();
    assert!(is_executable(&desk.home.at_path("run.sh")));
    assert!(desk.home.at_path("empty").is_dir());
    let permissions = fs::Permissions::from_mode(0o600);
    fs::set_permissions(desk.home.at_path("run.sh"), permissions).unwrap();
    desk.home.remove("empty");
    desk.home.sync();
    desk.school.sync();
    assert!(!is_executable(&desk.school.at_path("run.sh")));
    assert!(!desk.school.at_path("empty").exists());
    assert_eq!(desk.directory().paths("depth=all"), ["run.sh"]);
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    let desk = Desk::new();
    desk.school.write("a", "file");
    desk.school.write("b/x", "in a folder");
    desk.school.write("c", "stays");
    desk.all_sync();
    desk.home.remove("a");
    desk.home.write("a/y", "new");
    desk.home.remove("b");
    desk.home.write("b", "file");
    desk.home.sync();
    desk.school.sync();
    assert_eq!(desk.school.files(), desk.home.files());
    assert_eq!(desk.school.names(), ["a/y", "b", "c"]);
}

#[test]
fn a_renamed_folder_is_renamed_there_and_no_byte_is_sent() {
    let desk = Desk::with_metrics();
    let large = "0123456789abcdef".repeat(20_000);
    for number in 0..12 {
        desk.school
            .write(&format!("old/{number}"), &format!("{number}{large}"));
    }
    desk.all_sync();
    let bytes = || Numbers::of(&desk.server).sum("nbcourier_http_request_bytes_total");
    let before = bytes();
    desk.school.rename("old", "new");
    let report = desk.school.sync();
    assert_eq!(report["renamed"], 12, "{report}");
    assert!(bytes() - before < 20_000.0, "{} {before}", bytes());
    // At home it is a renaming as well, and no question of the guard.
    let received = || Numbers::of(&desk.server).sum("nbcourier_http_response_bytes_total");
    let before = received();
    let report = desk.home.sync();
    assert_eq!(report["renamed"], 12, "{report}");
    assert!(received() - before < 100_000.0);
    assert_eq!(desk.home.names().len(), 12);
    assert!(!desk.home.at_path("old").exists() && desk.home.at_path("new/11").exists());
    assert!(!desk.directory().paths("").contains(&"old/".to_owned()));
}

#[test]
fn a_round_without_changes_reads_no_file_and_asks_once() {
    let desk = Desk::with_metrics();
    for number in 0..2000 {
        desk.school
            .write(&format!("{}/{number}.txt", number % 20), "text");
    }
    desk.school.sync();
    desk.home.sync();
    for machine in [&desk.school, &desk.home] {
        let trace = machine.ada.home().join("trace");
        let to = trace.to_str().unwrap();
        let through = [
            "strace",
            "-f",
            "-qq",
            "-o",
            to,
            "-e",
            "trace=openat,openat2,open",
        ];
        let all = || Numbers::of(&desk.server).sum("nbcourier_http_requests_total");
        let before = all();
        let ended = machine
            .sync_through(&through, &["--once"])
            .finish()
            .unwrap();
        assert!(ended.status.success(), "{ended:?}");
        // One about the directory at the start of the program, and one for the changes.
        assert_eq!((all() - before).to_string(), "2");
        let trace = fs::read_to_string(trace).unwrap();
        assert!(
            trace.contains("pair.json") && trace.contains("\"19\""),
            "{trace}"
        );
        let opened = trace.lines().filter(|line| line.contains(".txt"));
        assert_eq!(opened.count(), 0);
    }
}

#[test]
fn a_large_file_goes_both_ways_and_is_replaced() {
    let desk = Desk::new();
    let large = |begin: &str| format!("{begin}{}", "0123456789abcdef".repeat(600_000));
    desk.school.write("small.txt", "1");
    desk.school.write("large.txt", &large("school"));
    desk.all_sync();
    assert_eq!(desk.home.read("large.txt").len(), large("school").len());
    desk.home.write("large.txt", &large("home"));
    desk.all_sync();
    assert!(desk.school.read("large.txt").starts_with("home"));
    assert_eq!(desk.school.names(), ["large.txt", "small.txt"]);
}

#[test]
fn what_was_written_while_the_exchange_was_away_comes_when_it_is_back() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.all_sync();
    let Desk {
        server,
        school,
        home,
    } = desk;
    let setup = server.kill();
    school.write("a.txt", "2");
    school.write("b.txt", "new");
    let report = school.sync_fails();
    assert_eq!(report["outcome"], "failed");
    let sentence = report["failures"][0].as_str().unwrap();
    assert!(sentence.contains("does not answer"), "{sentence}");
    assert_eq!((school.names().len(), home.names().len()), (2, 1));
    drop(setup);
}

#[test]
fn a_folder_that_pulls_keeps_its_work_and_one_that_pushes_receives_nothing() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.school.sync();
    let ada = &desk.home.ada;
    let add = |folder: &str, mode| {
        ada.does(&[
            "sync",
            "add",
            folder,
            "--directory",
            "ada/thesis",
            "--mode",
            mode,
        ]);
        ada.home().join(folder)
    };
    let (pulls, pushes) = (add("pulls", "pull"), add("pushes", "push"));
    fs::write(pulls.join("own.txt"), "own").unwrap();
    fs::write(pushes.join("b.txt"), "b").unwrap();
    let run = |folder: &str| {
        ada.does(&[
            "sync", "run", "--once", folder, "--settle", "0s", "--agree", "0s",
        ]);
    };
    run("pulls");
    run("pushes");
    assert_eq!(fs::read_to_string(pulls.join("a.txt")).unwrap(), "1");
    assert!(!pushes.join("a.txt").exists());
    assert_eq!(desk.directory().paths(""), ["a.txt", "b.txt"]);
    fs::remove_file(pushes.join("b.txt")).unwrap();
    fs::write(pushes.join("c.txt"), "c").unwrap();
    fs::write(pulls.join("a.txt"), "hers").unwrap();
    run("pushes");
    run("pulls");
    assert_eq!(desk.directory().paths(""), ["a.txt", "c.txt"]);
    assert_eq!(fs::read_to_string(pulls.join("a.txt")).unwrap(), "hers");
    assert!(pulls.join("c.txt").exists() && !pulls.join("b.txt").exists());
}
