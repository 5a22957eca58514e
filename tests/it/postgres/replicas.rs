//! What several servers of one database share.

use nbcourier_testdb::shared;
use nbcourier_testkit::server::run;
use nbcourier_testkit::{Course, Sent, Server, Setup, tar};
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
    server.kill();
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
    moved.kill();
    let other = Setup::standalone().on_postgres(&url).start();
    assert_ne!(other.data_dir(), data);
    assert!(is_valid(&other, &receipt));
}
