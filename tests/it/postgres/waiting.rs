//! Changes wait for others only where both decide by the same rows.

use super::{prepare, setup_on};
use nbcourier_testdb::shared;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Course, Sent, Setup, tar};
use std::thread;

/// The statement that ends a change, as it travels.
const COMMIT: &[u8] = b"COMMIT\0";

#[test]
fn students_hand_in_the_same_header_while_a_submission_hangs_before_its_commit() {
    let proxy = TcpProxy::sparing(shared().port(), super::READING);
    let url = shared().url(&shared().create());
    let url = url.replace(
        &format!(":{}/", shared().port()),
        &format!(":{}/", proxy.port()),
    );
    let server = Setup::standalone().on_postgres(&url).unlimited().start();
    let names: Vec<String> = (0..50)
        .map(|number| format!("student{number:02}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    prepare(&server, &names);
    let course = Course::of(&server, "algebra");
    let header = Sent::new("header.ipynb", "# the same for all\n".repeat(50));
    let work = |name: &str| {
        [
            header.clone(),
            Sent::new("answer.ipynb", format!("# by {name}")),
        ]
    };
    // The header came before, as with a release.
    for name in ["first", "hanging"] {
        course.enrol(name).ok();
    }
    course.submit("ps1", "first", &work("first")).ok();

    proxy.behave(Behaviour::HoldOne(COMMIT.to_vec()));
    thread::scope(|scope| {
        let hanging = scope.spawn(|| course.submit("ps1", "hanging", &work("hanging")).ok());
        proxy.wait_for_effect();
        thread::scope(|students| {
            for name in &names {
                students.spawn(|| course.submit("ps1", name, &work(name)).ok());
            }
        });
        assert!(!hanging.is_finished(), "its commit is held back");
        proxy.behave(Behaviour::Pass);
    });
    for name in names.into_iter().chain(["hanging"]) {
        assert_eq!(course.submitted("ps1", name, None), work(name), "{name}");
    }
}

#[test]
fn two_attempts_at_once_with_one_key_are_one_submission() {
    let server = setup_on(shared()).unlimited().start();
    prepare(&server, &["ann"]);
    let attempts: Vec<u16> = thread::scope(|scope| {
        let running: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let call = server
                        .call(
                            "POST",
                            "v1/courses/algebra/assignments/ps1/submissions?user=ann",
                        )
                        .header("Idempotency-Key", "the-same-key-for-all")
                        .body("application/x-tar", tar::archive(&[Sent::new("a", "b")]));
                    server.send(&call).status
                })
            })
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        attempts.iter().all(|status| matches!(status, 200 | 201)),
        "{attempts:?}"
    );
    assert_eq!(attempts.iter().filter(|status| **status == 201).count(), 1);
    let listed = server.get("submissions/algebra/ps1/ann", "ann").ok().json();
    assert_eq!(listed["submissions"].as_array().unwrap().len(), 1);
}
