//! Simultaneous requests: only one succeeds if only one may, and no work is lost.

use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Sent, Server, Setup};
use std::collections::BTreeSet;

const AT_ONCE: usize = 12;
const EACH: usize = 8;

fn start() -> Server {
    let server = Setup::standalone().start();
    Course::of(&server, "course1").make(&["kevin"], &["lawrence"]);
    server
}

/// Returns the statuses of the same request made by many at once, sorted.
fn statuses(request: impl Fn(usize) -> u16 + Sync) -> Vec<u16> {
    let mut statuses = std::thread::scope(|scope| {
        let request = &request;
        let running: Vec<_> = (0..AT_ONCE)
            .map(|number| scope.spawn(move || request(number)))
            .collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|status| status.expect("an answer"))
            .collect::<Vec<_>>()
    });
    statuses.sort_unstable();
    statuses
}

fn one_success_and_conflicts() -> Vec<u16> {
    let mut expected = vec![409; AT_ONCE];
    expected[0] = 200;
    expected
}

#[test]
fn a_course_is_made_once_however_many_make_it() {
    let server = start();
    let make = |_| server.post("course/course2", "root", &[]).status;
    assert_eq!(statuses(make), one_success_and_conflicts());
}

#[test]
fn an_assignment_is_released_once_and_whole() {
    let server = start();
    let course = Course::of(&server, "course1");
    let version = |number: usize| {
        let text = format!("version {number}");
        ["a", "b", "c"].map(|path| Sent::new(path, text.clone()))
    };
    let release = |number| {
        course
            .release("challenge", "kevin", &version(number))
            .status
    };
    assert_eq!(statuses(release), one_success_and_conflicts());
    let fetched = course.get("assignment/course1/challenge", "lawrence");
    let fetched = nbcourier_testkit::files::files_of_reply(&fetched.ok().json());
    assert!((0..AT_ONCE).any(|number| fetched == version(number)));
}

#[test]
fn submissions_of_one_student_never_share_a_time_and_none_is_lost() {
    let server = start();
    let course = Course::of(&server, "course1");
    course.release("challenge", "kevin", &[]).ok();
    let times = std::thread::scope(|scope| {
        let running: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                scope.spawn(move || {
                    let work = [Sent::new("work", format!("of thread {number}"))];
                    let submit = |_| timestamp_of(&course.submit("challenge", "lawrence", &work));
                    (0..EACH).map(submit).collect::<Vec<_>>()
                })
            })
            .collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|times| times.expect("times")).collect::<Vec<_>>()
    });
    for of_one_thread in &times {
        let is_rising = of_one_thread.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(is_rising, "{of_one_thread:?}");
    }
    let distinct: BTreeSet<&String> = times.iter().flatten().collect();
    assert_eq!(distinct.len(), AT_ONCE * EACH);
    let listed = course.get("submissions/course1/challenge/lawrence", "lawrence");
    let listed = listed.ok().json();
    let listed = listed["submissions"].as_array().expect("a list").iter();
    let listed: Vec<&str> = listed
        .filter_map(|item| item["timestamp"].as_str())
        .collect();
    assert!(listed.is_sorted(), "not oldest first");
    assert_eq!(listed.len(), AT_ONCE * EACH);
    for (number, time) in times.iter().flat_map(|times| &times[..1]).enumerate() {
        let stored = course.submitted("challenge", "lawrence", Some(time));
        assert!(stored == [Sent::new("work", format!("of thread {number}"))]);
    }
}

#[test]
fn a_student_enrolled_by_many_is_there_once() {
    let server = start();
    let course = Course::of(&server, "course1");
    let enrol = |_| course.enrol("eric").status;
    assert_eq!(statuses(enrol), [200; AT_ONCE]);
    let listed = course.get("students/course1", "kevin").ok().json();
    assert_eq!(listed["students"].as_array().map(Vec::len), Some(2));
}
