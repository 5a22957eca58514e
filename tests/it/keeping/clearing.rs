//! Deleted things are removed with their bytes after their retention time, and nothing else is.

use super::place::{LARGE, blobs, done, files_below, with_work};
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{
    Course, Random, Reply, Sent, Server, Setup, eventually, files_json, percent_encode,
};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const ALL: [&str; 5] = ["gc", "--grace", "0", "--retention", "0"];

#[test]
fn a_dry_run_says_what_the_next_run_does_and_changes_nothing() {
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    with_work(&server, "logic", 2);
    server.delete("course/algebra", "root").ok();
    let data = server.data_dir();
    let before = (blobs(&data), server.get("v1/trash", "root").json());
    let dry = done(&data, &[ALL.as_slice(), &["--dry-run"]].concat());
    assert!(
        dry.contains("Would remove 1 course") && dry.contains("Nothing was changed"),
        "{dry}"
    );
    // The assignments of both courses have the same bytes.
    let bytes = LARGE + "work 1".len();
    assert!(
        dry.contains(&format!(
            "2 trees and 2 blobs that only they named, with 1 file and {bytes} bytes"
        )) || dry.contains(&format!(
            "1 tree and 2 blobs that only they named, with 1 file and {bytes} bytes"
        )),
        "{dry}"
    );
    assert_eq!(
        (blobs(&data), server.get("v1/trash", "root").json()),
        before
    );

    let wet = done(&data, &ALL);
    let said = |printed: &str| {
        printed
            .lines()
            .next()
            .unwrap()
            .replace("Would remove", "Removed")
            .replace("would forget", "forgot")
    };
    assert_eq!(said(&wet), said(&dry));
    assert_eq!(blobs(&data).len(), 1);
    let nothing = done(&data, &ALL);
    assert!(
        nothing.contains("0 trees and 0 blobs") && nothing.contains(" 0 bytes"),
        "{nothing}"
    );
    assert!(done(&data, &["fsck"]).contains("All is well"));
}

/// A kind of thing that can be deleted, listed in the trash, and restored.
struct Kind {
    name: &'static str,
    delete: fn(&Server),
    /// Returns the entries of this kind in the trash.
    listed: fn(&Server) -> Vec<Value>,
    restore: fn(&Server, i64) -> Reply,
}

fn v1(server: &Server, method: &str, target: &str) -> Reply {
    let target = format!("{target}?user=root");
    server.send(&server.call(method, &target))
}

fn submission(server: &Server) -> i64 {
    let all = server
        .get("v1/courses/algebra/submissions", "ira")
        .ok()
        .json();
    all["submissions"][0]["id"].as_i64().unwrap()
}

fn in_trash(server: &Server, kind: &str) -> Vec<Value> {
    let trash = server.get("v1/courses/algebra/trash", "ira").ok().json();
    trash[kind].as_array().unwrap().clone()
}

fn restore(server: &Server, kind: &str, id: i64) -> Reply {
    v1(
        server,
        "POST",
        &format!("v1/courses/algebra/trash/{kind}/{id}"),
    )
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "course",
        delete: |server| drop(server.delete("course/algebra", "root").ok()),
        listed: |server| {
            let trash = server.get("v1/trash", "root").ok().json();
            trash["courses"].as_array().unwrap().clone()
        },
        restore: |server, id| server.post(&format!("v1/trash/{id}"), "root", &[]),
    },
    Kind {
        name: "assignment",
        delete: |server| drop(v1(server, "DELETE", "v1/courses/algebra/assignments/ps1")),
        listed: |server| in_trash(server, "assignments"),
        restore: |server, id| restore(server, "assignments", id),
    },
    Kind {
        name: "submission",
        delete: |server| {
            let id = submission(server);
            v1(
                server,
                "DELETE",
                &format!("v1/courses/algebra/submissions/{id}"),
            );
        },
        listed: |server| in_trash(server, "submissions"),
        restore: |server, id| restore(server, "submissions", id),
    },
    Kind {
        name: "feedback",
        delete: |server| {
            let id = submission(server);
            v1(
                server,
                "DELETE",
                &format!("v1/courses/algebra/submissions/{id}/feedback"),
            );
        },
        listed: |server| in_trash(server, "feedback"),
        restore: |server, id| restore(server, "feedback", id),
    },
];

#[test]
fn whatever_is_deleted_comes_back_or_goes_with_its_bytes() {
    for kind in KINDS {
        let server = Setup::standalone().start();
        let (course, _) = with_work(&server, "algebra", 1);
        let all = server
            .get("v1/courses/algebra/submissions", "ira")
            .ok()
            .json();
        let time = all["submissions"][0]["submitted_at"]
            .as_str()
            .unwrap()
            .to_owned();
        let given = [Sent::new("feedback", Random::seeded(7).bytes(LARGE))];
        course.give_feedback("ps1", "ada", &time, &given).ok();
        let (data, name) = (server.data_dir(), kind.name);
        assert!((kind.listed)(&server).is_empty(), "{name}");

        (kind.delete)(&server);
        let listed = (kind.listed)(&server);
        assert_eq!(listed.len(), 1, "{name}");
        // It stays within its retention time, whatever the grace period.
        done(&data, &["gc", "--grace", "0"]);
        (kind.restore)(&server, listed[0]["id"].as_i64().unwrap()).ok();
        assert!((kind.listed)(&server).is_empty(), "{name}");
        assert_eq!(course.submitted("ps1", "ada", None).len(), 2, "{name}");
        assert_eq!(blobs(&data).len(), 2, "{name}");

        (kind.delete)(&server);
        let printed = done(&data, &ALL);
        let (files, left) = match name {
            "feedback" => ("1 file", 1),
            _ => ("2 files", 0),
        };
        assert!(
            printed.contains(&format!(" {files} and ")),
            "{name}: {printed}"
        );
        assert_eq!(blobs(&data).len(), left, "{name}");
        assert!((kind.listed)(&server).is_empty(), "{name}");
        let id = listed[0]["id"].as_i64().unwrap();
        assert_eq!((kind.restore)(&server, id).status, 404, "{name}");
        assert!(done(&data, &["fsck"]).contains("All is well"), "{name}");
    }
}

#[test]
fn files_stay_while_somebody_copies_them() {
    let server = Setup::standalone().start();
    with_work(&server, "algebra", 1);
    server.delete("course/algebra", "root").ok();
    let data = server.data_dir();
    let lock = File::open(data.join("blobs.lock"));
    let lock = lock
        .or_else(|_| File::create(data.join("blobs.lock")))
        .unwrap();
    lock.lock_shared().unwrap();
    let printed = done(&data, &ALL);
    assert!(
        printed.contains("files stay until the next run"),
        "{printed}"
    );
    assert_eq!(blobs(&data).len(), 1);
    drop(lock);
    let printed = done(&data, &ALL);
    assert!(
        printed.contains(&format!("1 file and {LARGE} bytes")),
        "{printed}"
    );
    assert_eq!(blobs(&data).len(), 0);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// Returns the number of stored contents, referenced by a tree or not.
fn stored(server: &Server) -> i64 {
    let path = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel::sql_query("PRAGMA busy_timeout = 10000")
        .execute(&mut conn)
        .unwrap();
    let rows = diesel::sql_query("SELECT count(*) AS count FROM blobs").load::<Count>(&mut conn);
    rows.unwrap()[0].count
}

/// Returns large files, and more small ones than are held in memory.
fn much(random: &mut Random) -> Vec<Sent> {
    let mut files = vec![Sent::new("large", random.bytes(LARGE))];
    let small = (0..60).map(|n| Sent::new(&format!("small {n}"), random.bytes(50_000)));
    files.extend(small);
    files.push(Sent::new("large, too", random.bytes(LARGE)));
    files
}

/// Sends a submission and runs a clean-up after its first two thirds.
fn submit_slowly(server: &Server, files: &[Sent], clean: impl Fn()) -> (u16, String) {
    let body = format!("user=ada&files={}", percent_encode(&files_json(files)));
    let (first, rest) = body.split_at(body.len() * 2 / 3);
    let before = stored(server);
    let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    line.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    write!(
        line,
        "POST /api/submission/algebra/ps1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    // Something is stored that no tree references yet.
    eventually("something is stored", || stored(server) != before);
    clean();
    line.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

#[test]
fn an_upload_in_flight_keeps_its_bytes_through_any_clean_up() {
    let server = Setup::standalone().start();
    let (course, _) = with_work(&server, "algebra", 1);
    let earlier = course.submitted("ps1", "ada", None);
    let data = server.data_dir();
    let mut random = Random::seeded(3);
    for arguments in [ALL.as_slice(), &["gc"]] {
        let files = much(&mut random);
        let (status, answer) = submit_slowly(&server, &files, || {
            for _ in 0..3 {
                done(&data, arguments);
            }
        });
        assert_eq!(status, 200, "{arguments:?}: {answer}");
        assert!(
            course.submitted("ps1", "ada", None) == files,
            "{arguments:?}"
        );
    }
    let first = &server
        .get("v1/courses/algebra/submissions", "ira")
        .ok()
        .json()["submissions"][0];
    let time = first["submitted_at"].as_str().unwrap();
    assert!(course.submitted("ps1", "ada", Some(time)) == earlier);
    assert!(done(&data, &["fsck"]).contains("All is well"));
    let incoming = files_below(&data.join("blobs/incoming"));
    assert!(incoming.is_empty(), "{} files", incoming.len());
}

#[test]
fn uploads_that_race_with_clean_ups_are_whole_or_refused_clearly() {
    let server = Setup::standalone().start();
    let (course, _) = with_work(&server, "algebra", 1);
    let data = server.data_dir();
    let over = std::sync::atomic::AtomicBool::new(false);
    let shared = Random::seeded(5).bytes(LARGE);
    std::thread::scope(|scope| {
        let (over, data) = (&over, &data);
        scope.spawn(move || {
            while !over.load(std::sync::atomic::Ordering::SeqCst) {
                done(data, &ALL);
            }
        });
        let senders: Vec<_> = ["ada", "bob"]
            .into_iter()
            .map(|student| {
                let shared = shared.clone();
                scope.spawn(move || {
                    let mut random = Random::seeded(student.len() as u64);
                    for _ in 0..12 {
                        // The same bytes are deleted and uploaded again, so that some uploads find a file that is about
                        // to be removed.
                        let files = [
                            Sent::new("shared", shared.clone()),
                            Sent::new("own", random.bytes(LARGE)),
                        ];
                        let time = timestamp_of(&course.submit("ps1", student, &files));
                        assert!(course.submitted("ps1", student, Some(&time)) == files);
                        let listed = server_submissions(&course, student);
                        v1(
                            course.server,
                            "DELETE",
                            &format!("v1/courses/algebra/submissions/{listed}"),
                        );
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        over.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    assert!(done(&data, &["fsck"]).contains("All is well"));
}

/// Returns the ID of the student's latest submission.
fn server_submissions(course: &Course<'_>, student: &str) -> i64 {
    let target = format!("v1/courses/algebra/submissions?assignment=ps1&student={student}");
    let listed = course.server.get(&target, "ira").ok().json();
    let last = listed["submissions"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    last["id"].as_i64().unwrap()
}

#[test]
fn gc_reports_removals_even_if_the_run_cannot_be_recorded() {
    let setup = Setup::standalone();
    let server = setup.start();
    with_work(&server, "algebra", 1);
    server.delete("course/algebra", "root").ok();
    drop(server);
    let data = setup.data_dir();
    let database = data.join("nbcourier.db");
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    for moment in ["INSERT", "UPDATE"] {
        diesel::sql_query(format!(
            "CREATE TRIGGER no_{moment} BEFORE {moment} ON runs BEGIN SELECT RAISE(ABORT, 'not to be noted'); END"
        ))
        .execute(&mut conn)
        .unwrap();
    }
    drop(conn);
    let printed = done(&data, &ALL);
    assert!(printed.contains("Removed 1 course"), "{printed}");
    assert!(printed.contains("could not be recorded: "), "{printed}");
    assert!(printed.contains("not to be noted"), "{printed}");
    assert!(blobs(&data).is_empty());
}
