//! A database that another program holds locked.

use crate::client::Client;
use crate::tally::{Tally, is_torture};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// More than the number of changes in one commit.
const AT_ONCE: usize = 150;

fn start() -> Server {
    let server = Setup::standalone().unlimited().start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course
        .release("challenge", "kevin", &[Sent::new("task", "do it")])
        .ok();
    server
}

/// Returns another program's lock on the database, which ends when dropped.
fn hold(server: &Server) -> SqliteConnection {
    let path = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE")
        .unwrap();
    conn
}

/// Submits; returns the time of the submission, or none if it was refused correctly.
fn submit(server: &Server, number: usize, tally: &Tally) -> Option<String> {
    let client = Client::of(server);
    let files = [Sent::new("work", format!("number {number}"))];
    let call = client.form("submission/course1/challenge", "lawrence", &[], &files);
    let reply = client.send(&call).expect("an answer in bounded time");
    tally.see(&reply, &[503]);
    if reply.status == 503 {
        assert!(reply.header("retry-after").is_some());
        assert_eq!(reply.json()["success"], false);
        return None;
    }
    tally.answered();
    Some(timestamp_of(&reply))
}

fn assert_there(server: &Server, answered: &[(usize, String)], tally: &Tally) {
    let course = Course::of(server, "course1");
    for (number, time) in answered {
        let stored = course.submitted("challenge", "lawrence", Some(time));
        tally.compare(
            stored == [Sent::new("work", format!("number {number}"))],
            time,
        );
    }
}

/// Submits and reads many times while the database is locked until `is_over`; returns the times and the refusals.
fn many_at_once(
    server: &Server,
    tally: &Tally,
    mut is_over: impl FnMut(usize) -> bool,
) -> (Vec<(usize, String)>, usize) {
    let held = hold(server);
    let (answered, refused) = (Mutex::new(Vec::new()), Mutex::new(0));
    std::thread::scope(|scope| {
        for number in 0..AT_ONCE {
            let (answered, refused) = (&answered, &refused);
            scope.spawn(move || match submit(server, number, tally) {
                Some(time) => answered.lock().unwrap().push((number, time)),
                None => *refused.lock().unwrap() += 1,
            });
        }
        eventually("the database is given free", || {
            assert!(server.is_healthy());
            // Readers see the earlier state.
            server.get("assignment/course1/challenge", "lawrence").ok();
            is_over(*refused.lock().unwrap())
        });
        drop(held);
    });
    tally.round();
    let refused = refused.into_inner().unwrap();
    (answered.into_inner().unwrap(), refused)
}

fn for_time(server: &Server, tally: &Tally, time: Duration) -> usize {
    let begun = Instant::now();
    let (answered, refused) = many_at_once(server, tally, |_| begun.elapsed() > time);
    assert_eq!(answered.len() + refused, AT_ONCE);
    assert_there(server, &answered, tally);
    let after = submit(server, AT_ONCE, tally).expect("it goes on afterwards");
    assert_there(server, &[(AT_ONCE, after)], tally);
    refused
}

#[test]
fn a_database_held_for_a_moment_makes_everybody_wait() {
    let tally = Tally::of("database locked for a second");
    let server = start();
    let times = if is_torture() { 10 } else { 1 };
    for _ in 0..times {
        assert_eq!(for_time(&server, &tally, Duration::from_secs(1)), 0);
    }
    tally.assert_clean();
}

#[test]
fn a_database_that_is_held_for_long_refuses_all_who_wait_in_bounded_time() {
    let tally = Tally::of("database locked until all are refused");
    let server = start();
    // Until everybody has an answer: one after the other they would wait for many minutes.
    let (answered, refused) = many_at_once(&server, &tally, |refused| refused == AT_ONCE);
    assert_eq!((answered.len(), refused), (0, AT_ONCE));
    let listed = server.get("submissions/course1/challenge", "kevin").ok();
    assert_eq!(listed.json()["submissions"], serde_json::json!([]));
    let after = submit(&server, 1, &tally).expect("it goes on afterwards");
    assert_there(&server, &[(1, after)], &tally);
    if is_torture() {
        for_time(&server, &tally, Duration::from_secs(15));
    }
    tally.assert_clean();
}
