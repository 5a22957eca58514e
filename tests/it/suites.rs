//! The script that runs the suites: each runs to its end, and the messages of failures are the end of the output.

use nbcourier_testkit::patience::Finish as _;
use std::path::Path;
use std::process::Command;

/// Runs suites, each a target with lines to print and whether it fails. Returns whether all passed, and the output.
fn run(suites: &[(&str, &[&str], bool)]) -> (bool, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let (mut rules, mut targets) = (Vec::new(), Vec::new());
    for (name, lines, fails) in suites {
        let report = directory.path().join(name);
        std::fs::write(&report, lines.join("\n") + "\n").unwrap();
        let end = if *fails { "; false" } else { "" };
        let report = report.display();
        rules.push(format!(".PHONY: {name}\n{name}:\n\t@cat {report}{end}\n"));
        targets.push(*name);
    }
    let path = directory.path().join("Makefile");
    std::fs::write(&path, rules.concat()).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(root.join("scripts/suites.sh"));
    command.arg("--file").arg(&path).args(targets);
    // These tests may run below make. Its settings are not for the make of this script.
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"] {
        command.env_remove(variable);
    }
    let output = command.finish().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(str::to_owned).collect();
    (output.status.success(), lines)
}

const OF_RUST: [&str; 10] = [
    "test moves ... FAILED",
    "",
    "failures:",
    "",
    "---- moves stdout ----",
    "thread 'moves' panicked: the source has changed",
    "failures:",
    "    moves",
    "",
    "test result: FAILED. 1 passed; 1 failed; 0 ignored",
];
const OF_PYTHON: [&str; 4] = [
    "=================== FAILURES ===================",
    "E   AssertionError: the page is empty",
    "FAILED test_pages.py::test_page",
    "1 failed, 3 passed in 0.51s",
];

#[test]
fn suites_that_pass_print_only_their_own_lines() {
    let (passed, lines) = run(&[
        ("one", &["1 passed in 0.1s"], false),
        ("two", &["ok"], false),
    ]);
    assert!(passed, "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn messages_of_failures_are_repeated_at_the_end_and_every_suite_runs() {
    let suites: [(&str, &[&str], bool); 4] = [
        ("rust", &OF_RUST, true),
        ("python", &OF_PYTHON, true),
        ("other", &["no report"], true),
        ("good", &["12 passed in 3.2s"], false),
    ];
    let (passed, lines) = run(&suites);
    assert!(!passed);
    let all = lines.join("\n");
    let (above, end) = all.split_once("\nThese tests failed:\n").expect("a report");
    for (name, printed, _) in suites {
        assert!(above.contains(&printed.join("\n")), "{name}: {all}");
    }
    for line in [OF_RUST[5], OF_PYTHON[1]] {
        assert!(end.contains(line), "{all}");
    }
    for suite in ["rust", "python", "other"] {
        let failed = |line: &str| line.contains("***") && line.contains(suite);
        assert!(end.lines().any(failed), "{suite}: {all}");
    }
    assert!(!end.contains("12 passed"), "{all}");
    assert!(!end.contains("test moves ..."), "{all}");
}

#[test]
fn a_long_report_is_cut() {
    let lines: Vec<String> = (0..500).map(|n| format!("line {n}")).collect();
    let mut report = vec!["failures:"];
    report.extend(lines.iter().map(String::as_str));
    report.push("test result: FAILED. 0 passed; 500 failed");
    let (passed, lines) = run(&[("long", &report, true)]);
    assert!(!passed);
    let at = lines.iter().position(|line| line == "These tests failed:");
    let end = &lines[at.expect("a report")..];
    assert!(end.len() < 70, "{}", end.len());
    assert!(end.iter().any(|line| line == "[...]"));
}
