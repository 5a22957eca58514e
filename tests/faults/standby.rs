//! The primary of PostgreSQL is killed under mixed load, and its standby is promoted. The servers know both, and go on.

use crate::client::Client;
use crate::ledger::Ledger;
use crate::load::{Actor, Ending, STUDENTS, begin_round, clients, make_course, start_all};
use crate::tally::{Tally, rounds};
use nbcourier_testdb::{Cluster, Stop, USER};
use nbcourier_testkit::{Random, Server, Setup, eventually};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The number of servers.
const REPLICAS: usize = 2;
/// The number of rounds on one database and bucket. A new one keeps the time for checking all of it short.
const ON_ONE_EXCHANGE: usize = 10;

#[test]
fn answered_changes_survive_the_death_of_the_primary() {
    let tally = Tally::of("primary of PostgreSQL killed, standby promoted");
    let all = rounds(2, 30);
    for first in (0..all).step_by(ON_ONE_EXCHANGE) {
        on_one_exchange(first..all.min(first + ON_ONE_EXCHANGE as u64), &tally);
    }
    tally.assert_clean();
}

fn on_one_exchange(rounds: std::ops::Range<u64>, tally: &Tally) {
    let mut primary = Cluster::start(&[]);
    let mut standby = primary.start_standby(&[]);
    let hosts = [&primary, &standby].map(|one| format!("127.0.0.1:{}", one.port()));
    let url = format!("postgres://{USER}@{}/{}", hosts.join(","), primary.create());
    let buckets = nbcourier_testbuckets::shared();
    let setup = Setup::standalone()
        .unlimited()
        .on_postgres(&url)
        .on_bucket(&buckets.endpoint(), &buckets.create());
    let server = setup.start_replicas(REPLICAS);
    make_course(&server);
    let mut past = Vec::new();
    for round in rounds {
        let (mut random, ledger) = begin_round(&server, round);
        load_while_the_primary_dies(&server, [&primary, &standby], &ledger, tally, &mut random);
        tally.round();
        for client in clients(&server) {
            ledger.try_again(&client, tally);
            ledger.verify(&client, tally);
            ledger.verify_roster(&client, tally);
        }
        // The former primary is the next standby.
        primary.follow(&standby);
        std::mem::swap(&mut primary, &mut standby);
        past.push(ledger);
    }
    for client in clients(&server) {
        for ledger in &past {
            ledger.verify(&client, tally);
        }
    }
    crate::kill::assert_clean(&setup.data_dir());
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Lets all actors make changes, and kills the primary during them. Students repeat what failed until the standby takes it.
fn load_while_the_primary_dies(
    server: &Server,
    [primary, standby]: [&Cluster; 2],
    ledger: &Ledger,
    tally: &Tally,
    random: &mut Random,
) {
    let client = Client::of(server);
    let over = AtomicBool::new(false);
    let moment = Duration::from_micros(5_000 + random.number() % 600_000);
    let actor = || Actor {
        client: client.clone(),
        ledger,
        tally,
        random: Random::seeded(random.number()),
        over: &over,
        may_wait: true,
    };
    let answered = || ledger.answered.lock().unwrap().len();
    std::thread::scope(|scope| {
        // If a check fails, the actors end as well.
        let _ending = Ending(&over);
        start_all(scope, actor);
        std::thread::sleep(moment);
        primary.stop(Stop::Immediate);
        let before = answered();
        standby.promote();
        eventually("students submit again", || {
            answered() > before + 2 * STUDENTS.len()
        });
    });
}
