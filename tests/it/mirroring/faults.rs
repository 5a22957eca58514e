//! Mirrors that are killed, that have no space, and that lose the exchange.

use super::machine::{Machine, names};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;

fn texts(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let files = files.iter();
    files
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

/// Whether nothing is left of anything but two versions.
#[track_caller]
fn assert_tidy(machine: &Machine, stamp: &str) {
    assert_eq!(
        machine.entries().len(),
        3,
        "{stamp}: {:?}",
        machine.entries()
    );
    let lists = names(&machine.at(".nbcourier/versions/algebra"));
    assert_eq!(lists.len(), 2, "{stamp}: {lists:?}");
    let incoming = names(&machine.at(".nbcourier/incoming"));
    assert!(incoming.is_empty(), "{stamp}: {incoming:?}");
}

#[test]
fn a_mirror_that_is_killed_at_any_step_shows_a_whole_version() {
    let machine = Machine::new();
    machine.teach("stays", "stays");
    for (call, step) in [
        ("renameat2", 1),
        ("renameat", 1),
        ("mkdirat", 1),
        ("linkat", 1),
        ("symlinkat", 1),
        ("unlinkat", 2),
        ("fchmod", 2),
        ("fsync", 3),
    ] {
        for at in (1..).step_by(step) {
            let stamp = format!("{call}{at}");
            // Each round meets every kind of step, also the removal of an old version.
            machine.teach("unit/gone", &stamp);
            machine.mirror(&[]);
            machine.teach("changed", &format!("old {stamp}"));
            machine.mirror(&[]);
            let old = machine.texts("algebra/data/");
            machine.change(&json!([{ "op": "remove", "path": "unit", "recursive": true }]));
            machine.teach("changed", &format!("new {stamp}"));
            machine.teach("new/folder/file", &stamp);
            let new = texts(&[
                ("stays", "stays"),
                ("changed", &format!("new {stamp}")),
                ("new/folder/file", &stamp),
            ]);
            let inject = format!("inject={call}:signal=KILL:when={at}");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let ended = machine.mirror_through(&strace, &[]).finish().unwrap();
            let was_killed = ended.status.signal() == Some(9) || ended.status.code() == Some(137);
            let shown = machine.texts("algebra/data/");
            assert!(shown == old || shown == new, "{stamp}: {shown:?}");
            machine.mirror(&[]);
            assert_eq!(machine.texts("algebra/data/"), new, "{stamp}");
            assert_tidy(&machine, &stamp);
            machine.change(&json!([{ "op": "remove", "path": "new", "recursive": true }]));
            if !was_killed {
                assert!(ended.status.success(), "{stamp}: {ended:?}");
                break;
            }
        }
    }
}

#[test]
fn a_full_disk_changes_nothing_and_says_so() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    machine.teach("b.csv", "2");
    machine.mirror(&[]);
    let before = machine.entries();
    machine.teach("a.csv", "changed");
    machine.teach("big.bin", &"x".repeat(300_000));
    for call in ["fsync", "linkat", "symlinkat"] {
        let inject = format!("inject={call}:error=ENOSPC");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let ended = machine.mirror_through(&strace, &[]).finish().unwrap();
        let out = String::from_utf8(ended.stdout).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{call}: {out}");
        assert!(out.contains("no space left on the disk"), "{call}: {out}");
        assert_eq!(machine.read("algebra/data/a.csv"), "1", "{call}");
        if call != "symlinkat" {
            // Neither half of a version nor what was received fills the disk.
            assert_eq!(machine.entries(), before, "{call}");
        }
        assert_eq!(names(&machine.at(".nbcourier/incoming")), [""; 0], "{call}");
    }
    machine.mirror(&[]);
    assert_eq!(machine.read("algebra/data/a.csv"), "changed");
    assert_tidy(&machine, "in the end");
}

#[test]
fn without_the_exchange_the_last_version_stays() {
    let machine = Machine::new();
    let proxy = TcpProxy::to(machine.server.port());
    let machine = machine.through_port(proxy.port());
    machine.teach("a.csv", "1");
    machine.mirror(&[]);
    let before = machine.facts();
    machine.teach("a.csv", "2");
    machine.teach("b.bin", &"x".repeat(300_000));
    proxy.behave(Behaviour::Refuse);
    let sentence = machine
        .operator
        .fails(&["mirror", "--to", "courses", "--prune"]);
    assert!(sentence.contains("does not answer"), "{sentence}");
    assert_eq!(machine.facts(), before);
    // Nor does a transfer that breaks off show half of a version.
    proxy.behave(Behaviour::CutReplies(100_000));
    let report = &machine.mirror_fails(&[])[0];
    assert_eq!(report["outcome"], "failed", "{report}");
    assert_eq!(machine.facts(), before);
    proxy.behave(Behaviour::Pass);
    let asked = proxy.requests().len();
    machine.mirror(&[]);
    assert_eq!(machine.read("algebra/data/a.csv"), "2");
    assert_tidy(&machine, "in the end");
    // What had arrived was not asked for again.
    let asked = proxy.requests().split_off(asked);
    let asked: Vec<_> = asked
        .iter()
        .filter(|line| line.contains("/files/"))
        .collect();
    assert!(
        asked.len() == 1 && asked[0].contains("/files/b.bin"),
        "{asked:?}"
    );
}

#[test]
fn a_name_that_the_file_system_cannot_have_is_left_out_and_named() {
    let machine = Machine::new();
    machine.mirror(&[]);
    for name in ["a.csv", "b.csv", "c.csv"] {
        machine.teach(name, name);
    }
    // The first file that gets its name is a.csv.
    let inject = "inject=renameat2:error=ENAMETOOLONG:when=1";
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject];
    let ended = machine.mirror_through(&strace, &[]).finish().unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{out}");
    assert!(out.contains("algebra/data/a.csv is left out"), "{out}");
    let left = texts(&[("b.csv", "b.csv"), ("c.csv", "c.csv")]);
    assert_eq!(machine.texts("algebra/data/"), left);
    // It is said as long as it is so.
    let report = &machine.mirror_fails(&[])[0];
    assert_eq!(
        (&report["outcome"], &report["left_out"]),
        (&json!("incomplete"), &json!(["a.csv"]))
    );
}

#[test]
fn a_file_system_without_hard_links_gets_copies() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    machine.teach("twin.csv", "1");
    machine.mirror(&[]);
    machine.teach("b.csv", "2");
    let inject = "inject=linkat:error=EPERM";
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject];
    let ended = machine.mirror_through(&strace, &[]).finish().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let all = texts(&[("a.csv", "1"), ("twin.csv", "1"), ("b.csv", "2")]);
    assert_eq!(machine.texts("algebra/data/"), all);
    assert_ne!(
        machine.inode("algebra/data/a.csv"),
        machine.inode("algebra/data/twin.csv")
    );
}
