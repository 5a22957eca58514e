//! A pull that is killed, or has no space.

use super::lesson::{Lesson, notebook};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::{isolate, program};
use serde_json::json;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

/// Returns a pull of Ada's through another command.
fn pull_through(lesson: &Lesson, through: &[&str]) -> Command {
    let mut command = Command::new(through[0]);
    isolate(&mut command, lesson.ada.home());
    let url = format!(
        "http://127.0.0.1:{}{}",
        lesson.server.port(),
        lesson.server.prefix()
    );
    command
        .env("NBCOURIER_URL", url)
        .env("JUPYTERHUB_API_TOKEN", "ada");
    command
        .args(&through[1..])
        .arg(program())
        .args(["pull", "--json"]);
    command
}

#[test]
fn a_pull_that_is_killed_at_any_step_is_ended_by_the_next() {
    let lesson = Lesson::new();
    let calls = ["renameat2", "renameat", "mkdirat", "unlinkat", "fsync"];
    for call in calls {
        for at in 1.. {
            // Each round begins with the same folder, and meets every kind of step.
            let _ = fs::remove_dir_all(lesson.at(""));
            lesson.materials().send(
                "POST",
                "/changes",
                &json!({ "changes": [
                { "op": "remove", "path": "new", "recursive": true },
            ] }),
            );
            lesson.teach("a.ipynb", &notebook("a", 0));
            lesson.teach("b.ipynb", &notebook("b", 0));
            lesson.teach("gone/x.txt", "x");
            lesson.teach("c.txt", "c");
            lesson.pull(&[]);
            lesson.write("a.ipynb", &notebook("a", 4));
            lesson.write("b.ipynb", &notebook("hers", 4));
            lesson.write("d.txt", "hers");
            lesson.teach("a.ipynb", &notebook("a2", 0));
            lesson.teach("b.ipynb", &notebook("b2", 0));
            lesson.teach("d.txt", "d");
            lesson.teach("new/e.txt", &format!("{call}{at}"));
            lesson.change(&json!([{ "op": "remove", "path": "gone", "recursive": true }]));
            let inject = format!("inject={call}:signal=KILL:when={at}");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let ended = pull_through(&lesson, &strace).finish().unwrap();
            let was_killed = ended.status.signal() == Some(9) || ended.status.code() == Some(137);
            lesson.pull(&[]);
            let texts: Vec<String> = lesson.files().into_iter().map(|(_, text)| text).collect();
            for text in [&notebook("hers", 4), &notebook("b2", 0), &notebook("a2", 0)] {
                assert!(texts.contains(text), "{call} {at}: {texts:?}");
            }
            for text in ["hers", "d", "c"] {
                assert!(texts.iter().any(|it| it == text), "{call} {at}: {texts:?}");
            }
            assert_eq!(texts.len(), 7, "{call} {at}: {:?}", lesson.files());
            assert!(lesson.kept().contains(&notebook("a", 4)), "{call} {at}");
            assert_eq!(lesson.pull(&[])["outcome"], "current", "{call} {at}");
            lesson.change(&json!([{ "op": "remove", "path": "d.txt" }]));
            if !was_killed {
                assert!(ended.status.success(), "{call} {at}: {ended:?}");
                break;
            }
        }
    }
}

#[test]
fn a_full_disk_changes_nothing_and_says_so() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.pull(&[]);
    lesson.write("own.txt", "hers");
    lesson.teach("a.txt", "2");
    lesson.teach("big.bin", &"x".repeat(300_000));
    // The flushes before the first change: those of what is received, and those of the state.
    for flush in 1..=3 {
        let inject = format!("inject=fsync,fdatasync:error=ENOSPC:when={flush}+");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let ended = pull_through(&lesson, &strace).finish().unwrap();
        let out = String::from_utf8(ended.stdout).unwrap();
        assert!(
            !ended.status.success() && out.contains("no space left on the disk"),
            "{flush}: {out}"
        );
        assert_eq!(
            (lesson.read("a.txt"), lesson.read("own.txt")),
            ("1".into(), "hers".into())
        );
    }
    lesson.pull(&[]);
    assert_eq!(
        (lesson.read("a.txt"), lesson.names().len()),
        ("2".into(), 3)
    );
}

#[test]
fn a_transfer_that_breaks_off_is_repeated_by_the_next_pull() {
    let lesson = Lesson::new();
    lesson.teach("a.txt", "1");
    lesson.teach("b.txt", "2");
    for file in ["a.txt", "b.txt"] {
        let sum = nbcourier_testkit::hex_sha256(if file == "a.txt" { b"1" } else { b"2" });
        let incoming = lesson.at(".nbcourier/incoming");
        fs::create_dir_all(&incoming).unwrap();
        // Half of a file, one with wrong bytes, and something else.
        fs::write(incoming.join(format!("{sum}.part")), "").unwrap();
        fs::write(incoming.join(&sum), "damaged").unwrap();
        fs::write(incoming.join("x"), "?").unwrap();
    }
    lesson.pull(&[]);
    assert_eq!(
        (lesson.read("a.txt"), lesson.read("b.txt")),
        ("1".into(), "2".into())
    );
    assert_eq!(
        fs::read_dir(lesson.at(".nbcourier/incoming"))
            .unwrap()
            .count(),
        0
    );
}
