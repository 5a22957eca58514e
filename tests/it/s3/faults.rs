//! An object store that fails, stays silent, or ends.

use super::{LARGE, objects, prepare, setup_on, work};
use nbcourier_testbuckets::{Buckets, Kind, shared};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use nbcourier_testkit::{Course, Random, Reply, Sent, Server, Setup, eventually, percent_encode};
use std::thread;

const SLOW_DOWN: &[u8] =
    b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Returns a server whose requests to an empty bucket go through the proxy.
fn start_behind(proxy: &TcpProxy) -> (Server, String) {
    let bucket = shared().create();
    let endpoint = format!("http://127.0.0.1:{}", proxy.port());
    let setup = Setup::standalone().on_bucket(&endpoint, &bucket);
    (setup.unlimited().start(), bucket)
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.header("retry-after").is_some(), "{}", reply.text());
}

#[test]
fn requests_that_are_refused_at_times_succeed_in_the_end() {
    let proxy = TcpProxy::to(shared().port());
    let (server, _) = start_behind(&proxy);
    let course = prepare(&server, &["ann"]);
    proxy.behave(Behaviour::Answer(5, SLOW_DOWN));
    for round in 0..5 {
        course.submit("ps1", "ann", &work(round)).ok();
        assert_eq!(course.submitted("ps1", "ann", None), work(round));
    }
    let large = [Sent::new("parts", Random::seeded(1).bytes(9 << 20))];
    course.submit("ps1", "ann", &large).ok();
    assert_eq!(course.submitted("ps1", "ann", None), large);
}

#[test]
fn a_download_goes_on_where_it_was_cut() {
    let proxy = TcpProxy::to(shared().port());
    let (server, _) = start_behind(&proxy);
    let course = prepare(&server, &["ann"]);
    let large = [Sent::new("large", Random::seeded(1).bytes(3 << 20))];
    course.submit("ps1", "ann", &large).ok();
    proxy.behave(Behaviour::CutReplies(1 << 20));
    assert_eq!(course.submitted("ps1", "ann", None), large);
    proxy.behave(Behaviour::Pass);
    let gets = proxy.requests();
    let gets = gets.iter().filter(|line| line.starts_with("GET "));
    assert!(gets.count() >= 3);
}

#[test]
fn an_object_store_out_of_reach_is_said_and_nothing_is_lost() {
    let lax = Buckets::start(Kind::Lax);
    let (setup, bucket) = setup_on(&lax);
    let server = setup.start();
    let course = prepare(&server, &["ann"]);
    let reply = course.submit("ps1", "ann", &work(1)).ok();
    let time = timestamp_of(&reply);
    lax.kill();
    thread::scope(|scope| {
        // Small files need no object store.
        let small = [Sent::new("small", "small")];
        scope.spawn(move || course.submit("ps1", "ann", &small).ok());
        scope.spawn(move || assert_unavailable(&course.submit("ps1", "ann", &work(2))));
        let time = percent_encode(&time);
        let old = format!("submission/algebra/ps1/ann?timestamp={time}");
        let server = &server;
        scope.spawn(move || assert_unavailable(&server.get(&old, "ann")));
    });
    assert!(server.is_healthy());
    let status = |target| server.send(&server.call("GET", target)).status;
    eventually("readyz notices it", || status("readyz") == 503);
    assert_eq!(status("readyz?local"), 200);
    lax.resume();
    course.submit("ps1", "ann", &work(2)).ok();
    assert_eq!(course.submitted("ps1", "ann", None), work(2));
    eventually("readyz is well", || status("readyz") == 200);
    assert_eq!(objects(&lax, &bucket).len(), 2);
}

#[test]
fn an_upload_that_is_interrupted_by_a_crash_can_be_repeated() {
    let proxy = TcpProxy::to(shared().port());
    let (server, bucket) = start_behind(&proxy);
    prepare(&server, &["ann"]);
    proxy.behave(Behaviour::HoldOne(b"PUT /".to_vec()));
    let setup = thread::scope(|scope| {
        let (port, prefix) = (server.port(), server.prefix().to_owned());
        scope.spawn(move || {
            let form = nbcourier_testkit::Form::new()
                .field("user", "ann")
                .field("files", &nbcourier_testkit::files_json(&work(1)));
            let target = format!("{prefix}submission/algebra/ps1");
            let sent = nbcourier_testkit::Call::new("POST", &target)
                .form(&form)
                .send(port);
            assert!(sent.is_err(), "the server was killed");
        });
        proxy.wait_for_effect();
        server.kill()
    });
    proxy.behave(Behaviour::Pass);
    let server = setup.start();
    let course = Course::of(&server, "algebra");
    course.submit("ps1", "ann", &work(1)).ok();
    assert_eq!(course.submitted("ps1", "ann", None), work(1));
    assert_eq!(objects(shared(), &bucket).len(), 1);
}

#[test]
fn a_reader_who_does_not_read_needs_little_memory() {
    let (setup, _) = setup_on(shared());
    let server = setup.start();
    let course = prepare(&server, &["ann"]);
    let large = [Sent::new("large", Random::seeded(1).bytes(24 << 20))];
    course.submit("ps1", "ann", &large).ok();
    let before = server.peak_memory();
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            use std::io::{Read as _, Write as _};
            let mut line = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            write!(
                line,
                "GET {}submission/algebra/ps1/ann?user=ann HTTP/1.1\r\nHost: localhost\r\n\r\n",
                server.prefix()
            )
            .unwrap();
            let mut first = [0; 1024];
            line.read_exact(&mut first).unwrap();
            line
        })
        .collect();
    let other = course.submitted("ps1", "ann", None);
    assert_eq!(other, large);
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown}");
    drop(waiting);
    assert!(LARGE < large[0].bytes.len());
}
