//! The ID of a request.

use nbcourier_testkit::{FakeHub, Setup};

#[test]
fn a_request_id_is_sent_back() {
    let hub = FakeHub::start();
    hub.knows("root");
    let server = Setup::behind(&hub).start();
    for target in ["courses", "assignments/nothing", "nothing", "healthz"] {
        let call = server.call("GET", target).token("root");
        let reply = server.send(&call.header("X-Request-Id", "1f2e-given.by_client"));
        assert_eq!(
            reply.header("x-request-id"),
            Some("1f2e-given.by_client"),
            "{target}"
        );
    }
    assert!(server.log().contains("1f2e-given.by_client"));
}

#[test]
fn a_request_without_an_id_gets_one() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    let id = || {
        let reply = server.send(&server.call("GET", "courses"));
        reply.header("x-request-id").expect("an id").to_owned()
    };
    let (first, second) = (id(), id());
    assert!(!first.is_empty());
    assert_ne!(first, second);
}

#[test]
fn an_id_that_could_forge_a_log_line_is_not_sent_back() {
    let hub = FakeHub::start();
    let server = Setup::behind(&hub).start();
    let long = "x".repeat(5_000);
    for forged in ["a b\tc=\"d\"", "<script>", "é", long.as_str()] {
        let reply = server.send(&server.call("GET", "courses").header("X-Request-Id", forged));
        let id = reply.header("x-request-id").expect("an id");
        assert_ne!(id, forged);
        assert!(!server.log().contains(forged));
    }
}
