//! A server of PostgreSQL that stops, crashes or no longer answers.

use super::{prepare, setup_on};
use nbcourier_testdb::{Cluster, Stop, shared};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, eventually};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const COMMIT: &[u8] = b"COMMIT\0";

/// Returns a server whose connections to an empty database go through the proxy.
fn start_behind(proxy: &TcpProxy) -> Server {
    let url = shared().url(&shared().create());
    let url = url.replace(
        &format!(":{}/", shared().port()),
        &format!(":{}/", proxy.port()),
    );
    Setup::standalone().on_postgres(&url).unlimited().start()
}

fn work(number: usize) -> [Sent; 1] {
    [Sent::new("work", format!("number {number}"))]
}

/// Returns the times of all submissions of the student.
fn times(server: &Server, student: &str) -> Vec<String> {
    let target = format!("submissions/algebra/ps1/{student}");
    let listed = server.get(&target, student).ok().json();
    let rows = listed["submissions"].as_array().unwrap();
    rows.iter()
        .map(|row| row["timestamp"].as_str().unwrap().to_owned())
        .collect()
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.header("retry-after").is_some(), "{}", reply.text());
}

#[test]
fn a_commit_without_an_answer_is_reported_and_never_repeated() {
    let proxy = TcpProxy::to(shared().port());
    let server = start_behind(&proxy);
    prepare(&server, &["ann"]);
    let course = Course::of(&server, "algebra");

    proxy.behave(Behaviour::CutAfter(COMMIT.to_vec()));
    let reply = course.submit("ps1", "ann", &work(1));
    proxy.behave(Behaviour::Pass);
    assert_unavailable(&reply);
    assert!(
        reply.message().contains("may have been made"),
        "{}",
        reply.message()
    );
    // PostgreSQL had received the commit. It was made once.
    eventually("the commit is visible", || times(&server, "ann").len() == 1);
    course.submit("ps1", "ann", &work(2)).ok();
    assert_eq!(times(&server, "ann").len(), 2);
}

#[test]
fn a_change_whose_connection_is_lost_before_its_commit_begins_anew() {
    let proxy = TcpProxy::to(shared().port());
    let server = start_behind(&proxy);
    prepare(&server, &["ann"]);
    let course = Course::of(&server, "algebra");

    // The first statement of a submission on a connection that writes.
    proxy.behave(Behaviour::CutBefore(b"pg_advisory_xact_lock".to_vec()));
    thread::scope(|scope| {
        let submission = scope.spawn(|| course.submit("ps1", "ann", &work(1)));
        proxy.wait_for_effect();
        proxy.behave(Behaviour::Pass);
        submission.join().unwrap().ok();
    });
    assert_eq!(times(&server, "ann").len(), 1);
}

#[test]
fn a_server_that_cannot_be_reached_is_unavailable_and_then_back() {
    let proxy = TcpProxy::to(shared().port());
    let server = start_behind(&proxy);
    prepare(&server, &["ann"]);
    let course = Course::of(&server, "algebra");
    proxy.behave(Behaviour::Refuse);
    // Many more wait than there are connections. They all fail with those that could not connect. One after the other,
    // they would wait longer than the client of these tests.
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| assert_unavailable(&course.submit("ps1", "ann", &work(1))));
        }
    });
    assert!(server.is_healthy());
    let status = |target| server.send(&server.call("GET", target)).status;
    assert_eq!(status("readyz"), 503);
    // Kubernetes would otherwise take all servers away, and people would get no reply at all.
    assert_eq!(status("readyz?local"), 200);
    proxy.behave(Behaviour::Pass);
    course.submit("ps1", "ann", &work(2)).ok();
    assert_eq!(course.submitted("ps1", "ann", None), work(2));
    assert_eq!(times(&server, "ann").len(), 1);
}

#[test]
fn what_was_answered_survives_restarts_and_crashes_of_postgresql() {
    let cluster = Cluster::start(&[]);
    let server = setup_on(&cluster).unlimited().start();
    let students = ["ann", "ben", "cleo", "dora"];
    prepare(&server, &students);
    let course = Course::of(&server, "algebra");
    let stop = AtomicBool::new(false);
    let attempts = AtomicUsize::new(0);
    let answered = thread::scope(|scope| {
        let running: Vec<_> = students
            .iter()
            .map(|student| {
                let (stop, attempts) = (&stop, &attempts);
                scope.spawn(move || {
                    let mut answered = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let number = attempts.fetch_add(1, Ordering::Relaxed);
                        let reply = course.submit("ps1", student, &work(number));
                        if reply.status == 200 {
                            answered.push((*student, timestamp_of(&reply), number));
                        } else {
                            assert_unavailable(&reply);
                        }
                    }
                    answered
                })
            })
            .collect();
        for how in [Stop::Fast, Stop::Immediate, Stop::Immediate] {
            let before = attempts.load(Ordering::Relaxed);
            eventually("submissions go on", || {
                attempts.load(Ordering::Relaxed) > before + 20
            });
            cluster.stop(how);
            cluster.resume();
        }
        eventually("the exchange is back", || server.is_healthy());
        stop.store(true, Ordering::Relaxed);
        let ended = running.into_iter().map(|one| one.join().unwrap());
        ended.flatten().collect::<Vec<_>>()
    });
    assert!(answered.len() > 20, "{}", answered.len());
    for (student, time, number) in &answered {
        let stored = course.submitted("ps1", student, Some(time));
        assert_eq!(stored, work(*number), "{student} {time}");
    }
}
