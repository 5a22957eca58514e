//! Clients that begin requests and do not end them.

use nbcourier_testkit::http::Connection;
use nbcourier_testkit::{Course, Sent, Server, Setup};
use std::time::Duration;

const HELD: usize = 300;

fn open(server: &Server, bytes: &str) -> Connection {
    let mut connection = Connection::open(server.port()).unwrap();
    connection.write(bytes.as_bytes()).unwrap();
    connection
}

#[test]
fn hundreds_who_never_end_their_requests_keep_nobody_out() {
    let server = Setup::standalone().start();
    let in_headers = "GET /api/courses?user=root HTTP/1.1\r\nHost: localhost\r\nX-A: ";
    let in_body = "POST /api/course/a?user=root HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\n\r\nuser=";
    let held: Vec<Connection> = (0..HELD)
        .map(|number| open(&server, if number % 2 == 0 { in_headers } else { in_body }))
        .collect();
    for _ in 0..32 {
        server.get("courses", "root").ok();
    }
    server
        .post("course/algebra", "root", &[("instructors", "[]")])
        .ok();
    drop(held);
}

/// Takes half a minute, so it is part of the long run (`make fuzz`).
#[test]
fn headers_that_do_not_end_are_given_up() {
    if std::env::var_os("NBCOURIER_FUZZ_SECONDS").is_none() {
        return;
    }
    let server = Setup::standalone().start();
    let mut connection = open(
        &server,
        "GET /api/courses HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    );
    assert_eq!(connection.read().unwrap().status, 408);
}

/// Sends the beginning of a body to an address that is open to everybody, as that user.
fn begin(server: &Server, user: &str) -> Connection {
    let head = format!(
        "POST /api/v1/receipts/verify?user={user} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Length: 60000\r\nContent-Type: application/json\r\n\r\n"
    );
    open(server, &head)
}

#[test]
fn a_body_that_trickles_is_given_up_and_a_slow_one_is_not() {
    let server = Setup::standalone().args(&["--idle-timeout", "2s"]).start();
    let mut trickling = begin(&server, "zed");
    let mut slow = begin(&server, "ann");
    let answered = loop {
        // Both send often enough not to be idle; only one sends enough bytes.
        let is_open = trickling.write(b" ").is_ok();
        slow.write(&[b' '; 600]).unwrap();
        if let Ok(reply) = trickling.read_within(Duration::from_millis(200)) {
            break reply;
        }
        assert!(is_open, "it was closed without an answer");
    };
    assert_eq!(answered.status, 408, "{}", answered.text());
    drop(trickling);
    // The rest comes at once: the time before was within its limit.
    while slow.write(&[b' '; 1200]).is_ok() {
        if let Ok(reply) = slow.read_within(Duration::from_millis(100)) {
            assert_eq!(reply.status, 400, "{}", reply.text());
            return;
        }
    }
    panic!("the slow one was closed");
}

#[test]
fn a_caller_with_many_open_requests_is_refused_and_others_are_not() {
    let server = Setup::standalone()
        .args(&["--max-open-requests", "3", "--max-request-rate", "0"])
        .start();
    let mut held: Vec<Connection> = (0..3).map(|_| begin(&server, "zed")).collect();
    // A caller without any course is counted, too.
    let refused = loop {
        let reply = server.get("courses", "zed");
        if reply.status != 200 {
            break reply;
        }
    };
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.text().contains("3 open requests"));
    assert!(refused.header("retry-after").is_some());
    server.get("courses", "ann").ok();
    for connection in &mut held {
        connection.write(&vec![b' '; 60_000]).unwrap();
        assert_eq!(connection.read().unwrap().status, 400);
    }
    server.get("courses", "zed").ok();
}

#[test]
fn long_replies_of_one_caller_wait_for_each_other() {
    let limits = ["--max-uploads", "1", "--max-open-requests", "4"];
    let server = Setup::standalone().args(&limits).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &[]);
    let large = Sent::new("large", vec![7; 32 * 1024 * 1024]);
    course.release("challenge", "kevin", &[large]).ok();
    let target = "/api/assignment/algebra/challenge?user=kevin";
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // The reply is larger than the buffers of the connection, so a part of it stays unread.
    let mut unread = open(&server, &request);
    unread.await_reply().unwrap();
    let mut refused = None;
    let mut waiting = Vec::new();
    while refused.is_none() {
        let mut next = open(&server, &request);
        match next.read_within(Duration::from_millis(300)) {
            Ok(reply) => refused = Some(reply),
            Err(_) => waiting.push(next),
        }
        assert!(waiting.len() < 10, "all of them are sent at once");
    }
    assert_eq!(refused.unwrap().status, 429);
    server.get("courses", "root").ok();
    drop(unread);
    let first = &mut waiting[0];
    assert_eq!(first.read().unwrap().status, 200, "its turn came");
}
