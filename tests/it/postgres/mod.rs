//! An exchange on PostgreSQL. The suites that are the same for every database run with `NBCOURIER_TEST_STORE=postgres`;
//! see the Makefile.

mod clean_up;
mod directory_races;
mod faults;
mod races;
mod replicas;
mod starting;
mod waiting;

use nbcourier_testdb::Cluster;
use nbcourier_testkit::{Course, Server, Setup};

/// A part of the settings of sessions that only read. Their transactions are not those that a test holds back.
const READING: &[u8] = b"default_transaction_read_only = on";

/// Returns the setup of a server on an empty database of that cluster.
fn setup_on(cluster: &Cluster) -> Setup {
    let database = cluster.create();
    Setup::standalone().on_postgres(&cluster.url(&database))
}

/// Creates a course with an instructor, students and a released assignment.
fn prepare(server: &Server, students: &[&str]) {
    let course = Course::of(server, "algebra");
    course.make(&["kim"], students);
    course.release("ps1", "kim", &[]).ok();
}
