//! The number of SQL statements of each request, and the use of an index by each of them. The tests assert counts
//! instead of times, because counts are the same on every machine.

mod directory;
mod figures;

use crate::directories::client::{Directory, put};
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Course, FakeHub, Sent, Server, Setup, eventually, hex_sha256};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

/// The steps of statements that add up what they have found themselves.
const FIGURES: [&str; 13] = [
    "SCAN (subquery-",
    "SCAN sums",
    "SCAN class",
    "SCAN size",
    "SCAN work",
    "SCAN lines",
    "SCAN given",
    "SCAN known",
    "SCAN waited",
    "SCAN ranked",
    "SCAN traces",
    "SCAN visits",
    "SCAN alike",
];

/// Statements that only begin or end something.
const FRAMES: [&str; 4] = ["BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"];

fn statements(server: &Server, request: impl FnOnce()) -> Vec<String> {
    settle(server);
    let before = server.log().len();
    request();
    // The line of the request is the last one that it logs.
    eventually("the request is logged", || {
        server.log()[before..].contains(" request ")
    });
    let log = server.log();
    log[before..]
        .lines()
        .filter_map(|line| {
            line.split_once("statement statement=")
                .map(|(_, text)| text)
        })
        .map(|text| text.trim_matches('"').replace("\\\"", "\""))
        .filter(|text| !FRAMES.iter().any(|frame| text.starts_with(frame)))
        .collect()
}

/// Waits until the log contains the lines of earlier requests, which are written after the reply, and those of the
/// clean-up at the start, which ends with a line of its own.
fn settle(server: &Server) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    eventually("the first run of gc is noted", || {
        server.log().contains("INSERT INTO `runs`")
    });
    let id = format!("settled-{}.", NEXT.fetch_add(1, Ordering::Relaxed));
    let call = server.call("GET", "healthz").header("X-Request-Id", &id);
    server.send(&call).ok();
    eventually("the request is logged", || server.log().contains(&id));
}

/// Makes this many students, assignments, submissions of each student, and files in each tree.
fn fill(server: &Server, id: &str, size: usize) {
    let course = Course::of(server, id);
    course.make(&["kevin"], &["lawrence"]);
    let people: Vec<_> = (0..size)
        .map(|n| json!({ "username": format!("s{n}"), "first_name": "", "last_name": "", "email": "" }))
        .collect();
    course
        .post(
            &format!("students/{id}"),
            "kevin",
            &[("students", &json!(people).to_string())],
        )
        .ok();
    let files: Vec<Sent> = (0..size)
        .map(|n| Sent::new(&format!("f{n}"), n.to_string()))
        .collect();
    course.release("challenge", "kevin", &files).ok();
    for n in 0..size {
        course.release(&format!("other{n}"), "kevin", &[]).ok();
        course.submit("challenge", "lawrence", &files).ok();
        course.submit("challenge", &format!("s{n}"), &files).ok();
    }
    let listed = server
        .get(&format!("submissions/{id}/challenge/lawrence"), "kevin")
        .ok()
        .json();
    let time = listed["submissions"][0]["timestamp"]
        .as_str()
        .unwrap()
        .to_owned();
    course
        .give_feedback("challenge", "lawrence", &time, &files)
        .ok();
}

fn requests(id: &str, time: &str, number: i64) -> Vec<(String, &'static str)> {
    let time = nbcourier_testkit::percent_encode(time);
    vec![
        ("courses".into(), "kevin"),
        ("courses".into(), "root"),
        (format!("instructors/{id}"), "kevin"),
        (format!("students/{id}"), "kevin"),
        (format!("student/{id}/lawrence"), "kevin"),
        (format!("instructor/{id}/kevin"), "lawrence"),
        (format!("assignments/{id}"), "lawrence"),
        (
            format!("assignment/{id}/challenge?list_only=true"),
            "lawrence",
        ),
        (format!("assignment/{id}/challenge"), "lawrence"),
        (format!("submissions/{id}/challenge"), "kevin"),
        (format!("submissions/{id}/challenge/lawrence"), "lawrence"),
        (format!("submission/{id}/challenge/lawrence"), "kevin"),
        (
            format!("submission/{id}/challenge/lawrence?timestamp={time}&list_only=true"),
            "kevin",
        ),
        (
            format!("feedback/{id}/challenge/lawrence?timestamp={time}"),
            "lawrence",
        ),
        ("v1/courses".into(), "kevin"),
        (format!("v1/courses/{id}/roster"), "kevin"),
        (format!("v1/courses/{id}/assignments"), "lawrence"),
        (format!("v1/courses/{id}/submissions"), "kevin"),
        (format!("v1/courses/{id}/submissions"), "lawrence"),
        (
            format!("v1/courses/{id}/submissions?assignment=challenge&student=lawrence"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/submissions?limit=2&cursor=1.1"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/assignments/challenge/tree"),
            "lawrence",
        ),
        (
            format!("v1/courses/{id}/assignments/challenge/tree?version=1"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/assignments/challenge/collect"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/assignments/challenge/collect?student=lawrence"),
            "kevin",
        ),
        (format!("v1/courses/{id}/feedback"), "lawrence"),
        (
            format!("v1/courses/{id}/feedback?assignment=challenge"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/submissions/{number}/tree"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/submissions/{number}/feedback"),
            "lawrence",
        ),
        (format!("v1/courses/{id}/trash"), "kevin"),
        (format!("v1/courses/{id}/overview"), "kevin"),
        (format!("v1/courses/{id}/activity"), "kevin"),
        (format!("v1/courses/{id}/activity?by=notebook"), "kevin"),
        (format!("v1/courses/{id}/activity?by=day"), "lawrence"),
        (format!("v1/courses/{id}/events"), "kevin"),
        (format!("v1/courses/{id}/events?limit=2&cursor=7"), "kevin"),
        (
            format!("v1/courses/{id}/events?since=2020-01-01T00:00:00Z"),
            "kevin",
        ),
        ("v1/events?limit=2".into(), "root"),
        (
            format!("v1/courses/{id}/assignments/challenge/history"),
            "kevin",
        ),
        (
            format!("v1/courses/{id}/submissions/{number}/history"),
            "lawrence",
        ),
        (
            format!("v1/courses/{id}/assignments/challenge/extensions"),
            "kevin",
        ),
        (format!("v1/courses/{id}/allowances"), "kevin"),
        (
            format!("v1/courses/{id}/assignments/challenge/gradebook"),
            "kevin",
        ),
    ]
}

fn first_time(server: &Server, id: &str) -> String {
    let listed = server
        .get(&format!("submissions/{id}/challenge/lawrence"), "kevin")
        .ok()
        .json();
    listed["submissions"][0]["timestamp"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn first_number(server: &Server, id: &str) -> i64 {
    let target = format!("v1/courses/{id}/submissions?student=lawrence");
    let listed = server.get(&target, "kevin").ok().json();
    listed["submissions"][0]["id"].as_i64().unwrap()
}

#[test]
fn members_by_groups_of_the_hub_make_no_page_dearer() {
    let hub = FakeHub::start();
    hub.knows("root");
    for (name, group) in [("kevin", "formgrade"), ("lawrence", "nbgrader")] {
        let mut model = user_model(name);
        model["groups"] = json!([format!("{group}-algebra")]);
        hub.gives(name, model);
    }
    let server = Setup::behind(&hub)
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    let course = Course::of(&server, "algebra").by_token();
    course.make(&[], &[]);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "lawrence", &[]).ok();
    let pages = [
        ("", "lawrence"),
        ("", "kevin"),
        ("/a/challenge", "lawrence"),
        ("/a/challenge", "kevin"),
        ("/everybody", "kevin"),
        ("/people", "kevin"),
        ("/people/lawrence", "kevin"),
        ("/figures", "kevin"),
    ];
    let mut seen = BTreeSet::new();
    for (page, user) in pages {
        let page = format!("c/algebra{page}");
        let open = || drop(server.send(&server.call("GET", &page).token(user)).ok());
        let asked = statements(&server, open);
        assert!(asked.len() <= FEW, "{page} for {user}: {asked:#?}");
        seen.extend(asked);
    }
    assert_indexed(&server, &seen);
}

/// Returns the number of lawrence's submission that has feedback.
fn first_with_feedback(server: &Server, id: &str) -> i64 {
    let target = format!("v1/courses/{id}/submissions?student=lawrence");
    let listed = server.get(&target, "kevin").ok().json();
    let listed = listed["submissions"].as_array().unwrap();
    let found = listed.iter().find(|one| !one["feedback"].is_null());
    found.unwrap()["id"].as_i64().unwrap()
}

#[test]
fn a_listing_costs_the_same_number_of_statements_however_much_it_lists() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "small", 2);
    fill(&server, "large", 25);
    // The first listing of files stores their MD5, with a statement for each, after the reply. The large one has the files
    // of the small one, too.
    for (id, stored) in [("small", 2), ("large", 25)] {
        let target = format!("assignment/{id}/challenge?list_only=true");
        server.get(&target, "kevin").ok();
        eventually("the MD5 of all contents are stored", || {
            server.log().matches("UPDATE `blobs` SET `md5`").count() >= stored
        });
    }
    let (small, large) = (first_time(&server, "small"), first_time(&server, "large"));
    // What a student sees is noted a moment later. Within ten minutes it is not noted again.
    for (id, time) in [("small", &small), ("large", &large)] {
        let time = nbcourier_testkit::percent_encode(time);
        let feedback = format!("feedback/{id}/challenge/lawrence?timestamp={time}");
        for target in [&format!("assignment/{id}/challenge"), &feedback] {
            server.get(target, "lawrence").ok();
        }
    }
    eventually("what the student has seen is noted", || {
        let log = server.log();
        let noted = |table: &str| log.matches(&format!("INSERT INTO {table} (")).count();
        (noted("fetches"), noted("feedback_readings")) == (2, 2)
    });
    let (first_small, first_large) = (
        first_number(&server, "small"),
        first_number(&server, "large"),
    );
    let mut seen = BTreeSet::new();
    for ((of_small, user), (of_large, _)) in requests("small", &small, first_small)
        .into_iter()
        .zip(requests("large", &large, first_large))
    {
        let few = statements(&server, || drop(server.get(&of_small, user).ok()));
        let many = statements(&server, || drop(server.get(&of_large, user).ok()));
        assert_eq!(few.len(), many.len(), "{of_large}: {many:#?}");
        assert!((1..=8).contains(&many.len()), "{of_large}: {many:#?}");
        seen.extend(many);
    }
    assert!(seen.len() > 10, "{seen:#?}");
    assert_indexed(&server, &seen);
    assert_complete(&seen);
    for statement in &seen {
        for table in ["courses", "assignments", "submissions", "feedback"] {
            let reads = [" FROM ", " JOIN ", "(", " "].iter().any(|before| {
                statement.contains(&format!("{before}`{table}` "))
                    || statement.ends_with(&format!("{before}`{table}`"))
            });
            let asks = statement.contains(&format!("`{table}`.`deleted_at`"));
            assert!(
                !reads || asks,
                "{statement} also finds what is in the trash"
            );
        }
    }
}

/// Checks that each statement that reads a student's extension reads the student's allowance, too.
#[track_caller]
fn assert_complete(seen: &BTreeSet<String>) {
    let of_student = |statement: &&String| statement.contains("(`extensions`.`student` = ");
    let found: Vec<_> = seen.iter().filter(of_student).collect();
    assert!(!found.is_empty(), "{seen:#?}");
    for statement in found {
        let joins = statement.contains("JOIN `allowances`");
        assert!(joins, "{statement} forgets the allowance");
    }
}

/// The maximum number of statements of a page.
const FEW: usize = 5;
/// The maximum number for the pages of directories that show an earlier version, or the repository that it follows.
const ONE_MORE: usize = 6;

/// Returns the pages of a course, each with a person who opens it and the maximum number of statements. `submission` is
/// the number of a submission by lawrence, with feedback.
fn pages(id: &str, submission: i64) -> Vec<(String, &'static str, usize)> {
    let course = |path: &str, user| (format!("c/{id}{path}"), user, FEW);
    let submission = |path: &str, user| course(&format!("/s/{submission}{path}"), user);
    let of_directories = |path: &str, user| (path.to_owned(), user, FEW);
    let directory = |path: &str, user| (format!("d/course:{id}/data{path}"), user, FEW);
    vec![
        (String::new(), "kevin", FEW),
        (String::new(), "lawrence", FEW),
        course("", "kevin"),
        course("", "lawrence"),
        course("?as=student", "kevin"),
        course("/everybody", "kevin"),
        course("/people", "kevin"),
        course("/people/lawrence", "kevin"),
        course("/people/s1", "kevin"),
        course("/remove?user=lawrence", "kevin"),
        course("/import", "kevin"),
        course("/activity", "kevin"),
        course("/activity?who=lawrence&what=submissions", "kevin"),
        course("/trash", "kevin"),
        course("/shares", "kevin"),
        course("/notebooks", "kevin"),
        course("/settings", "kevin"),
        course("/starts", "kevin"),
        course("/figures", "kevin"),
        course("/a/challenge", "kevin"),
        course("/a/challenge", "lawrence"),
        course("/a/challenge?student=lawrence", "kevin"),
        course("/a/other1?student=lawrence", "kevin"),
        course("/a/challenge/submit", "lawrence"),
        course("/a/challenge/submit?for=lawrence", "kevin"),
        course("/a/challenge/dates", "kevin"),
        course("/a/challenge/more-time", "kevin"),
        course("/a/challenge/versions", "kevin"),
        course("/a/challenge/versions/again?version=1", "kevin"),
        course("/a/challenge/versions/add", "kevin"),
        course("/a/challenge/take-back", "kevin"),
        course("/a/challenge/delete", "kevin"),
        course("/a/challenge/look/f0", "lawrence"),
        submission("", "kevin"),
        submission("", "lawrence"),
        submission("/look/f0", "lawrence"),
        submission("/feedback", "kevin"),
        submission("/feedback", "lawrence"),
        submission("/feedback/read/f0", "lawrence"),
        of_directories("d", "kevin"),
        of_directories(&format!("d?owner=course:{id}"), "kevin"),
        directory("", "kevin"),
        directory("/in/deep", "lawrence"),
        (format!("d/course:{id}/data?version=2"), "kevin", ONE_MORE),
        directory("/files/f0", "lawrence"),
        directory("/look/f0", "lawrence"),
        directory("/versions", "kevin"),
        directory("/sharing", "kevin"),
        directory("/settings", "kevin"),
        (format!("d/course:{id}/data/source"), "kevin", ONE_MORE),
        of_directories("d/trash", "kevin"),
    ]
}

/// Makes a directory of the course with that many files, versions and grants, beside one that is deleted.
fn share(server: &Server, id: &str, size: usize) {
    let owner = format!("course:{id}");
    let data = Directory::make(server, &owner, "data", "kevin");
    for n in 0..size {
        let puts = [
            put(&format!("f{n}"), &n.to_string()),
            put(&format!("deep/f{n}"), &n.to_string()),
        ];
        data.change_with(&json!(puts), &[&n.to_string()]).ok();
    }
    let people =
        (0..size).map(|n| json!({ "kind": "user", "name": format!("s{n}"), "level": "read" }));
    data.grant(&json!(people.collect::<Vec<_>>()));
    let other = Directory::make(server, &owner, "other", "kevin");
    let gone = server.send(&other.call("DELETE", ""));
    assert_eq!(gone.status, 204, "{}", gone.text());
}

#[test]
fn a_page_costs_few_statements_however_much_it_shows() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "small", 2);
    fill(&server, "large", 25);
    for (id, size) in [("small", 2), ("large", 25)] {
        share(&server, id, size);
    }
    let submissions = ["small", "large"].map(|id| first_with_feedback(&server, id));
    // What a student sees is noted a moment later. Within ten minutes it is not noted again.
    for (id, submission) in [("small", submissions[0]), ("large", submissions[1])] {
        let address = format!("c/{id}/s/{submission}/feedback/read/f0");
        assert_eq!(server.get(&address, "lawrence").status, 303, "{address}");
    }
    eventually("what the student has seen is noted", || {
        server
            .log()
            .matches("INSERT INTO feedback_readings (")
            .count()
            == 2
    });
    let mut seen = BTreeSet::new();
    let large = pages("large", submissions[1]);
    let both = pages("small", submissions[0]).into_iter().zip(large);
    for ((of_small, user, most), (of_large, ..)) in both {
        let open = |target: &str| {
            let reply = server.get(target, user);
            assert!(matches!(reply.status, 200 | 303), "{}", reply.text());
        };
        let few = statements(&server, || open(&of_small));
        let many = statements(&server, || open(&of_large));
        assert_eq!(few.len(), many.len(), "{of_large}: {many:#?}");
        eprintln!("{of_large} for {user}: {} statements", many.len());
        assert!((1..=most).contains(&many.len()), "{of_large}: {many:#?}");
        seen.extend(many);
    }
    assert_indexed(&server, &seen);
}

#[test]
fn a_fetch_sends_no_statement_for_its_note_before_the_reply_and_none_at_all_if_it_is_repeated() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "algebra", 2);
    let noted = || server.log().matches("INSERT INTO fetches (").count();
    let target = "v1/courses/algebra/assignments/challenge/tree";
    let fetch = |who: &str| statements(&server, || drop(server.get(target, who).ok()));
    let first = fetch("lawrence");
    eventually("the fetch is noted", || noted() == 1);
    let second = fetch("lawrence");
    let by_instructor = fetch("kevin");
    assert_eq!(first, second);
    assert_eq!(first.len(), by_instructor.len(), "{first:#?}");
    fetch("s1");
    eventually("another fetch is noted", || noted() == 2);
}

#[test]
fn a_student_reads_with_few_statements() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "small", 2);
    for (target, expected) in [
        ("courses", 1),
        ("assignments/small", 2),
        // The course with the role of the caller, the assignment, and the submissions.
        ("submissions/small/challenge/lawrence", 3),
    ] {
        let sent = statements(&server, || drop(server.get(target, "lawrence").ok()));
        assert_eq!(sent.len(), expected, "{target}: {sent:#?}");
    }
}

/// Checks SQLite's query plans.
fn assert_indexed(server: &Server, statements: &BTreeSet<String>) {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let path = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    for statement in statements {
        // The log writes the ends of lines so.
        let statement = statement.replace("\\n", " ");
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load::<Step>(&mut conn)
            .unwrap();
        // The bytes of a course are added up now and then, and that reads all of them.
        if statement.contains("AS handed_in") {
            continue;
        }
        let of_one_student = statement.contains("`submissions`.`student` = ?");
        for step in plan {
            let finds_work = step.detail.starts_with("SEARCH submissions");
            assert!(
                !(of_one_student && finds_work)
                    || step.detail.contains("student=?")
                    || step.detail.contains("rowid=?")
                    // Submissions with the same files, to see whether one of them is the student's.
                    || step.detail.contains("tree_id=?"),
                "everybody's work is looked through: {} for {statement}",
                step.detail
            );
            let whole = step.detail.starts_with("SCAN ") && !step.detail.contains("INDEX");
            // Rows that the statement itself brings, or has found by an index.
            let mut own = ["CONSTANT", "VALUES CLAUSE", "SCAN moments", "SCAN changes"]
                .into_iter()
                .chain(FIGURES);
            assert!(
                !whole || own.any(|own| step.detail.contains(own)),
                "{} for {statement}",
                step.detail
            );
        }
    }
}

/// Checks by SQLite's query plans that no statement looks at all work or at all events. The names are those of tables, and
/// the short ones of the statements.
fn assert_bounded(server: &Server, statements: &[String]) {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let path = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    for statement in statements {
        // The log writes the ends of lines so.
        let statement = statement.replace("\\n", " ");
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
        for step in plan.load::<Step>(&mut conn).unwrap() {
            let mut words = step.detail.split(' ');
            let scanned = words.next().filter(|word| *word == "SCAN");
            let table = scanned.and(words.next()).unwrap_or_default();
            let large = ["submissions", "s", "trees", "t", "tree_files", "feedback"];
            let is_large = large.contains(&table);
            assert!(!is_large, "{} for {statement}", step.detail);
        }
    }
}

/// Returns a manifest of as many files as the trees of that course have, in another order.
fn manifest(size: usize) -> String {
    let line = |n: usize| {
        let sha256 = hex_sha256(n.to_string().as_bytes());
        json!({ "path": format!("again{n}"), "sha256": sha256, "size": n.to_string().len() })
    };
    json!({ "files": (0..size).map(line).collect::<Vec<_>>() }).to_string()
}

#[test]
fn a_manifest_costs_the_same_number_of_statements_however_much_it_names() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "small", 2);
    fill(&server, "large", 25);
    let offer = |id: &str, size: usize, user: &str| {
        let target = format!("v1/courses/{id}/assignments/challenge/submissions?user={user}");
        let call = server.call("POST", &target);
        let call = call.body("application/json", manifest(size));
        let traced = statements(&server, || {
            assert_eq!(server.send(&call).status, 201);
        });
        let asked: Vec<_> = traced
            .iter()
            .filter(|text| text.starts_with("SELECT"))
            .cloned()
            .collect();
        (traced.len(), asked)
    };
    let mut seen = BTreeSet::new();
    for user in ["lawrence", "kevin"] {
        let (few, _) = offer("small", 2, user);
        let (many, asked) = offer("large", 25, user);
        assert_eq!(few, many, "{asked:#?}");
        seen.extend(asked);
    }
    assert!(seen.iter().any(|text| text.contains("EXISTS")), "{seen:#?}");
    assert_indexed(&server, &seen);
}

/// Returns the statements of a request, including those that begin and end a change in the writer.
fn all_statements(server: &Server, request: impl FnOnce()) -> Vec<String> {
    settle(server);
    let before = server.log().len();
    request();
    eventually("the request is logged", || {
        server.log()[before..].contains(" request ")
    });
    let log = server.log();
    let lines = log[before..].lines();
    lines
        .filter_map(|line| line.split_once("statement statement="))
        .map(|(_, text)| text.trim_matches('"').replace("\\\"", "\""))
        .collect()
}

#[test]
fn claims_of_unknown_bytes_never_reach_the_writer() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "algebra", 2);
    let number = first_number(&server, "algebra");
    let unknown: Vec<_> = (0..1000)
        .map(|n: usize| {
            let sha256 = hex_sha256(format!("nobody has {n}").as_bytes());
            json!({ "path": format!("f{n}"), "sha256": sha256, "size": 5 })
        })
        .collect();
    let unknown = json!({ "files": unknown }).to_string();
    let known = manifest(2);
    for (method, target, user) in [
        (
            "POST",
            "v1/courses/algebra/assignments/challenge/submissions".to_owned(),
            "lawrence",
        ),
        (
            "PUT",
            "v1/courses/algebra/assignments/challenge/tree".to_owned(),
            "kevin",
        ),
        (
            "POST",
            format!("v1/courses/algebra/submissions/{number}/feedback"),
            "kevin",
        ),
    ] {
        let run = |body: &str| {
            let mut status = 0;
            let statements = all_statements(&server, || {
                let call = server.call(method, &format!("{target}?user={user}"));
                let reply = server.send(&call.body("application/json", body));
                status = reply.status;
            });
            let changes = statements
                .iter()
                .filter(|text| text.starts_with("SAVEPOINT"))
                .count();
            (status, changes)
        };
        assert_eq!(run(&unknown), (409, 0), "{target}");
        // Known contents are still written, so the change would have been seen.
        let (status, changes) = run(&known);
        assert!(matches!(status, 200 | 201), "{target}: {status}");
        assert!(changes > 0, "{target}");
    }
}

#[test]
fn quotas_cost_as_many_statements_for_much_as_for_little() {
    let submit = |arguments: &[&str]| {
        let server = Setup::standalone()
            .env("RUST_LOG", "info,nbcourier::statements=trace")
            .args(arguments)
            .start();
        let course = Course::of(&server, "course1");
        course.make(&["kevin"], &["lawrence"]);
        course.release("challenge", "kevin", &[]).ok();
        let files = |count: usize| -> Vec<Sent> {
            let file = |n: usize| Sent::new(&format!("f{n}"), format!("{count} {n}"));
            (0..count).map(file).collect()
        };
        let hand_in = |count: usize| {
            statements(&server, || {
                drop(course.submit("challenge", "lawrence", &files(count)).ok());
            })
        };
        hand_in(1);
        let few = hand_in(2);
        for count in 3..30 {
            hand_in(count);
        }
        let many = hand_in(30);
        let asked = |all: &[String]| all.iter().filter(|text| text.starts_with("SELECT")).count();
        assert_eq!(asked(&few), asked(&many), "{many:#?}");
        asked(&many)
    };
    let without = submit(&["--max-submissions", "0"]);
    let with = submit(&["--max-user-size", "1 GB", "--max-course-size", "1 GB"]);
    // Twice the number of submissions, and once for all owners whether the contents are new.
    assert_eq!(with - without, 3);
}

#[test]
fn a_submission_writes_no_row_that_others_share() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence", "mallory"]);
    let header = Sent::new("header", "the same for all");
    course.release("challenge", "kevin", &[]).ok();
    let hand_in = |student: &str, files: &[Sent]| {
        statements(&server, || {
            drop(course.submit("challenge", student, files).ok());
        })
    };
    let with_header = |own: &str| [header.clone(), Sent::new("own", own)];
    hand_in("lawrence", &with_header("by lawrence"));
    for text in hand_in("mallory", &with_header("by mallory")) {
        // Damaged bytes are replaced. The condition is false for others, and then no row is locked.
        let repairs =
            text.starts_with("UPDATE `blob_contents` ") && text.contains("`content` != ?");
        let is_shared = ["blobs", "blob_contents", "trees", "assignments", "courses"]
            .iter()
            .any(|table| text.starts_with(&format!("UPDATE `{table}` ")));
        assert!(!is_shared || repairs, "{text}");
        assert!(!text.contains("DO UPDATE"), "{text}");
    }
}

#[test]
fn many_new_files_cost_as_many_statements_as_few() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    let hand_in = |count: usize| {
        let file = |n: usize| Sent::new(&format!("f{n}"), format!("{count} {n}"));
        let files: Vec<Sent> = (0..count).map(file).collect();
        statements(&server, || {
            drop(course.submit("challenge", "lawrence", &files).ok());
        })
    };
    let (few, many) = (hand_in(2), hand_in(30));
    assert_eq!(few.len(), many.len(), "{many:#?}");
}

#[test]
fn enrolling_many_costs_as_many_statements_as_enrolling_few() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &[]);
    let enrol = |count: usize| {
        let people: Vec<_> = (0..count)
            .map(|n| json!({ "username": format!("{count} {n}"), "first_name": "", "last_name": "", "email": "" }))
            .collect();
        let students = json!(people).to_string();
        statements(&server, || {
            drop(
                course
                    .post("students/course1", "kevin", &[("students", &students)])
                    .ok(),
            );
        })
    };
    let (few, many) = (enrol(2), enrol(500));
    assert_eq!(few.len(), many.len(), "{many:#?}");
}

#[test]
fn submitted_content_is_in_no_log() {
    let server = Setup::standalone().env("RUST_LOG", "trace").start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course
        .release(
            "challenge",
            "kevin",
            &[Sent::new("task", "the secret task")],
        )
        .ok();
    course
        .submit(
            "challenge",
            "lawrence",
            &[Sent::new("work", "the secret work")],
        )
        .ok();
    course.submitted("challenge", "lawrence", None);
    let log = server.log();
    assert!(
        log.contains("INSERT INTO"),
        "statements are logged at this level"
    );
    for secret in ["the secret", "dGhlIHNlY3JldC", "[116, 104, 101"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_page_of_administrators_costs_few_statements_whatever_its_size() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    let pages = [
        "admin",
        "live/state",
        "admin/courses",
        "admin/courses?find=a&sort=students",
        "admin/courses?made=course-1",
        "admin/people",
        "admin/people?name=lawrence",
        "admin/people?name=nobody",
        "admin/storage",
        "admin/events",
        "admin/trash",
        "admin/settings",
        "admin/registrars",
    ];
    let look = || {
        for page in pages {
            let asked = statements(&server, || drop(server.get(page, "root").ok()));
            assert!(asked.len() <= 5, "{page}: {asked:#?}");
            assert_bounded(&server, &asked);
        }
    };
    // The first look at sizes counts them in the background, after the reply.
    server.get("admin/storage", "root").ok();
    eventually("the sizes are counted", || {
        let storage = server.get("admin/storage", "root").ok();
        storage.text().contains("Largest courses") || storage.text().contains("no courses yet")
    });
    look();
    for number in 0..30 {
        fill(&server, &format!("course-{number}"), 2);
    }
    let course = Course::of(&server, "deleted");
    course.make(&["kevin"], &["lawrence"]);
    server.delete("course/deleted", "root").ok();
    look();
}

#[test]
fn a_regular_clean_up_looks_at_what_is_new_or_lost_a_name() {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let setup = Setup::standalone().env("RUST_LOG", "info,nbcourier::statements=trace");
    let server = setup.start();
    settle(&server);
    let looks_at_all = |log: &str| log.contains("`trees`.`id` FROM `trees` WHERE");
    // The first clean-up of an exchange looks at everything.
    assert!(looks_at_all(&server.log()));
    fill(&server, "course-1", 3);
    let setup = server.kill();
    let path = setup.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // A day later, a submission with bytes of its own is removed for good.
    let changes = "UPDATE blobs SET stored_at = 1;
        INSERT INTO blobs (sha256, size, in_database, stored_at) VALUES (X'01', 1, true, 1);
        INSERT INTO trees (digest, files, bytes) VALUES (X'01', 1, 1);
        INSERT INTO tree_files (tree_id, position, path, blob_id)
            SELECT trees.id, 0, 'a', blobs.id FROM trees, blobs WHERE digest = X'01' AND sha256 = X'01';
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            SELECT 1, 'lawrence', 1, id FROM trees WHERE digest = X'01';
        DELETE FROM submissions WHERE submitted_at = 1";
    diesel::connection::SimpleConnection::batch_execute(&mut conn, changes).unwrap();
    let server = setup.start();
    settle(&server);
    assert!(!looks_at_all(&server.log()), "{}", server.log());
    let mut count = |query: &str| {
        let found: Count = diesel::sql_query(format!("SELECT ({query}) AS count"))
            .get_result(&mut conn)
            .unwrap();
        found.count
    };
    assert_eq!(count("SELECT count(*) FROM trees WHERE digest = X'01'"), 0);
    assert_eq!(count("SELECT count(*) FROM blobs WHERE sha256 = X'01'"), 0);
    assert_eq!(count("SELECT count(*) FROM loose_trees"), 0);
    assert_eq!(count("SELECT count(*) FROM loose_blobs"), 0);
    // The next one begins behind the contents that this one has looked at.
    let last = count("SELECT max(id) FROM blobs");
    assert!(count("SELECT blobs_up_to FROM clean_ups") >= last);
}
