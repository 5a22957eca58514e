//! A submission that was answered is durable: the server is killed in the middle of many, and everything it had
//! answered is there afterwards. This is difference 7 of `api-specifications.md`.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use support::course::timestamp_of;
use support::{Call, Course, Form, Random, Sent, Server, Setup, files, files_json, percent_encode};

const ROUNDS: u64 = 5;
const CLIENTS: usize = 5;
/// After so many answers in a round the server is killed; the clients do not stop for it.
const ANSWERS_BEFORE_KILL: usize = 40;
const LARGEST_SMALL_FILE: usize = 300 * 1024;
const LARGE_FILE: usize = 5 * 1024 * 1024 + 1;

/// A submission that the server said it has.
struct Answered {
    student: String,
    timestamp: String,
    files: Vec<Sent>,
}

#[test]
fn a_submission_answered_200_survives_kill_9() {
    let setup = Setup::standalone();
    let server = setup.start();
    let students: Vec<String> = (0..CLIENTS)
        .map(|number| format!("student-{number}"))
        .collect();
    let names: Vec<&str> = students.iter().map(String::as_str).collect();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &names);
    course.release("challenge", "kevin", &[]).ok();

    let mut all = Vec::new();
    let mut server = Some(server);
    for round in 0..ROUNDS {
        let running = server.take().unwrap_or_else(|| setup.start());
        let answered = submit_until_killed(running, &students, round);
        assert!(answered.len() >= ANSWERS_BEFORE_KILL);
        assert_clean(&setup.data_dir());

        let restarted = setup.start();
        let course = Course::of(&restarted, "course1");
        for one in &answered {
            assert_there(&course, one);
        }
        all.extend(answered);
        server = Some(restarted);
    }

    let server = server.expect("the last one");
    let course = Course::of(&server, "course1");
    assert_all_listed(&course, &all);
    assert_everything_listed_is_whole(&course);
    assert_clean(&server.data_dir());
}

#[test]
fn fsck_says_when_bytes_are_not_what_they_were() {
    let setup = Setup::standalone();
    let server = setup.start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &[]);
    course.release("challenge", "kevin", &[]).ok();
    let bytes = Random::seeded(1).bytes(LARGE_FILE);
    course
        .submit("challenge", "kevin", &[Sent::new("large", bytes)])
        .ok();
    server.kill();
    let data_dir = setup.data_dir();
    assert_clean(&data_dir);

    let blob = largest_file_below(&data_dir.join("blobs"));
    let mut stored = std::fs::read(&blob).expect("the blob");
    stored[LARGE_FILE / 2] ^= 1;
    std::fs::write(&blob, &stored).expect("the blob is writable");
    assert!(
        !fsck(&data_dir).status.success(),
        "a changed byte goes unnoticed"
    );

    std::fs::remove_file(&blob).expect("the blob can be removed");
    assert!(
        !fsck(&data_dir).status.success(),
        "a missing blob goes unnoticed"
    );
}

/// Lets every student hand in one submission after the other, and kills the server among them.
fn submit_until_killed(server: Server, students: &[String], round: u64) -> Vec<Answered> {
    let port = server.port();
    let target = format!("{}submission/course1/challenge", server.prefix());
    let answered = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (number, student) in students.iter().enumerate() {
            let (answered, over, target) = (&answered, &over, &target);
            scope.spawn(move || {
                let mut random = Random::seeded(round * 100 + number as u64);
                let mut is_first = number == 0;
                while !over.load(Ordering::SeqCst) {
                    let files = some_files(&mut random, is_first);
                    is_first = false;
                    let form = Form::new()
                        .field("user", student)
                        .field("files", &files_json(&files));
                    let Ok(reply) = Call::new("POST", target).form(&form).send(port) else {
                        return; // killed
                    };
                    let one = Answered {
                        student: student.clone(),
                        timestamp: timestamp_of(&reply),
                        files,
                    };
                    answered.lock().expect("the list").push(one);
                }
            });
        }
        while answered.lock().expect("the list").len() < ANSWERS_BEFORE_KILL {
            std::thread::yield_now();
        }
        server.kill();
        over.store(true, Ordering::SeqCst);
    });
    answered.into_inner().expect("the list")
}

/// One to six files from a byte to a few hundred KiB, some of them alike; or one of several MiB.
fn some_files(random: &mut Random, large: bool) -> Vec<Sent> {
    if large {
        return vec![Sent::new("large.bin", random.bytes(LARGE_FILE))];
    }
    let count = 1 + random.below(6);
    let mut files: Vec<Sent> = (0..count)
        .map(|number| {
            // Every order of magnitude is as likely as any other.
            let limit = 1 + (LARGEST_SMALL_FILE >> random.below(18));
            let size = 1 + random.below(limit);
            Sent::new(
                &format!("part {}/file {number}.bin", number % 2),
                random.bytes(size),
            )
        })
        .collect();
    files.push(Sent::new("empty", ""));
    files.push(Sent::new("the same for all", vec![b'x'; 100_000]));
    files
}

#[track_caller]
fn assert_there(course: &Course, one: &Answered) {
    let stored = course.submitted("challenge", &one.student, Some(&one.timestamp));
    let sort = |files: &[Sent]| {
        let mut files = files.to_vec();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    };
    // Not assert_eq: nobody reads megabytes of bytes.
    let is_same = sort(&stored) == sort(&one.files);
    assert!(
        is_same,
        "{} of {} is not what was sent",
        one.student, one.timestamp
    );
}

#[track_caller]
fn assert_all_listed(course: &Course, all: &[Answered]) {
    let listed = course
        .get("submissions/course1/challenge", "kevin")
        .ok()
        .json();
    for one in all {
        let is_listed = listed["submissions"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|item| item["student_id"] == one.student && item["timestamp"] == one.timestamp);
        assert!(
            is_listed,
            "{} of {} is not listed",
            one.student, one.timestamp
        );
    }
}

/// What was being stored when the server was killed is there or not, but never in part.
#[track_caller]
fn assert_everything_listed_is_whole(course: &Course) {
    let listed = course
        .get("submissions/course1/challenge", "kevin")
        .ok()
        .json();
    for item in listed["submissions"].as_array().expect("a list") {
        let text = |key: &str| Value::as_str(&item[key]).expect("a text").to_owned();
        let (student, time) = (text("student_id"), percent_encode(&text("timestamp")));
        let target = format!("submission/course1/challenge/{student}?timestamp={time}");
        let found = files::files_of_reply(&course.get(&target, "kevin").ok().json());
        assert!(!found.is_empty(), "{student} of {time} has no files");
    }
}

fn fsck(data_dir: &Path) -> std::process::Output {
    support::server::run(&["fsck", "--data-dir", &data_dir.display().to_string()])
}

#[track_caller]
fn assert_clean(data_dir: &Path) {
    let output = fsck(data_dir);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "fsck: {said}");
}

fn largest_file_below(directory: &Path) -> PathBuf {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    let size = |path: &PathBuf| path.metadata().expect("its size").len();
    files.into_iter().max_by_key(size).expect("a file")
}
