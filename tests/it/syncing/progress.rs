//! How far long work is.

use super::desk::Desk;
use super::running::{Running, has};
use nbcourier_testkit::eventually;
use nbcourier_testkit::machine::Machine;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use serde_json::Value;

/// The progress of the only folder, and the lines of the status about it.
fn progress(machine: &Machine) -> (Value, String) {
    let status = machine.ada.run(&["sync", "status", "--json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    let said = machine.ada.run(&["sync", "status"]).out;
    (status[0]["progress"].clone(), said)
}

#[test]
fn the_status_says_how_far_long_work_is() {
    let desk = Desk::new();
    let large = "0123456789abcdef".repeat(600_000);
    let held = |name: &'static str| {
        let proxy = TcpProxy::to(desk.server.port());
        let machine = Machine::behind(&desk.server, &proxy, name);
        (machine, proxy)
    };
    let (train, out) = held("train");
    train.write("large.txt", &large);
    out.behave(Behaviour::HoldOne(b"changes.json".to_vec()));
    let agent = Running::of(&train);
    out.wait_for_effect();
    let (now, said) = progress(&train);
    assert_eq!(
        (&now["work"], &now["of"]),
        (&"sending".into(), &large.len().into())
    );
    assert!(
        said.contains("thesis: 0 bytes of 9.1 MiB sent at 20"),
        "{said}"
    );
    out.behave(Behaviour::Pass);
    eventually("it is there", || desk.names() == ["large.txt"]);
    eventually("nothing is at work", || progress(&train).0.is_null());
    assert_eq!(agent.end(), Some(0));
    let (plane, from) = held("plane");
    from.behave(Behaviour::HoldOne(b"large.txt".to_vec()));
    let agent = Running::of(&plane);
    from.wait_for_effect();
    let (now, said) = progress(&plane);
    assert_eq!(now["work"], "receiving", "{now}");
    assert!(said.contains("of 9.1 MiB received at 20"), "{said}");
    from.behave(Behaviour::Pass);
    eventually("it is there", || has(&plane, "large.txt", &large));
    eventually("nothing is at work", || progress(&plane).0.is_null());
    assert_eq!(agent.end(), Some(0));
}

#[test]
fn the_progress_of_a_killed_round_is_gone_after_the_next() {
    let desk = Desk::new();
    let left = r#"{"work":"sending","done":5,"of":50,"at":"2026-11-30T12:00:00Z"}"#;
    std::fs::write(desk.school.at_path(".nbcourier/progress.json"), left).unwrap();
    let (_, said) = progress(&desk.school);
    assert!(
        said.contains("5 bytes of 50 bytes sent at 2026-11-30T12:00:00Z."),
        "{said}"
    );
    desk.school.sync();
    assert!(progress(&desk.school).0.is_null());
}
