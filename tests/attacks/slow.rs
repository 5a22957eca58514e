//! Clients that begin requests and do not end them.

use crate::support::http::Connection;
use crate::support::{Server, Setup};

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

/// Half a minute; so it is part of the long run (`make fuzz`).
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
