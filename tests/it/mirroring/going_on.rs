//! A mirror that goes on, a second one, and the log.

use super::machine::{Machine, TOKEN, files};
use nbcourier_testkit::eventually;
use std::fs::{self, File};
use std::process::{Child, Stdio};

/// A mirror that goes on. It is killed at the end of a test.
struct Running(Child);

impl Running {
    fn of(machine: &Machine, arguments: &[&str]) -> Self {
        let said = File::create(machine.operator.home().join("said")).unwrap();
        let mut command = machine.mirror_through(&["env"], arguments);
        command
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said(machine: &Machine) -> String {
    fs::read_to_string(machine.operator.home().join("said")).unwrap_or_default()
}

#[test]
fn a_mirror_that_goes_on_brings_every_version() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    let running = Running::of(&machine, &["--every", "1s"]);
    let has = |text: &str| {
        fs::read_to_string(machine.at("algebra/data/a.csv")).is_ok_and(|found| found == text)
    };
    eventually("the first version is there", || has("1"));
    machine.teach("a.csv", "2");
    eventually("the second version is there", || has("2"));
    machine.close("data");
    eventually("it says that the directory is gone", || {
        said(&machine).contains("--prune removes it")
    });
    drop(running);
    let lines = said(&machine);
    assert!(!lines.contains("already"), "{lines}");
    assert_eq!(lines.lines().count(), 3, "{lines}");
}

#[test]
fn a_second_mirror_of_a_folder_does_nothing() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    let running = Running::of(&machine, &["--every", "1h"]);
    eventually("it is there", || machine.at("algebra/data/a.csv").exists());
    let sentence = machine.operator.fails(&["mirror", "--to", "courses"]);
    assert!(
        sentence.contains("Another mirror writes to courses at the moment (process"),
        "{sentence}"
    );
    drop(running);
    machine.mirror(&[]);
}

#[test]
fn nothing_that_is_printed_or_written_holds_the_token() {
    let machine = Machine::new();
    machine.make("closed");
    machine.teach("a.csv", "1");
    let ended = machine.operator.run(&["mirror", "--to", "courses"]);
    assert_eq!(
        ended.out,
        "algebra/data has version 2 now: 1 received, 0 as before.\n"
    );
    let ended = machine
        .operator
        .run(&["mirror", "--to", "courses", "--json", "nothing"]);
    let mut all = vec![ended.out, ended.err];
    for path in files(&machine.at("")) {
        all.push(fs::read_to_string(path).unwrap());
    }
    assert!(
        all.iter()
            .any(|text| text.contains("algebra/data has version 2 now"))
    );
    for text in all {
        assert!(!text.contains(TOKEN), "{text}");
    }
}
