//! The metrics for Prometheus.

use super::numbers::{Numbers, port};
use nbcourier_testkit::{
    ADMIN, Call, Course, FakeHub, HubBehaviour, Reply, SERVICE_TOKEN, Sent, Server, Setup, course,
    eventually,
};
use std::cell::Cell;

fn apart() -> [&'static str; 2] {
    ["--metrics-address", "127.0.0.1:0"]
}

/// A client that sends requests, and adds up the bytes of requests and replies.
struct Counting<'a> {
    server: &'a Server,
    sent: Cell<usize>,
    received: Cell<usize>,
    calls: Cell<u32>,
}

impl Counting<'_> {
    fn send(&self, call: &Call) -> Reply {
        let reply = self.server.send(call);
        self.sent.set(self.sent.get() + call.body_length());
        self.received.set(self.received.get() + reply.body.len());
        self.calls.set(self.calls.get() + 1);
        reply
    }

    fn get(&self, path: &str, token: &str) -> Reply {
        self.send(&self.server.call("GET", path).token(token))
    }

    fn post(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Reply {
        let mut form = nbcourier_testkit::Form::new();
        for (name, value) in fields {
            form = form.field(name, value);
        }
        self.send(&self.server.call("POST", path).token(token).form(&form))
    }
}

#[test]
fn the_numbers_are_those_of_the_traffic_and_name_nobody() {
    let hub = FakeHub::start();
    hub.knows(ADMIN).knows("ada-lovelace");
    let server = Setup::behind(&hub)
        .args(&apart())
        .args(&["--max-file-size", "1000"])
        .start();
    let wire = Counting {
        server: &server,
        sent: Cell::default(),
        received: Cell::default(),
        calls: Cell::default(),
    };
    let files =
        |content: &str| nbcourier_testkit::files_json(&[Sent::new("secret.ipynb", content)]);
    wire.post("course/algebra-101", ADMIN, &[("instructors", "[]")])
        .ok();
    let details = [("first_name", "Ada"), ("last_name", ""), ("email", "")];
    wire.post("student/algebra-101/ada-lovelace", ADMIN, &details)
        .ok();
    let release = files("what to do");
    wire.post(
        "assignment/algebra-101/ps-one",
        ADMIN,
        &[("files", &release)],
    )
    .ok();
    let mut times = Vec::new();
    for content in ["first", "second", "second"] {
        let submission = files(content);
        let path = "submission/algebra-101/ps-one";
        let reply = wire.post(path, "ada-lovelace", &[("files", &submission)]);
        times.push(course::timestamp_of(&reply));
    }
    let feedback = files("well done");
    let fields = [("timestamp", times[0].as_str()), ("files", &feedback)];
    wire.post("feedback/algebra-101/ps-one/ada-lovelace", ADMIN, &fields)
        .ok();
    let large = files(&"x".repeat(1001));
    let path = "submission/algebra-101/ps-one";
    let refused = wire.post(path, "ada-lovelace", &[("files", &large)]);
    assert_eq!(refused.status, 413);
    assert_eq!(wire.get("courses", "token-of-nobody").status, 401);
    assert_eq!(wire.get("course/no/such/path", ADMIN).status, 404);
    let brew = server.call("BREW", "courses").token(ADMIN);
    assert_eq!(wire.send(&brew).status, 405);
    wire.send(&server.call("GET", "/healthz")).ok();

    // Refusals are noted after the reply.
    eventually("nothing waits for the writer", || {
        Numbers::of(&server).get("nbcourier_writer_waiting") == 0.0
    });
    let numbers = Numbers::of(&server);
    for (route, method, status, times) in [
        ("course/{course}", "POST", 200, 1.0),
        ("student/{course}/{user}", "POST", 200, 1.0),
        ("assignment/{course}/{assignment}", "POST", 200, 1.0),
        ("submission/{course}/{assignment}", "POST", 200, 3.0),
        ("submission/{course}/{assignment}", "POST", 413, 1.0),
        ("feedback/{course}/{assignment}/{user}", "POST", 200, 1.0),
        ("courses", "GET", 401, 1.0),
        ("courses", "other", 405, 1.0),
        ("none", "GET", 404, 1.0),
        ("/healthz", "GET", 200, 1.0),
    ] {
        assert_eq!(numbers.answers(route, method, status), times, "{route}");
    }
    let calls = f64::from(wire.calls.get());
    assert_eq!(numbers.sum("nbcourier_http_requests_total"), calls);
    let durations = "nbcourier_http_request_duration_seconds_count";
    assert_eq!(numbers.sum(durations), calls);
    let label = "route=\"submission/{course}/{assignment}\",method=\"POST\",le=\"+Inf\"";
    let bucket = format!("nbcourier_http_request_duration_seconds_bucket{{{label}}}");
    assert_eq!(numbers.get(&bucket), 4.0);
    for (name, value) in [
        ("nbcourier_submissions_total", 3.0),
        ("nbcourier_releases_total", 1.0),
        ("nbcourier_feedback_total", 1.0),
        ("nbcourier_refusals_total{limit=\"max-file-size\"}", 1.0),
        ("nbcourier_hub_checks_total{outcome=\"known\"}", 2.0),
        ("nbcourier_hub_checks_total{outcome=\"unknown\"}", 1.0),
        ("nbcourier_hub_checks_total{outcome=\"unavailable\"}", 0.0),
        ("nbcourier_hub_answer_seconds_count", 3.0),
        ("nbcourier_token_cache_lookups_total{result=\"miss\"}", 3.0),
        // All requests, except the first one of each of three tokens and the one without a token.
        (
            "nbcourier_token_cache_lookups_total{result=\"hit\"}",
            calls - 4.0,
        ),
        ("nbcourier_blobs", 4.0),
        ("nbcourier_blob_bytes", 30.0),
        ("nbcourier_writer_waiting", 0.0),
        ("nbcourier_writer_failures_total", 0.0),
        ("nbcourier_storage_up", 1.0),
        (
            "nbcourier_task_last_success_timestamp_seconds{task=\"backup\"}",
            0.0,
        ),
    ] {
        assert_eq!(numbers.get(name), value, "{name}");
    }
    let bytes = |count: &Cell<usize>| f64::from(u32::try_from(count.get()).unwrap());
    let got = numbers.get("nbcourier_http_request_bytes_total");
    assert_eq!(got, bytes(&wire.sent));
    let gave = numbers.get("nbcourier_http_response_bytes_total");
    assert_eq!(gave, bytes(&wire.received));
    let batches = numbers.get("nbcourier_writer_batch_size_count");
    assert_eq!(
        batches,
        numbers.get("nbcourier_writer_commit_seconds_count")
    );
    assert!(numbers.get("nbcourier_writer_batch_size_sum") >= 7.0);
    let free = numbers.get("nbcourier_disk_free_bytes");
    assert!(free > 0.0 && free < numbers.get("nbcourier_disk_bytes"));
    for positive in [
        "nbcourier_database_bytes",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(numbers.get(positive) > 0.0, "{positive}");
    }
    for secret in [
        "ada-lovelace",
        "algebra-101",
        "ps-one",
        "secret.ipynb",
        "token-of-nobody",
        SERVICE_TOKEN,
    ] {
        assert!(!numbers.text.contains(secret), "{secret}");
    }
}

#[test]
fn the_last_run_of_a_task_shows_whichever_process_ran_it() {
    let server = Setup::standalone().args(&apart()).start();
    let last = |numbers: &Numbers, what: &str, task: &str| {
        numbers.get(&format!(
            "nbcourier_task_last_{what}_timestamp_seconds{{task=\"{task}\"}}"
        ))
    };
    assert_eq!(last(&Numbers::of(&server), "run", "fsck"), 0.0);
    let data = server.data_dir().display().to_string();
    for task in ["gc", "fsck"] {
        let output = nbcourier_testkit::run(&[task, "--data-dir", &data]);
        assert!(output.status.success(), "{output:?}");
        let numbers = Numbers::of(&server);
        // A time after this test was written, and before the next century.
        assert!(
            (1.7e9..4.2e9).contains(&last(&numbers, "run", task)),
            "{task}"
        );
        assert!(
            (1.7e9..4.2e9).contains(&last(&numbers, "success", task)),
            "{task}"
        );
    }
}

/// All metrics with their types and labels. Dashboards and alerts of operators name them.
const METRICS: [(&str, &str, &str); 35] = [
    ("nbcourier_activity_items_total", "counter", ""),
    ("nbcourier_blob_bytes", "gauge", ""),
    ("nbcourier_blobs", "gauge", ""),
    ("nbcourier_build_info", "gauge", "version,mode"),
    ("nbcourier_database_bytes", "gauge", ""),
    ("nbcourier_database_log_bytes", "gauge", ""),
    ("nbcourier_directory_versions_total", "counter", ""),
    ("nbcourier_disk_bytes", "gauge", ""),
    ("nbcourier_disk_free_bytes", "gauge", ""),
    ("nbcourier_feedback_total", "counter", ""),
    ("nbcourier_hub_answer_seconds", "histogram", ""),
    ("nbcourier_hub_checks_total", "counter", "outcome"),
    ("nbcourier_hub_grace_uses_total", "counter", ""),
    ("nbcourier_http_request_bytes_total", "counter", ""),
    (
        "nbcourier_http_request_duration_seconds",
        "histogram",
        "route,method",
    ),
    ("nbcourier_http_requests_in_flight", "gauge", ""),
    (
        "nbcourier_http_requests_total",
        "counter",
        "route,method,status",
    ),
    ("nbcourier_http_response_bytes_total", "counter", ""),
    ("nbcourier_refusals_total", "counter", "limit"),
    ("nbcourier_releases_total", "counter", ""),
    ("nbcourier_source_failures", "gauge", ""),
    ("nbcourier_storage_up", "gauge", ""),
    ("nbcourier_submissions_total", "counter", ""),
    ("nbcourier_task_last_run_timestamp_seconds", "gauge", "task"),
    (
        "nbcourier_task_last_success_timestamp_seconds",
        "gauge",
        "task",
    ),
    ("nbcourier_token_cache_lookups_total", "counter", "result"),
    ("nbcourier_unnoted_readings_total", "counter", ""),
    ("nbcourier_writer_batch_size", "histogram", ""),
    ("nbcourier_writer_commit_seconds", "histogram", ""),
    ("nbcourier_writer_failures_total", "counter", ""),
    ("nbcourier_writer_waiting", "gauge", ""),
    ("process_cpu_seconds_total", "counter", ""),
    ("process_open_fds", "gauge", ""),
    ("process_resident_memory_bytes", "gauge", ""),
    ("process_threads", "gauge", ""),
];

/// The further metrics of a server whose large files are in a bucket.
const OF_BUCKETS: [(&str, &str, &str); 5] = [
    ("nbcourier_object_failures_total", "counter", ""),
    ("nbcourier_object_sent_bytes_total", "counter", ""),
    ("nbcourier_objects_sent_total", "counter", ""),
    ("nbcourier_removed_object_bytes", "gauge", ""),
    ("nbcourier_removed_objects", "gauge", ""),
];

#[test]
fn every_metric_has_its_name_type_and_labels() {
    let hub = FakeHub::start();
    hub.knows(ADMIN);
    let server = Setup::behind(&hub)
        .args(&apart())
        .args(&["--max-file-size", "1000"])
        .start();
    let post = |path: &str, name: &str, value: &str| {
        let form = nbcourier_testkit::Form::new().field(name, value);
        server.send(&server.call("POST", path).token(ADMIN).form(&form))
    };
    post("course/algebra", "instructors", "[]").ok();
    let large = nbcourier_testkit::files_json(&[Sent::new("a", vec![0; 1001])]);
    let refused = post("assignment/algebra/ps1", "files", &large);
    assert_eq!(refused.status, 413);

    let families = Numbers::of(&server).families();
    // Only a limited process has it.
    let always = families
        .iter()
        .filter(|(name, ..)| name != "process_max_fds");
    let of_bucket = OF_BUCKETS.iter().filter(|_| server.bucket().is_some());
    let mut expected: Vec<(String, String, String)> = METRICS
        .iter()
        .chain(of_bucket)
        .map(|(name, kind, labels)| ((*name).into(), (*kind).into(), (*labels).into()))
        .collect();
    expected.sort();
    assert_eq!(always.cloned().collect::<Vec<_>>(), expected);
}

#[test]
fn an_outage_of_the_hub_shows() {
    let hub = FakeHub::start();
    hub.knows(ADMIN);
    let server = Setup::behind(&hub)
        .args(&apart())
        .args(&["--hub-cache-ttl", "0"])
        .start();
    let ask = || server.send(&server.call("GET", "courses").token(ADMIN));
    ask().ok();
    hub.feels(HubBehaviour::Status(500));
    ask().ok();
    let numbers = Numbers::of(&server);
    for (name, value) in [
        ("nbcourier_hub_checks_total{outcome=\"known\"}", 1.0),
        ("nbcourier_hub_checks_total{outcome=\"unavailable\"}", 1.0),
        ("nbcourier_hub_grace_uses_total", 1.0),
    ] {
        assert_eq!(numbers.get(name), value, "{name}");
    }
}

#[test]
fn whatever_strangers_ask_for_adds_no_more_series() {
    let server = Setup::standalone().args(&apart()).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kim"], &["ada"]);
    let nonsense = |number: u32| {
        let method = format!("BREW{number}");
        for (method, target) in [
            ("GET", format!("/nowhere/{number}")),
            ("GET", format!("courses/{number}/{number}?user=kim")),
            ("GET", format!("v1/courses/c{number}/roster?user=u{number}")),
            (method.as_str(), "courses?user=kim".to_owned()),
            (method.as_str(), format!("/{number}")),
        ] {
            server.send(&server.call(method, &target));
        }
    };
    nonsense(0);
    let few = Numbers::of(&server);
    (1..=200).for_each(nonsense);
    let many = Numbers::of(&server);
    assert_eq!(few.keys(), many.keys());
    let counted = |numbers: &Numbers| numbers.sum("nbcourier_http_requests_total");
    assert_eq!(counted(&many) - counted(&few), 1000.0);
}

#[test]
fn at_the_second_address_there_is_nothing_else() {
    let server = Setup::standalone().args(&apart()).start();
    let port = port(&server);
    let ask = |target: &str| Call::new("GET", target).send(port).unwrap().status;
    assert_eq!(ask("/healthz"), 200);
    assert_eq!(ask("/metrics"), 200);
    for target in ["/", "/api/courses?user=root", "/api/metrics", "/readyz"] {
        assert_eq!(ask(target), 404, "{target}");
    }
    assert_eq!(server.get("/metrics", ADMIN).status, 404);
}

#[test]
fn with_a_token_setting_metrics_require_the_token() {
    let hub = FakeHub::start();
    hub.knows(ADMIN);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("token");
    std::fs::write(&file, "of-prometheus\n").unwrap();
    let setup = Setup::behind(&hub).args(&["--metrics-token-file", file.to_str().unwrap()]);
    let server = setup.start();
    for target in ["/metrics", "metrics"] {
        for wrong in [
            "",
            "Bearer",
            "Bearer of-prometheu",
            "Bearer of-prometheus2",
            "Bearer root",
            "token of-prometheus",
        ] {
            let call = server.call("GET", target).header("Authorization", wrong);
            let reply = server.send(&call);
            assert_eq!(reply.status, 401, "{wrong}: {}", reply.text());
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        }
        assert_eq!(server.send(&server.call("GET", target)).status, 401);
        let call = server.call("GET", target);
        let reply = server.send(&call.header("Authorization", "Bearer of-prometheus"));
        Numbers::parse(&reply.ok().text());
    }
    assert_eq!(hub.questions(), 0, "nobody asked the hub for this token");
    drop(server);

    let server = setup.args(&apart()).start();
    let ask = |call: Call| call.send(port(&server)).unwrap().status;
    assert_eq!(
        ask(Call::new("GET", "/metrics")),
        401,
        "the address does not do instead"
    );
    let right = Call::new("GET", "/metrics").header("Authorization", "Bearer of-prometheus");
    assert_eq!(ask(right.clone()), 200);
    let here = server.send(
        &server
            .call("GET", "/metrics")
            .header("Authorization", "Bearer of-prometheus"),
    );
    assert_eq!(here.status, 404, "they are at one place");
}
