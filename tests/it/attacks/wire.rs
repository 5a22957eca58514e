//! Requests that two readers interpret differently, and requests beyond all limits.

use nbcourier_testkit::http::Connection;
use nbcourier_testkit::{FakeHub, Form, Server, Setup, eventually};

fn start() -> Server {
    Setup::standalone().start()
}

/// Returns a form that makes a course if the server reads it as a form.
fn form() -> Vec<u8> {
    Form::new()
        .field("user", "root")
        .field("instructors", "[]")
        .urlencoded()
}

/// Returns the statuses of all answers to these bytes, until the server closes the connection.
fn statuses(server: &Server, bytes: &[u8]) -> Vec<u16> {
    let mut connection = Connection::open(server.port()).unwrap();
    let _ = connection.write(bytes); // the server may have closed the connection already
    let _ = connection.finish_writing();
    std::iter::from_fn(|| connection.read().ok())
        .map(|reply| reply.status)
        .collect()
}

fn request(server: &Server, line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let target = format!("{}course/smuggled", server.prefix());
    let line = line.replace("TARGET", &target);
    let head = format!(
        "{line}\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn courses(server: &Server) -> serde_json::Value {
    server.get("courses", "root").ok().json()["courses"].clone()
}

#[test]
fn a_request_with_two_lengths_is_refused() {
    let server = start();
    let form = form();
    let length = form.len();
    let chunked = [
        format!("{length:x}\r\n").as_bytes(),
        &form,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let second = format!(
        "GET {}courses?user=root HTTP/1.1\r\nHost: localhost\r\n\r\n",
        server.prefix()
    );
    for (headers, body) in [
        (
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
            &chunked,
        ),
        (
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
            &chunked,
        ),
        (
            format!("Content-Length: {length}\r\nContent-Length: 3\r\n"),
            &form,
        ),
        (
            format!("Content-Length: 0\r\nContent-Length: {length}\r\n"),
            &form,
        ),
        (format!("Content-Length: {length}, {length}\r\n"), &form),
        (format!("Content-Length: +{length}\r\n"), &form),
        ("Content-Length: -1\r\n".to_owned(), &form),
        (format!("Content-Length : {length}\r\n"), &form),
        (format!("Content-Length: {length}\r\n {length}\r\n"), &form),
        ("Transfer-Encoding: xchunked\r\n".to_owned(), &chunked),
        (
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            &chunked,
        ),
        ("Transfer-Encoding: gzip, chunked\r\n".to_owned(), &chunked),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(),
            &chunked,
        ),
        ("Transfer-Encoding: \x0Bchunked\r\n".to_owned(), &chunked),
        ("Transfer-Encoding : chunked\r\n".to_owned(), &chunked),
        (
            "X: a\r\n Transfer-Encoding: chunked\r\n".to_owned(),
            &chunked,
        ),
    ] {
        let bytes = [
            request(&server, "POST TARGET HTTP/1.1", &headers, body),
            second.clone().into_bytes(),
        ]
        .concat();
        assert_eq!(statuses(&server, &bytes), [400], "{headers:?}");
    }
    assert_eq!(courses(&server), serde_json::json!([]));
}

#[test]
fn invalid_chunks_end_the_connection() {
    let server = start();
    let form = form();
    let text = String::from_utf8(form.clone()).unwrap();
    let length = form.len();
    let second = format!(
        "GET {}healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        server.prefix()
    );
    for body in [
        format!("xyz\r\n{text}\r\n0\r\n\r\n"),
        format!("0x{length:x}\r\n{text}\r\n0\r\n\r\n"),
        format!("+{length:x}\r\n{text}\r\n0\r\n\r\n"),
        format!("fffffffffffffffff\r\n{text}\r\n0\r\n\r\n"),
        format!("{length:x}\r\n{text}XX0\r\n\r\n"),
        format!("{length:x}\n{text}\n0\n\n"),
        format!("{length:x}\r\n{text}\r\n"),
    ] {
        let body = format!("{body}{second}");
        let bytes = request(
            &server,
            "POST TARGET HTTP/1.1",
            "Transfer-Encoding: chunked\r\n",
            body.as_bytes(),
        );
        assert_eq!(statuses(&server, &bytes), [400], "{body:?}");
    }
    let old = request(
        &server,
        "POST TARGET HTTP/1.0",
        "Transfer-Encoding: chunked\r\n",
        b"0\r\n\r\n",
    );
    assert_eq!(statuses(&server, &old), [400], "HTTP/1.0 knows no chunks");
    assert_eq!(courses(&server), serde_json::json!([]));
}

#[test]
fn headers_beyond_all_bounds_are_refused() {
    let server = start();
    let many = "X-Many: a\r\n".repeat(200);
    for headers in [
        format!("X-Large: {}\r\n", "a".repeat(1_000_000)),
        many,
        format!("Cookie: {}\r\n", "a=b; ".repeat(100_000)),
        "X A: b\r\n".to_owned(),
        "X-A: b\0c\r\n".to_owned(),
        "X-A: b\rc\r\n".to_owned(),
        ": b\r\n".to_owned(),
    ] {
        let bytes = request(&server, "GET TARGET HTTP/1.1", &headers, b"");
        let answered = statuses(&server, &bytes);
        // Closing the connection while the client is still sending may lose the answer.
        assert!(matches!(answered[..], [] | [400 | 431]), "{answered:?}");
    }
    let target = format!("GET /{} HTTP/1.1", "a".repeat(200_000));
    let answered = statuses(&server, &request(&server, &target, "", b""));
    assert!(
        matches!(answered[..], [] | [400 | 414 | 431]),
        "{answered:?}"
    );
    assert!(server.is_healthy());
}

#[test]
fn other_versions_and_protocols_are_not_spoken() {
    let server = start();
    let target = format!("{}courses?user=root", server.prefix());
    let get = |version: &str, headers: &str| {
        format!("GET {target} {version}\r\nHost: localhost\r\n{headers}\r\n").into_bytes()
    };
    assert_eq!(statuses(&server, &get("HTTP/1.0", "")), [200]);
    for bytes in [
        get("HTTP/2.0", ""),
        get("HTTP/1.2", ""),
        get("", ""),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03".repeat(20),
    ] {
        let answered = statuses(&server, &bytes);
        assert!(matches!(answered[..], [] | [400 | 505]), "{answered:?}");
    }
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    assert_eq!(
        statuses(&server, &get("HTTP/1.1", upgrade)),
        [200],
        "answered as it was asked"
    );
}

#[test]
fn a_request_for_an_endless_connection_is_answered_at_once_and_closed() {
    let server = start();
    let second = format!(
        "GET {}healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        server.prefix()
    );
    for (method, headers, expected) in [
        (
            "GET",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n",
            200,
        ),
        ("GET", "Upgrade: WebSocket\r\nContent-Length: 5\r\n", 200),
        ("CONNECT", "", 405),
    ] {
        let target = format!("{}courses?user=root", server.prefix());
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{second}");
        let mut connection = Connection::open(server.port()).unwrap();
        connection.write(head.as_bytes()).unwrap();
        // The client keeps its side open, so only the server can end the connection.
        assert_eq!(
            connection.read().unwrap().status,
            expected,
            "{method} {headers}"
        );
        assert!(connection.read().is_err(), "{method} {headers}");
    }
}

#[test]
fn a_stranger_makes_the_log_grow_by_little_however_long_the_address() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    let length = 60_000;
    let mut logged = 0;
    for (method, path) in [
        ("GET", "a".repeat(length)),
        ("GET", "%0a".repeat(length / 3)),
        ("GET", format!("v1/courses/{}", "x/".repeat(length / 2))),
        ("DELETE", format!("course/{}", "y".repeat(length))),
        (&*"M".repeat(length / 2), "courses".to_owned()),
    ] {
        let before = server.log().len();
        let target = format!("{} {}{path} HTTP/1.1", method, server.prefix());
        let bytes = format!("{target}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answered = statuses(&server, bytes.as_bytes());
        assert!(answered.iter().all(|status| *status < 500), "{answered:?}");
        if answered.is_empty() || answered == [400] {
            // The request was refused before it was parsed.
            continue;
        }
        eventually("the request is logged", || {
            server.log()[before..].contains(" request ")
        });
        let log = server.log();
        assert!(log.len() - before < 3000, "{} bytes", log.len() - before);
        logged += 1;
    }
    assert!(logged >= 4, "{logged} of these were requests");
    // The log still has the length of the address.
    let whole = server.prefix().len() + length;
    assert!(server.log().contains(&format!("({whole} bytes)")));
}

#[test]
fn a_line_that_ends_without_a_carriage_return_hides_no_length() {
    let server = start();
    let hidden = form();
    let length = hidden.len();
    for headers in [
        format!("X-A: b\nContent-Length: 0\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\nContent-Length: 0\n"),
        format!("X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
    ] {
        let bytes = request(&server, "POST TARGET HTTP/1.1", &headers, &hidden);
        assert_eq!(statuses(&server, &bytes), [400], "{headers:?}");
    }
    assert_eq!(courses(&server), serde_json::json!([]));
}
