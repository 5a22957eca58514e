//! What the exchange learns of the starts of servers.

use super::lesson::{Lesson, log};
use nbcourier_testkit::person::Person;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use serde_json::{Value, json};
use std::fs;

/// Returns the starts of the course, as the teacher sees them.
pub fn starts(lesson: &Lesson) -> Value {
    let listed = lesson.server.get("v1/courses/algebra/starts", "kevin");
    listed.ok().json()
}

/// Returns Ada's number of starts that the exchange knows.
fn number(lesson: &Lesson) -> usize {
    starts(lesson)["starts"].as_array().unwrap().len()
}

#[track_caller]
fn start(lesson: &Lesson) {
    assert_eq!(lesson.ada.run(&["start"]).code, Some(0));
}

#[test]
fn the_exchange_learns_what_a_start_has_done_and_nothing_of_quiet_ones() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "1");
    start(&lesson);
    let first = starts(&lesson)["starts"][0].clone();
    assert_eq!(
        (&first["person"], &first["outcome"], &first["version"]),
        (&json!("ada"), &json!("updated"), &json!(3))
    );
    assert_eq!(first["directory"], "materials");
    let report = &first["report"];
    assert_eq!(
        (&report["folder"], &report["received"], &report["cut"]),
        (&json!("algebra"), &json!(2), &json!(false))
    );
    for _ in 0..3 {
        start(&lesson);
    }
    assert_eq!(number(&lesson), 1);
    // Both have changed it, and neither is lost.
    lesson.write("a.txt", "hers");
    lesson.teach("a.txt", "2");
    start(&lesson);
    let second = starts(&lesson)["starts"][0].clone();
    assert_eq!(second["report"]["beside"][0]["path"], "a.txt");
    let summary = &starts(&lesson)["summary"];
    let all = json!([{
        "directory": "materials", "outcome": "unchanged", "version": 4, "people": 1, "reason": null,
    }]);
    assert_eq!(summary, &all);
}

#[test]
fn what_another_command_received_is_reported_at_the_next_start() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    assert_eq!(number(&lesson), 0, "nothing has started");
    start(&lesson);
    let listed = starts(&lesson);
    let first = &listed["starts"][0];
    assert_eq!(
        (&first["outcome"], &first["version"]),
        (&json!("unchanged"), &json!(2))
    );
    start(&lesson);
    assert_eq!(number(&lesson), 1);
}

#[test]
fn a_start_that_fails_is_reported_with_its_reason_and_so_is_the_one_that_mends_it() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    fs::write(lesson.ada.home().join("algebra"), "a file").unwrap();
    start(&lesson);
    let listed = starts(&lesson);
    let failed = &listed["summary"][0];
    assert_eq!(
        (&failed["outcome"], &failed["version"]),
        (&json!("failed"), &Value::Null)
    );
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("The folder cannot be used"), "{reason}");
    fs::remove_file(lesson.ada.home().join("algebra")).unwrap();
    start(&lesson);
    assert_eq!(starts(&lesson)["summary"][0]["version"], 2);
    let by_command = Person::at(&lesson.server, "kevin");
    let only = by_command.json(&["starts", "algebra", "--failed"]);
    assert_eq!(only["starts"].as_array().unwrap().len(), 1, "{only}");
    let said = by_command.does(&["starts", "algebra"]);
    assert!(said.contains("materials: 1 has version 2"), "{said}");
    assert!(said.contains("The folder cannot be used"), "{said}");
    let of = |person: &str| by_command.json(&["starts", "algebra", "--person", person]);
    assert_eq!(of("ada")["starts"].as_array().unwrap().len(), 2);
    assert_eq!(of("bob")["starts"], json!([]));
}

#[test]
fn a_report_that_is_refused_breaks_no_start_and_is_not_repeated_without_news() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    // Whoever may read the directory gets it, and only members report.
    let to_eve = json!([{ "kind": "user", "name": "eve", "level": "read" }]);
    lesson.materials().grant(&to_eve);
    let eve = Person::at(&lesson.server, "eve");
    let proxy = TcpProxy::to(lesson.server.port());
    let url = format!(
        "http://127.0.0.1:{}{}",
        proxy.port(),
        lesson.server.prefix()
    );
    let eve = eve.env("NBCOURIER_URL", &url);
    assert_eq!(eve.run(&["start"]).code, Some(0));
    assert!(eve.home().join("algebra/a.txt").exists());
    assert_eq!(number(&lesson), 0);
    assert!(
        log(&eve).contains("The exchange was not told"),
        "{}",
        log(&eve)
    );
    let before = proxy.requests().len();
    assert_eq!(eve.does(&["start"]), "");
    assert_eq!(proxy.requests().len(), before + 1);
}

#[test]
fn an_exchange_that_breaks_off_or_never_answers_a_report_breaks_no_start() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    let proxy = TcpProxy::to(lesson.server.port());
    let url = format!(
        "http://127.0.0.1:{}{}",
        proxy.port(),
        lesson.server.prefix()
    );
    let lesson = Lesson {
        ada: lesson.ada.env("NBCOURIER_URL", &url),
        server: lesson.server,
    };
    let report = b"/starts HTTP".to_vec();
    for (failures, behaviour) in [
        (1, Behaviour::CutBefore(report.clone())),
        (2, Behaviour::HoldOne(report)),
    ] {
        proxy.behave(behaviour);
        let (known, text) = (number(&lesson), failures.to_string());
        lesson.teach("a.txt", &text);
        start(&lesson);
        assert_eq!(lesson.read("a.txt"), text);
        let said = log(&lesson.ada);
        let untold = said.matches("The exchange was not told").count();
        assert_eq!(untold, failures, "{said}");
        // The next start tells it, although nothing is new.
        proxy.behave(Behaviour::Pass);
        start(&lesson);
        assert!(number(&lesson) > known, "{failures}");
    }
}
