//! The script at the top of a folder that a course delivers.

use super::lesson::{Lesson, log};
use super::reporting::starts;
use nbcourier_testkit::{Finish as _, eventually};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Returns a command that runs another one as this user, or nothing if this is such a user already.
fn as_user(id: &'static str) -> Vec<&'static str> {
    let is_root = rustix::process::geteuid().is_root();
    if is_root == (id == ROOT) {
        return Vec::new();
    }
    let command = ["unshare", "--user", "--map-user", id];
    let tried = Command::new(command[0])
        .args(&command[1..])
        .arg("true")
        .finish();
    let works = tried.is_ok_and(|output| output.status.success());
    assert!(works, "{command:?} is not allowed here");
    command.to_vec()
}

const ROOT: &str = "0";
const SOMEBODY: &str = "1000";

/// A course whose folder has a script.
fn lesson(script: &str) -> Lesson {
    let lesson = Lesson::new();
    lesson.teach("start.sh", script);
    lesson.teach("lesson.txt", "1");
    lesson
}

/// Starts Ada's server with these options. Returns the newest report that the exchange has.
#[track_caller]
fn start(lesson: &Lesson, options: &[&str]) -> Value {
    let arguments = [&["start"], options].concat();
    let ended = lesson.ada.run_through(&as_user(SOMEBODY), &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    starts(lesson)["starts"][0]["report"].clone()
}

#[test]
fn a_script_runs_in_its_folder_only_where_the_operator_wants_it() {
    let mut lesson = lesson("echo made > made.txt; echo said; echo complained >&2");
    let report = start(&lesson, &[]);
    assert_eq!(report["log"], Value::Null);
    assert!(!lesson.at("made.txt").exists());
    for (word, runs) in [("0", false), ("false", false), ("1", true)] {
        lesson.teach("lesson.txt", &format!("new for {word}"));
        lesson.ada = lesson.ada.env("NBCOURIER_START_SCRIPT", word);
        let report = start(&lesson, &[]);
        assert_eq!(lesson.at("made.txt").exists(), runs, "{word}");
        assert_eq!(report["log"].is_string(), runs, "{report}");
        assert_eq!(report["received"], 1);
    }
    let report = starts(&lesson)["starts"][0]["report"].clone();
    assert_eq!(report["log"], "said\ncomplained\n");
    // It runs at each start, also if nothing is new. A start in the background knows the switch as well.
    fs::remove_file(lesson.at("made.txt")).unwrap();
    lesson.ada = lesson.ada.env("NBCOURIER_START_SCRIPT", "0");
    start(&lesson, &["--script", "--within", "30s"]);
    eventually("it has run", || lesson.at("made.txt").exists());
}

#[test]
fn a_script_that_fails_is_reported_with_its_code_and_the_folder_stays_as_it_is() {
    let lesson = lesson("echo sorry; exit 3");
    let report = start(&lesson, &["--script"]);
    assert_eq!(report["failures"][0], "start.sh ended with the code 3");
    assert_eq!(report["log"], "sorry\n");
    assert_eq!(lesson.read("lesson.txt"), "1");
    assert!(log(&lesson.ada).contains("algebra: start.sh ended with the code 3"));
    // Staff see it, also if nothing else is new.
    let again = start(&lesson, &["--script"]);
    assert_eq!(again["failures"][0], "start.sh ended with the code 3");
    assert_eq!(starts(&lesson)["starts"].as_array().unwrap().len(), 2);
    lesson.teach("start.sh", "kill -9 $$");
    let report = start(&lesson, &["--script"]);
    assert_eq!(report["failures"][0], "start.sh ended by the signal 9");
}

#[test]
fn a_script_that_does_not_end_is_ended_with_the_processes_that_it_started() {
    let lesson = lesson("sleep 1000 & echo $! > pid; yes | head -c 10000000; sleep 1000");
    let report = start(&lesson, &["--script", "--script-limit", "1s"]);
    assert_eq!(report["failures"][0], "start.sh was ended after 1 s");
    let output = report["log"].as_str().unwrap();
    assert!(
        output.starts_with("y\ny\n") && output.len() <= 4096,
        "{}",
        output.len()
    );
    let pid = lesson.read("pid");
    eventually("its child has ended", || {
        let stat = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
        stat.is_ok_and(|stat| stat.contains(") Z "))
            || !Path::new("/proc").join(pid.trim()).exists()
    });
}

#[test]
fn a_process_that_leaves_the_script_does_not_hold_the_start() {
    let lesson = lesson("setsid sleep 20 & echo left");
    let report = start(&lesson, &["--script"]);
    assert_eq!(report["log"], "left\n");
    assert_eq!(report["failures"], serde_json::json!([]));
}

#[test]
fn a_script_gets_no_token_and_is_not_run_through_a_link() {
    let lesson = lesson("env | grep -c TOKEN; echo $HOME; pwd");
    let report = start(&lesson, &["--script"]);
    let home = lesson.ada.home().display().to_string();
    assert_eq!(report["log"], format!("0\n{home}\n{home}/algebra\n"));
    let script = lesson.at("start.sh");
    fs::rename(&script, lesson.ada.home().join("elsewhere.sh")).unwrap();
    std::os::unix::fs::symlink("../elsewhere.sh", &script).unwrap();
    lesson.teach("lesson.txt", "2");
    let report = start(&lesson, &["--script"]);
    assert_eq!(report["log"], Value::Null, "{report}");
}

#[test]
fn no_script_runs_as_root() {
    let lesson = lesson("echo made > made.txt");
    let ended = lesson
        .ada
        .run_through(&as_user(ROOT), &["start", "--script"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!lesson.at("made.txt").exists());
    let report = starts(&lesson)["starts"][0]["report"].clone();
    let sentence = report["failures"][0].as_str().unwrap();
    assert!(
        sentence.contains("was not run: this program runs as root"),
        "{sentence}"
    );
}
