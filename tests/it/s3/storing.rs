//! Large files are sent to the bucket once, come back as they were, and are repaired.

use super::{LARGE, objects, prepare, setup, setup_on, work};
use crate::sql::Sql;
use nbcourier_testbuckets::{Buckets, Kind, shared};
use nbcourier_testkit::tcp_proxy::TcpProxy;
use nbcourier_testkit::{Random, Sent, Setup, eventually};
use std::thread;

#[test]
fn files_come_back_from_a_strict_and_from_a_lax_object_store() {
    let lax = Buckets::start(Kind::Lax);
    for buckets in [shared(), &lax] {
        let (setup, bucket) = setup_on(buckets);
        let server = setup.start();
        let course = prepare(&server, &["ann"]);
        let files = [
            Sent::new("a/small", "small"),
            Sent::new("b/large", Random::seeded(1).bytes(LARGE)),
            Sent::new("c/parts", Random::seeded(2).bytes((9 << 20) + 7)),
        ];
        course.submit("ps1", "ann", &files).ok();
        assert_eq!(course.submitted("ps1", "ann", None), files);
        assert_eq!(objects(buckets, &bucket).len(), 2);
        // Another process reads the same.
        let setup = server.kill();
        let server = setup.start();
        let course = nbcourier_testkit::Course::of(&server, "algebra");
        assert_eq!(course.submitted("ps1", "ann", None), files);
    }
}

#[test]
fn the_same_file_of_many_students_is_sent_once() {
    let proxy = TcpProxy::to(shared().port());
    let bucket = shared().create();
    let endpoint = format!("http://127.0.0.1:{}", proxy.port());
    let server = Setup::standalone()
        .on_bucket(&endpoint, &bucket)
        .unlimited()
        .start();
    let students: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = students.iter().map(String::as_str).collect();
    let course = prepare(&server, &names);
    let data = Random::seeded(20).bytes(1 << 20);
    let files = |student: &str| {
        [
            Sent::new("data", data.clone()),
            Sent::new("answer", student.to_owned()),
        ]
    };
    let before = proxy.requests().len();
    thread::scope(|scope| {
        for (turn, student) in students.iter().enumerate() {
            let submit = || course.submit("ps1", student, &files(student)).ok();
            // Some at the same time, others when it is there already.
            if turn % 2 == 0 {
                scope.spawn(submit);
            } else {
                submit();
            }
        }
    });
    let requests = proxy.requests().split_off(before);
    let sent = requests.iter().filter(|line| line.starts_with("PUT "));
    let sent: Vec<_> = sent
        .filter(|line| !line.contains("nbcourier-probe"))
        .collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(objects(shared(), &bucket).len(), 1);
    for student in &students {
        assert_eq!(course.submitted("ps1", student, None), files(student));
    }
}

#[test]
fn an_object_that_was_changed_or_removed_is_never_served_and_comes_back_with_the_same_bytes() {
    let (setup, bucket) = setup();
    let server = setup.start();
    let course = prepare(&server, &["ann", "ben"]);
    course.submit("ps1", "ann", &work(1)).ok();
    let [object] = &objects(shared(), &bucket)[..] else {
        panic!("one object")
    };
    let damages: [fn(&str, &str); 3] = [
        |bucket, object| shared().overwrite(bucket, object, &Random::seeded(9).bytes(LARGE)),
        |bucket, object| shared().overwrite(bucket, object, b"short"),
        |bucket, object| shared().remove(bucket, object),
    ];
    for damage in damages {
        damage(&bucket, object);
        let reply = server.get("submission/algebra/ps1/ann", "ann");
        assert_eq!(reply.status, 500, "{}", reply.text());
        eventually("the damage is noted", || {
            Sql::of(&server).count("count(*)", "blobs WHERE NOT arrived") == 1
        });
        course.submit("ps1", "ben", &work(1)).ok();
        assert_eq!(course.submitted("ps1", "ann", None), work(1));
        assert_eq!(course.submitted("ps1", "ben", None), work(1));
        assert_eq!(objects(shared(), &bucket), [object.as_str()]);
    }
}

#[test]
fn a_refused_upload_sends_nothing() {
    let (setup, bucket) = setup();
    let server = setup.args(&["--max-user-size", "150000"]).start();
    let course = prepare(&server, &["ann"]);
    course.submit("ps1", "ann", &work(1)).ok();
    assert_eq!(course.submit("ps1", "ann", &work(2)).status, 413);
    assert_eq!(course.submit("nothing", "ann", &work(3)).status, 404);
    assert_eq!(objects(shared(), &bucket).len(), 1);
    let spool = server.data_dir().join("spool/incoming");
    eventually("the spool is empty", || {
        std::fs::read_dir(&spool).unwrap().count() == 0
    });
}

#[test]
fn metrics_count_what_was_sent_and_what_waits_for_its_deletion() {
    let (setup, _) = setup();
    let server = setup.args(&["--metrics-address", "127.0.0.1:0"]).start();
    let course = prepare(&server, &["ann", "ben"]);
    for student in ["ann", "ben"] {
        course.submit("ps1", student, &work(1)).ok();
    }
    let (_, address) = server
        .log()
        .split_once("The metrics are at http://127.0.0.1:")
        .map(|(before, rest)| (before.len(), rest.split('/').next().unwrap().to_owned()))
        .unwrap();
    let page = nbcourier_testkit::Call::new("GET", "/metrics")
        .send(address.parse().unwrap())
        .unwrap()
        .text();
    for line in [
        "nbcourier_objects_sent_total 1",
        "nbcourier_object_sent_bytes_total 100000",
        "nbcourier_object_failures_total 0",
        "nbcourier_removed_objects 0",
    ] {
        assert!(
            page.lines().any(|found| found == line),
            "{page}\nlacks {line}"
        );
    }
}
