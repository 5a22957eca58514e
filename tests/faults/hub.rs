//! A hub that is down, slow or answers rubbish, and recovers.

use crate::tally::{Tally, is_torture};
use nbcourier_testkit::{Call, FakeHub, HubBehaviour, Reply, Server, Setup, eventually};
use std::time::Duration;

fn faults() -> [HubBehaviour; 8] {
    [
        HubBehaviour::Stuck,
        HubBehaviour::Dripping,
        HubBehaviour::Status(500),
        HubBehaviour::no_json(),
        HubBehaviour::other_json(),
        HubBehaviour::huge(),
        HubBehaviour::Redirecting,
        HubBehaviour::Closed,
    ]
}

/// The number of simultaneous callers.
const AT_ONCE: usize = 20;

fn ask(server: &Server, token: &str) -> Reply {
    server.send(&call(server, token))
}

fn call(server: &Server, token: &str) -> Call {
    server.call("GET", "courses").token(token)
}

/// Sends requests with many tokens at once; returns the statuses.
fn ask_many(server: &Server, name: &str, tally: &Tally) -> Vec<u16> {
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                scope.spawn(move || {
                    let reply = ask(server, &format!("{name}-{number}"));
                    tally.see(&reply, &[503]);
                    if reply.status == 503 {
                        assert!(reply.header("retry-after").is_some());
                        assert_eq!(reply.json()["success"], false);
                    }
                    reply.status
                })
            })
            .collect();
        let asked = asking.into_iter();
        asked.map(|one| one.join().expect("an answer")).collect()
    })
}

/// Repeats the requests until all are accepted. On a busy machine even a healthy hub may answer too late, and the
/// server remembers that for some seconds.
fn until_served(server: &Server, name: &str, tally: &Tally) {
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        if ask_many(server, name, tally) == [200; AT_ONCE] {
            return;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    panic!("{name} are not let in:\n{}", server.log());
}

fn be_ill(mood: &HubBehaviour, tally: &Tally) {
    let hub = FakeHub::start();
    for number in 0..AT_ONCE {
        for name in ["known", "new", "later"] {
            hub.knows(&format!("{name}-{number}"));
        }
    }
    let setup = Setup::behind(&hub).args(&["--hub-cache-ttl", "1", "--hub-grace", "10m"]);
    let server = setup.start();
    until_served(&server, "known", tally);
    let (files, threads) = (server.open_files(), server.threads());

    hub.feels(mood.clone());
    let questions = hub.questions();
    // Waits until the hub's last answer has expired, so that the grace period applies.
    eventually("the hub is asked again", || {
        assert_eq!(ask(&server, "known-0").status, 200, "{mood:?}");
        hub.questions() > questions
    });
    assert_eq!(
        ask_many(&server, "known", tally),
        [200; AT_ONCE],
        "{mood:?}"
    );
    assert_eq!(ask_many(&server, "new", tally), [503; AT_ONCE], "{mood:?}");
    assert!(server.is_healthy());
    tally.round();

    hub.feels(HubBehaviour::Well);
    until_served(&server, "later", tally);
    assert_eq!(
        ask_many(&server, "known", tally),
        [200; AT_ONCE],
        "{mood:?}"
    );
    // Connections to the hub are closed after some idle seconds; none stays open.
    eventually("connections to the hub are closed", || {
        server.open_files() <= files + 8
    });
    assert!(server.threads() <= threads + AT_ONCE, "{mood:?}");
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn an_ill_hub_keeps_out_only_those_it_did_not_name_before_and_no_longer_than_it_is_ill() {
    let tally = Tally::of("hub down, slow or answering rubbish");
    for _ in 0..if is_torture() { 5 } else { 1 } {
        std::thread::scope(|scope| {
            for mood in faults() {
                let tally = &tally;
                scope.spawn(move || be_ill(&mood, tally));
            }
        });
    }
    tally.assert_clean();
}
