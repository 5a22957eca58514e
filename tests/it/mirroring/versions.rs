//! Versions: the same bytes once on the disk, and a link that is never missing.

use super::machine::{Machine, mode};
use crate::directories::client::put;
use nbcourier_testkit::tcp_proxy::TcpProxy;
use serde_json::json;
use std::fs::{self, File};
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn everybody_reads_the_current_version_and_bytes_are_there_once() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    machine.teach("unit/b.csv", "2");
    machine.teach("unit/twin.csv", "2");
    let reports = machine.mirror(&[]);
    let report = &reports[0];
    assert_eq!(reports.len(), 1);
    assert_eq!(
        (&report["outcome"], &report["received"], &report["link"]),
        (&json!("updated"), &json!(2), &json!("algebra/data"))
    );
    let first = machine.shown();
    assert_eq!(first, format!("data@{}", report["version"]));
    assert_eq!(machine.read("algebra/data/unit/b.csv"), "2");
    // Two paths with the same content are one file.
    assert_eq!(
        machine.inode("algebra/data/unit/b.csv"),
        machine.inode("algebra/data/unit/twin.csv")
    );
    for (path, expected) in [
        ("", 0o755),
        ("algebra", 0o755),
        ("algebra/data", 0o755),
        ("algebra/data/unit", 0o755),
        ("algebra/data/a.csv", 0o444),
        (".nbcourier", 0o700),
    ] {
        assert_eq!(mode(&machine.at(path)), expected, "{path}");
    }

    machine.teach("a.csv", "changed");
    let report = &machine.mirror(&[])[0];
    assert_eq!(
        (&report["received"], &report["linked"]),
        (&json!(1), &json!(2))
    );
    let second = machine.shown();
    assert_ne!(first, second);
    assert_eq!(machine.entries(), ["data", &first, &second]);
    assert_eq!(machine.read("algebra/data/a.csv"), "changed");
    assert_eq!(machine.read(&format!("algebra/{first}/a.csv")), "1");
    let inode = |version: &str, path: &str| machine.inode(&format!("algebra/{version}/{path}"));
    assert_eq!(inode(&first, "unit/b.csv"), inode(&second, "unit/b.csv"));
    assert_ne!(inode(&first, "a.csv"), inode(&second, "a.csv"));

    // Two versions stay, and a renaming transfers nothing.
    machine.change(&json!([{ "op": "move", "from": "unit", "to": "week" }]));
    let report = &machine.mirror(&[])[0];
    assert_eq!(
        (&report["received"], &report["linked"]),
        (&json!(0), &json!(3))
    );
    let third = machine.shown();
    assert_eq!(machine.entries(), ["data", &second, &third]);
    assert_eq!(inode(&second, "unit/b.csv"), inode(&third, "week/b.csv"));
}

#[test]
fn a_program_can_be_executed_and_an_empty_folder_is_there() {
    let machine = Machine::new();
    let run = |executable: bool| {
        let mut run = put("run.sh", "#!/bin/sh\n");
        run["executable"] = executable.into();
        let directory = machine.directory("data");
        let changes = json!([run, { "op": "mkdir", "path": "empty" }]);
        directory.change_with(&changes, &["#!/bin/sh\n"]).ok();
        machine.mirror(&[])[0].clone()
    };
    run(true);
    assert_eq!(mode(&machine.at("algebra/data/run.sh")), 0o555);
    assert!(machine.at("algebra/data/empty").is_dir());
    // The bytes are here already, but the file of the version before stays as it is.
    let before = machine.shown();
    assert_eq!(run(false)["received"], 0);
    assert_eq!(mode(&machine.at("algebra/data/run.sh")), 0o444);
    assert_eq!(
        mode(&machine.at(&format!("algebra/{before}/run.sh"))),
        0o555
    );
}

#[test]
fn a_run_without_news_makes_two_requests_and_changes_nothing() {
    let machine = Machine::new();
    for name in ["more", "notes"] {
        machine.make(name);
        machine.open(name);
    }
    machine.teach("a.csv", "1");
    machine.mirror(&[]);
    let proxy = TcpProxy::to(machine.server.port());
    let machine = machine.through_port(proxy.port());
    let before = machine.facts();
    let reports = machine.mirror(&[]);
    let outcomes: Vec<_> = reports.iter().map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, ["current", "current", "current"]);
    assert_eq!(machine.facts(), before);
    assert_eq!(proxy.requests().len(), 2, "{:?}", proxy.requests());
    // With a version that lacks one file, only that is asked for.
    machine.teach("b.csv", "2");
    machine.mirror(&[]);
    let asked = proxy.requests().split_off(2);
    let asked: Vec<_> = asked
        .iter()
        .filter(|line| line.contains("/files/"))
        .collect();
    assert!(
        asked.len() == 1 && asked[0].contains("/files/b.csv"),
        "{asked:?}"
    );
}

#[test]
fn an_open_file_stays_readable_and_the_link_is_never_missing() {
    let machine = Machine::new();
    machine.teach("a.csv", "0");
    machine.mirror(&[]);
    let mut open = File::open(machine.at("algebra/data/a.csv")).unwrap();
    let (is_over, link) = (AtomicBool::new(false), machine.at("algebra/data"));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                fs::read_link(&link).expect("the link is there");
            }
        });
        for number in 1..8 {
            machine.teach("a.csv", &number.to_string());
            machine.mirror(&[]);
            assert_eq!(machine.read("algebra/data/a.csv"), number.to_string());
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!(text, "0");
}

#[test]
fn a_version_that_comes_back_needs_no_transfer() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    machine.mirror(&[]);
    let directory = machine.directory("data");
    let first = directory.version();
    machine.teach("a.csv", "2");
    machine.mirror(&[]);
    directory
        .send("POST", &format!("/versions/{first}/restore"), &json!({}))
        .ok();
    let report = &machine.mirror(&[])[0];
    assert_eq!(machine.read("algebra/data/a.csv"), "1");
    assert_eq!(
        (&report["outcome"], &report["received"]),
        (&json!("updated"), &json!(1))
    );
    // A directory that was deleted and made anew begins with version 1 again.
    assert_eq!(
        machine.server.send(&directory.call("DELETE", "")).status,
        204
    );
    machine.make("data");
    machine.open("data");
    machine.teach("a.csv", "new");
    machine.mirror(&[]);
    assert_eq!(
        (machine.read("algebra/data/a.csv"), machine.entries().len()),
        ("new".into(), 3)
    );
    let taken = machine.shown();
    assert_eq!(
        machine.server.send(&directory.call("DELETE", "")).status,
        204
    );
    machine.make("data");
    machine.open("data");
    machine.teach("a.csv", "newer");
    machine.mirror(&[]);
    assert_eq!(machine.read("algebra/data/a.csv"), "newer");
    assert_eq!(machine.shown(), format!("{taken}.2"));
    assert_eq!(machine.read(&format!("algebra/{taken}/a.csv")), "new");
}

#[test]
fn a_damaged_mirror_is_repaired_by_the_next_version() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    machine.teach("b.csv", "2");
    machine.teach("c.csv", "3");
    machine.mirror(&[]);
    let version = machine.at(&format!("algebra/{}", machine.shown()));
    fs::remove_file(version.join("a.csv")).unwrap();
    fs::remove_file(version.join("b.csv")).unwrap();
    fs::write(version.join("b.csv"), "damaged").unwrap();
    machine.teach("d.csv", "4");
    let report = &machine.mirror(&[])[0];
    assert_eq!(
        (&report["received"], &report["linked"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(machine.read("algebra/data/a.csv"), "1");
    assert_eq!(machine.read("algebra/data/b.csv"), "2");
    // A version that is gone is made again.
    fs::remove_dir_all(machine.at(&format!("algebra/{}", machine.shown()))).unwrap();
    machine.mirror(&[]);
    assert_eq!(machine.texts("algebra/data/").len(), 4);
}
