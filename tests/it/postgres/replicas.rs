//! The signing key that several servers of one database share, and their rows.

use super::starting::assert_refused;
use nbcourier_testdb::{USER, shared};
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually, run, tar};
use serde_json::Value;

/// Returns the receipt of a new submission.
fn receipt(server: &Server) -> Value {
    let course = Course::of(server, "algebra");
    course.make(&["kim"], &["ann"]);
    course.release("ps1", "kim", &[]).ok();
    let target = "v1/courses/algebra/assignments/ps1/submissions?user=ann";
    let call = server.call("POST", target);
    let call = call.body("application/x-tar", tar::archive(&[Sent::new("a", "b")]));
    server.send(&call).json()
}

/// Stops a server properly. After a crash, a server in another directory waits until the former one counts as ended.
fn stop(mut server: Server) {
    server.ask_to_stop();
    assert_eq!(server.exit_code(), Some(0));
}

fn is_valid(server: &Server, receipt: &Value) -> bool {
    let call = server.call("POST", "v1/receipts/verify?user=ann");
    let call = call.body("application/json", receipt.to_string());
    server.send(&call).ok().json()["valid"] == true
}

#[test]
fn the_signing_key_is_in_the_database_and_not_in_a_directory() {
    let url = shared().url(&shared().create());
    let server = Setup::standalone().on_postgres(&url).start();
    let receipt = receipt(&server);
    let key = server.data_dir().join("session.key");
    assert!(!key.exists());
    let data = server.data_dir().display().to_string();
    let doctor = run(&["doctor", "--standalone", "--data-dir", &data]);
    let doctor = String::from_utf8_lossy(&doctor.stdout);
    assert!(
        doctor.contains("The signing key is in the database"),
        "{doctor}"
    );
    stop(server);
    let other = Setup::standalone().on_postgres(&url).start();
    assert!(is_valid(&other, &receipt));
    // The key of a directory is no longer needed, and its rights no longer matter.
    let setup = other.kill();
    std::fs::write(setup.data_dir().join("session.key"), "other").unwrap();
    let other = setup.start();
    assert!(is_valid(&other, &receipt));
}

#[test]
fn the_key_with_which_a_server_signed_moves_into_the_database() {
    let setup = Setup::standalone();
    let data = setup.data_dir();
    let embedded = setup.start();
    let receipt = receipt(&embedded);
    drop(embedded);
    let url = shared().url(&shared().create());
    let moved = setup.on_postgres(&url).start();
    assert!(is_valid(&moved, &receipt));
    stop(moved);
    let other = Setup::standalone().on_postgres(&url).start();
    assert_ne!(other.data_dir(), data);
    assert!(is_valid(&other, &receipt));
}

const ANOTHER: &str = "Another nbcourier is serving";

#[test]
fn a_server_whose_connections_were_lost_still_excludes_others() {
    let database = shared().create();
    let url = shared().url(&database);
    let _server = Setup::standalone().on_postgres(&url).start();
    shared().sql(
        &database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    assert_refused(&["--database", &url], &[ANOTHER]);
}

#[test]
fn a_server_whose_place_was_taken_during_an_outage_stops() {
    let database = shared().create();
    let proxy = TcpProxy::to(shared().port());
    let through = format!("postgres://{USER}@127.0.0.1:{}/{database}", proxy.port());
    let mut lost = Setup::standalone().on_postgres(&through).start();
    proxy.behave(Behaviour::Refuse);
    eventually("the server notices the outage", || {
        lost.log()
            .contains("The presence of this server could not be renewed")
    });
    let is_old = "UPDATE replicas SET seen_at = seen_at - 60000000";
    shared().sql(&database, is_old);
    let other = Setup::standalone()
        .on_postgres(&shared().url(&database))
        .start();
    proxy.behave(Behaviour::Pass);
    assert_eq!(lost.exit_code(), Some(1));
    assert!(lost.log().contains(ANOTHER), "{}", lost.log());
    assert!(other.is_healthy());
}

#[test]
fn doctor_names_the_servers_and_clocks_that_differ() {
    let database = shared().create();
    let server = Setup::standalone()
        .on_postgres(&shared().url(&database))
        .start();
    let data = server.data_dir().display().to_string();
    let doctor = || {
        let output = run(&["doctor", "--standalone", "--data-dir", &data]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    let printed = doctor();
    assert!(
        printed.contains(&format!("ended a moment ago: nbcourier {version} on ")),
        "{printed}"
    );
    assert!(!printed.contains("ahead of the database's"), "{printed}");
    shared().sql(
        &database,
        "INSERT INTO replicas SELECT 'other', '0.0.1', 'host7', place, false, started_at, seen_at + 60000000, -2500000
            FROM replicas",
    );
    let printed = doctor();
    for part in [
        "Servers of different versions run",
        "The clock of host7 is -2500 ms ahead of the database's",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
}
