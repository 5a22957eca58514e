//! The start of a student's server.

use super::lesson::{Lesson, log};
use crate::watching::numbers::Numbers;
use nbcourier_testkit::eventually;
use std::fs;

#[test]
fn a_start_brings_the_material_and_the_next_one_is_one_request() {
    let lesson = Lesson::with_metrics();
    lesson.teach("a.txt", "1");
    let first = lesson.ada.run(&["start"]);
    assert_eq!(first.code, Some(0));
    assert_eq!(lesson.read("a.txt"), "1");
    assert!(
        log(&lesson.ada).contains("algebra has version 2 now: 1 received"),
        "{}",
        log(&lesson.ada)
    );
    let (before, lines) = (Numbers::of(&lesson.server), log(&lesson.ada));
    assert_eq!(lesson.ada.does(&["start"]), "");
    let after = Numbers::of(&lesson.server);
    let all = |numbers: &Numbers| numbers.sum("nbcourier_http_requests_total");
    assert_eq!((all(&after) - all(&before)).to_string(), "1");
    let unchanged = after.answers("v1/directories", "GET", 304);
    assert_eq!(unchanged.to_string(), "1");
    assert_eq!(log(&lesson.ada), lines);
    lesson.teach("a.txt", "2");
    lesson.ada.run(&["start"]);
    assert_eq!(lesson.read("a.txt"), "2");
}

#[test]
fn a_start_without_an_exchange_succeeds_and_the_log_says_why_nothing_came() {
    let lesson = Lesson::new();
    let ada = lesson.ada;
    drop(lesson.server);
    let ended = ada.run(&["start"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let log = fs::read_to_string(ada.home().join(".nbcourier/log")).unwrap();
    assert!(
        log.contains("Nothing was received: The exchange at"),
        "{log}"
    );
}

#[test]
fn a_start_goes_on_in_the_background_after_its_time() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    assert_eq!(lesson.ada.does(&["start", "--within", "0s"]), "");
    eventually("the file is there", || lesson.at("a.txt").is_file());
}

#[test]
fn two_servers_of_one_person_do_not_disturb_each_other() {
    let lesson = Lesson::new();
    for number in 0..40 {
        lesson.teach(&format!("{number}.txt"), &number.to_string());
    }
    for text in ["x", "y", "z"] {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert_eq!(lesson.ada.run(&["start"]).code, Some(0)));
            }
        });
        assert_eq!(lesson.names().len(), 40);
        lesson.teach("0.txt", text);
        lesson.ada.run(&["start"]);
        assert_eq!(lesson.read("0.txt"), text);
    }
}
