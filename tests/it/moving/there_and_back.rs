//! A whole exchange is the same after a move, wherever it goes.

use super::{
    Place, all_replies, assert_receipt, assert_same, ended, fill, large, moved, moving, nbcourier,
    stop, submit,
};
use nbcourier_testkit::{Course, Sent};
use serde_json::Value;

/// Moves an exchange on, place after place. Each has the same replies, and a check finds nothing.
fn moves_along(places: &[(bool, bool)]) {
    let [first, rest @ ..] = places else {
        panic!("a place")
    };
    let mut from = Place::new(first.0, first.1);
    let server = from.setup.start();
    let receipt = fill(&server);
    let before = all_replies(&server);
    stop(server);
    for (on_postgres, in_bucket) in rest {
        let to = Place::new(*on_postgres, *in_bucket);
        let state = from.state();
        let text = moved(&from, &to);
        assert!(
            text.contains("Moved 2 courses with 5 submissions"),
            "{text}"
        );
        from.assert_still(&state);

        let server = to.setup.start();
        assert_same(&before, &all_replies(&server));
        assert_receipt(&server, &receipt);
        let mut check = vec!["fsck".to_owned()];
        check.extend(to.flags(""));
        let (code, text) = ended(nbcourier(&to, &check));
        assert_eq!(code, 0, "{text}");
        // The same key is the same submission, and a new submission is a new one.
        let work = [
            Sent::new("small", "work 2"),
            Sent::new("empty", ""),
            Sent::new("large", large(2)),
        ];
        let again = submit(&server, "ann", "key-1", &work);
        assert_eq!(again["receipt"]["id"], receipt["receipt"]["id"]);
        let new = submit(&server, "ann", "key-2", &work);
        assert!(new["receipt"]["id"].as_i64() > Some(5), "{new}");
        let id = &new["receipt"]["id"];
        let target = format!("v1/courses/algebra/submissions/{id}");
        super::send(&server, "DELETE", &target, "kim", &Value::Null);
        stop(server);
        // Without what was just done.
        let clean = Place::new(*on_postgres, *in_bucket);
        moved(&from, &clean);
        from = clean;
    }
}

#[test]
fn from_a_data_directory_to_postgresql_and_a_bucket_and_back() {
    moves_along(&[(false, false), (true, true), (false, false)]);
}

#[test]
fn from_postgresql_to_postgresql_and_from_bucket_to_bucket() {
    moves_along(&[(true, true), (true, true)]);
}

#[test]
fn from_postgresql_with_a_directory_to_sqlite_with_a_bucket_and_back() {
    moves_along(&[(true, false), (false, true), (true, false)]);
}

#[test]
fn the_report_says_in_json_what_was_compared() {
    let (from, to) = (Place::new(false, false), Place::new(true, true));
    let server = from.setup.start();
    fill(&server);
    stop(server);
    let (code, text) = ended(moving(&from, &to, &["--json", "--verify"]));
    assert_eq!(code, 0, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["complete"], true);
    assert_eq!(report["tables"]["submissions"]["rows"], 5);
    assert_eq!(report["tables"]["courses"]["rows"], 2);
    assert_eq!(report["tables"].as_object().unwrap().len(), 31);
    assert_eq!(
        (&report["copied_files"], &report["verified_files"]),
        (&8.into(), &8.into())
    );
    assert_eq!(report["damaged"], Value::Array(Vec::new()));
}

#[test]
fn an_exchange_without_anything_moves_too() {
    let (from, to) = (Place::new(false, false), Place::new(true, true));
    stop(from.setup.start());
    moved(&from, &to);
    let server = to.setup.start();
    let course = Course::of(&server, "algebra");
    course.make(&["kim"], &["ann"]);
    course
        .release("ps1", "kim", &[Sent::new("large", large(1))])
        .ok();
}
