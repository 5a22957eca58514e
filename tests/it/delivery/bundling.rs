//! Many files that come in one request.

use super::lesson::Lesson;
use crate::mirroring::hostile::reply;
use nbcourier_testkit::machine::Machine;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Sent, hex_sha256, tar};
use serde_json::json;
use std::fs;

const FILES: usize = 40;

/// Returns the path and the text of a file.
fn file(number: usize) -> (String, String) {
    (
        format!("unit{}/{number}.txt", number % 3),
        format!("text {number}"),
    )
}

/// A course with many files, and a student whose requests go through a proxy.
fn lesson() -> (Lesson, TcpProxy) {
    let mut lesson = Lesson::new();
    let (mut changes, mut bytes) = (Vec::new(), Vec::new());
    for number in 0..FILES {
        let (path, text) = file(number);
        changes.push(json!({
            "op": "put", "path": path, "sha256": hex_sha256(text.as_bytes()), "size": text.len(),
        }));
        bytes.push(text);
    }
    let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
    lesson.materials().change_with(&json!(changes), &bytes).ok();
    let proxy = TcpProxy::to(lesson.server.port());
    let url = format!(
        "http://127.0.0.1:{}{}",
        proxy.port(),
        lesson.server.prefix()
    );
    lesson.ada = lesson.ada.env("NBCOURIER_URL", &url);
    (lesson, proxy)
}

/// Returns the numbers of requests for archives, and for single files.
fn asked(proxy: &TcpProxy) -> (usize, usize) {
    let requests = proxy.requests();
    let of = |text: &str| requests.iter().filter(|line| line.contains(text)).count();
    (of("/tree"), of("/files/"))
}

#[track_caller]
fn assert_all_here(lesson: &Lesson) {
    for number in 0..FILES {
        let (path, text) = file(number);
        assert_eq!(lesson.read(&path), text, "{path}");
    }
    assert_eq!(lesson.names().len(), FILES);
    let incoming = fs::read_dir(lesson.at(".nbcourier/incoming")).unwrap();
    assert_eq!(incoming.count(), 0, "something is left of the way");
}

#[test]
fn a_first_pull_is_a_few_requests_and_a_small_change_is_a_single_file() {
    let (lesson, proxy) = lesson();
    lesson.pull(&[]);
    assert_all_here(&lesson);
    assert_eq!(asked(&proxy), (1, 0), "{:?}", proxy.requests());
    assert!(proxy.requests().len() <= 4, "{:?}", proxy.requests());
    lesson.teach("unit1/1.txt", "another");
    lesson.pull(&[]);
    assert_eq!(lesson.read("unit1/1.txt"), "another");
    assert_eq!(asked(&proxy), (1, 1));
}

#[test]
fn a_first_sync_is_a_few_requests() {
    let (lesson, proxy) = lesson();
    let school = Machine::at(&lesson.server, lesson.server.port(), "school");
    for number in 0..FILES {
        let (path, text) = file(number);
        school.write(&path, &text);
    }
    school.sync();
    let home = Machine::behind(&lesson.server, &proxy, "home");
    home.sync();
    assert_eq!(home.files(), school.files());
    assert_eq!(asked(&proxy), (1, 0), "{:?}", proxy.requests());
}

#[test]
fn whatever_is_wrong_with_an_archive_the_files_come_one_by_one() {
    let good: Vec<Sent> = (0..FILES)
        .map(|number| {
            let (path, text) = file(number);
            Sent::new(&path, text)
        })
        .collect();
    let with = |path: &str, text: &str| {
        let mut files = vec![Sent::new(path, text)];
        files.extend(good.iter().filter(|sent| sent.path != path).cloned());
        String::from_utf8(tar::archive(&files)).unwrap()
    };
    let whole = with("unit0/0.txt", "text 0");
    for (what, archive) in [
        ("another path", with("../../outside.txt", "evil")),
        ("an unknown file", with("unit0/unknown.txt", "evil")),
        (
            "another size",
            with("unit0/0.txt", "a longer text than listed"),
        ),
        (
            "other bytes of the same size",
            with("unit0/0.txt", "evil 0"),
        ),
        ("a broken end", whole[..whole.len() / 2].to_owned()),
        ("no archive", "<html>".repeat(1000)),
        ("nothing", String::new()),
        (
            "an archive without an end",
            with(".git/endless", &"x".repeat(1 << 20)),
        ),
    ] {
        let (lesson, proxy) = lesson();
        proxy.behave(Behaviour::AnswerTo(
            b"/tree",
            reply("application/x-tar", &archive),
        ));
        let report = lesson.pull(&[]);
        assert_eq!(report["outcome"], "updated", "{what}: {report}");
        assert_all_here(&lesson);
        let (archives, singles) = asked(&proxy);
        assert_eq!(archives, 1, "{what}");
        assert!(singles > 0, "{what}: nothing was wrong");
        assert!(!lesson.ada.home().join("outside.txt").exists());
    }
}
