//! Two backups during full load and a clean-up contain everything that was confirmed before them.

use super::place::{LARGE, done, text};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Random, Sent, Server, Setup, eventually, files, percent_encode};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

const CLIENTS: u64 = 4;
/// The number of confirmed changes before the first backup.
const AT_FIRST: usize = 40;

/// The address of a tree, and the files that were sent.
struct ConfirmedTree {
    target: String,
    files: Vec<Sent>,
}

fn some_files(random: &mut Random) -> Vec<Sent> {
    let size = 1 + random.below(2 * LARGE);
    vec![
        Sent::new("part 1/small+ü", random.bytes(40)),
        Sent::new("any size", random.bytes(size)),
        Sent::new("the same for all", vec![b'x'; LARGE]),
    ]
}

/// Submits, and sometimes releases or gives feedback, until the end.
fn work(server: &Server, number: u64, answered: &Mutex<Vec<ConfirmedTree>>, over: &AtomicBool) {
    let mut random = Random::seeded(number);
    let course = Course::of(server, "algebra");
    let student = format!("student-{number}");
    let note = |target: String, files: Vec<Sent>| {
        answered
            .lock()
            .unwrap()
            .push(ConfirmedTree { target, files });
    };
    for round in 0.. {
        if over.load(Ordering::SeqCst) {
            return;
        }
        let sent = some_files(&mut random);
        let time = timestamp_of(&course.submit("ps1", &student, &sent));
        let when = format!("{student}?timestamp={}", percent_encode(&time));
        note(format!("submission/algebra/ps1/{when}"), sent);
        if round % 3 == 0 {
            let sent = some_files(&mut random);
            course.give_feedback("ps1", &student, &time, &sent).ok();
            note(format!("feedback/algebra/ps1/{when}"), sent);
        }
        if round % 5 == 0 {
            let (name, sent) = (format!("ps-{number}-{round}"), some_files(&mut random));
            course.release(&name, "ira", &sent).ok();
            note(format!("assignment/algebra/{name}"), sent);
        }
    }
}

/// Makes courses, deletes them and removes them at once with their bytes.
fn clear(server: &Server, over: &AtomicBool) {
    let mut random = Random::seeded(99);
    while !over.load(Ordering::SeqCst) {
        let course = Course::of(server, "passing");
        course.make(&["ira"], &[]);
        let files = [
            Sent::new("large", random.bytes(LARGE)),
            Sent::new("small", random.bytes(9)),
        ];
        course.release("ps1", "ira", &files).ok();
        server.delete("course/passing", "root").ok();
        done(
            &server.data_dir(),
            &["gc", "--grace", "0", "--retention", "0"],
        );
    }
}

#[track_caller]
fn assert_all_there(data: &Path, setup: &Setup, answered: &[ConfirmedTree]) {
    let server = setup.start();
    for one in answered {
        let reply = server.get(&one.target, "root");
        assert_eq!(reply.status, 200, "{}: {}", one.target, reply.message());
        let found = files::files_of_reply(&reply.json());
        // Not assert_eq, which would print megabytes of bytes.
        assert!(found == one.files, "{} is not what was sent", one.target);
    }
    assert!(done(data, &["fsck"]).contains("All is well"));
}

#[test]
fn everything_answered_before_a_backup_began_is_in_it() {
    let place = tempfile::tempdir().unwrap();
    let dest = place.path().join("backup");
    let server = Setup::standalone().start();
    let names: Vec<String> = (0..CLIENTS)
        .map(|number| format!("student-{number}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let course = Course::of(&server, "algebra");
    course.make(&["ira"], &names);
    course.release("ps1", "ira", &[]).ok();

    let (answered, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let count = || answered.lock().unwrap().len();
    let fresh = Setup::standalone();
    let before_second = std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (server, answered, over) = (&server, &answered, &over);
            scope.spawn(move || work(server, number, answered, over));
        }
        scope.spawn(|| clear(&server, &over));
        eventually("some are answered", || count() >= AT_FIRST);
        done(&server.data_dir(), &["backup", text(&dest)]);
        let first = count();
        eventually("more are answered", || count() > first);
        let before_second = count();
        let printed = done(&server.data_dir(), &["backup", text(&dest), "--verify"]);
        assert!(
            !printed.contains("0 files of 0 bytes were there already"),
            "{printed}"
        );
        over.store(true, Ordering::SeqCst);
        before_second
    });
    let data = fresh.data_dir();
    done(&data, &["restore", text(&dest)]);
    let answered = answered.into_inner().unwrap();
    assert_all_there(&data, &fresh, &answered[..before_second]);
    assert!(done(&server.data_dir(), &["fsck"]).contains("All is well"));
}
