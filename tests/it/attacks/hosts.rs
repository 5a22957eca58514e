//! A page of another site whose domain points to this machine.

use nbcourier_testkit::http::send_bytes;
use nbcourier_testkit::{FakeHub, Server, Setup};

fn ask(server: &Server, method: &str, path: &str, host: &str) -> (u16, String) {
    let head = format!(
        "{method} {}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        server.prefix()
    );
    let reply = send_bytes(server.port(), head.as_bytes()).unwrap();
    (reply.status, reply.text())
}

#[test]
fn stand_alone_requests_for_another_host_are_refused() {
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

#[test]
fn no_page_clears_the_example_data_of_who_visits_it() {
    let server = Setup::standalone().args(&["--debug"]).start();
    server
        .post("course/algebra", "root", &[("instructors", "[]")])
        .ok();
    let own = "http://localhost";
    let browser = (
        "User-Agent",
        "Mozilla/5.0 (Macintosh) Version/16.3 Safari/605.1.15",
    );
    let ask = |action: &str, headers: &[(&str, &str)]| {
        let target = format!("initialize-Data6ase?action={action}");
        let mut call = server.call("GET", &target);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        server.send(&call)
    };
    for action in ["clear", "init", "dump", "dump&human-readable=true"] {
        for headers in [
            &[("Sec-Fetch-Site", "cross-site"), browser][..],
            &[("Sec-Fetch-Site", "same-site"), browser],
            &[("Origin", "http://evil.example")],
            &[("Origin", "null")],
            &[("Referer", "http://evil.example/page")],
            &[("Referer", "http://localhost.evil.example/")],
            &[
                ("Sec-Fetch-Site", "none"),
                ("Referer", "http://evil.example/"),
            ],
            // A browser without Fetch Metadata, on a page that also suppresses the referrer.
            &[browser],
        ] {
            let reply = ask(action, headers);
            assert_eq!(reply.status, 403, "{action} {headers:?}");
        }
    }
    let kept = server.get("courses", "root").ok().json();
    assert_eq!(kept["courses"], serde_json::json!(["algebra"]));
    let shown = ask(
        "dump&human-readable=true",
        &[("Sec-Fetch-Site", "none"), browser],
    )
    .ok();
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    ask("dump", &[("Referer", &format!("{own}/api/")), browser]).ok();
    ask("clear", &[]).ok();
    let cleared = server.get("courses", "root").ok().json();
    assert_eq!(cleared["courses"], serde_json::json!([]));
}
