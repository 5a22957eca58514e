//! Several servers of one exchange: PostgreSQL, a bucket, and a proxy in front of the servers. The suites that are the same
//! for any number of servers run with `NBCOURIER_TEST_REPLICAS=3`; see `scripts/test-replicas.sh`.

use nbcourier_testbuckets::shared as buckets;
use nbcourier_testdb::shared as databases;
use nbcourier_testkit::browser::{Browser, PageTokens, location_of};
use nbcourier_testkit::{
    Call, Course, FakeHub, Form, Random, Reply, Sent, Server, Setup, eventually, files_json,
    percent_encode, run,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const STUDENTS: [&str; 4] = ["ann", "ben", "cleo", "dora"];

/// Returns the setup of servers that share an empty database and an empty bucket, and the name of the database.
fn setup() -> (Setup, String) {
    let (setup, database) = share(Setup::standalone());
    (setup.unlimited(), database)
}

/// Returns the setup with an empty database and an empty bucket, and the name of the database.
fn share(setup: Setup) -> (Setup, String) {
    let database = databases().create();
    let setup = setup
        .on_postgres(&databases().url(&database))
        .on_bucket(&buckets().endpoint(), &buckets().create());
    (setup, database)
}

fn prepare(server: &Server) {
    let course = Course::of(server, "algebra");
    course.make(&["kim"], &STUDENTS);
    course.release("ps1", "kim", &[]).ok();
}

/// Returns a small file and a large one, with other bytes for each number.
fn work(number: usize) -> [Sent; 2] {
    let mut random = Random::seeded(number as u64);
    [
        Sent::new("small", format!("number {number}")),
        Sent::new("large", random.bytes(100_000)),
    ]
}

/// Submits and reads by the proxy of servers that come and go. Each request may reach another server.
#[derive(Clone)]
struct Student<'a> {
    port: u16,
    prefix: String,
    name: &'a str,
}

impl Student<'_> {
    fn submit(&self, number: usize) -> Reply {
        let form = Form::new()
            .field("user", self.name)
            .field("files", &files_json(&work(number)));
        let target = format!("{}submission/algebra/ps1", self.prefix);
        let reply = Call::new("POST", &target).form(&form).send(self.port);
        reply.expect("an answer").ok()
    }

    fn newest(&self) -> Vec<Sent> {
        let (prefix, name) = (&self.prefix, self.name);
        let target = format!("{prefix}submission/algebra/ps1/{name}?user={name}");
        let reply = Call::new("GET", &target).send(self.port);
        nbcourier_testkit::files::files_of_reply(&reply.expect("an answer").ok().json())
    }
}

#[test]
fn servers_are_replaced_one_after_the_other_and_no_request_fails() {
    let (setup, _) = setup();
    let mut server = setup.start_replicas(3);
    prepare(&server);
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for (place, name) in STUDENTS.into_iter().enumerate() {
            let student = Student {
                port: server.port(),
                prefix: server.prefix().to_owned(),
                name,
            };
            let (stop, answered) = (&stop, &answered);
            scope.spawn(move || {
                let mut number = place;
                while !stop.load(Ordering::Relaxed) {
                    student.submit(number);
                    // What one server answered, every other one shows.
                    assert_eq!(student.newest(), work(number));
                    number += STUDENTS.len();
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..3 {
            let before = answered.load(Ordering::Relaxed);
            eventually("submissions go on", || {
                answered.load(Ordering::Relaxed) > before + 8
            });
            server.add_replica();
            assert_eq!(server.retire_replica(0), Some(0));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn servers_that_start_together_on_an_empty_database_all_serve() {
    let (setup, database) = setup();
    let servers: Vec<Server> = thread::scope(|scope| {
        let starting: Vec<_> = (1..4)
            .map(|number| {
                let setup = &setup;
                scope.spawn(move || setup.replica(number).start())
            })
            .collect();
        starting
            .into_iter()
            .map(|server| server.join().unwrap())
            .collect()
    });
    prepare(&servers[0]);
    for server in &servers {
        Course::of(server, "algebra")
            .submit("ps1", "ann", &work(1))
            .ok();
    }
    assert_eq!(
        databases().sql(&database, "SELECT count(*) FROM replicas"),
        "3"
    );
    assert_eq!(
        databases().sql(&database, "SELECT count(*) FROM signing_keys"),
        "1"
    );
    // They clean up once.
    eventually("the clean-up", || {
        databases().sql(&database, "SELECT count(*) FROM runs") != "0"
    });
}

#[test]
fn one_server_reports_what_all_have_in_common() {
    let (setup, _) = setup();
    let setup = setup.args(&["--metrics-token-file"]);
    let token = setup.beside("token");
    std::fs::write(&token, "scraper").unwrap();
    let setup = setup.args(&[&token.display().to_string()]);
    let mut server = setup.start_replicas(3);
    prepare(&server);
    let scrape = |port: u16| {
        let call = Call::new("GET", "/metrics").header("Authorization", "Bearer scraper");
        call.send(port).unwrap().ok().text()
    };
    let reports = |name: &str, ports: Vec<u16>| {
        let pages = ports.into_iter().map(scrape);
        pages
            .filter(|page| page.lines().any(|line| line.starts_with(name)))
            .count()
    };
    let ports = server.replica_ports();
    for (name, expected) in [
        ("nbcourier_blobs ", 1),
        ("nbcourier_task_last_run_timestamp_seconds{", 1),
        ("nbcourier_storage_up 1", 3),
        ("nbcourier_clock_ahead_seconds ", 3),
    ] {
        assert_eq!(reports(name, ports.clone()), expected, "{name}");
    }
    // Another one reports it after the end of the first.
    assert_eq!(server.retire_replica(0), Some(0));
    eventually("another server reports", || {
        reports("nbcourier_blobs ", server.replica_ports()) == 1
    });
}

#[test]
fn a_server_with_other_files_is_refused() {
    let (setup, database) = setup();
    let _server = setup.start();
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data").display().to_string();
    let url = databases().url(&database);
    let output = run(&[
        "serve",
        "--standalone",
        "--port",
        "0",
        "--data-dir",
        &data,
        "--database",
        &url,
    ]);
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains("Another nbcourier is serving"),
        "{printed}"
    );
}

#[test]
fn a_receipt_and_a_key_are_good_on_every_server() {
    let (setup, _) = setup();
    let server = setup.start_replicas(3);
    prepare(&server);
    let target = format!(
        "v1/courses/algebra/assignments/ps1/submissions?user={}",
        percent_encode("ann")
    );
    let call = server
        .call("POST", &target)
        .header("Idempotency-Key", "key");
    let body = nbcourier_testkit::tar::archive(&work(1));
    let call = call.body("application/x-tar", body);
    let receipt = server.send(&call).json();
    for _ in 0..3 {
        // The same key is the same submission, whichever server gets it.
        assert_eq!(server.send(&call).json()["receipt"], receipt["receipt"]);
        let verify = server.call("POST", "v1/receipts/verify?user=ann");
        let verify = verify.body("application/json", receipt.to_string());
        let verdict = server.send(&verify).ok().json();
        assert_eq!(verdict["valid"], true);
        assert_eq!(verdict["stored"], true);
    }
}

#[test]
fn a_logout_at_one_server_ends_the_session_at_every_server() {
    let hub = FakeHub::start();
    hub.knows("kevin");
    let (setup, database) = share(Setup::behind(&hub));
    let (one, other) = (setup.start(), setup.replica(1).start());
    let browser = Browser::logged_in(&one, &hub, "kevin");
    let opens = |server: &Server| {
        let call = browser.with_cookies(server.call("GET", server.prefix()));
        server.send(&call)
    };
    opens(&one).ok();
    let token = PageTokens::of(&opens(&other).ok()).writing;
    let form = Form::new().field("csrf_token", &token);
    let logout = one.call("POST", "logout").form(&form);
    one.send(&browser.with_cookies(logout)).ok();
    // A copy of the cookie opens nothing, at the next request.
    for server in [&other, &one] {
        assert_eq!(opens(server).status, 302);
        let call = server.call("GET", "courses").header("X-CSRF-Token", &token);
        assert_eq!(server.send(&browser.with_cookies(call)).status, 401);
    }
    let login = databases().sql(&database, "SELECT count(*) FROM ended_sessions");
    assert_eq!(login, "2", "a login and a session");
    // Another session of the same person goes on, and a server that starts later knows what has ended.
    let again = Browser::logged_in(&other, &hub, "kevin");
    assert_eq!(again.reads(&one, "courses").status, 200);
    let third = setup.replica(2).start();
    assert_eq!(opens(&third).status, 302);
}

#[test]
fn a_login_that_one_server_finished_is_refused_by_every_other() {
    let hub = FakeHub::start();
    hub.knows("kevin");
    let (setup, _) = share(Setup::behind(&hub));
    let (one, other) = (setup.start(), setup.replica(1).start());
    let mut browser = Browser::default();
    let authorize = browser.sent_away(&one, one.prefix());
    let codes = [(); 2].map(|()| hub.authorize(&authorize, "kevin"));
    let copy = browser.clone();
    assert_eq!(location_of(&browser.get(&one, &codes[0])), one.prefix());
    let refused = copy.clone().get(&other, &codes[1]);
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[test]
fn the_clean_up_forgets_sessions_that_have_expired_everywhere() {
    let (setup, database) = setup();
    let server = setup.start();
    databases().sql(
        &database,
        "INSERT INTO ended_sessions
            SELECT age, (extract(epoch FROM clock_timestamp()) - age * 60) * 1000000 FROM unnest(ARRAY[-50, 5, 15]) AS age",
    );
    let data = server.data_dir().display().to_string();
    eventually("the turn to clean up is free", || {
        run(&["gc", "--data-dir", &data]).status.success()
    });
    let left = "SELECT string_agg(id, ' ' ORDER BY id) FROM ended_sessions";
    assert_eq!(databases().sql(&database, left), "-50 5");
}
