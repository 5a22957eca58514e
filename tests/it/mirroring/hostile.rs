//! Folders, names and bytes that nobody should have.

use super::machine::{Machine, files, names};
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

/// Returns a reply of an exchange, which a proxy sends.
pub fn reply(kind: &str, body: &str) -> &'static [u8] {
    let text = format!(
        "HTTP/1.1 200 OK\r\nX-NbCourier: 1\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // A proxy keeps it until the process ends.
    text.leak().as_bytes()
}

#[test]
fn nothing_is_written_through_a_link() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    let outside = machine.operator.home().join("outside");
    fs::create_dir_all(outside.join("algebra")).unwrap();
    fs::write(outside.join("algebra/kept"), "").unwrap();
    let prepare = |made: &dyn Fn()| {
        let _ = fs::remove_dir_all(machine.at(""));
        fs::create_dir_all(machine.at("")).unwrap();
        fs::set_permissions(machine.at(""), Permissions::from_mode(0o755)).unwrap();
        made();
    };
    let untouched = || {
        assert_eq!(names(&outside), ["algebra"]);
        assert_eq!(names(&outside.join("algebra")), ["kept"]);
    };
    // The folder of a course.
    prepare(&|| symlink(outside.join("algebra"), machine.at("algebra")).unwrap());
    let report = &machine.mirror_fails(&[])[0];
    let reason = report["reasons"][0].as_str().unwrap();
    assert!(reason.contains("a link is in the way"), "{reason}");
    untouched();
    // The folder of the state.
    prepare(&|| symlink(&outside, machine.at(".nbcourier")).unwrap());
    let sentence = machine.operator.fails(&["mirror", "--to", "courses"]);
    assert!(sentence.contains("a link is in the way"), "{sentence}");
    untouched();
    // What looks as if a mirror had been interrupted there.
    let course = || {
        fs::create_dir(machine.at("algebra")).unwrap();
        fs::set_permissions(machine.at("algebra"), Permissions::from_mode(0o755)).unwrap();
        symlink(&outside, machine.at("algebra/.data@2.part")).unwrap();
        symlink(&outside, machine.at("algebra/.data@2.link")).unwrap();
        symlink(&outside, machine.at("algebra/data@2")).unwrap();
    };
    prepare(&course);
    machine.mirror(&[]);
    untouched();
    assert_eq!(machine.shown(), "data@2.2");
    assert_eq!(machine.read("algebra/data/a.csv"), "1");
}

#[test]
fn what_the_mirror_has_not_made_stays() {
    let machine = Machine::new();
    machine.teach("a.csv", "1");
    let made: [(&str, &dyn Fn()); 4] = [
        ("folder", &|| {
            fs::create_dir(machine.at("algebra/data")).unwrap();
        }),
        ("file", &|| {
            fs::write(machine.at("algebra/data"), "").unwrap();
        }),
        ("link", &|| {
            symlink("/etc", machine.at("algebra/data")).unwrap();
        }),
        ("version", &|| {
            symlink("data@2", machine.at("algebra/data")).unwrap();
        }),
    ];
    for (kind, made) in made {
        let _ = fs::remove_dir_all(machine.at(""));
        fs::create_dir_all(machine.at("algebra")).unwrap();
        for folder in ["", "algebra"] {
            fs::set_permissions(machine.at(folder), Permissions::from_mode(0o755)).unwrap();
        }
        made();
        let report = &machine.mirror_fails(&["--prune"])[0];
        let reason = report["reasons"][0].as_str().unwrap();
        assert!(
            reason.contains("this mirror has not made it"),
            "{kind}: {reason}"
        );
        assert_eq!(machine.entries(), ["data"], "{kind}");
    }
}

#[test]
fn a_folder_in_which_others_can_write_is_refused() {
    let machine = Machine::new();
    machine.mirror(&[]);
    for (folder, bits) in [("", 0o777), ("", 0o775), ("algebra", 0o1777)] {
        fs::set_permissions(machine.at(folder), Permissions::from_mode(bits)).unwrap();
        let ended = machine.operator.run(&["mirror", "--to", "courses"]);
        fs::set_permissions(machine.at(folder), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(ended.code, Some(1));
        let said = ended.out + &ended.err;
        assert!(said.contains("chmod go-w"), "{folder}: {said}");
    }
    machine.mirror(&[]);
}

#[test]
fn a_link_of_somebody_else_is_no_way_to_the_folder() {
    if !rustix::process::geteuid().is_root() {
        // Only root makes links of others.
        return;
    }
    let machine = Machine::new();
    let home = machine.operator.home();
    let target = home.join("target");
    fs::create_dir_all(target.join("below")).unwrap();
    let link = home.join("courses");
    symlink(&target, &link).unwrap();
    lchown(&link, Some(65534), None).unwrap();
    for to in ["courses", "courses/below", "courses/new"] {
        let said = machine.operator.fails(&["mirror", "--to", to]);
        assert!(said.contains("a link of somebody else"), "{to}: {said}");
    }
    assert_eq!(names(&target), ["below"]);
    assert_eq!(names(&target.join("below")), [""; 0]);
    // A link of their own leads where they want.
    lchown(&link, Some(0), None).unwrap();
    machine.mirror(&[]);
    assert!(target.join("algebra/data").exists());
}

#[test]
fn no_name_of_the_exchange_leads_out_of_the_folder() {
    let machine = Machine::new();
    let proxy = TcpProxy::to(machine.server.port());
    let machine = machine.through_port(proxy.port());
    let directory = |course: &str, name: &str, version: i64| {
        json!({
            "id": 1, "owner": { "kind": "course", "name": course }, "name": name, "version": version, "files": 1,
            "bytes": 1, "changed_at": "2027-02-01T09:10:11Z", "changed_by": "eve", "created_at": "2027-02-01T09:10:11Z",
            "created_by": "eve", "deliver_at_start": false, "may": "read",
        })
    };
    let hostile = |course: &str, name: &str, version: i64, path: &str| -> Value {
        let sum = nbcourier_testkit::hex_sha256(b"1");
        json!({
            "directories": [directory(course, name, version)], "version": version, "entries": [
                { "path": path, "kind": "file", "size": 1, "sha256": sum, "md5": null, "executable": true, "since": 1 },
            ],
        })
    };
    for (course, name, version, path) in [
        ("../outside", "data", 2, "a"),
        ("..", "data", 2, "a"),
        ("algebra", "../../outside", 2, "a"),
        ("algebra", "data\0", 2, "a"),
        ("algebra", "data", -2, "a"),
        ("algebra", "data", 2, "../../outside"),
        ("algebra", "data", 2, "/etc/outside"),
        ("algebra", "data", 2, "a/../../../outside"),
    ] {
        let body = hostile(course, name, version, path).to_string();
        proxy.behave(Behaviour::Answer(1, reply("application/json", &body)));
        let reports = machine.mirror_fails(&[]);
        assert_eq!(reports[0]["outcome"], "failed", "{body}: {reports:?}");
    }
    // Hidden names, and those of versions, are the mirror's own.
    for (course, name) in [
        (".nbcourier", "lock"),
        ("algebra", ".data@2.part"),
        ("algebra", "data@2"),
    ] {
        let body = hostile(course, name, 2, "a").to_string();
        proxy.behave(Behaviour::Answer(1, reply("application/json", &body)));
        let reports = machine.mirror(&[]);
        assert_eq!(reports[0]["outcome"], "skipped", "{body}: {reports:?}");
    }
    let home = machine.operator.home();
    assert_eq!(names(home), ["courses"]);
    let made = files(&machine.at(""));
    assert!(
        made.iter()
            .all(|path| path.starts_with(machine.at(".nbcourier"))),
        "{made:?}"
    );
}

#[test]
fn bytes_that_changed_on_the_way_are_not_shown() {
    let mut machine = Machine::new();
    machine.teach("a.csv", "1");
    for (bytes, reason) in [
        ("2", "changed on the way"),
        ("11", "longer than the exchange said"),
        ("", "changed on the way"),
    ] {
        let proxy = TcpProxy::to(machine.server.port());
        machine = machine.through_port(proxy.port());
        proxy.behave(Behaviour::AnswerTo(
            b"/files/",
            reply("application/octet-stream", bytes),
        ));
        let report = &machine.mirror_fails(&[])[0];
        let said = report["reasons"][0].as_str().unwrap();
        assert!(said.contains(reason), "{said}");
        assert!(!machine.at("algebra/data").exists());
        assert_eq!(names(&machine.at(".nbcourier/incoming")), [""; 0]);
    }
    let port = machine.server.port();
    let machine = machine.through_port(port);
    machine.mirror(&[]);
    assert_eq!(machine.read("algebra/data/a.csv"), "1");
}

#[test]
fn repositories_and_states_are_never_shown() {
    let machine = Machine::new();
    for path in [
        ".git/config",
        "a/.GIT/hooks/x",
        ".nbcourier/state.json",
        "a.csv",
    ] {
        machine.teach(path, "evil");
    }
    machine.mirror(&[]);
    let found: Vec<_> = machine.texts("algebra/data/").into_keys().collect();
    assert_eq!(found, ["a.csv"]);
    let said = machine.operator.does(&["mirror", "--to", "courses"]);
    assert_eq!(said, "algebra/data has version 5 already.\n");
}
