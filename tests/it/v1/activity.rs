//! The work on notebooks: who reports and reads it, what is counted, and what is kept.

use super::client::{algebra, call, problem, put_json};
use crate::sql::Sql;
use nbcourier_testkit::{Reply, Server, Setup, run};
use serde_json::{Value, json};

const ACTIVITY: &str = "v1/courses/algebra/activity";
pub const NOTEBOOK: &str = "algebra/ps1/p1.ipynb";

/// Starts a server whose courses may count work, with the course algebra, which counts it.
pub fn counting() -> Server {
    let setup = Setup::standalone().unlimited();
    let server = setup.env("NBCOURIER_ACTIVITY", "true").start();
    algebra(&server);
    turn(&server, true).ok();
    server
}

pub fn turn(server: &Server, on: bool) -> Reply {
    let settings = json!({ "activity": on });
    put_json(server, "v1/courses/algebra/settings", "kevin", &settings)
}

fn report(server: &Server, user: &str, items: &Value) -> Reply {
    let call = call(server, "POST", "v1/activity", user);
    let body = json!({ "items": items }).to_string();
    server.send(&call.body("application/json", body))
}

/// Reports work. The exchange counts this number of its items.
#[track_caller]
pub fn counts(server: &Server, user: &str, items: &Value, number: usize) {
    let reply = report(server, user, items);
    assert_eq!(reply.status, 202, "{}", reply.text());
    assert_eq!(reply.json()["counted"], number, "{items}");
}

pub fn item(path: &str, kind: &str, times: u32) -> Value {
    json!({ "course": "algebra", "path": path, "kind": kind, "n": times })
}

fn listed(server: &Server, user: &str, query: &str) -> Vec<Value> {
    let target = format!("{ACTIVITY}{query}");
    let reply = server.get(&target, user).ok().json();
    reply["activity"].as_array().unwrap().clone()
}

fn rows(server: &Server) -> i64 {
    Sql::of(server).count("count(*)", "activity")
}

#[test]
fn staff_see_the_work_of_each_student_and_students_see_their_own() {
    let server = counting();
    let second = "algebra/ps2/ü.ipynb";
    counts(&server, "eric", &json!([item(NOTEBOOK, "open", 1)]), 1);
    let more = json!([
        item(NOTEBOOK, "save", 2),
        item(NOTEBOOK, "minutes", 1),
        item(second, "open", 1),
    ]);
    counts(&server, "eric", &more, 3);
    let by_student = listed(&server, "kevin", "");
    let figures = |line: &Value| {
        let numbers = ["students", "notebooks", "days", "opens", "saves", "minutes"];
        numbers.map(|name| line[name].as_i64().unwrap())
    };
    let names: Vec<&Value> = by_student.iter().map(|line| &line["student"]).collect();
    assert_eq!(names, ["lawrence", "eric"], "in the order of the roster");
    assert_eq!(figures(&by_student[0]), [0; 6], "has not opened anything");
    assert_eq!(by_student[0]["last_day"], Value::Null);
    assert_eq!(figures(&by_student[1]), [1, 2, 1, 2, 2, 1]);
    let today = by_student[1]["last_day"].as_str().unwrap().to_owned();

    counts(&server, "lawrence", &json!([item(NOTEBOOK, "open", 1)]), 1);
    let by_notebook = listed(&server, "kevin", "?by=notebook");
    let paths: Vec<&Value> = by_notebook.iter().map(|line| &line["path"]).collect();
    assert_eq!(paths, [NOTEBOOK, second]);
    assert_eq!(figures(&by_notebook[0]), [2, 1, 1, 2, 2, 1]);
    let by_day = listed(&server, "kevin", "?by=day");
    assert_eq!(by_day[0]["day"], today.as_str());
    assert_eq!(figures(&by_day[0]), [2, 2, 1, 3, 2, 1]);
    // Of one notebook, and of one student.
    let of_second = listed(&server, "kevin", "?path=algebra/ps2/%C3%BC.ipynb");
    let opened: Vec<&Value> = of_second.iter().map(|line| &line["opens"]).collect();
    assert_eq!(opened, [0, 1]);
    let of_eric = listed(&server, "kevin", "?by=notebook&student=eric");
    assert_eq!(of_eric.len(), 2);
    assert_eq!(
        listed(&server, "kevin", "?by=day&since=9999-01-01"),
        [] as [Value; 0]
    );
    assert_eq!(
        listed(&server, "kevin", "?by=day&until=1999-01-01"),
        [] as [Value; 0]
    );

    let own = listed(&server, "lawrence", "");
    assert_eq!((own.len(), &own[0]["student"]), (1, &json!("lawrence")));
    let own = listed(&server, "lawrence", "?by=notebook");
    assert_eq!((own.len(), figures(&own[0])), (1, [1, 1, 1, 1, 0, 0]));
    for (target, user) in [
        ("?student=eric", "lawrence"),
        ("", "stranger"),
        ("?student=stranger", "stranger"),
    ] {
        let refused = server.get(&format!("{ACTIVITY}{target}"), user);
        assert_eq!(problem(&refused).0, 403, "{target} {user}");
    }
    // Page by page, everything comes once.
    for by in ["student", "notebook"] {
        let all = listed(&server, "kevin", &format!("?by={by}"));
        let (mut found, mut cursor) = (Vec::new(), String::new());
        while found.len() <= all.len() {
            let target = format!("{ACTIVITY}?by={by}&limit=1{cursor}");
            let page = server.get(&target, "kevin").ok().json();
            found.extend(page["activity"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            cursor = format!("&cursor={}", nbcourier_testkit::percent_encode(next));
        }
        assert_eq!(found, all, "{by}");
    }
}

#[test]
fn a_course_without_the_switch_gets_no_row() {
    let server = counting();
    let work = json!([item(NOTEBOOK, "open", 1)]);
    let courses = |user: &str| server.get("v1/activity", user).ok().json()["courses"].clone();
    assert_eq!(courses("eric"), json!(["algebra"]));
    assert_eq!(courses("kevin"), json!([]), "staff are not counted");
    assert_eq!(courses("stranger"), json!([]));
    for user in ["kevin", "stranger", "root"] {
        counts(&server, user, &work, 0);
    }
    turn(&server, false).ok();
    assert_eq!(courses("eric"), json!([]));
    counts(&server, "eric", &work, 0);
    assert_eq!(rows(&server), 0);
    let listed = server.get(ACTIVITY, "kevin").ok().json();
    assert_eq!(listed["on"], false);
    // Students do not turn it on, and another setting leaves it as it is.
    let settings = "v1/courses/algebra/settings";
    let on = json!({ "activity": true });
    assert_eq!(put_json(&server, settings, "eric", &on).status, 403);
    turn(&server, true).ok();
    let titled = put_json(&server, settings, "kevin", &json!({ "title": "Algebra" }));
    assert_eq!(titled.ok().json()["activity"], true);
    let events = server.get("v1/courses/algebra/events", "kevin").ok().json();
    let switched = &events["events"][1]["detail"];
    assert_eq!(
        (&switched["activity"], &switched["before"]["activity"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn without_the_operators_permission_no_course_counts_work() {
    let setup = counting().kill();
    let server = setup.env("NBCOURIER_ACTIVITY", "false").start();
    assert_eq!(
        server.get("v1/activity", "eric").ok().json()["courses"],
        json!([]),
        "the course has it turned on"
    );
    counts(&server, "eric", &json!([item(NOTEBOOK, "open", 1)]), 0);
    assert_eq!(rows(&server), 0);
    turn(&server, true).ok();
    turn(&server, false).ok();
    let (status, said) = problem(&turn(&server, true));
    assert_eq!(status, 409);
    assert!(said.contains("--activity"), "{said}");
}

#[test]
fn a_hostile_report_changes_only_what_a_day_can_hold() {
    let server = counting();
    let many = |number: usize| {
        let items = (0..number).map(|i| item(&format!("algebra/{i}.ipynb"), "open", 1));
        Value::from(items.collect::<Vec<_>>())
    };
    let (status, said) = problem(&report(&server, "eric", &many(201)));
    assert_eq!(status, 400);
    assert!(said.contains("200"), "{said}");
    counts(&server, "eric", &many(200), 50);
    counts(&server, "eric", &many(200), 50);
    assert_eq!(rows(&server), 50, "more notebooks are not counted");
    for path in [
        "",
        "/etc/passwd",
        "a/../b",
        "a\0b",
        "C:\\x",
        &"x/".repeat(300),
    ] {
        counts(&server, "lawrence", &json!([item(path, "open", 1)]), 0);
    }
    counts(
        &server,
        "lawrence",
        &json!([{ "course": "a/b", "path": "x", "kind": "open" }]),
        0,
    );
    counts(&server, "lawrence", &json!([]), 0);
    for body in [
        json!([{ "course": "algebra", "path": "x", "kind": "keys" }]),
        json!([{ "course": "algebra", "path": "x", "kind": "open", "n": -1 }]),
        json!([{ "course": "algebra", "path": "x", "kind": "open", "n": 1e30 }]),
        json!([{ "course": "algebra", "path": "x", "kind": "open", "at": "tomorrow" }]),
        json!("x"),
    ] {
        assert_eq!(
            problem(&report(&server, "lawrence", &body)).0,
            400,
            "{body}"
        );
    }
    let long = json!([item(&"x".repeat(300_000), "open", 1)]);
    assert_eq!(problem(&report(&server, "lawrence", &long)).0, 413);
    assert_eq!(rows(&server), 50);

    // A day has no more minutes than have passed, however many are reported.
    let endless = json!([
        item("a.ipynb", "minutes", u32::MAX),
        item("a.ipynb", "open", u32::MAX),
        { "course": "algebra", "path": "a.ipynb", "kind": "save", "n": 1, "at": "9999-12-31T00:00:00Z" },
    ]);
    for _ in 0..3 {
        counts(&server, "lawrence", &endless, 3);
    }
    let old = json!([{ "course": "algebra", "path": "a.ipynb", "kind": "save", "at": "2001-01-01T00:00:00Z" }]);
    counts(&server, "lawrence", &old, 0);
    let days = listed(&server, "lawrence", "?by=day");
    let minutes: i64 = days
        .iter()
        .map(|day| day["minutes"].as_i64().unwrap())
        .sum();
    assert!((1..=1440 * 2).contains(&minutes), "{days:?}");
    let opens: i64 = days.iter().map(|day| day["opens"].as_i64().unwrap()).sum();
    assert!(opens <= 20_000, "{days:?}");
    let saves: i64 = days.iter().map(|day| day["saves"].as_i64().unwrap()).sum();
    assert_eq!(saves, 3, "a time in the future is now");
    for query in [
        "?by=hour",
        "?since=yesterday",
        "?until=2026-13-01",
        "?student=%00",
        "?path=/a",
        "?by=day&cursor=x",
        "?limit=0",
    ] {
        let refused = server.get(&format!("{ACTIVITY}{query}"), "kevin");
        assert_eq!(problem(&refused).0, 400, "{query}");
    }
}

#[test]
fn daily_sums_are_kept_for_their_time() {
    let server = counting();
    counts(&server, "eric", &json!([item("old.ipynb", "open", 1)]), 1);
    counts(&server, "eric", &json!([item("new.ipynb", "open", 1)]), 1);
    Sql::of(&server).execute(
        "UPDATE activity SET day = day - 182 WHERE path = 'old.ipynb';
         UPDATE activity SET day = day - 179 WHERE path = 'new.ipynb'",
    );
    let data = server.data_dir().display().to_string();
    let gc = |more: &[&str]| {
        let output = run(&[&["gc", "--data-dir", &data], more].concat());
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let said = gc(&["--dry-run"]);
    assert!(said.contains("and 1 daily sum of activity"), "{said}");
    assert_eq!(rows(&server), 2);
    gc(&[]);
    let left = listed(&server, "kevin", "?by=notebook");
    assert_eq!((left.len(), &left[0]["path"]), (1, &json!("new.ipynb")));
    gc(&["--activity-retention", "7d"]);
    assert_eq!(rows(&server), 0);
}
