//! Faults in rounds of `nbcourier sync`: kills, a full disk, a disk that fails, a copied folder, and clocks of another year.
//!
//! A person changes files on two machines at random, and one of the agents meets the fault. Afterwards, both folders and
//! the directory are equal, and nothing that the person saved is lost.

mod desk;

use crate::tally::{Tally, is_torture, rounds, seed};
use desk::Desk;
use nbcourier_testkit::{Finish as _, Random, eventually};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A file system that neither exchanges files nor links them, as on a memory stick.
const STICK: [&str; 2] = ["renameat2:error=EINVAL", "linkat:error=EPERM"];

/// Runs a round of the agent at home under injections of strace.
fn round_with(desk: &Desk, injections: &[&str]) -> Output {
    let injections: Vec<_> = injections.iter().map(|it| format!("inject={it}")).collect();
    let mut strace = vec!["strace", "-f", "-qq", "-o", "/dev/null"];
    for injection in &injections {
        strace.extend(["-e", injection]);
    }
    let mut round = desk.home.sync_through(&strace, &["--once"]);
    round.finish().expect("a round that ends")
}

#[test]
fn a_round_that_is_killed_at_any_system_call_loses_nothing() {
    let tally = Tally::of("`sync` killed");
    // The calls that change a file, or what another program knows.
    let calls: &[(&str, usize, &[&str])] = &[
        ("renameat2", 3, &[]),
        ("mkdirat", 4, &[]),
        ("fsync", 7, &[]),
        ("writev", 4, &[]),
        ("renameat", 5, &STICK),
        ("renameat", 1, &[]),
        ("unlinkat", 1, &[]),
        ("openat", 1, &[]),
        ("write", 1, &[]),
        ("ftruncate", 1, &[]),
        ("fchmod", 1, &[]),
        ("utimensat", 1, &[]),
        ("connect", 1, &[]),
    ];
    let (calls, is_long) = if is_torture() {
        (calls, true)
    } else {
        (&calls[..5], false)
    };
    for (number, (call, step, others)) in calls.iter().enumerate() {
        let mut desk = Desk::new(&tally, seed() + number as u64);
        for at in (1..).step_by(if is_long { 1 } else { *step }) {
            desk.work();
            let kill = format!("{call}:signal=KILL:when={at}");
            let ended = round_with(&desk, &[*others, &[kill.as_str()]].concat());
            tally.round();
            desk.agree(&format!("killed at {call} {at}"));
            let was_killed = ended.status.signal() == Some(9) || ended.status.code() == Some(137);
            if !was_killed {
                break;
            }
        }
    }
    tally.assert_clean();
}

#[test]
fn a_disk_that_is_full_in_a_round_loses_nothing() {
    let tally = Tally::of("`sync` on a full disk");
    let calls = [
        "write",
        "fsync",
        "openat",
        "mkdirat",
        "renameat2",
        "linkat",
        "ftruncate",
    ];
    let mut random = Random::seeded(seed());
    let mut desk = Desk::new(&tally, seed());
    for _ in 0..rounds(6, 150) {
        desk.work();
        let call = *random.pick(&calls);
        // The agent's own files and the loader's are met first, so the calls that count come late.
        let at = 1 + random.below(if call == "openat" { 200 } else { 12 });
        let inject = format!("{call}:error=ENOSPC:when={at}+");
        round_with(&desk, &[&inject]);
        tally.round();
        desk.agree(&inject);
    }
    tally.assert_clean();
}

#[test]
fn a_disk_that_fails_in_a_round_loses_nothing() {
    let tally = Tally::of("`sync` on a disk that fails");
    let calls = [
        "read",
        "pread64",
        "openat",
        "getdents64",
        "statx",
        "newfstatat",
        "fstat",
        "write",
        "fsync",
        "renameat2",
        "unlinkat",
        "mkdirat",
    ];
    let mut random = Random::seeded(seed() + 1);
    let mut desk = Desk::new(&tally, seed() + 1);
    for _ in 0..rounds(8, 250) {
        desk.work();
        let call = *random.pick(&calls);
        let at = 1 + random.below(120);
        // A disk fails once, or from then on.
        let on = *random.pick(&["", "+"]);
        let inject = format!("{call}:error=EIO:when={at}{on}");
        round_with(&desk, &[&inject]);
        tally.round();
        desk.agree(&inject);
    }
    tally.assert_clean();
}

#[test]
fn a_folder_that_was_copied_with_its_state_loses_nothing() {
    let tally = Tally::of("`sync` in a copied folder");
    let mut desk = Desk::new(&tally, seed() + 2);
    for round in 0..rounds(2, 40) {
        desk.agree("before the copy");
        let copy = desk.home.ada.home().join("copy");
        let copied = Command::new("cp")
            .args(["-a", "--no-target-directory"])
            .args([desk.home.at_path(""), copy.clone()])
            .finish();
        assert!(copied.expect("cp").status.success());
        desk.work();
        desk.agree("after the copy");
        // The older state comes back, as from a backup.
        desk.replace_home(&copy);
        desk.work();
        tally.round();
        desk.agree(&format!("copy {round}"));
    }
    tally.assert_clean();
}

#[test]
fn clocks_of_another_year_lose_nothing() {
    const YEAR: Duration = Duration::from_hours(365 * 24);
    let tally = Tally::of("`sync` with clocks of another year");
    let mut desk = Desk::new(&tally, seed() + 3);
    for _ in 0..rounds(2, 40) {
        desk.work();
        desk.shift_times(YEAR);
        tally.round();
        desk.agree("times of another year");
    }
    tally.assert_clean();
}

/// The looks at a folder in a day without a change: in the first hour every half a minute, then every five minutes.
const LOOKS_OF_A_DAY: usize = 120 + 23 * 12;

#[test]
fn a_day_of_quiet_makes_only_polls() {
    let tally = Tally::of("`sync` on a quiet day");
    let desk = Desk::new(&tally, seed());
    let trace = desk.home.ada.home().join("trace");
    let to = trace.to_str().expect("a path of text");
    let calls = "trace=openat2,writev,sendto";
    let strace = ["strace", "-f", "-qq", "-s", "200", "-o", to, "-e", calls];
    let mut agent = desk
        .home
        .sync_through(&strace, &["--attached", "--look", "0s"]);
    let agent = agent.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut agent = agent.expect("an agent");
    let seen = |what: &str| {
        let trace = std::fs::read_to_string(&trace).unwrap_or_default();
        trace.lines().filter(|line| line.contains(what)).count()
    };
    let looks = || seen("\"pair.json\"");
    // A look opens the file twice: for the round, and for the request that waits.
    eventually("it looked for a day", || looks() >= 2 * LOOKS_OF_A_DAY);
    drop(agent.stdin.take());
    assert!(agent.wait().expect("an end").success());
    tally.round();
    let requests: usize = ["GET", "POST", "PUT", "DELETE"]
        .map(|method| seen(&format!("\"{method} ")))
        .iter()
        .sum();
    let polls = seen("/changes?since=");
    tally.compare(polls >= 1, "it polls");
    // The other request compares the directory at the address with that of the pair, at the start.
    let others = requests - polls;
    tally.compare(others == 1, &format!("{others} requests that are no polls"));
    tally.assert_clean();
}

#[test]
fn a_round_over_many_files_without_changes_reads_none_of_them() {
    let tally = Tally::of("`sync` of 20,000 files without changes");
    let desk = Desk::new(&tally, seed());
    let files = if is_torture() { 20_000 } else { 500 };
    for number in 0..files {
        let place = format!("many/{}/{number}.dat", number % 100);
        desk.home.write(&place, "data");
        tally.answered();
    }
    desk.home.sync();
    desk.school.sync();
    for machine in [&desk.home, &desk.school] {
        assert_eq!(machine.names().len(), desk.home.names().len());
        let trace = machine.ada.home().join("trace");
        let to = trace.to_str().expect("a path of text");
        let calls = "trace=openat,openat2,open,writev,sendto";
        let strace = ["strace", "-f", "-qq", "-s", "64", "-o", to, "-e", calls];
        let ended = machine.sync_through(&strace, &["--once"]).finish();
        assert!(ended.expect("a round").status.success());
        let trace = std::fs::read_to_string(trace).expect("a trace");
        assert!(trace.contains("many/99\""), "the folders are read: {trace}");
        let read = trace.lines().filter(|line| line.contains(".dat")).count();
        tally.compare(read == 0, &format!("{read} files are opened"));
        let asked = trace.lines().filter(|line| line.contains("\"GET ")).count();
        tally.compare(asked == 2, &format!("{asked} requests"));
        tally.round();
    }
    tally.assert_clean();
}
