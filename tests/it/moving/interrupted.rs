//! Moves that are killed at any moment continue.

use super::{Place, all_replies, assert_receipt, assert_same, ended, fill, moving, refused, stop};
use nbcourier_testkit::run_and_kill;
use std::time::Duration;

/// The refusals of a move that is complete.
const AFTER_THE_END: [&str; 3] = [
    "exists already",
    "is not empty",
    "The large files of this exchange are in s3://",
];

/// Kills the move after longer and longer times, until it ends by itself. Returns how often it was killed.
fn kill_until_done(from: &Place, to: &Place) -> u32 {
    let mut milliseconds = 5;
    for kills in 0..100 {
        match run_and_kill(moving(from, to, &[]), Duration::from_millis(milliseconds)) {
            None => {}
            Some(0) => return kills,
            // The last kill came between the end of the move and the end of the command, or the command must wait.
            Some(_) => {
                let (code, text) = ended(moving(from, to, &[]));
                let is_complete = AFTER_THE_END.iter().any(|part| text.contains(part));
                assert!(code == 0 || is_complete, "{text}");
                return kills;
            }
        }
        milliseconds += milliseconds.div_ceil(6);
    }
    panic!("it never ends")
}

#[test]
fn a_move_that_is_killed_again_and_again_is_complete_in_the_end() {
    for (to_postgres, to_bucket) in [(true, true), (false, false)] {
        let from = Place::new(!to_postgres, !to_bucket);
        let to = Place::new(to_postgres, to_bucket);
        let server = from.setup.start();
        let receipt = fill(&server);
        let before = all_replies(&server);
        stop(server);
        let state = from.state();
        let kills = kill_until_done(&from, &to);
        assert!(kills > 3, "{kills}");
        from.assert_still(&state);
        let server = to.setup.start();
        assert_same(&before, &all_replies(&server));
        assert_receipt(&server, &receipt);
    }
}

#[test]
fn a_move_of_files_alone_is_complete_after_kills_too() {
    let from = Place::new(false, false);
    let to =
        super::files::with_files_elsewhere(&from, Some(nbcourier_testbuckets::shared().create()));
    let server = from.setup.start();
    fill(&server);
    let before = all_replies(&server);
    stop(server);
    kill_until_done(&from, &to);
    let server = to.setup.start();
    assert_same(&before, &all_replies(&server));
    stop(server);
}

#[test]
fn an_unfinished_move_is_served_by_nobody_and_continued_only_from_the_same_source() {
    for (on_postgres, in_bucket) in [(true, true), (false, false), (true, false), (false, true)] {
        let (from, to) = (Place::new(false, false), Place::new(on_postgres, in_bucket));
        let server = from.setup.start();
        fill(&server);
        stop(server);
        let blob = crate::keeping::place::blobs(&from.data()).remove(0);
        let good = std::fs::read(&blob).unwrap();
        std::fs::remove_file(&blob).unwrap();
        refused(&from, &to, "is missing");

        assert!(to.setup.try_start().is_none());
        let mut doctor = vec!["doctor".to_owned()];
        doctor.extend(to.flags(""));
        let (code, text) = ended(super::nbcourier(&to, &doctor));
        assert_ne!(code, 0, "{text}");
        let other = Place::new(false, false);
        stop(other.setup.start());
        refused(&other, &to, "holds an unfinished copy from");
        std::fs::write(&blob, good).unwrap();
        super::moved(&from, &to);
        stop(to.setup.start());
    }
}

#[test]
fn work_that_arrives_between_two_attempts_is_moved_too() {
    let (from, to) = (Place::new(false, false), Place::new(true, true));
    let server = from.setup.start();
    fill(&server);
    stop(server);
    let blob = crate::keeping::place::blobs(&from.data()).remove(0);
    let good = std::fs::read(&blob).unwrap();
    std::fs::remove_file(&blob).unwrap();
    refused(&from, &to, "is missing");
    std::fs::write(&blob, good).unwrap();
    let server = from.setup.start();
    super::submit(
        &server,
        "ann",
        "key-4",
        &[nbcourier_testkit::Sent::new("new", super::large(99))],
    );
    let target = "v1/courses/algebra/submissions/1";
    super::send(&server, "DELETE", target, "kim", &serde_json::Value::Null);
    let before = all_replies(&server);
    stop(server);
    super::moved(&from, &to);
    assert_same(&before, &all_replies(&to.setup.start()));
}
