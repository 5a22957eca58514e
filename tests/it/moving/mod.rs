//! Moves of an exchange between databases and places of large files, and backups of all of them.

mod backups;
mod files;
mod interrupted;
mod refusals;
mod there_and_back;

use crate::directories::client::Directory;
use crate::keeping::place::files_below;
use crate::sql::Sql;
use nbcourier_testbuckets::{OWNER, shared as buckets};
use nbcourier_testdb::{shared as cluster, sql};
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::patience::Finish as _;
use nbcourier_testkit::{
    BUCKET_PREFIX, Course, Random, Reply, Sent, Server, Setup, eventually, isolate, percent_encode,
    program, tar,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// Bytes that are too many for the database.
const LARGE: usize = 100_000;

/// A place of an exchange: where its database is, and where its large files are.
struct Place {
    setup: Setup,
    url: Option<String>,
    bucket: Option<String>,
}

impl Place {
    /// Returns an empty place, on PostgreSQL or SQLite, with a bucket or a directory.
    fn new(on_postgres: bool, in_bucket: bool) -> Self {
        let url = on_postgres.then(|| cluster().url(&cluster().create()));
        let bucket = in_bucket.then(|| buckets().create());
        Self::of(url, bucket)
    }

    fn of(url: Option<String>, bucket: Option<String>) -> Self {
        let mut setup = Setup::standalone();
        if let Some(url) = &url {
            setup = setup.on_postgres(url);
        }
        if let Some(bucket) = &bucket {
            setup = setup.on_bucket(&buckets().endpoint(), bucket);
        }
        Self {
            setup: setup.unlimited(),
            url,
            bucket,
        }
    }

    fn data(&self) -> PathBuf {
        self.setup.data_dir()
    }

    /// Returns the flags that name the place, after that prefix.
    fn flags(&self, prefix: &str) -> Vec<String> {
        let mut flags = vec![
            format!("--{prefix}data-dir"),
            self.data().display().to_string(),
        ];
        if let Some(url) = &self.url {
            flags.extend([format!("--{prefix}database"), url.clone()]);
        }
        if let Some(bucket) = &self.bucket {
            let storage = format!("s3://{bucket}/{BUCKET_PREFIX}");
            flags.extend([format!("--{prefix}storage"), storage]);
            flags.extend([format!("--{prefix}s3-endpoint"), buckets().endpoint()]);
        }
        flags
    }

    /// Returns all that is stored there, in files, rows and objects.
    fn state(&self) -> BTreeMap<String, Vec<u8>> {
        let exists = self.data().exists();
        let files = if exists {
            files_below(&self.data())
        } else {
            Vec::new()
        };
        let files = files.into_iter();
        // SQLite's memory for several processes is no data.
        let mut state: BTreeMap<String, Vec<u8>> = files
            .map(|(path, bytes)| (path.display().to_string(), bytes))
            .filter(|(path, bytes)| !path.ends_with("-shm") || bytes.is_empty())
            .collect();
        if let Some(url) = &self.url {
            let tables = sql(
                url,
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            );
            // The servers, and other programs that keep them away, are no data.
            for table in tables.lines().filter(|table| *table != "replicas") {
                let rows = sql(
                    url,
                    &format!("SELECT row::text FROM {table} AS row ORDER BY 1"),
                );
                state.insert(table.to_owned(), rows.into_bytes());
            }
        }
        if let Some(bucket) = &self.bucket {
            for name in buckets().objects(bucket) {
                state.insert(format!("s3 {name}"), Vec::new());
            }
        }
        state
    }

    /// Checks that the place holds what it held. Names what differs.
    #[track_caller]
    fn assert_still(&self, before: &BTreeMap<String, Vec<u8>>) {
        let now = self.state();
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let differs = |name: &&String| before.get(*name) != now.get(*name);
        let changed: Vec<_> = names.into_iter().filter(differs).collect();
        assert!(changed.is_empty(), "these have changed: {changed:?}");
    }

    fn is_empty(&self) -> bool {
        let of_nobody = ["nbcourier.lock", "spool/owner.lock"];
        let state = self.state();
        state.keys().all(|name| of_nobody.contains(&name.as_str()))
    }
}

/// Returns `nbcourier` with these arguments, with the credentials of the object store.
fn nbcourier(home: &Place, arguments: &[String]) -> Command {
    let mut command = Command::new(program());
    isolate(&mut command, home.data().parent().unwrap());
    let [id, secret] = OWNER;
    command.env("AWS_ACCESS_KEY_ID", id);
    command.env("AWS_SECRET_ACCESS_KEY", secret);
    command.args(arguments);
    command
}

/// Returns `nbcourier move` between the places.
fn moving(from: &Place, to: &Place, more: &[&str]) -> Command {
    let mut arguments = vec!["move".to_owned()];
    arguments.extend(from.flags("from-"));
    arguments.extend(to.flags(""));
    arguments.extend(more.iter().map(ToString::to_string));
    nbcourier(to, &arguments)
}

/// Runs a command to its end. Returns its exit code, and all that it prints.
fn ended(mut command: Command) -> (i32, String) {
    let output = command.finish().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[track_caller]
fn moved(from: &Place, to: &Place) -> String {
    let (code, text) = ended(moving(from, to, &[]));
    assert_eq!(code, 0, "{text}");
    text
}

#[track_caller]
fn refused(from: &Place, to: &Place, part: &str) {
    let (code, text) = ended(moving(from, to, &[]));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(part), "{text}\nlacks {part:?}");
}

/// Stops a server as an operator does. One that is killed counts as running for half a minute.
fn stop(mut server: Server) {
    server.ask_to_stop();
    // One that has just begun to listen may be ended by the signal itself.
    server.exit_code();
}

/// Returns a large file with other bytes for each number.
fn large(number: u64) -> Vec<u8> {
    Random::seeded(number).bytes(LARGE)
}

fn send(server: &Server, method: &str, target: &str, user: &str, body: &Value) -> Reply {
    let and = if target.contains('?') { '&' } else { '?' };
    let call = server.call(
        method,
        &format!("{target}{and}user={}", percent_encode(user)),
    );
    let call = match body {
        Value::Null => call,
        body => call.body("application/json", body.to_string()),
    };
    server.send(&call)
}

/// Submits with a key, and returns the receipt.
fn submit(server: &Server, user: &str, key: &str, files: &[Sent]) -> Value {
    let target = format!("v1/courses/algebra/assignments/ps1/submissions?user={user}");
    let call = server.call("POST", &target);
    let call = call.header("Idempotency-Key", key);
    let reply = server.send(&call.body("application/x-tar", tar::archive(files)));
    assert!([200, 201].contains(&reply.status), "{}", reply.text());
    reply.json()
}

/// Makes courses with all that an exchange may hold. Returns the receipt of a submission.
fn fill(server: &Server) -> Value {
    let course = Course::of(server, "algebra");
    course.make(&["kim"], &["ann", "ben", "%C3%84ngstr%C3%B6m"]);
    let details = [
        ("first_name", "Ann"),
        ("last_name", "O'Neil"),
        ("email", "ann@example.org"),
    ];
    course.post("student/algebra/ann", "root", &details).ok();
    let task = |text: &str| [Sent::new("task", text), Sent::new("data/ü", large(1))];
    course.release("ps1", "kim", &task("first")).ok();
    let second = server.call("PUT", "v1/courses/algebra/assignments/ps1/tree?user=kim");
    server
        .send(&second.body("application/x-tar", tar::archive(&task("second"))))
        .ok();
    course.release("ps2", "kim", &task("of another")).ok();
    course.release("gone", "kim", &task("gone")).ok();
    send(
        server,
        "DELETE",
        "v1/courses/algebra/assignments/ps2/release",
        "kim",
        &Value::Null,
    );
    let work = |number: u64| {
        let small = Sent::new("small", format!("work {number}"));
        [
            small,
            Sent::new("empty", ""),
            Sent::new("large", large(number)),
        ]
    };
    let receipt = submit(server, "ann", "key-1", &work(2));
    let again = submit(server, "ann", "key-1", &work(2));
    assert_eq!(receipt["receipt"]["id"], again["receipt"]["id"]);
    let time = timestamp_of(&course.submit("ps1", "ann", &work(3)));
    course.submit("ps1", "ben", &work(4)).ok();
    course.submit("ps1", "Ängström", &work(5)).ok();
    let feedback = [
        Sent::new("feedback.html", large(6)),
        Sent::new("points", "7"),
    ];
    course.give_feedback("ps1", "ann", &time, &feedback).ok();
    course
        .give_feedback("ps1", "ann", &time, &feedback[1..])
        .ok();
    let dates = json!({ "due_at": "2220-01-01T00:00:00.000000Z" });
    send(
        server,
        "PUT",
        "v1/courses/algebra/assignments/ps1/dates",
        "kim",
        &dates,
    )
    .ok();
    let extension = "v1/courses/algebra/assignments/ps1/extensions/ben";
    send(
        server,
        "PUT",
        extension,
        "kim",
        &json!({ "due_at": "2221-01-01T00:00:00.000000Z" }),
    )
    .ok();
    let allowance = json!({ "hours": 48, "note": "always" });
    let of_ann = "v1/courses/algebra/allowances/ann";
    send(server, "PUT", of_ann, "kim", &allowance).ok();
    let last = submit(server, "ben", "key-3", &work(7))["receipt"]["id"].clone();
    send(
        server,
        "DELETE",
        &format!("v1/courses/algebra/submissions/{last}"),
        "kim",
        &Value::Null,
    );
    send(
        server,
        "DELETE",
        "v1/courses/algebra/assignments/gone",
        "kim",
        &Value::Null,
    );
    let old = Course::of(server, "old");
    old.make(&["kim"], &["ann"]);
    old.release("ps1", "kim", &[Sent::new("task", large(8))])
        .ok();
    server.delete("course/old", "root").ok();
    share(server);
    read_all(server);
    receipt
}

/// Makes directories of a course and of a student, a source, a start and a shared page.
fn share(server: &Server) {
    let data = Directory::make(server, "course:algebra", "data", "kim");
    let deep = data.call("PUT", "/files/deep/%C3%BC");
    let deep = deep.body("application/octet-stream", large(1));
    server.send(&deep).ok();
    data.put("small", "1").ok();
    let label = json!({ "label": "as taught" });
    data.send("PUT", "/versions/3/label", &label).ok();
    server.send(&data.call("DELETE", "/files/small")).ok();
    data.grant(&json!([
        { "kind": "user", "name": "Ängström", "level": "write" },
        { "kind": "group", "name": "guests", "level": "read" },
        { "kind": "course", "name": "algebra", "role": "assistant", "level": "admin" },
        { "kind": "everybody", "level": "read" },
    ]));
    let delivered = json!({ "deliver": "algebra", "deliver_at_start": true });
    data.send("PATCH", "", &delivered).ok();
    let copy = json!({ "name": "thesis", "version": 3 });
    let copied = data.by("ann").send("POST", "/copies", &copy);
    assert_eq!(copied.status, 201, "{}", copied.text());
    let gone = Directory::make(server, "ann", "gone", "ann");
    gone.put("a", "gone").ok();
    assert_eq!(server.send(&gone.call("DELETE", "")).status, 204);

    // No look at this repository succeeds, and there is only one.
    Directory::make(server, "course:algebra", "lecture", "kim");
    let source = "v1/courses/algebra/directories/lecture/source";
    let repository = json!({ "url": "https://git.example.invalid/a", "token": "secret" });
    send(server, "PUT", source, "kim", &repository).ok();
    eventually("the look has ended", || {
        let runs = server.get(&format!("{source}/runs"), "kim").ok().json();
        !runs["runs"][0]["outcome"].is_null()
    });
    Sql::of(server).execute("UPDATE sources SET next_at = 9000000000000000");

    let start = json!({
        "outcome": "failed", "millis": 7, "directory": "data", "report": { "failures": ["no space"] },
    });
    let noted = send(server, "POST", "v1/courses/algebra/starts", "ann", &start);
    assert_eq!(noted.status, 204, "{}", noted.text());
    let sharing = json!({ "sharing": "course" });
    send(
        server,
        "PUT",
        "v1/courses/algebra/settings",
        "kim",
        &sharing,
    )
    .ok();
    let page = ("page", "plot.html", "text/html", "<!doctype html><p>42");
    let source = ("source", "plot.ipynb", "application/json", "{}");
    let shared = crate::sharing::send(server, "ann", "course=algebra&title=plot", &[page, source]);
    assert_eq!(shared.status, 201, "{}", shared.text());
}

/// Reads everything once as everybody, and waits until the readings are noted: they show in other replies.
fn read_all(server: &Server) {
    all_replies(server);
    eventually("the readings are noted", || {
        let fetches = "v1/courses/algebra/assignments/ps1/fetches";
        let fetches = server.get(fetches, "kim").ok().json();
        let given = server.get("v1/courses/algebra/submissions", "kim");
        let given = given.ok().json();
        let mut given = given["submissions"].as_array().expect("a list").iter();
        fetches["fetches"].as_array().expect("a list").len() >= 2
            && given.all(|each| each["feedback"].is_null() || each["feedback"]["read"].is_object())
    });
}

/// Returns what each kind of person gets at many addresses.
fn all_replies(server: &Server) -> BTreeMap<String, (u16, Vec<u8>)> {
    let mut targets: Vec<String> = [
        "courses",
        "v1/courses",
        "v1/events",
        "v1/trash",
        "instructors/algebra",
        "students/algebra",
        "assignments/algebra",
        "assignment/algebra/ps1",
        "assignment/algebra/ps2",
        "submissions/algebra/ps1",
        "v1/courses/algebra/roster",
        "v1/courses/algebra/events",
        "v1/courses/algebra/assignments",
        "v1/courses/algebra/assignments/ps1/fetches",
        "v1/courses/algebra/assignments/ps1/history",
        "v1/courses/algebra/assignments/ps1/extensions",
        "v1/courses/algebra/allowances",
        "v1/courses/algebra/assignments/ps1/gradebook",
        "v1/courses/algebra/assignments/ps1/tree?version=1",
        "v1/courses/algebra/assignments/ps1/collect",
        "v1/courses/algebra/submissions",
        "v1/courses/algebra/feedback",
        "v1/courses/algebra/overview",
        "v1/courses/algebra/trash",
        "v1/courses/algebra/directories/lecture/source",
        "v1/courses/algebra/directories/lecture/source/runs",
        "v1/courses/algebra/starts",
        "v1/courses/algebra/settings",
        "v1/courses/algebra/shares",
        "v1/directories",
        "v1/directories/ann/thesis",
        "v1/directories/ann/thesis/entries",
        "v1/shares",
        "v1/trash/directories",
    ]
    .map(str::to_owned)
    .into();
    for part in [
        "",
        "/entries",
        "/entries?version=3",
        "/files/deep/%C3%BC",
        "/grants",
        "/history?path=small",
        "/tree",
        "/versions",
    ] {
        targets.push(format!("v1/directories/course:algebra/data{part}"));
    }
    for person in ["ann", "ben", "%C3%84ngstr%C3%B6m"] {
        targets.push(format!("student/algebra/{person}"));
        targets.push(format!("submissions/algebra/ps1/{person}"));
        targets.push(format!("submission/algebra/ps1/{person}"));
    }
    for id in 1..8 {
        for part in ["tree", "receipt", "history", "feedback"] {
            targets.push(format!("v1/courses/algebra/submissions/{id}/{part}"));
        }
    }
    let mut replies = BTreeMap::new();
    for target in targets {
        for user in ["root", "kim", "ann", "ben"] {
            let reply = server.get(&target, user);
            // A failure has the number of its request.
            let body = match (reply.status, reply.header("content-type")) {
                // The list in an archive of all has the time of the reply.
                (200, Some("application/x-tar")) => {
                    format!("{:?}", tar::files(&reply.body)).into_bytes()
                }
                (200, _) => reply.body,
                _ => Vec::new(),
            };
            replies.insert(format!("{target} as {user}"), (reply.status, body));
        }
    }
    let well = replies.values().filter(|(status, _)| *status == 200);
    assert!(well.count() > 60, "{:?}", replies.keys());
    replies
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.chars().take(2000).collect()
}

/// Compares the replies, and names the address of the first that differs.
#[track_caller]
fn assert_same(one: &BTreeMap<String, (u16, Vec<u8>)>, other: &BTreeMap<String, (u16, Vec<u8>)>) {
    for (target, reply) in one {
        let there = &other[target];
        assert!(
            reply == there,
            "{target}: {} {}\nthere: {} {}",
            reply.0,
            shown(&reply.1),
            there.0,
            shown(&there.1)
        );
    }
}

#[track_caller]
fn assert_receipt(server: &Server, receipt: &Value) {
    let reply = send(server, "POST", "v1/receipts/verify", "ann", receipt).ok();
    assert_eq!(reply.json(), json!({ "valid": true, "stored": true }));
}
