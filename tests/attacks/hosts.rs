//! A page of another site whose domain points to this machine.

use crate::support::http::send_bytes;
use crate::support::{FakeHub, Server, Setup};

fn ask(server: &Server, method: &str, path: &str, host: &str) -> (u16, String) {
    let head = format!(
        "{method} {}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        server.prefix()
    );
    let reply = send_bytes(server.port(), head.as_bytes()).unwrap();
    (reply.status, reply.text())
}

#[test]
fn stand_alone_nobody_is_answered_who_asks_for_another_host() {
    let server = Setup::standalone().args(&["--debug"]).start();
    server
        .post("course/algebra", "root", &[("instructors", "[]")])
        .ok();
    let foreign = format!("rebound.example:{}", server.port());
    for (method, path) in [
        ("GET", ""),
        ("GET", "courses?user=root"),
        ("GET", "v1/courses?user=root"),
        ("POST", "course/other?user=root"),
        ("DELETE", "course/algebra?user=root"),
        ("GET", "initialize-Data6ase?action=clear"),
        ("GET", "healthz"),
        ("GET", "nothing"),
    ] {
        let (status, text) = ask(&server, method, path, &foreign);
        assert_eq!(status, 403, "{method} {path}: {text}");
        assert!(!text.contains("algebra"), "{text}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]:80", "nbcourier.localhost"] {
        let (status, text) = ask(&server, "GET", "courses?user=root", host);
        assert_eq!(
            (status, text.contains("algebra")),
            (200, true),
            "{host}: {text}"
        );
    }
}

#[test]
fn behind_a_hub_the_host_is_the_proxys_business() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    assert_eq!(ask(&server, "GET", "healthz", "hub.example").0, 200);
}
