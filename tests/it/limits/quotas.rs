//! Quotas: submissions, bytes of a person, bytes of a course.

use super::{algebra, bytes, count, first_of_ada, refused, send_tar, uploads, v1};
use nbcourier_testkit::{Sent, Setup, hex_sha256};
use serde_json::json;

const SUBMISSIONS: &str = "assignments/challenge/submissions";

#[test]
fn a_student_hands_in_as_often_as_the_limit_says() {
    let server = Setup::standalone()
        .args(&["--max-submissions", "2"])
        .start();
    let course = algebra(&server, &[]);
    let work = |text: &str| [Sent::new("work", text)];
    let keyed = v1(&server, "POST", SUBMISSIONS, "ada").header("Idempotency-Key", "first");
    let keyed = keyed.body("application/x-tar", super::tar::archive(&work("one")));
    let first = server.send(&keyed);
    assert_eq!(first.status, 201, "{}", first.text());
    course.submit("challenge", "ada", &work("two")).ok();
    let why = [
        "ada has submitted 2 times",
        "nothing was stored",
        "instructor",
    ];
    refused(
        &course.submit("challenge", "ada", &work("three")),
        409,
        &why,
    );
    refused(
        &send_tar(&server, "POST", SUBMISSIONS, "ada", &work("three")),
        409,
        &why,
    );
    let by_kevin = format!("{SUBMISSIONS}?student=ada");
    refused(
        &send_tar(&server, "POST", &by_kevin, "kevin", &work("three")),
        409,
        &why,
    );
    assert_eq!(count(&course, "ada"), 2);
    let again = server.send(&keyed);
    assert_eq!(
        (again.status, again.json()),
        (200, first.json()),
        "it is in already"
    );
    course.submit("challenge", "bob", &work("one")).ok();
    course.release("other", "kevin", &[]).ok();
    course.submit("other", "ada", &work("one")).ok();

    let (id, _) = first_of_ada(&course);
    let removed = server.send(&v1(
        &server,
        "DELETE",
        &format!("submissions/{id}"),
        "kevin",
    ));
    assert_eq!(removed.status, 204);
    course.submit("challenge", "ada", &work("three")).ok();
    refused(&course.submit("challenge", "ada", &work("four")), 409, &why);
}

#[test]
fn the_same_bytes_count_once_for_a_person_and_released_ones_never() {
    let server = Setup::standalone()
        .args(&["--max-user-size", "100000"])
        .start();
    let data = Sent::new("data.csv", bytes("data", 90_000));
    let course = algebra(&server, std::slice::from_ref(&data));
    let work = |text: &str| [data.clone(), Sent::new("work", bytes(text, 60_000))];
    for _ in 0..3 {
        course.submit("challenge", "ada", &work("one")).ok();
    }
    let why = [
        "ada",
        "58.5 KiB of the 97.6 KiB",
        "nothing was stored",
        "instructor",
    ];
    refused(&course.submit("challenge", "ada", &work("two")), 413, &why);
    let by_kevin = format!("{SUBMISSIONS}?student=ada");
    for (target, user) in [(SUBMISSIONS, "ada"), (&by_kevin, "kevin")] {
        refused(
            &send_tar(&server, "POST", target, user, &work("two")),
            413,
            &why,
        );
    }
    assert_eq!(count(&course, "ada"), 3);
    course.submit("challenge", "ada", &work("one")).ok();
    course.submit("challenge", "bob", &work("two")).ok();
    course
        .submit(
            "challenge",
            "bob",
            &[Sent::new("more", bytes("more", 40_000))],
        )
        .ok();

    course.release("other", "kevin", &[]).ok();
    refused(&course.submit("other", "ada", &work("two")), 413, &why);
    let gone = server.send(&v1(&server, "DELETE", "assignments/challenge", "kevin"));
    assert_eq!(gone.status, 204);
    course.submit("other", "ada", &work("two")).ok();
}

#[test]
fn a_full_course_takes_no_files_whoever_sends_them_and_however() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "150 KiB"])
        .start();
    let course = algebra(&server, &[Sent::new("task", bytes("task", 90_000))]);
    let own = [Sent::new("work", bytes("own", 40_000))];
    course.submit("challenge", "ada", &own).ok();
    let (submission, time) = first_of_ada(&course);
    let before = stored(&server);
    for (what, reply) in uploads(&course, submission, &time) {
        eprintln!("{what}");
        refused(
            &reply,
            413,
            &[
                "The course takes 126.9 KiB of the 150.0 KiB",
                "nothing was stored",
            ],
        );
    }
    assert_eq!(
        stored(&server),
        before,
        "of what was refused nothing is left"
    );
    assert_eq!(count(&course, "ada"), 1);
    // Bytes that others have count like any others. Otherwise the answers would reveal who has which.
    refused(
        &course.submit("challenge", "bob", &own),
        413,
        &["The course takes 126.9 KiB", "would add 39.0 KiB"],
    );
    course.submit("challenge", "ada", &own).ok();
    let named = json!({ "files": [{ "path": "again", "sha256": hex_sha256(&own[0].bytes), "size": 40_000 }] });
    let offer = v1(&server, "POST", SUBMISSIONS, "ada").body("application/json", named.to_string());
    assert_eq!(
        server.send(&offer).status,
        201,
        "what is there already needs no room"
    );

    let gone = server.send(&v1(&server, "DELETE", "assignments/challenge", "kevin"));
    assert_eq!(gone.status, 204);
    course
        .release(
            "next",
            "kevin",
            &[Sent::new("task", bytes("next", 140_000))],
        )
        .ok();
    refused(&course.submit("next", "ada", &own), 413, &["The course"]);
    let other = nbcourier_testkit::Course::of(&server, "biology");
    other.make(&["kevin"], &["ada"]);
    other.release("ps1", "kevin", &own).ok();
}

/// Returns the number of large files, with those on their way.
fn stored(server: &nbcourier_testkit::Server) -> usize {
    server.large_files().len() + server.unfinished_uploads()
}

#[test]
fn restored_submissions_count_again() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "100000"])
        .start();
    let course = algebra(&server, &[]);
    let work = |text: &str| [Sent::new("work", bytes(text, 60_000))];
    course.submit("challenge", "ada", &work("one")).ok();
    let (id, _) = first_of_ada(&course);
    let removed = server.send(&v1(
        &server,
        "DELETE",
        &format!("submissions/{id}"),
        "kevin",
    ));
    assert_eq!(removed.status, 204);
    course.submit("challenge", "bob", &work("two")).ok();
    let back = server.send(&v1(
        &server,
        "POST",
        &format!("trash/submissions/{id}"),
        "kevin",
    ));
    assert_eq!(
        back.status, 200,
        "nobody is kept from bringing something back"
    );
    let small = [Sent::new("small", bytes("small", 1000))];
    refused(
        &course.submit("challenge", "bob", &small),
        413,
        &["117.1 KiB of the 97.6 KiB"],
    );
    course.submit("challenge", "bob", &work("two")).ok();
}
