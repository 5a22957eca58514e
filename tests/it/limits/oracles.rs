//! No answer of a quota reveals which bytes others have: neither its status, nor its numbers.

use super::{algebra, bytes, refused, send_tar, v1};
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, hex_sha256, tar};
use serde_json::json;

const SUBMISSIONS: &str = "assignments/challenge/submissions";

fn claim(server: &Server, user: &str, bytes: &[u8], size: usize) -> Reply {
    let reported = json!({ "files": [{ "path": "x", "sha256": hex_sha256(bytes), "size": size }] });
    let call = v1(server, "POST", SUBMISSIONS, user);
    server.send(&call.body("application/json", reported.to_string()))
}

/// The contents that ada may not see, of 30,000 bytes each, named after their places.
const SECRETS: [&str; 8] = [
    "released and not open",
    "released and taken back",
    "an earlier version",
    "handed in by bob",
    "given back to bob",
    "released elsewhere",
    "handed in elsewhere",
    "released, never open, and deleted",
];

fn secret(name: &str) -> [Sent; 1] {
    [Sent::new("secret", bytes(name, 30_000))]
}

fn prepare(server: &Server) -> Course<'_> {
    let course = algebra(server, &[Sent::new("task", "task")]);
    let later = json!({ "opens_at": "2220-01-01T00:00:00Z" }).to_string();
    for name in ["exam", "deleted"] {
        let dates = v1(server, "PUT", &format!("assignments/{name}/dates"), "kevin");
        let set = server.send(&dates.body("application/json", later.clone()));
        assert_eq!(set.status, 200, "{}", set.text());
    }
    let delete = |target: &str| {
        assert_eq!(
            server.send(&v1(server, "DELETE", target, "kevin")).status,
            204
        );
    };
    course.release("exam", "kevin", &secret(SECRETS[0])).ok();
    course.release("back", "kevin", &secret(SECRETS[1])).ok();
    delete("assignments/back/release");
    course
        .release("versions", "kevin", &secret(SECRETS[2]))
        .ok();
    delete("assignments/versions/release");
    course
        .release("versions", "kevin", &[Sent::new("task", "other")])
        .ok();
    let time = nbcourier_testkit::course::timestamp_of(&course.submit(
        "challenge",
        "bob",
        &secret(SECRETS[3]),
    ));
    course
        .give_feedback("challenge", "bob", &time, &secret(SECRETS[4]))
        .ok();
    let elsewhere = Course::of(server, "geometry");
    elsewhere.make(&["kevin"], &["zoe"]);
    elsewhere
        .release("challenge", "kevin", &secret(SECRETS[5]))
        .ok();
    elsewhere
        .submit("challenge", "zoe", &secret(SECRETS[6]))
        .ok();
    course.release("deleted", "kevin", &secret(SECRETS[7])).ok();
    delete("assignments/deleted");
    course
}

#[test]
fn a_guess_is_answered_alike_whether_somebody_has_these_bytes_or_nobody() {
    for limits in [
        ["--max-user-size", "40 KB", "--max-course-size", "1 GB"],
        ["--max-user-size", "1 GB", "--max-course-size", "182 KB"],
        ["--max-user-size", "1 MB", "--max-course-size", "1 MB"],
    ] {
        let server = Setup::standalone().args(&limits).start();
        let course = prepare(&server);
        course
            .submit("challenge", "ada", &[Sent::new("own", bytes("own", 5000))])
            .ok();
        for name in SECRETS {
            let right = bytes(name, 30_000);
            let wrong = bytes(&format!("{name}?"), 30_000);
            let answer = |reply: &Reply| (reply.status, reply.message());
            // By checksum, with a size that would just fit, would not fit by far, or is the true one.
            for size in [30_000, 1, 15_001, 999_999, 1_000_001] {
                let (right, wrong) = (
                    claim(&server, "ada", &right, size),
                    claim(&server, "ada", &wrong, size),
                );
                assert_eq!(answer(&right), answer(&wrong), "{limits:?}: {name}, {size}");
                refused(&right, 409, &["are missing"]);
            }
        }
    }
}

#[test]
fn bytes_that_are_sent_count_alike_whether_somebody_has_them_or_nobody() {
    for limits in [
        ["--max-user-size", "40 KB", "--max-course-size", "1 GB"],
        ["--max-user-size", "1 GB", "--max-course-size", "220 KB"],
    ] {
        let server = Setup::standalone().args(&limits).start();
        let course = prepare(&server);
        course
            .submit(
                "challenge",
                "ada",
                &[Sent::new("own", bytes("own", 15_000))],
            )
            .ok();
        // Fills the quota, so that only new bytes are refused.
        let filler = Sent::new("filler", bytes("filler", 60_000));
        for name in SECRETS {
            let answers = [name.to_owned(), format!("{name}?")].map(|seed| {
                let files = [filler.clone(), Sent::new("guess", bytes(&seed, 30_000))];
                let by_form = course.submit("challenge", "ada", &files);
                let by_tar = send_tar(&server, "POST", SUBMISSIONS, "ada", &files);
                refused(&by_form, 413, &["would add 87.8 KiB"]);
                refused(&by_tar, 413, &["would add 87.8 KiB"]);
                (by_form.message(), by_tar.message())
            });
            assert_eq!(answers[0], answers[1], "{limits:?}: {name}");
        }
    }
}

#[test]
fn the_room_left_does_not_reveal_whether_bytes_existed() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "1 MB"])
        .start();
    let course = prepare(&server);
    let probe = [Sent::new("probe", bytes("probe", 990_000))];
    let taken = || {
        let message = course.submit("challenge", "ada", &probe).message();
        let taken = message.split(" of the ").next().unwrap_or_default();
        let kib = taken
            .strip_prefix("The course takes ")
            .and_then(|rest| rest.strip_suffix(" KiB"));
        kib.and_then(|kib| kib.parse::<f64>().ok())
            .unwrap_or_else(|| panic!("{message}"))
    };
    for name in SECRETS {
        let before = taken();
        course.submit("challenge", "ada", &secret(name)).ok();
        let grown = taken() - before;
        assert!((29.2..29.4).contains(&grown), "{name}: {grown} KiB");
    }
    // Released files are no secret for students, and do not count for them.
    let before = taken();
    course
        .submit("challenge", "ada", &[Sent::new("task", "task")])
        .ok();
    assert!((taken() - before).abs() < 0.05);
}

#[test]
fn an_instructor_learns_nothing_of_what_a_student_has_in_other_courses() {
    let server = Setup::standalone()
        .args(&["--max-user-size", "100 KB"])
        .start();
    algebra(&server, &[]);
    let elsewhere = Course::of(&server, "geometry");
    elsewhere.make(&["gwen"], &["ada"]);
    elsewhere
        .release("challenge", "gwen", &secret("shown elsewhere"))
        .ok();
    elsewhere.submit("challenge", "ada", &secret("theirs")).ok();
    let for_ada = format!("{SUBMISSIONS}?student=ada");
    let filler = Sent::new("filler", bytes("filler", 60_000));
    let answers = ["theirs", "shown elsewhere", "nobody's"].map(|seed| {
        let files = [filler.clone(), Sent::new("guess", bytes(seed, 30_000))];
        let call =
            v1(&server, "POST", &for_ada, "kevin").body("application/x-tar", tar::archive(&files));
        let reply = server.send(&call);
        refused(&reply, 413, &["would add 87.8 KiB"]);
        reply.message()
    });
    assert!(
        answers.iter().all(|answer| *answer == answers[2]),
        "{answers:#?}"
    );
}
