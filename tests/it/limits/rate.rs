//! The rate limit of a caller, which does not affect others.

use super::{algebra, refused, v1};
use nbcourier_testkit::http::{Connection, Reply};
use nbcourier_testkit::{Sent, Server, Setup};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Repeats the request at full speed; returns the numbers of answers and refusals.
fn loop_of(server: &Server, target: &str, times: usize) -> (usize, usize) {
    let mut line = Connection::open(server.port()).unwrap();
    let call = server.call("GET", target);
    let statuses = (0..times).map(|_| line.ask(&call).unwrap().status);
    let refused = statuses.filter(|status| *status == 429).count();
    (times - refused, refused)
}

/// Repeats the request until it is refused. One more is answered each second, and that second may end between two requests.
fn until_refused(ask: impl Fn() -> Reply) -> Reply {
    let mut replies = std::iter::repeat_with(ask).take(100);
    replies
        .find(|reply| reply.status == 429)
        .expect("a refusal")
}

#[test]
fn a_caller_above_the_request_rate_waits_and_others_do_not() {
    let server = Setup::standalone()
        .args(&["--max-request-rate", "1"])
        .start();
    let course = algebra(&server, &[]);
    let (answered, too_many) = loop_of(&server, "courses?user=eve", 100);
    assert!(answered >= 30 && too_many >= 1, "{answered} {too_many}");
    let reply = until_refused(|| server.get("courses", "eve"));
    refused(&reply, 429, &["more than 1 requests a second"]);
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let roster = || server.send(&v1(&server, "GET", "roster", "eve"));
    refused(&until_refused(roster), 429, &["wait"]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "{}")])
        .ok();
    server.get("healthz", "eve").ok();
}

#[test]
fn an_instructor_may_ask_about_each_submission_of_a_large_class() {
    let server = Setup::standalone().start();
    algebra(&server, &[]);
    // `nbgrader list --inbound` sends as many requests with ngshare's client for 1,500 submissions.
    let (answered, _) = loop_of(&server, "submissions/algebra/challenge?user=kevin", 3001);
    assert_eq!(answered, 3001);
}

#[test]
fn while_one_asks_in_a_loop_at_full_speed_others_hand_in() {
    let server = Setup::standalone()
        .args(&["--max-request-rate", "20"])
        .start();
    let course = algebra(&server, &[]);
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    loop_of(&server, "submissions/algebra/challenge?user=kevin", 50);
                    asked.fetch_add(50, Ordering::SeqCst);
                }
            });
        }
        for number in 0..50 {
            let work = [Sent::new("work", format!("{number}"))];
            course.submit("challenge", "ada", &work).ok();
        }
        over.store(true, Ordering::SeqCst);
    });
    assert!(asked.load(Ordering::SeqCst) > 0);
    assert_eq!(super::count(&course, "ada"), 50);
}

#[test]
fn without_a_limit_nobody_counts() {
    let server = Setup::standalone()
        .args(&["--max-request-rate", "0"])
        .start();
    assert_eq!(loop_of(&server, "courses?user=eve", 200), (200, 0));
}
