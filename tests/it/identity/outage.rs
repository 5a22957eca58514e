//! A hub that is slow, faulty or gone.

use nbcourier_testkit::{Call, FakeHub, HubBehaviour, Reply, Server, Setup, eventually};

fn faults() -> [HubBehaviour; 4] {
    [
        HubBehaviour::Stuck,
        HubBehaviour::Status(500),
        HubBehaviour::no_json(),
        HubBehaviour::Closed,
    ]
}

fn ask(server: &Server, token: &str) -> Reply {
    server.send(&courses_as(server, token))
}

fn courses_as(server: &Server, token: &str) -> Call {
    server.call("GET", "courses").token(token)
}

#[track_caller]
fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.json()["success"], false);
    assert!(!reply.message().is_empty());
    let seconds = reply.header("retry-after").expect("Retry-After");
    assert!(
        seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0),
        "{seconds}"
    );
}

/// Runs a check for every kind of fault at the same time, because some of them take the whole timeout.
fn with_every_sickness(check: impl Fn(HubBehaviour) + Sync) {
    std::thread::scope(|scope| {
        for mood in faults() {
            let check = &check;
            scope.spawn(move || check(mood));
        }
    });
}

#[test]
fn a_failing_hub_means_503_with_a_time_to_retry() {
    with_every_sickness(|mood| {
        let hub = FakeHub::start();
        hub.knows("kevin").knows("root");
        let server = Setup::behind(&hub).start();
        hub.feels(mood);
        assert_unavailable(&ask(&server, "kevin"));
        hub.feels(HubBehaviour::Well);
        // Another person's request goes to the hub at once; the first one's after its short cache time.
        ask(&server, "root").ok();
    });
}

#[test]
fn a_hub_that_is_gone_means_503() {
    let hub = FakeHub::start();
    let setup = Setup::behind(&hub);
    drop(hub);
    let server = setup.start();
    assert_unavailable(&ask(&server, "kevin"));
}

#[test]
fn known_callers_are_served_while_the_hub_fails() {
    with_every_sickness(|mood| {
        let hub = FakeHub::start();
        hub.knows("root");
        let setup = Setup::behind(&hub).args(&["--hub-cache-ttl", "1"]);
        let server = setup.start();
        ask(&server, "root").ok();
        hub.feels(mood);
        eventually("the hub is asked again", || {
            ask(&server, "root").ok();
            hub.questions() > 1
        });
        ask(&server, "root").ok();
        hub.feels(HubBehaviour::Well);
    });
}

#[test]
fn a_refusal_ends_the_grace() {
    let hub = FakeHub::start();
    hub.knows("kevin");
    let server = Setup::behind(&hub).args(&["--hub-cache-ttl", "1"]).start();
    ask(&server, "kevin").ok();
    hub.forgets("kevin");
    eventually("the hub refuses the token", || {
        ask(&server, "kevin").status == 401
    });
    hub.feels(HubBehaviour::Status(500));
    // The refusal is cached for a moment. After that nothing is known of the token, as for an unknown one.
    eventually("the refusal is forgotten", || {
        let status = ask(&server, "kevin").status;
        assert!([401, 503].contains(&status), "{status}");
        status == 503
    });
    assert_unavailable(&ask(&server, "kevin"));
}

#[test]
fn health_does_not_depend_on_the_hub() {
    let hub = FakeHub::start();
    hub.feels(HubBehaviour::Closed);
    let server = Setup::behind(&hub).start();
    for target in ["healthz", "/healthz", "readyz", "/readyz"] {
        server.send(&server.call("GET", target)).ok();
    }
    assert_eq!(hub.questions(), 0);
}

#[test]
fn a_stuck_hub_does_not_hold_up_those_already_known() {
    let hub = FakeHub::start();
    hub.knows("root");
    let server = Setup::behind(&hub).start();
    ask(&server, "root").ok();
    hub.feels(HubBehaviour::Stuck);
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8)
            .map(|number| {
                let server = &server;
                scope.spawn(move || ask(server, &format!("unknown-{number}")).status)
            })
            .collect();
        eventually("all have asked", || hub.questions() >= 9);
        for _ in 0..20 {
            ask(&server, "root").ok();
        }
        hub.feels(HubBehaviour::Well);
        for status in waiting {
            assert_eq!(status.join().expect("an answer"), 401);
        }
    });
}
