//! Clients that send or read slowly, or stop in the middle.

use crate::client::{Client, WITH_BYTES};
use crate::tally::{Tally, rounds};
use nbcourier_testkit::{
    Call, Course, Form, Random, Sent, Server, Setup, eventually, files_json, tar,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write as _;
use std::net::TcpStream;

const SLOW: usize = 1_000;
/// The maximum memory of the server with all of these clients, in bytes.
const PEAK: u64 = 400 * 1024 * 1024;
/// The maximum growth of the server's memory that stays after these clients, in bytes. A program for tests keeps more
/// than a released one, whose pages are fewer. Without returning anything, it would keep 240 MiB.
const KEPT: u64 = 48 * 1024 * 1024;
const V1: &str = "v1/courses/course1/assignments/challenge/submissions";
const FEEDBACK: &str = "v1/courses/course1/assignments/challenge/feedback";

fn course(server: &Server) -> Course<'_> {
    let course = Course::of(server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    course
}

/// Raises the file limit of the test, whose side has as many connections.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).expect("the soft limit may be the hard one");
}

fn connect(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    line.write_all(bytes).unwrap();
    line
}

#[test]
fn a_thousand_slow_clients_keep_nobody_else_from_being_served() {
    let tally = Tally::of("1,000 slow clients");
    allow_many_connections();
    // A login gives programs a low limit on open files, which they may raise.
    let few = ["sh", "-c", "ulimit -Sn 256; exec \"$@\"", "sh"];
    let setup = Setup::standalone()
        .unlimited()
        .args(&["--idle-timeout", "30"]);
    let server = setup.through(&few).start();
    let course = course(&server);
    let client = Client::of(&server);
    let large = vec![Sent::new("large", Random::seeded(1).bytes(12 << 20))];
    course.submit("challenge", "lawrence", &large).ok();
    tally.answered();
    let before = server.open_files();
    let idle = server.resident_memory();

    let body = client.tar(
        "POST",
        V1,
        "lawrence",
        &[Sent::new("half", vec![1; 400_000])],
    );
    let body = body.to_bytes(true);
    let get = client.call("GET", "submission/course1/challenge/lawrence", "kevin");
    let archive = client.call(
        "GET",
        "v1/courses/course1/assignments/challenge/collect",
        "kevin",
    );
    let mut slow: Vec<TcpStream> = (0..SLOW)
        .map(|number| match number % 4 {
            // Headers that do not end, a body that does not end, and replies that nobody reads.
            0 => connect(
                &server,
                b"GET /api/courses HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
            ),
            1 => connect(&server, &body[..100_000]),
            2 => connect(&server, &get.to_bytes(true)),
            _ => connect(&server, &archive.to_bytes(true)),
        })
        .collect();
    assert!(server.open_files() > before + SLOW / 2, "they are there");
    for round in 0..rounds(3, 10) {
        for (number, line) in slow.iter_mut().enumerate() {
            if number % 4 < 2 {
                // One byte at a time; the errors of closed connections are ignored.
                let _ = line.write_all(b"x");
            }
        }
        for number in 0..20 {
            let work = [Sent::new("work", format!("{round} {number}"))];
            course.submit("challenge", "lawrence", &work).ok();
            tally.answered();
            let stored = course.submitted("challenge", "lawrence", None);
            tally.compare(stored == work, "the last submission");
        }
        assert!(server.is_healthy());
        tally.round();
    }
    let peak = server.peak_memory();
    println!("1,000 slow clients: {} MiB at most", peak >> 20);
    assert!(peak < PEAK, "{peak} bytes");
    // The slow clients are not kept for ever.
    eventually("the slow clients are given up", || {
        server.open_files() <= before + 20
    });
    eventually("their memory is returned to the system", || {
        server.resident_memory() <= idle + KEPT
    });
    println!(
        "and {} MiB afterwards, {} before",
        server.resident_memory() >> 20,
        idle >> 20
    );
    let listed = course
        .get("submissions/course1/challenge", "kevin")
        .ok()
        .json();
    let answered = 1 + 20 * usize::try_from(rounds(3, 10)).unwrap();
    assert_eq!(
        listed["submissions"].as_array().map(Vec::len),
        Some(answered)
    );
    tally.assert_clean();
}

/// Returns every kind of upload, with a body that is large enough for a staging file when half of it has arrived.
fn ways_in(client: &Client) -> Vec<Call> {
    let files = [
        Sent::new("first", Random::seeded(1).bytes(1 << 20)),
        Sent::new("second", Random::seeded(2).bytes(1 << 20)),
    ];
    let numbered = files
        .each_ref()
        .map(|file| Sent::new(&format!("1/{}", file.path), file.bytes.clone()));
    let form = Form::new().field("files", &files_json(&files));
    let multipart = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
    let manifest = crate::client::manifest(&files).to_string();
    let mut named = vec![Sent::new("manifest.json", manifest)];
    named.extend(files.iter().map(|file| {
        Sent::new(
            &nbcourier_testkit::hex_sha256(&file.bytes),
            file.bytes.clone(),
        )
    }));
    let submission = "submission/course1/challenge";
    vec![
        client.call("POST", submission, "lawrence").form(&form),
        client
            .call("POST", submission, "lawrence")
            .body(&multipart, form.multipart()),
        client.tar("POST", V1, "lawrence", &files),
        client
            .call("POST", V1, "lawrence")
            .body(WITH_BYTES, tar::archive(&named)),
        client.tar("POST", FEEDBACK, "kevin", &numbered),
        client.tar(
            "PUT",
            "v1/courses/course1/assignments/other/tree",
            "kevin",
            &files,
        ),
    ]
}

#[test]
fn a_client_that_stops_in_mid_body_leaves_nothing() {
    let tally = Tally::of("clients that stop in mid-body");
    let server = Setup::standalone()
        .unlimited()
        .args(&["--idle-timeout", "2"])
        .start();
    let course = course(&server);
    course.submit("challenge", "lawrence", &[]).ok();
    tally.answered();
    let client = Client::of(&server);
    let calls = ways_in(&client);
    server.get("courses", "kevin").ok();
    let before = server.open_files();
    for _ in 0..rounds(1, 10) {
        for goes_silent in [false, true] {
            let halves = calls.iter().map(|call| {
                let bytes = call.to_bytes(true);
                connect(&server, &bytes[..bytes.len() * 2 / 3])
            });
            let mut lines: Vec<TcpStream> = halves.collect();
            // The first half of a large file is in a staging file.
            eventually("the halves have come in", || {
                incoming(&server) >= calls.len()
            });
            tally.round();
            if !goes_silent {
                lines.clear();
            }
            eventually("the halves are gone", || incoming(&server) == 0);
            for line in lines {
                let reply = nbcourier_testkit::http::read_line(&mut std::io::BufReader::new(line));
                let reply = reply.expect("an answer");
                assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
            }
        }
    }
    eventually("the connections are closed", || {
        server.open_files() <= before + 4
    });
    let listed = server
        .get("v1/courses/course1/submissions", "kevin")
        .ok()
        .json();
    assert_eq!(listed["submissions"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        listed["submissions"][0]["feedback"],
        serde_json::Value::Null
    );
    let released = server.get("assignments/course1", "kevin").ok().json();
    assert_eq!(released["assignments"], serde_json::json!(["challenge"]));
    tally.assert_clean();
}

/// Returns the number of files of unfinished uploads.
fn incoming(server: &Server) -> usize {
    let incoming = server.data_dir().join("blobs/incoming");
    std::fs::read_dir(incoming).unwrap().count()
}
