//! The clean-up of an exchange that several processes may clean up.

use nbcourier_testdb::{USER, shared};
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Server, Setup, eventually, run};

/// Runs `gc` on that database, beside a server. Returns whether it cleaned up, and what it printed.
fn gc(server: &Server, url: &str) -> (bool, String) {
    let data = server.data_dir().display().to_string();
    let output = run(&["gc", "--data-dir", &data, "--database", url]);
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(!printed.contains("panicked"), "{printed}");
    (output.status.success(), printed)
}

#[test]
fn nobody_cleans_up_while_another_process_does_and_a_dead_one_holds_up_nobody() {
    let database = shared().create();
    let url = shared().url(&database);
    let proxy = TcpProxy::to(shared().port());
    let through = format!("postgres://{USER}@127.0.0.1:{}/{database}", proxy.port());
    let setup = Setup::standalone().on_postgres(&through);
    let setup = setup.env("RUST_LOG", "debug");
    proxy.behave(Behaviour::HoldOne(b"INSERT INTO \"runs\"".to_vec()));
    let server = setup.start();
    proxy.wait_for_effect();

    let (cleaned, printed) = gc(&server, &url);
    assert!(!cleaned, "{printed}");
    assert!(
        printed.contains("Another nbcourier is cleaning up"),
        "{printed}"
    );
    // A command that changes nothing needs no turn.
    let data = server.data_dir().display().to_string();
    let dry = run(&["gc", "-n", "--data-dir", &data, "--database", &url]);
    assert!(dry.status.success());

    let setup = server.kill();
    proxy.behave(Behaviour::Pass);
    let server = setup.start();
    let mut last = String::new();
    eventually("the database notices that the server is dead", || {
        let (cleaned, printed) = gc(&server, &url);
        last = printed;
        cleaned
    });
    eventually("the server has looked for its own turn", || {
        let log = server.log();
        log.contains("The clean-up is due in") || log.contains("Another nbcourier is cleaning up")
    });
    // The turn ends with the command.
    let (cleaned, printed) = gc(&server, &url);
    assert!(cleaned, "{printed}");
}

#[test]
fn a_server_cleans_up_only_if_the_last_clean_up_is_an_hour_old() {
    let database = shared().create();
    let setup = Setup::standalone().on_postgres(&shared().url(&database));
    let setup = setup.env("RUST_LOG", "debug");
    let last = || {
        shared().sql(
            &database,
            "SELECT coalesce(max(ended_at), 0) FROM runs WHERE task = 'gc'",
        )
    };
    let server = setup.start();
    eventually("the first clean-up", || last() != "0");
    let setup = server.kill();

    let first = last();
    let server = setup.start();
    eventually("the server looks for the last clean-up", || {
        server.log().contains("The clean-up is due in")
    });
    assert_eq!(last(), first);
    let setup = server.kill();

    shared().sql(
        &database,
        "UPDATE runs SET ended_at = ended_at - 3600000000",
    );
    let old = last();
    let _server = setup.start();
    eventually("the next clean-up", || last() != old);
}
