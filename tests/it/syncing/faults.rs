//! Kills, full disks, lost replies, and two agents at once.

use super::desk::Desk;
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::machine::{AT_ONCE, Machine};
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, SystemTime};

/// The texts that are there in the end, sorted.
const TEXTS: [&str; 6] = ["home", "moved", "new here", "new there", "school", "stays"];

/// Makes both sides meet every kind of step, in a folder of its own each time.
fn prepare(desk: &Desk, at: &str) {
    let at = |path: &str| format!("{at}/{path}");
    for (path, text) in [
        ("both.txt", "base"),
        ("d/old", "moved"),
        ("gone", "gone"),
        ("stays", "stays"),
    ] {
        desk.school.write(&at(path), text);
    }
    desk.school.sync();
    desk.home.sync();
    desk.school.write(&at("both.txt"), "school");
    desk.school.write(&at("new there"), "new there");
    desk.school.remove(&at("gone"));
    desk.school.sync();
    desk.home.write(&at("both.txt"), "home");
    desk.home.write(&at("new here"), "new here");
    fs::create_dir(desk.home.at_path(&at("e"))).unwrap();
    desk.home.rename(&at("d/old"), &at("e/new"));
    desk.home.remove(&at("d"));
}

#[test]
fn a_round_that_is_killed_at_any_step_is_ended_by_the_next() {
    let desk = Desk::new();
    // A folder of files that stay, so that no removal is one of all.
    for number in 0..60 {
        desk.school.write(&format!("stay/{number}"), "");
    }
    for (call, step) in [
        ("renameat2", 1),
        ("renameat", 2),
        ("mkdirat", 4),
        ("unlinkat", 5),
        ("fsync", 4),
        ("writev", 3),
    ] {
        for at in (1..).step_by(step) {
            let stamp = format!("{call}{at}");
            prepare(&desk, &stamp);
            let inject = format!("inject={call}:signal=KILL:when={at}");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let ended = desk
                .home
                .sync_through(&strace, &["--once"])
                .finish()
                .unwrap();
            let was_killed = ended.status.signal() == Some(9) || ended.status.code() == Some(137);
            desk.home.sync();
            desk.school.sync();
            assert_eq!(desk.home.files(), desk.school.files(), "{stamp}");
            let files = desk.school.files().into_iter();
            let begin = format!("{stamp}/");
            let files = files.filter(|(path, _)| path.starts_with(&begin));
            let mut texts: Vec<String> = files.map(|(_, text)| text).collect();
            texts.sort();
            assert_eq!(texts, TEXTS, "{stamp}: {:?}", desk.school.names());
            if !was_killed {
                assert!(ended.status.success(), "{stamp}: {ended:?}");
                break;
            }
        }
    }
}

#[test]
fn a_reply_that_is_lost_after_the_change_is_no_conflict() {
    let desk = Desk::new();
    let proxy = TcpProxy::to(desk.server.port());
    let train = Machine::behind(&desk.server, &proxy, "train");
    train.sync();
    train.write("a.txt", "1");
    proxy.behave(Behaviour::CutAfter(b"changes.json".to_vec()));
    let report = train.sync_fails();
    assert_eq!(report["outcome"], "failed", "{report}");
    proxy.wait_for_effect();
    proxy.behave(Behaviour::Pass);
    nbcourier_testkit::eventually("the change is there", || {
        desk.directory().paths("") == ["a.txt"]
    });
    // It goes on from what arrived, although the file is another one by now.
    train.write("a.txt", "2");
    train.sync();
    desk.home.sync();
    assert_eq!(
        (train.names(), desk.home.read("a.txt")),
        (vec!["a.txt".into()], "2".into())
    );
    // Nor is a broken transfer one of the other way.
    desk.home.write("b.txt", &"x".repeat(300_000));
    desk.home.sync();
    proxy.behave(Behaviour::CutReplies(100_000));
    assert_eq!(train.sync_fails()["outcome"], "failed");
    proxy.behave(Behaviour::Pass);
    train.sync();
    assert_eq!(train.files(), desk.home.files());
}

#[test]
fn a_full_disk_changes_nothing_and_says_so() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.all_sync();
    desk.school.write("a.txt", "2");
    desk.school.write("big.bin", &"x".repeat(300_000));
    desk.school.sync();
    desk.home.write("own.txt", "home");
    // The flushes before the first change: those of what is received, and those of the state.
    for flush in 1..=3 {
        let inject = format!("inject=fsync,fdatasync:error=ENOSPC:when={flush}+");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let ended = desk
            .home
            .sync_through(&strace, &["--once"])
            .finish()
            .unwrap();
        let out = String::from_utf8(ended.stdout).unwrap();
        assert!(
            !ended.status.success() && out.contains("no space left on the disk"),
            "{flush}: {out}"
        );
        assert_eq!(
            (desk.home.read("a.txt"), desk.home.read("own.txt")),
            ("1".into(), "home".into())
        );
    }
    desk.all_sync();
    assert_eq!(desk.home.read("a.txt"), "2");
}

#[test]
fn two_agents_on_one_folder_do_not_disturb_each_other() {
    let desk = Desk::new();
    for round in 0..4 {
        for number in 0..20 {
            desk.school
                .write(&format!("{number}.txt"), &format!("{number} {round}"));
        }
        desk.school.sync();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let (_, report) = desk.home.try_sync(&AT_ONCE);
                    let outcome = report["outcome"].as_str().unwrap();
                    assert!(["busy", "synced", "equal"].contains(&outcome), "{report}");
                });
            }
        });
        desk.home.sync();
        assert_eq!(desk.home.files(), desk.school.files());
        desk.home.write("0.txt", &format!("home {round}"));
        desk.all_sync();
        assert_eq!(desk.school.names().len(), 20);
    }
}

#[test]
fn clocks_of_another_year_lose_nothing() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.all_sync();
    let year = Duration::from_hours(365 * 24);
    let now = SystemTime::now();
    for (text, time) in [("2", now + year), ("3", now - year)] {
        desk.school.write("a.txt", text);
        let file = fs::File::options()
            .append(true)
            .open(desk.school.at_path("a.txt"));
        file.unwrap().set_modified(time).unwrap();
        let (code, report) = desk.school.try_sync(&["--settle", "1s", "--agree", "0s"]);
        assert_eq!(code, Some(0), "{report}");
        desk.home.sync();
        assert_eq!(desk.home.read("a.txt"), text);
    }
}

#[test]
fn a_lost_state_costs_no_file() {
    let desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.school.write(name, name);
    }
    desk.all_sync();
    for damage in ["", "{", "{\"form\": 9}", "[1]"] {
        fs::write(desk.school.at_path(".nbcourier/state.json"), damage).unwrap();
        desk.school.sync();
        assert_eq!(desk.school.names(), ["a", "b", "c"]);
        fs::remove_file(desk.school.at_path(".nbcourier/state.json")).unwrap();
        desk.school.write("b", &format!("b{damage}"));
        desk.school.sync();
        desk.home.sync();
        let texts = desk.home.files().into_values();
        assert!(texts.into_iter().any(|text| text == format!("b{damage}")));
        for name in desk.school.names() {
            if name.contains("conflict") {
                desk.school.remove(&name);
            }
        }
        desk.school.write("b", "b");
        desk.all_sync();
    }
}
