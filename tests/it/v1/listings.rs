//! The common properties of all listings.

use super::client::{algebra, call};
use crate::directories::client::Directory;
use crate::sql::Sql;
use nbcourier_testkit::{Setup, routes};

/// GET addresses that are not listings: files, archives of files, constant documents, and changes to wait for.
const OTHERS: [&str; 7] = [
    "tree",
    "collect",
    "feedback",
    "receipt",
    "openapi.json",
    "{path}",
    "changes",
];

#[test]
fn no_listing_is_sent_again_unchanged() {
    let server = Setup::standalone().start();
    let course = algebra(&server);
    course.release("challenge", "kevin", &[]).ok();
    course.submit("challenge", "eric", &[]).ok();
    let listed = server.get("v1/courses/algebra/submissions", "root").json();
    let directory = Directory::make(&server, "root", "notes", "root");
    directory.put("rain.txt", "1").ok();
    Directory::make(&server, "course:algebra", "lecture", "kevin");
    Sql::of(&server).execute(
        "INSERT INTO sources (directory_id, url, exclude, every_seconds, allow_solutions, hook_id, hook_secret, next_at)
            SELECT id, 'https://git.invalid/lecture', '[]', 3600, FALSE, 'hook', '00', 4102444800000000
            FROM directories WHERE name = 'lecture'",
    );
    let number = listed["submissions"][0]["id"].to_string();
    let mut looked_at = 0;
    for route in routes() {
        let Some(path) = route
            .strip_prefix("GET ")
            .filter(|path| path.starts_with("v1/"))
        else {
            continue;
        };
        if OTHERS.contains(&path.rsplit('/').next().unwrap()) {
            continue;
        }
        let target = path
            .replace("{course}", "algebra")
            .replace("{assignment}", "challenge")
            .replace("{owner}", "root")
            .replace("{directory}", "notes")
            .replace("{name}", "lecture")
            .replace("/history", "/history?path=rain.txt")
            .replace("{id}", &number);
        let first = server.get(&target, "root").ok();
        let tag = first
            .header("etag")
            .unwrap_or_else(|| panic!("{path} has no tag"));
        let again = call(&server, "GET", &target, "root").header("If-None-Match", tag);
        let again = server.send(&again);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag), "{path}");
        looked_at += 1;
    }
    assert!(looked_at >= 10, "{looked_at}");
}

#[test]
fn no_cursor_brings_a_nul_to_the_database() {
    let server = Setup::standalone().unlimited().start();
    algebra(&server);
    let directory = Directory::make(&server, "course:algebra", "lecture", "kevin");
    directory.put("rain.txt", "1").ok();
    for target in [
        "v1/courses?",
        "v1/courses/algebra/activity?by=notebook&",
        "v1/directories/course:algebra/lecture/entries?",
        "v1/directories/course:algebra/lecture/changes?since=1&",
    ] {
        for cursor in ["%2500", "a%2500", "1.a%2500"] {
            let reply = server.get(&format!("{target}cursor={cursor}"), "kevin");
            assert_eq!(reply.status, 400, "{target}{cursor}: {}", reply.text());
        }
    }
    let page = "c/algebra/notebooks?by=notebook&after=%2500";
    server.get(page, "kevin").ok();
}
