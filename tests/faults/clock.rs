//! A clock that steps backwards and forwards while the server runs.

use crate::client::{Client, some_files};
use crate::ledger::as_ngshare;
use crate::tally::{Tally, rounds, seed};
use nbcourier_testkit::browser::Browser;
use nbcourier_testkit::{Course, FakeHub, Random, Setup, tar};
use std::fs;
use std::path::PathBuf;

/// A clock that can be set: a file that libfaketime reads whenever the server asks for the time.
struct Clock(PathBuf);

impl Clock {
    fn of(setup: &Setup) -> Self {
        let clock = Self(setup.beside("clock"));
        clock.is_off_by(0);
        clock
    }

    fn is_off_by(&self, seconds: i64) {
        // Renamed into place, so that the server never reads half of it.
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{seconds:+}")).unwrap();
        fs::rename(new, &self.0).unwrap();
    }

    /// Returns the setup of a server that uses this clock.
    fn for_server(&self, setup: Setup) -> Setup {
        setup
            .env("LD_PRELOAD", &libfaketime())
            .env("FAKETIME_TIMESTAMP_FILE", &self.0.display().to_string())
            .env("FAKETIME_NO_CACHE", "1")
            // Only the wall clock steps.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
    }
}

fn libfaketime() -> String {
    let places = fs::read_dir("/usr/lib").unwrap().flatten();
    let libraries = places.map(|place| place.path().join("faketime/libfaketime.so.1"));
    let mut found = libraries.filter(|library| library.exists());
    let library = found.next().or_else(|| {
        let plain = PathBuf::from("/usr/lib/faketime/libfaketime.so.1");
        plain.exists().then_some(plain)
    });
    let library = library.expect("no libfaketime: install it (apt-get install libfaketime)");
    library.display().to_string()
}

#[test]
fn a_clock_that_steps_back_never_makes_a_later_submission_an_earlier_one() {
    let tally = Tally::of("clock stepping backwards");
    let setup = Setup::standalone();
    let clock = Clock::of(&setup);
    let setup = clock.for_server(setup);
    let mut server = setup.start();
    Course::of(&server, "course1").make(&["kevin"], &["lawrence", "eric"]);
    Course::of(&server, "course1")
        .release("challenge", "kevin", &[])
        .ok();
    let mut random = Random::seeded(seed());
    let mut answered: Vec<(String, String, i64, Vec<nbcourier_testkit::Sent>)> = Vec::new();
    let mut off = 0;
    for round in 0..rounds(12, 150) {
        // Mostly backwards, sometimes forwards.
        off += match random.below(4) {
            0 => 3_600,
            1 => -1,
            2 => -86_400 * 40,
            _ => -i64::try_from(random.below(7_200)).unwrap(),
        };
        clock.is_off_by(off);
        tally.round();
        if round % 5 == 4 {
            server = server.kill().start();
        }
        let client = Client::of(&server);
        for student in ["lawrence", "eric", "lawrence"] {
            let files = some_files(&mut random);
            let v1 = "v1/courses/course1/assignments/challenge/submissions";
            let reply = client.send(&client.tar("POST", v1, student, &files));
            let reply = reply.expect("an answer");
            tally.see(&reply, &[]);
            assert_eq!(reply.status, 201, "{}", reply.text());
            tally.answered();
            let answer = reply.json();
            let time = as_ngshare(answer["receipt"]["submitted_at"].as_str().unwrap());
            let before = answered.iter().filter(|one| one.0 == student);
            let last = before.map(|one| &one.1).max();
            if last.is_some_and(|last| *last >= time) {
                tally.lost(&format!("{student}'s of {time}, which is not the latest"));
            }
            let id = answer["receipt"]["id"].as_i64().unwrap();
            answered.push((student.to_owned(), time, id, files));
            let verified = server.send(
                &client
                    .call("POST", "v1/receipts/verify", "kevin")
                    .body("application/json", reply.body.clone()),
            );
            let verified = verified.ok().json();
            assert_eq!(
                (&verified["valid"], &verified["stored"]),
                (&true.into(), &true.into())
            );
        }
        // The latest submission is the one that came last, whatever the clock said.
        let latest = Course::of(&server, "course1").submitted("challenge", "lawrence", None);
        let last = answered.last().expect("one");
        tally.compare(crate::client::same(&latest, &last.3), "lawrence's latest");
    }
    for (_, _, id, files) in &answered {
        let target = format!("v1/courses/course1/submissions/{id}/tree");
        let stored = tar::files(&server.get(&target, "kevin").ok().body);
        tally.compare(crate::client::same(&stored, files), &target);
    }
    let times = |student: &str| {
        let mut times: Vec<_> = answered.iter().filter(|one| one.0 == student).collect();
        times.dedup_by_key(|one| &one.1);
        times.len()
    };
    assert_eq!(times("lawrence"), 2 * times("eric"), "no time twice");
    // The timestamps show that the server's clock did step.
    let last = &answered.last().expect("one").1;
    assert!(last.starts_with("20"), "{last}");
    tally.assert_clean();
}

#[test]
fn sessions_outlive_a_clock_that_steps_back_and_end_when_it_goes_on() {
    let tally = Tally::of("clock stepping under sessions");
    let hub = FakeHub::start();
    hub.knows("kevin");
    let setup = Setup::behind(&hub);
    let clock = Clock::of(&setup);
    let server = clock.for_server(setup).start();
    let mut browser = Browser::logged_in(&server, &hub, "kevin");
    let page = |browser: &Browser| {
        let call = browser.with_cookies(server.call("GET", server.prefix()));
        let reply = server.send(&call);
        tally.see(&reply, &[]);
        reply.status
    };
    assert_eq!(page(&browser), 200);
    for off in [-60, -3_600, -86_400] {
        clock.is_off_by(off);
        tally.round();
        assert_eq!(page(&browser), 200, "{off}");
    }
    // The session is older than an hour, so the browser is sent to the hub.
    clock.is_off_by(86_400);
    tally.round();
    assert_eq!(page(&browser), 302);
    browser = Browser::logged_in(&server, &hub, "kevin");
    assert_eq!(page(&browser), 200);
    clock.is_off_by(0);
    assert_eq!(page(&browser), 200);
    // Tokens do not expire by our clock.
    assert_eq!(
        server
            .send(&server.call("GET", "courses").token("kevin"))
            .status,
        200
    );
    tally.assert_clean();
}
