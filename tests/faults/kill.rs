//! `kill -9` at random moments under mixed load. This is difference 7 of `api-specifications.md`.

use crate::client::Client;
use crate::ledger::Ledger;
use crate::load::{Actor, begin_round, make_course, start_all};
use crate::tally::{Tally, rounds};
use nbcourier_testkit::{Random, Server, Setup, run};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// The number of rounds on one data directory. A new one keeps the time for checking all of it short.
const ON_ONE_DIRECTORY: usize = 25;

#[test]
fn answered_changes_survive_kill_9_at_any_moment() {
    let tally = Tally::of("kill -9 under mixed load");
    let all = rounds(8, 200);
    for first in (0..all).step_by(ON_ONE_DIRECTORY) {
        on_one_directory(first..all.min(first + ON_ONE_DIRECTORY as u64), &tally);
    }
    tally.assert_clean();
}

fn on_one_directory(rounds: std::ops::Range<u64>, tally: &Tally) {
    let setup = Setup::standalone().unlimited();
    let mut server = setup.start();
    make_course(&server);
    let mut past = Vec::new();
    for round in rounds {
        let (mut random, ledger) = begin_round(&server, round);
        load_until_killed(server, &ledger, tally, &mut random);
        tally.round();
        if random.below(4) == 0 {
            setup.start_and_kill(Duration::from_millis(random.number() % 40));
        }
        let check_first = random.below(2) == 0;
        if check_first {
            assert_clean(&setup.data_dir());
        }
        server = setup.start();
        let client = Client::of(&server);
        ledger.try_again(&client, tally);
        ledger.verify(&client, tally);
        ledger.verify_roster(&client, tally);
        if random.below(4) == 0 {
            // Nothing is in flight, so only unreferenced data may be removed.
            clear(&setup.data_dir(), &["--grace", "0", "--retention", "0"]);
            ledger.verify(&client, tally);
        }
        if !check_first {
            assert_clean(&setup.data_dir());
        }
        past.push(ledger);
    }
    let client = Client::of(&server);
    for ledger in &past {
        ledger.verify(&client, tally);
    }
    assert_clean(&setup.data_dir());
}

/// Lets all actors make changes, and kills the server and the clean-up during them.
fn load_until_killed(server: Server, ledger: &Ledger, tally: &Tally, random: &mut Random) {
    let client = Client::of(&server);
    let over = AtomicBool::new(false);
    let moment = Duration::from_micros(5_000 + random.number() % 600_000);
    let actor = || Actor {
        client: client.clone(),
        ledger,
        tally,
        random: Random::seeded(random.number()),
        over: &over,
        may_wait: false,
    };
    let data = server.data_dir();
    std::thread::scope(|scope| {
        start_all(scope, actor);
        scope.spawn(|| clear_until_killed(&data, &over));
        std::thread::sleep(moment);
        let log = server.log();
        server.kill();
        over.store(true, SeqCst);
        assert!(!log.contains("panicked"), "{log}");
    });
}

/// Runs clean-ups beside the server, and kills the last one with it.
fn clear_until_killed(data: &Path, over: &AtomicBool) {
    while !over.load(SeqCst) {
        let mut command = Command::new(nbcourier_testkit::program());
        nbcourier_testkit::isolate(&mut command, Path::new("/"));
        command.args(["gc", "--grace", "1m", "--retention", "1d", "--data-dir"]);
        command.arg(data).stdout(std::process::Stdio::null());
        let mut clearing = command.spawn().expect("the program starts");
        while clearing.try_wait().expect("its state").is_none() {
            if over.load(SeqCst) {
                clearing.kill().expect("it was running");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn clear(data: &Path, how: &[&str]) {
    let data = data.display().to_string();
    let output = run(&[&["gc", "--data-dir", &data], how].concat());
    assert!(output.status.success(), "{output:?}");
}

#[track_caller]
pub fn assert_clean(data: &Path) {
    let output = run(&["fsck", "--data-dir", &data.display().to_string()]);
    assert_well(output);
}

/// Fails unless this is the output of `fsck` for an intact data directory.
#[track_caller]
pub fn assert_well(output: std::process::Output) {
    let printed = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "fsck: {}",
        String::from_utf8_lossy(&printed)
    );
}
