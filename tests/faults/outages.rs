//! PostgreSQL or the object store fails for a while under mixed load. Two servers go on by themselves.

use crate::ledger::Ledger;
use crate::load::{Actor, Ending, STUDENTS, begin_round, clients, make_course, start_all};
use crate::tally::{Tally, rounds};
use nbcourier_testbuckets::{Buckets, Kind};
use nbcourier_testdb::{Cluster, Stop};
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Random, Server, Setup, eventually, run};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The number of servers.
const REPLICAS: usize = 2;
/// The number of rounds on one database and bucket. A new one keeps the time for checking all of it short.
const ON_ONE_EXCHANGE: usize = 10;
/// The end of a transaction, as a client of PostgreSQL sends it.
const COMMIT: &[u8] = b"COMMIT\0";
const SLOW_DOWN: &[u8] =
    b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The stores of an exchange. Its servers reach them by proxies.
struct Stores {
    cluster: Cluster,
    buckets: Buckets,
    to_database: TcpProxy,
    to_bucket: TcpProxy,
    data_dir: PathBuf,
}

impl Stores {
    fn start() -> (Self, Setup) {
        let (cluster, buckets) = (Cluster::start(&[]), Buckets::start(Kind::Strict));
        let (to_database, to_bucket) = (TcpProxy::to(cluster.port()), TcpProxy::to(buckets.port()));
        let at = |port: u16| format!("127.0.0.1:{port}");
        let database = cluster.url(&cluster.create());
        let database = database.replace(
            &format!(":{}/", cluster.port()),
            &format!(":{}/", to_database.port()),
        );
        let endpoint = format!("http://{}", at(to_bucket.port()));
        let setup = Setup::standalone()
            .unlimited()
            .on_postgres(&database)
            .on_bucket(&endpoint, &buckets.create());
        let data_dir = setup.data_dir();
        let stores = Self {
            cluster,
            buckets,
            to_database,
            to_bucket,
            data_dir,
        };
        (stores, setup)
    }

    /// Lets a proxy behave in that way for a while.
    fn disturb(proxy: &TcpProxy, behaviour: Behaviour, random: &mut Random) {
        proxy.behave(behaviour);
        pause(random);
        proxy.behave(Behaviour::Pass);
    }
}

/// Waits for up to two seconds.
fn pause(random: &mut Random) {
    std::thread::sleep(Duration::from_micros(random.number() % 2_000_000));
}

#[test]
fn answered_changes_survive_a_restart_of_postgresql() {
    survive("PostgreSQL restarted", |stores, random| {
        stores.cluster.stop(Stop::Fast);
        pause(random);
        stores.cluster.resume();
    });
}

#[test]
fn answered_changes_survive_a_crash_of_postgresql() {
    survive("PostgreSQL crashed and started again", |stores, random| {
        stores.cluster.stop(Stop::Immediate);
        pause(random);
        stores.cluster.resume();
    });
}

#[test]
fn answered_changes_survive_a_database_that_does_not_respond() {
    survive("PostgreSQL stalled", |stores, random| {
        Stores::disturb(&stores.to_database, Behaviour::HoldAll, random);
    });
}

#[test]
fn answered_changes_survive_connections_that_end_in_a_commit() {
    survive("connections cut at a COMMIT", |stores, random| {
        let cut = if random.below(2) == 0 {
            Behaviour::CutAfter(COMMIT.to_vec())
        } else {
            Behaviour::CutBefore(COMMIT.to_vec())
        };
        Stores::disturb(&stores.to_database, cut, random);
    });
}

#[test]
fn answered_changes_survive_an_object_store_that_fails() {
    survive("object store failing, stalled or cut", |stores, random| {
        let behaviour = match random.below(4) {
            0 => Behaviour::Answer(3, SLOW_DOWN),
            1 => Behaviour::HoldAll,
            2 => Behaviour::CutReplies(20_000),
            _ => Behaviour::Refuse,
        };
        Stores::disturb(&stores.to_bucket, behaviour, random);
    });
}

#[test]
fn answered_changes_survive_the_death_of_the_object_store() {
    survive("object store killed and started again", |stores, random| {
        stores.buckets.kill();
        pause(random);
        stores.buckets.resume();
    });
}

#[test]
fn answered_changes_survive_two_clean_ups_without_grace() {
    survive("two clean-ups without grace", |stores, _| {
        let data_dir = stores.data_dir.display().to_string();
        let clear = || run(&["gc", "--grace", "0", "--data-dir", &data_dir]).status;
        let both = std::thread::scope(|scope| {
            let both = [scope.spawn(clear), scope.spawn(clear)];
            both.map(|one| one.join().unwrap().success())
        });
        assert!(both.contains(&true), "{both:?}");
    });
}

/// Brings the fault about in each round, during all kinds of changes. Afterwards, all servers must have what was answered.
fn survive(name: &'static str, fault: impl Fn(&Stores, &mut Random)) {
    let tally = Tally::of(name);
    let all = rounds(1, 30);
    for first in (0..all).step_by(ON_ONE_EXCHANGE) {
        let rounds = first..all.min(first + ON_ONE_EXCHANGE as u64);
        on_one_exchange(rounds, &tally, &fault);
    }
    tally.assert_clean();
}

fn on_one_exchange(
    rounds: std::ops::Range<u64>,
    tally: &Tally,
    fault: &impl Fn(&Stores, &mut Random),
) {
    let (stores, setup) = Stores::start();
    let server = setup.start_replicas(REPLICAS);
    make_course(&server);
    let mut past = Vec::new();
    for round in rounds {
        let (mut random, ledger) = begin_round(&server, round);
        load_during(&server, &ledger, tally, &mut random, |random| {
            fault(&stores, random);
        });
        tally.round();
        for client in clients(&server) {
            ledger.try_again(&client, tally);
            ledger.verify(&client, tally);
            ledger.verify_roster(&client, tally);
        }
        past.push(ledger);
    }
    for client in clients(&server) {
        for ledger in &past {
            ledger.verify(&client, tally);
        }
    }
    crate::kill::assert_clean(&stores.data_dir);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Lets all actors make changes during the fault. Students repeat what failed, until the servers take it.
fn load_during(
    server: &Server,
    ledger: &Ledger,
    tally: &Tally,
    random: &mut Random,
    fault: impl FnOnce(&mut Random),
) {
    let client = crate::client::Client::of(server);
    let over = AtomicBool::new(false);
    let moment = Duration::from_micros(5_000 + random.number() % 600_000);
    let mut of_fault = Random::seeded(random.number());
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
        fault(&mut of_fault);
        let before = answered();
        eventually("students submit again", || {
            answered() > before + 2 * STUDENTS.len()
        });
    });
}
