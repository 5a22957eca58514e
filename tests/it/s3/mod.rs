//! An exchange whose large files are in a bucket of an object store. The suites that are the same for every place run with
//! `NBCOURIER_TEST_STORE=s3` or `postgres+s3`; see `scripts/test-s3.sh`.

mod clean_up;
mod commands;
mod faults;
mod starting;
mod storing;

use nbcourier_testbuckets::{Buckets, shared};
use nbcourier_testkit::{BUCKET_PREFIX, Course, Random, Sent, Server, Setup};

/// Bytes that are too many for the database.
const LARGE: usize = 100_000;

/// Returns the setup of a server on SQLite and an empty bucket of that object store, and the bucket.
fn setup_on(buckets: &Buckets) -> (Setup, String) {
    let bucket = buckets.create();
    let setup = Setup::standalone().on_bucket(&buckets.endpoint(), &bucket);
    (setup.unlimited(), bucket)
}

/// Returns the same for the object store that all tests share.
fn setup() -> (Setup, String) {
    setup_on(shared())
}

/// Creates a course with an instructor, students and a released assignment.
fn prepare<'a>(server: &'a Server, students: &[&str]) -> Course<'a> {
    let course = Course::of(server, "algebra");
    course.make(&["kim"], students);
    course.release("ps1", "kim", &[]).ok();
    course
}

/// Returns a large file with other bytes for each number.
fn work(number: u64) -> [Sent; 1] {
    let bytes = Random::seeded(number).bytes(LARGE);
    [Sent::new("work", bytes)]
}

/// Returns the names of the objects with bytes of files.
fn objects(buckets: &Buckets, bucket: &str) -> Vec<String> {
    let ours = ["nbcourier-exchange", "nbcourier-probe"];
    let ours = ours.map(|name| format!("{BUCKET_PREFIX}/{name}"));
    let mut objects = buckets.objects(bucket);
    objects.retain(|name| !ours.contains(name));
    objects
}
