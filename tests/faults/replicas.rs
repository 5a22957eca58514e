//! `kill -9` of one of three servers under mixed load. The others go on.

use crate::client::Client;
use crate::ledger::Ledger;
use crate::load::{Actor, begin_round, make_course, start_all};
use crate::tally::{Tally, rounds};
use nbcourier_testkit::{Random, Server, Setup, run};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// The number of servers.
const REPLICAS: usize = 3;
/// The number of rounds on one database and bucket. A new one keeps the time for checking all of it short.
const ON_ONE_EXCHANGE: usize = 25;

#[test]
fn answered_changes_survive_the_death_of_a_replica() {
    let tally = Tally::of("one of three replicas killed");
    let all = rounds(3, 200);
    for first in (0..all).step_by(ON_ONE_EXCHANGE) {
        on_one_exchange(first..all.min(first + ON_ONE_EXCHANGE as u64), &tally);
    }
    tally.assert_clean();
}

fn on_one_exchange(rounds: std::ops::Range<u64>, tally: &Tally) {
    let database = nbcourier_testdb::shared();
    let buckets = nbcourier_testbuckets::shared();
    let setup = Setup::standalone()
        .unlimited()
        .on_postgres(&database.url(&database.create()))
        .on_bucket(&buckets.endpoint(), &buckets.create());
    let mut server = setup.start_replicas(REPLICAS);
    make_course(&server);
    let mut past = Vec::new();
    for round in rounds {
        let (mut random, ledger) = begin_round(&server, round);
        load_while_one_dies(&mut server, &ledger, tally, &mut random);
        tally.round();
        // Another server has everything that the dead one answered.
        for port in server.replica_ports() {
            let client = Client {
                port,
                ..Client::of(&server)
            };
            ledger.try_again(&client, tally);
            ledger.verify(&client, tally);
            ledger.verify_roster(&client, tally);
        }
        server.add_replica();
        past.push(ledger);
    }
    let data = setup.data_dir().display().to_string();
    let two_at_once = std::thread::scope(|scope| {
        let clear = || {
            run(&[
                "gc",
                "--grace",
                "0",
                "--retention",
                "0",
                "--data-dir",
                &data,
            ])
        };
        let both = [scope.spawn(clear), scope.spawn(clear)];
        both.map(|one| one.join().unwrap().status.success())
    });
    assert!(two_at_once.contains(&true), "{two_at_once:?}");
    let client = Client::of(&server);
    for ledger in &past {
        ledger.verify(&client, tally);
    }
    crate::kill::assert_clean(&setup.data_dir());
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Lets all actors make changes, and kills one of the servers during them. An actor whose request was cut off ends.
fn load_while_one_dies(server: &mut Server, ledger: &Ledger, tally: &Tally, random: &mut Random) {
    let client = Client::of(server);
    let over = AtomicBool::new(false);
    let moment = Duration::from_micros(5_000 + random.number() % 600_000);
    let rest = Duration::from_micros(random.number() % 300_000);
    let victim = random.below(REPLICAS);
    let actor = || Actor {
        client: client.clone(),
        ledger,
        tally,
        random: Random::seeded(random.number()),
        over: &over,
        may_wait: false,
    };
    std::thread::scope(|scope| {
        start_all(scope, actor);
        std::thread::sleep(moment);
        server.kill_replica(victim);
        // The others go on.
        std::thread::sleep(rest);
        over.store(true, SeqCst);
    });
}
