//! Two replays of senseless input: no request gets a 5xx, no worker dies, and stored data stays.

use nbcourier_testkit::http::{Connection, send_bytes};
use nbcourier_testkit::nonsense::{Body, bodies, values};
use nbcourier_testkit::{Call, Course, FakeHub, Form, Random, Reply, Sent, Server, Setup};

/// All endpoints that take arguments from a body, with their arguments.
const TAKING_A_BODY: &[(&str, &str, &[&str])] = &[
    ("POST", "course/victim", &["instructors"]),
    ("DELETE", "course/nothing", &[]),
    (
        "POST",
        "instructor/target/abigail",
        &["first_name", "last_name", "email"],
    ),
    (
        "POST",
        "student/target/eric",
        &["first_name", "last_name", "email"],
    ),
    ("DELETE", "student/target/nobody", &[]),
    ("POST", "students/target", &["students"]),
    ("POST", "assignment/target/new", &["files"]),
    ("POST", "submission/target/challenge", &["files"]),
    (
        "POST",
        "feedback/target/challenge/lawrence",
        &["timestamp", "files"],
    ),
];

#[test]
fn no_argument_makes_the_server_fail() {
    let mut server = Setup::standalone().start();
    let safe = Safe::stored_on(&server);
    prepare_target(&server);
    let values = values(&mut Random::seeded(2));
    let mut cases = 0;
    for (method, target, fields) in TAKING_A_BODY {
        for field in *fields {
            for value in &values {
                let form = sound_form(fields).field(field, value);
                answer_without_failure(&server, &server.call(method, target).form(&form));
                cases += 1;
            }
        }
    }
    assert!(cases > 1000, "only {cases} cases");
    assert_unharmed(&mut server, &safe);
}

#[test]
fn no_body_makes_the_server_fail() {
    let mut server = Setup::standalone().start();
    let safe = Safe::stored_on(&server);
    prepare_target(&server);
    let mut random = Random::seeded(3);
    let mut cases = 0;
    for (method, target, fields) in TAKING_A_BODY {
        for Body {
            content_type,
            bytes,
        } in bodies(&sound_form(fields), &mut random)
        {
            let call = server.call(method, target).body(&content_type, bytes);
            answer_without_failure(&server, &call);
            cases += 1;
        }
    }
    assert!(cases > 500, "only {cases} cases");
    assert_unharmed(&mut server, &safe);
}

#[test]
fn no_bytes_on_the_wire_make_the_server_fail() {
    let mut server = Setup::standalone().start();
    let safe = Safe::stored_on(&server);
    let cases = nbcourier_testkit::wire_nonsense::requests(server.prefix(), &mut Random::seeded(4));
    assert!(cases.len() > 200, "only {} cases", cases.len());
    for bytes in &cases {
        let mut connection = Connection::open(server.port()).expect("it accepts connections");
        let _ = connection.write(bytes); // the server may have closed the connection already
        let _ = connection.finish_writing();
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        match connection.read() {
            Ok(reply) => assert!(reply.status < 500, "{} to {start:?}", reply.status),
            // For a malformed request a closed connection is an answer; silence is not.
            Err(error) => assert!(!is_timeout(&error), "silence after {start:?}"),
        }
    }
    assert_unharmed(&mut server, &safe);
}

#[test]
fn a_body_that_is_too_large_gets_413_and_the_connection_survives() {
    let server = Setup::standalone()
        .args(&["--max-request-size", "10000"])
        .start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &[]);
    let mut connection = Connection::open(server.port()).expect("a connection");
    for bytes in too_large_requests(&server, 15_000) {
        connection.write(&bytes).expect("it listens");
        assert_too_large(&connection.read().expect("an answer"));
        let after = connection.ask(&server.call("GET", "courses?user=kevin"));
        assert_eq!(after.expect("an answer on the same connection").status, 200);
    }
    let listed = course.get("assignments/course1", "kevin").ok().json();
    assert_eq!(listed["assignments"], serde_json::json!([]));
}

#[test]
fn a_body_that_is_far_too_large_gets_its_413_too() {
    let server = Setup::standalone()
        .args(&["--max-request-size", "10000"])
        .start();
    Course::of(&server, "course1").make(&["kevin"], &[]);
    for bytes in too_large_requests(&server, 3_000_000) {
        let reply =
            send_bytes(server.port(), &bytes).expect("an answer, though nobody reads it all");
        assert_too_large(&reply);
    }
}

#[test]
fn a_body_just_as_large_as_allowed_is_taken() {
    let files = nbcourier_testkit::files_json(&[Sent::new("a", vec![b'x'; 5_000])]);
    let form = Form::new().field("user", "kevin").field("files", &files);
    let size = form.urlencoded().len();
    for (limit, status) in [(size, 200), (size - 1, 413)] {
        let server = Setup::standalone()
            .args(&["--max-request-size", &limit.to_string()])
            .start();
        Course::of(&server, "course1").make(&["kevin"], &[]);
        let reply = server.send(&server.call("POST", "assignment/course1/a").form(&form));
        assert_eq!(reply.status, status, "{}", reply.text());
    }
}

/// Data that was stored before, and must be the same afterwards.
struct Safe {
    files: Vec<Sent>,
    timestamp: String,
}

impl Safe {
    fn stored_on(server: &Server) -> Self {
        let course = Course::of(server, "safe");
        let files = vec![
            Sent::new("small", "kept"),
            Sent::new("large", Random::seeded(5).bytes(300_000)),
        ];
        course.make(&["kevin"], &["lawrence"]);
        course.release("challenge", "kevin", &files).ok();
        let reply = course.submit("challenge", "lawrence", &files);
        let timestamp = nbcourier_testkit::course::timestamp_of(&reply);
        course
            .give_feedback("challenge", "lawrence", &timestamp, &files)
            .ok();
        Self { files, timestamp }
    }
}

fn prepare_target(server: &Server) {
    let course = Course::of(server, "target");
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "lawrence", &[]).ok();
}

/// Returns a complete form; fields that are added later take precedence.
fn sound_form(fields: &[&str]) -> Form {
    let form = Form::new().field("user", "root");
    fields.iter().fold(form, |form, field| {
        let value = if *field == "timestamp" {
            "2020-01-01 00:00:00.000000"
        } else {
            "[]"
        };
        form.field(field, value)
    })
}

#[track_caller]
fn answer_without_failure(server: &Server, call: &Call) {
    let shown = || format!("{call:?}").chars().take(400).collect::<String>();
    let reply = send_bytes(server.port(), &call.to_bytes(false))
        .unwrap_or_else(|error| panic!("{error} after {}", shown()));
    assert!(
        reply.status < 500,
        "{} {} to {}",
        reply.status,
        reply.text(),
        shown()
    );
    assert_eq!(reply.json()["success"], reply.status == 200, "{}", shown());
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}

#[track_caller]
fn assert_unharmed(server: &mut Server, safe: &Safe) {
    assert!(server.is_running(), "the server is dead");
    let log = server.log();
    let panic = log
        .find("panicked")
        .map(|at| &log[at..log.len().min(at + 500)]);
    assert!(
        panic.is_none(),
        "a panic in the log: {}",
        panic.unwrap_or_default()
    );
    for _ in 0..16 {
        assert!(server.is_healthy(), "not every worker answers"); // repeated more often than there are workers
    }
    let course = Course::of(server, "safe");
    let stored = course.submitted("challenge", "lawrence", Some(&safe.timestamp));
    assert!(
        stored == safe.files,
        "what was stored before is not what it was"
    );
    let listed = course
        .get("submissions/safe/challenge", "kevin")
        .ok()
        .json();
    assert_eq!(listed["submissions"].as_array().map(Vec::len), Some(1));
    course_runs_on(server);
}

/// Checks that a whole cycle still works.
#[track_caller]
fn course_runs_on(server: &Server) {
    let course = Course::of(server, "afterwards");
    let work = [Sent::new("a/b", "work")];
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &work).ok();
    let timestamp =
        nbcourier_testkit::course::timestamp_of(&course.submit("challenge", "lawrence", &work));
    assert!(course.submitted("challenge", "lawrence", Some(&timestamp)) == work);
    course
        .give_feedback("challenge", "lawrence", &timestamp, &work)
        .ok();
}

/// Returns a form of more than this many bytes in every way to send it.
fn too_large_requests(server: &Server, size: usize) -> [Vec<u8>; 4] {
    let target = format!("{}assignment/course1/large", server.prefix());
    let form = Form::new()
        .field("user", "kevin")
        .field("files", &"x".repeat(size));
    let multipart = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
    [
        Call::new("POST", &target).form(&form).to_bytes(true),
        Call::new("POST", &target)
            .body(&multipart, form.multipart())
            .to_bytes(true),
        Call::new("DELETE", &target).form(&form).to_bytes(true),
        chunked(&target, &form.urlencoded()),
    ]
}

#[track_caller]
fn assert_too_large(reply: &Reply) {
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert_eq!(reply.json()["success"], false);
    assert!(!reply.message().is_empty());
}

fn chunked(target: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    for chunk in body.chunks(4096) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

#[test]
fn a_part_of_a_form_with_too_much_in_its_headers_is_told_the_limit_of_headers() {
    let hub = FakeHub::start();
    hub.knows("root");
    let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
    let sound = "Content-Disposition: form-data; name=\"instructors\"\r\n";
    let part = |headers: &str| {
        let boundary = Form::BOUNDARY;
        format!("--{boundary}\r\n{headers}\r\n[]\r\n--{boundary}--\r\n")
    };
    let long = part(&format!("{sound}X-A: {}\r\n", "a".repeat(70_000)));
    let many = part(&format!("{sound}{}", "X-A: b\r\n".repeat(40)));
    let too_large = part(&format!("{sound}\r\n{}", "a".repeat(300_000)));
    for server in [
        Setup::standalone()
            .args(&["--max-request-size", "200000"])
            .start(),
        Setup::behind(&hub)
            .args(&["--max-request-size", "200000"])
            .start(),
    ] {
        let send = |body: &str| {
            let call = server.call("POST", "course/algebra?user=root");
            let reply = server.send(&call.token("root").body(&kind, body));
            (reply.status, reply.message())
        };
        let (status, said) = send(&long);
        assert_eq!(status, 413, "{said}");
        assert!(
            said.contains("headers of a part") && said.contains("65536"),
            "{said}"
        );
        let (status, said) = send(&many);
        assert_eq!(status, 413, "{said}");
        assert!(said.contains("more than 32 headers"), "{said}");
        let (status, said) = send(&too_large);
        assert_eq!(status, 413, "{said}");
        assert!(said.contains("limit of 200000 bytes"), "{said}");
        let listed = server.send(&server.call("GET", "courses?user=root").token("root"));
        assert_eq!(listed.ok().json()["courses"], serde_json::json!([]));
    }
}
