//! Replies that somebody made very long: no request takes much memory, and none keeps others waiting.

use crate::sql::Sql;
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::{
    Call, Course, Form, Sent, Server, Setup, eventually, hex_sha256, percent_encode, routes,
};
use serde_json::json;

/// The maximum memory of one request beyond that of the idle server, in bytes.
const MOST: u64 = 64 * 1024 * 1024;
/// The maximum length of a page of a listing, in bytes: its two megabytes of text can become six times as long in JSON.
const LONGEST_PAGE: usize = 12 * 1024 * 1024;
/// The maximum number of files in a tree.
const FILES: usize = 10_000;
/// The number of submissions of the same tree.
const TIMES: usize = 20;
/// The number of submitted trees with different paths.
const TREES: usize = 3;
/// The number of assignments in a course.
const FEWER: usize = 5000;
/// The maximum number of people in one request.
const MOST_PEOPLE: usize = 20_000;
/// The number of rows in each listing: more than fit on two pages.
const ROWS: usize = 25_000;
/// The maximum number of entries of a directory.
const MOST_ENTRIES: usize = 100_000;
/// The number of students whose trees are all as long as they may be.
const CLASS: usize = 30;

/// Returns a manifest of many files below a long path, all with the released bytes.
fn manifest(number: usize, path_bytes: usize) -> String {
    let sha256 = hex_sha256(b"{}");
    let long = format!("{}/", "d".repeat(90)).repeat(path_bytes / 100);
    let line =
        |n: usize| json!({ "path": format!("{number}/{long}{n}"), "sha256": sha256, "size": 2 });
    json!({ "files": (0..FILES).map(line).collect::<Vec<_>>() }).to_string()
}

fn hand_in(server: &Server, manifest: &str) {
    let target = "v1/courses/algebra/assignments/challenge/submissions?user=ann";
    let call = server.call("POST", target);
    let call = call.body("application/json", manifest.to_owned());
    let reply = call.send(server.port()).unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
}

/// Returns a manifest of as many files as a tree may have, with paths as long as they may be together. Each of their
/// letters takes five bytes in a page, and three in an address.
fn longest_manifest(ending: &str) -> String {
    let sha256 = hex_sha256(b"{}");
    let long = format!("{}/{}", "&".repeat(200), "&".repeat(190));
    let line =
        |n: usize| json!({ "path": format!("{long}{n:05}{ending}"), "sha256": sha256, "size": 2 });
    json!({ "files": (0..FILES).map(line).collect::<Vec<_>>() }).to_string()
}

/// Sends a manifest as the instructor.
#[track_caller]
fn send(server: &Server, method: &str, target: &str, manifest: &str) {
    let target = format!("v1/courses/algebra/{target}?user=kevin");
    let call = server.call(method, &target);
    let call = call.body("application/json", manifest.to_owned());
    let reply = call.send(server.port()).unwrap();
    assert!(reply.status < 300, "{target}: {}", reply.text());
}

/// Returns a server with a course that a student and an instructor made as large as their requests allow.
fn hostile() -> Server {
    let limits = ["--max-request-rate", "0", "--max-submissions", "0"];
    let server = Setup::standalone().args(&limits).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["ann"]);
    let released = [Sent::new("task", "{}")];
    course.release("challenge", "kevin", &released).ok();
    let same = manifest(0, 110);
    for _ in 0..TIMES {
        hand_in(&server, &same);
    }
    for number in 1..=TREES {
        hand_in(&server, &manifest(number, 300));
    }
    let listed = server.get("v1/courses/algebra/submissions?user=kevin&limit=4", "kevin");
    let listed = listed.ok().json();
    let listed = listed["submissions"].as_array().unwrap();
    for one in listed {
        let time = one["submitted_at"].as_str().unwrap();
        course
            .give_feedback("challenge", "ann", time, &released)
            .ok();
    }
    let target = format!(
        "v1/courses/algebra/submissions/{}?user=kevin",
        listed[0]["id"]
    );
    let reply = server.call("DELETE", &target).send(server.port()).unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());
    server
}

/// Inserts more rows of everything than requests could make during a test, all with the longest names.
fn fill(server: &Server) {
    let sql = format!(
        r"PRAGMA busy_timeout = 60000;
        PRAGMA foreign_keys = ON;
        BEGIN IMMEDIATE;
        CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
            SELECT i, printf('%06d-{long}', i) AS name, i + 1700000000000000 AS time FROM n;
        CREATE TEMP TABLE it AS SELECT a.course_id AS course, a.id AS assignment,
                (SELECT tree_id FROM releases WHERE assignment_id = a.id) AS tree,
                s.id AS submission, {now} AS now
            FROM submissions s JOIN assignments a ON a.id = s.assignment_id WHERE s.deleted_at IS NULL
            ORDER BY s.id LIMIT 1;
        -- Courses, of which kevin teaches all, and deleted ones.
        INSERT INTO courses (name, created_at) SELECT name, time FROM n;
        INSERT INTO members (course_id, username, role) SELECT id, 'kevin', 3 FROM courses WHERE name <> 'algebra';
        INSERT INTO courses (name, created_at, deleted_at) SELECT name, time, it.now + i FROM n, it;
        -- People with details that become six times as long in JSON.
        INSERT INTO members (course_id, username, role, first_name, last_name, email)
            SELECT it.course, name, 1 + 2 * (i % 2), {detail}, {detail}, {detail} FROM n, it;
        INSERT INTO extensions (assignment_id, student, due_at) SELECT it.assignment, name, time FROM n, it;
        INSERT INTO allowances (course_id, student, hours, note) SELECT it.course, name, 48, {detail} FROM n, it;
        INSERT INTO releases (assignment_id, version, tree_id, released_by, released_at)
            SELECT it.assignment, i + 1, it.tree, name, time FROM n, it;
        -- Assignments, released, deleted, and deleted with what was handed in to them.
        INSERT INTO assignments (course_id, name, due_at) SELECT it.course, name, time FROM n, it WHERE i <= {FEWER};
        INSERT INTO releases (assignment_id, version, tree_id, released_by, released_at)
            SELECT a.id, 1, it.tree, 'kevin', it.now FROM assignments a, it
            WHERE NOT EXISTS (SELECT 1 FROM releases r WHERE r.assignment_id = a.id);
        UPDATE assignments SET current_release = (SELECT max(id) FROM releases WHERE assignment_id = assignments.id)
            WHERE current_release IS NULL;
        INSERT INTO assignments (course_id, name, deleted_at) SELECT it.course, name, it.now + i FROM n, it;
        -- Submissions with feedback, with deleted feedback, and deleted; and much feedback on one.
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id, submitted_by)
            SELECT it.assignment, name, time, it.tree, name FROM n, it;
        INSERT INTO feedback (submission_id, tree_id, returned_by, returned_at)
            SELECT s.id, it.tree, s.student, s.submitted_at FROM submissions s, it;
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            SELECT it.assignment, name, time + 1, it.tree FROM n, it;
        INSERT INTO feedback (submission_id, tree_id, returned_by, returned_at, deleted_at)
            SELECT s.id, it.tree, 'kevin', it.now, it.now + s.id FROM submissions s, it
            WHERE NOT EXISTS (SELECT 1 FROM feedback f WHERE f.submission_id = s.id);
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id, deleted_at)
            SELECT it.assignment, name, time + 2, it.tree, it.now + i FROM n, it;
        INSERT INTO feedback (submission_id, tree_id, returned_by, returned_at)
            SELECT it.submission, it.tree, name, time FROM n, it;
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            SELECT it.assignment, 'ann', time, it.tree FROM n, it;
        -- A directory with many entries, removed entries, labelled versions and grants; many directories, and deleted ones.
        INSERT INTO directories (course_id, name, head, created_by, created_at)
            SELECT it.course, 'materials', {ROWS}, 'kevin', it.now FROM it;
        CREATE TEMP TABLE d AS SELECT directories.id AS id, (SELECT min(id) FROM blobs) AS blob, it.now AS now
            FROM directories, it;
        INSERT INTO directory_versions (directory_id, version, made_at, made_by, message, label, files, folders, bytes, path_bytes)
            SELECT d.id, i, time, name, {detail}, name, {ROWS}, {ROWS}, 0, 0 FROM n, d;
        INSERT INTO directory_entries (directory_id, path, blob_id, executable, since) SELECT d.id, 'work', d.blob, 0, 1 FROM d;
        INSERT INTO directory_entries (directory_id, path, executable, since) SELECT d.id, name, 0, 1 FROM n, d;
        INSERT INTO directory_entries (directory_id, path, blob_id, executable, since)
            SELECT d.id, name || '/' || name, d.blob, 0, i FROM n, d;
        INSERT INTO directory_entries (directory_id, path, blob_id, executable, since, until)
            SELECT d.id, 'gone-' || i, d.blob, 0, 1, i + 1 FROM n, d;
        INSERT INTO directory_grants (directory_id, person, level, granted_by, granted_at)
            SELECT d.id, name, 1, name, time FROM n, d WHERE i <= 1000;
        INSERT INTO directories (owner, name, description, head, created_by, created_at)
            SELECT 'kevin', name, {detail}, 1, name, time FROM n;
        INSERT INTO directories (owner, name, description, head, created_by, created_at, deleted_at)
            SELECT 'kevin', 'deleted-' || i, {detail}, 1, name, time, d.now + i FROM n, d;
        INSERT INTO directory_versions (directory_id, version, made_at, made_by, files, folders, bytes, path_bytes)
            SELECT id, 1, created_at, created_by, 0, 0, 0, 0 FROM directories WHERE owner = 'kevin';
        -- The directory follows a repository, at which many runs looked.
        INSERT INTO sources (directory_id, url, exclude, every_seconds, allow_solutions, hook_id, hook_secret, next_at)
            SELECT d.id, 'https://git.invalid/' || name, '[]', 3600, 0, 'hook', x'00', 4102444800000000 FROM d, n WHERE i = 1;
        INSERT INTO source_runs (directory_id, began_at, ended_at, cause, outcome, report)
            SELECT d.id, time, time, 'hook', 'failed', {detail} FROM n, d;
        -- Starts of many servers, all with other versions. Some have reports whose JSON takes much memory.
        INSERT INTO starts (course_id, person, at, outcome, millis, version, report)
            SELECT it.course, name, it.now, CASE WHEN i % 2 = 0 THEN 'failed' ELSE 'updated' END, 1, i,
                CASE WHEN i > {ROWS} - 1000 THEN {report} END FROM n, it;
        -- Links to shared pages. Most of them have ended.
        INSERT INTO shares (token, made_by, course_id, title, audience, page_blob, made_at, expires_at)
            SELECT CAST(name AS BLOB), 'kevin', it.course, {detail}, 'course', (SELECT min(id) FROM blobs), time, time FROM n, it;
        -- Work on many notebooks.
        INSERT INTO activity (course_id, person, day, path, opens, saves, minutes)
            SELECT it.course, name, i, name, 1, 1, 1 FROM n, it;
        -- Events, and one that names very many people.
        INSERT INTO events (at, action, actor, subject, course, course_id, detail)
            SELECT time, 'roster changed', name, name, 'algebra', it.course, json_object('students', json_array(name))
            FROM n, it;
        INSERT INTO events (at, action, actor, course, course_id, detail)
            SELECT it.now, 'roster changed', 'kevin', 'algebra', it.course,
                json_object('students', (SELECT json_group_array(name) FROM n WHERE i <= {MOST_PEOPLE})) FROM it;
        COMMIT;",
        long = "n".repeat(240),
        detail = "replace(hex(zeroblob(125)), '0', char(1))",
        report = r#"'{"a":[' || replace(hex(zeroblob(1000)), '00', '{"b":0},') || '0]}'"#,
        // A recent time, so that nothing in the trash is over its retention time.
        now = "CAST(unixepoch() AS INTEGER) * 1000000",
    );
    let database = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    conn.batch_execute(&sql).unwrap();
}

/// Inserts rows that are long only in archives for a browser. One is a directory with the most entries, whose longest possible
/// paths all become the same name. The other is a class in which each submission has the longest possible tree.
fn fill_archives(server: &Server) {
    // Each digit of a number as two signs that become the same in an archive.
    let signs = ["::", ":?", ":*", ":|", "?:", "??", "?*", "?|", "*:", "*?"];
    let name = signs
        .iter()
        .enumerate()
        .fold("printf('%06d', i)".to_owned(), |name, (digit, signs)| {
            format!("replace({name}, '{digit}', '{signs}')")
        });
    Sql::of(server).execute(&format!(
        r"INSERT INTO directories (owner, name, head, created_by, created_at) VALUES ('kevin', 'most', 1, 'kevin', 1);
        CREATE TEMP TABLE most AS SELECT max(id) AS id FROM directories;
        INSERT INTO directory_versions (directory_id, version, made_at, made_by, files, folders, bytes, path_bytes)
            SELECT id, 1, 1, 'kevin', {MOST_ENTRIES}, 0, 0, 0 FROM most;
        INSERT INTO directory_entries (directory_id, path, blob_id, executable, since)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MOST_ENTRIES})
            SELECT most.id, {name} || '{colons}', (SELECT min(id) FROM blobs), 0, 1 FROM n, most;
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CLASS})
            SELECT (SELECT id FROM assignments WHERE name = 'crowd'), printf('%03d', i), i,
                (SELECT max(id) FROM trees WHERE files = {FILES}) FROM n;",
        colons = ":".repeat(148),
    ));
}

/// A server that is restarted now and then, so that each request is compared with an idle one.
struct Fresh {
    server: Server,
    /// The memory of the idle server, in bytes.
    idle: u64,
}

/// The memory that earlier requests may have left allocated, in bytes.
const LEFT: u64 = 8 * 1024 * 1024;

impl Fresh {
    /// Restarts the server, and measures its memory when nobody has asked anything.
    fn again(server: Server) -> Self {
        let setup = server.kill();
        let database = setup.data_dir().join("nbcourier.db");
        let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        let mut runs = || {
            let ended = diesel::sql_query("SELECT coalesce(max(ended_at), 0) AS at FROM runs");
            ended
                .get_result::<At>(&mut conn)
                .map_or(0, |ended| ended.at)
        };
        let before = runs();
        let server = setup.start();
        // The clean-up at the start also takes memory.
        eventually("the first clean-up", || runs() > before);
        let idle = server.resident_memory();
        Self { server, idle }
    }

    /// Returns the maximum memory of the server while it answers this request, beyond that of an idle one, and the
    /// reply.
    fn taken(mut self, call: &Call) -> (Self, u64, nbcourier_testkit::Reply) {
        if self.server.resident_memory() > self.idle + LEFT {
            self = Self::again(self.server);
        }
        let (bytes, reply) = taken(&self.server, self.idle, call);
        (self, bytes, reply)
    }
}

/// The result of a query for a time.
#[derive(QueryableByName)]
struct At {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    at: i64,
}

/// Returns the maximum memory of the server while it answered this request, beyond `idle`, and the reply.
fn taken(server: &Server, idle: u64, call: &Call) -> (u64, nbcourier_testkit::Reply) {
    server.reset_peak_memory();
    let reply = std::thread::scope(|scope| {
        let asked = scope.spawn(|| call.send(server.port()).unwrap());
        eventually("the reply", || {
            let is_finished = asked.is_finished();
            assert!(server.is_healthy(), "{call:?}");
            is_finished
        });
        asked.join().unwrap()
    });
    (server.peak_memory().saturating_sub(idle), reply)
}

/// The addresses that instructors may not read.
const FOR_ADMINS: [&str; 3] = ["v1/events", "v1/trash", "live/state"];

#[test]
fn no_listing_takes_much_memory_or_keeps_a_worker_busy() {
    let server = hostile();
    let listed = server.get("v1/courses/algebra/submissions?limit=3", "kevin");
    let listed = listed.ok().json();
    let last = listed["submissions"].as_array().unwrap().last().unwrap();
    let number = last["id"].to_string();
    let time = percent_encode(last["submitted_at"].as_str().unwrap());
    fill(&server);
    let mut fresh = Fresh::again(server);
    eprintln!("idle: {} KiB", fresh.idle / 1024);
    // All routes are requested, so that no new listing is left out.
    let routes = routes().into_iter().chain(["GET ".to_owned()]);
    let mut asked = 0;
    for route in routes {
        let Some(path) = route.strip_prefix("GET ") else {
            continue;
        };
        let path = path
            .replace("{course}", "algebra")
            .replace("{assignment}", "challenge")
            .replace("{id}", &number)
            .replace("{owner}", "course:algebra")
            .replace("{directory}", "materials")
            .replace("{name}", "materials")
            .replace("{path}", "work")
            .replace(
                "{user}",
                if path.starts_with("instructor/") {
                    "kevin"
                } else {
                    "ann"
                },
            );
        assert!(!path.contains('{'), "what is that in {path}");
        let arguments: &[&str] = match path.as_str() {
            "v1/courses/algebra/submissions" | "v1/courses/algebra/assignments" => {
                &["", "&files=true"]
            }
            "submission/algebra/challenge/ann" => &["", "&list_only=true"],
            path if path.ends_with("/history") && path.starts_with("v1/directories/") => {
                &["&path=work"]
            }
            path if path.ends_with("/entries") => &["", "&depth=1", "&glob=*"],
            _ => &[""],
        };
        for (argument, user) in arguments
            .iter()
            .flat_map(|argument| [(argument, "root"), (argument, "kevin")])
        {
            let mut cursor = String::new();
            // A few pages are enough.
            for _ in 0..3 {
                let mut target = format!("{path}?user={user}{argument}");
                if path.starts_with("feedback/") {
                    target = format!("{target}&timestamp={time}");
                }
                if !cursor.is_empty() {
                    target = format!("{target}&cursor={cursor}");
                }
                let call = fresh.server.call("GET", &target);
                let (same, bytes, reply) = fresh.taken(&call);
                fresh = same;
                asked += 1;
                eprintln!(
                    "{} {target}: {} KiB for {} KiB",
                    reply.status,
                    bytes / 1024,
                    reply.body.len() / 1024
                );
                assert!(
                    bytes <= MOST,
                    "{target} took {bytes} bytes for a reply of {}",
                    reply.body.len()
                );
                // A refusal would not show what the listing takes.
                let is_refused = user == "kevin" && FOR_ADMINS.contains(&path.as_str());
                let expected = if is_refused { 403 } else { 200 };
                assert_eq!(reply.status, expected, "{target}: {}", reply.message());
                let is_json = reply.header("content-type") == Some("application/json");
                let next = is_json.then(|| reply.json()["next"].as_str().map(str::to_owned));
                let Some(next) = next.flatten() else {
                    break;
                };
                assert!(
                    reply.body.len() <= LONGEST_PAGE,
                    "a page of {target} has {} bytes",
                    reply.body.len()
                );
                cursor = percent_encode(&next);
            }
        }
    }
    assert!(asked > 80, "{asked}");
}

/// Returns the addresses of a page, or none for a page that shows one thing only.
fn pages_at(path: &str, number: &str) -> Vec<String> {
    // They show one shared page, or that there is nothing.
    let one = [
        "{token}",
        "shares/{id}",
        "c/{path}",
        "d/{path}",
        "admin/{path}",
    ];
    if one.iter().any(|part| path.contains(part)) {
        return Vec::new();
    }
    let assignments: &[&str] = if path.ends_with("/collected.zip") {
        &["crowd"]
    } else if path.contains("{assignment}") && !path.contains("{path}") {
        &["challenge", "removed", "notebooks"]
    } else {
        &["challenge"]
    };
    let directories: &[(&str, &str)] = if path.ends_with("/zip") && path.contains("{directory}") {
        &[("course:algebra", "materials"), ("kevin", "most")]
    } else {
        &[("course:algebra", "materials")]
    };
    let submitted = format!("0/{}/0", "d".repeat(90));
    let folder = format!("000001-{}", "n".repeat(240));
    let file = match path {
        path if path.contains("/feedback/") => {
            format!("{}/{}00000.html", "&".repeat(200), "&".repeat(190))
        }
        path if path.contains("/s/{id}/") => submitted,
        path if path.starts_with("c/") => "task".to_owned(),
        path if path.contains("/in/") => folder,
        _ => "work".to_owned(),
    };
    let file: Vec<String> = file.split('/').map(percent_encode).collect();
    let queries: &[&str] = match path {
        path if path.ends_with("/versions/again") => &["?version=2"],
        path if path.ends_with("/versions") => &["", "?version=2"],
        path if path.contains("/notebooks") => &["?by=student", "?by=notebook", "?by=day"],
        "c/{course}/a/{assignment}" => &[
            "",
            "?all=1",
            "?as=student",
            "?page=3&show=missing&sort=time&find=n",
        ],
        "c/{course}" => &["", "?as=student"],
        "admin/people" => &["", "?name=ann", "?name=n"],
        _ => &[""],
    };
    let mut found = Vec::new();
    for assignment in assignments {
        for (owner, directory) in directories {
            for query in queries {
                // The page has only the newest of the very many versions.
                if *assignment == "challenge" && query.contains("version=") {
                    continue;
                }
                let path = path
                    .replace("{prefix}", "")
                    .replace("{course}", "algebra")
                    .replace("{assignment}", assignment)
                    .replace("{id}", number)
                    .replace("{owner}", owner)
                    .replace("{directory}", directory)
                    .replace("{path}", &file.join("/"))
                    .replace("{user}", "ann");
                assert!(!path.contains('{'), "what is that in {path}");
                found.push(format!("{path}{query}"));
            }
        }
    }
    found
}

#[test]
fn no_page_takes_much_memory_or_keeps_a_worker_busy() {
    let server = hostile();
    let listed = server.get("v1/courses/algebra/submissions?limit=3", "kevin");
    let listed = listed.ok().json();
    let last = listed["submissions"].as_array().unwrap().last().unwrap();
    let number = last["id"].to_string();
    // A version of very many notebooks, also one that was replaced by a small one; and feedback of very many pages.
    let course = Course::of(&server, "algebra");
    for assignment in ["crowd", "removed", "notebooks"] {
        course
            .release(assignment, "kevin", &[Sent::new("task", "{}")])
            .ok();
    }
    let notebooks = longest_manifest(".ipynb");
    let small = json!({ "files": [{ "path": "task", "sha256": hex_sha256(b"{}"), "size": 2 }] });
    for assignment in ["removed", "notebooks"] {
        let target = format!("assignments/{assignment}/tree");
        send(&server, "PUT", &target, &notebooks);
    }
    send(
        &server,
        "PUT",
        "assignments/removed/tree",
        &small.to_string(),
    );
    let newest = course.submit("notebooks", "ann", &[Sent::new("task", "{}")]);
    newest.ok();
    fill(&server);
    // The newest feedback of all.
    let feedback = format!("submissions/{number}/feedback");
    send(&server, "POST", &feedback, &longest_manifest(".html"));
    fill_archives(&server);
    let mut fresh = Fresh::again(server);
    eprintln!("idle: {} KiB", fresh.idle / 1024);
    let table = routes::table().into_iter();
    let pages = table.filter(|route| route.access == "page");
    let pages = pages.filter_map(|route| Some(route.address.strip_prefix("GET ")?.to_owned()));
    let mut asked = 0;
    for path in pages {
        for target in pages_at(&path, &number) {
            let mut is_shown = false;
            let readers: &[&str] = if path.starts_with("admin") {
                &["root"]
            } else {
                &["kevin", "ann"]
            };
            for &user in readers {
                let call = fresh.server.call("GET", &target).browser(user);
                let (same, bytes, reply) = fresh.taken(&call);
                fresh = same;
                asked += 1;
                let length = reply.body.len();
                eprintln!(
                    "{} {target} {user}: {} KiB for {} KiB",
                    reply.status,
                    bytes / 1024,
                    length / 1024
                );
                assert!(
                    bytes <= MOST,
                    "{target} took {bytes} bytes for a reply of {length}"
                );
                is_shown |= reply.status < 400;
                assert!(
                    reply.status < 400 || user == "ann",
                    "{target}: {} {}",
                    reply.status,
                    reply.text()
                );
                let is_page = reply.header("content-type") == Some("text/html; charset=utf-8");
                assert!(
                    !is_page || length <= LONGEST_PAGE,
                    "{target} has {length} bytes"
                );
            }
            assert!(is_shown, "nobody sees {target}");
        }
    }
    assert!(asked > 80, "{asked}");
}

#[test]
fn no_list_in_a_request_takes_much_memory_or_keeps_a_worker_busy() {
    let limits = ["--max-request-rate", "0", "--max-submissions", "0"];
    let server = Setup::standalone().args(&limits).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["ann"]);
    course
        .release("challenge", "kevin", &[Sent::new("task", "{}")])
        .ok();
    let mut fresh = Fresh::again(server);
    let name = |n: usize| format!("{n:06}-{}", "n".repeat(60));
    let long = |n: usize| {
        json!({
            "username": name(n), "role": "student",
            "first_name": "f".repeat(10), "last_name": "l".repeat(10), "email": "e".repeat(10),
        })
    };
    let short = |n: usize| {
        json!({
            "username": n.to_string(), "role": "student", "first_name": "", "last_name": "", "email": "",
        })
    };
    let list = |items: Vec<serde_json::Value>| serde_json::Value::from(items).to_string();
    let largest = list((0..MOST_PEOPLE).map(long).collect());
    let many = list((0..45_000).map(short).collect());
    let few_with_much = list((0..300).map(|n| json!({
        "username": n.to_string(), "role": "student",
        "first_name": "\u{1}".repeat(700), "last_name": "\u{1}".repeat(700), "email": "\u{1}".repeat(700),
    })).collect());
    let names = list((0..MOST_PEOPLE).map(|n| name(n).into()).collect());
    let shortest = format!("[{}]", vec!["\"a\""; 1_000_000].join(","));
    let line = json!({ "path": "", "sha256": "", "size": 0 }).to_string();
    let manifest = format!("{{\"files\":[{}]}}", vec![line; 240_000].join(","));
    let server = &fresh.server;
    for (what, status, call) in [
        ("the largest roster", 200, roster(server, &largest)),
        ("the same again", 200, roster(server, &largest)),
        ("a roster of too many", 413, roster(server, &many)),
        (
            "a roster with much of everybody",
            200,
            roster(server, &few_with_much),
        ),
        (
            "a detail that is too long",
            413,
            roster(
                server,
                &list(vec![json!({
                    "username": "ann", "role": "student", "first_name": "a".repeat(5000),
                })]),
            ),
        ),
        (
            "the largest list of students",
            200,
            students(server, &largest),
        ),
        ("the same students again", 200, students(server, &largest)),
        ("too many students", 413, students(server, &many)),
        (
            "students with much of everybody",
            200,
            students(server, &few_with_much),
        ),
        ("the most instructors", 200, make(server, "physics", &names)),
        (
            "too many instructors",
            413,
            make(server, "chemistry", &shortest),
        ),
        (
            "a field without end",
            413,
            server.call("POST", "student/algebra/ann").form(
                &Form::new()
                    .field("user", "root")
                    .field("first_name", &"a".repeat(6_000_000)),
            ),
        ),
        (
            "a manifest of nothings",
            400,
            server
                .call(
                    "POST",
                    "v1/courses/algebra/assignments/challenge/submissions?user=ann",
                )
                .body("application/json", manifest),
        ),
    ] {
        let (same, bytes, reply) = fresh.taken(&call);
        fresh = same;
        eprintln!("{what}: {} {} KiB", reply.status, bytes / 1024);
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        assert!(bytes <= MOST, "{what} took {bytes} bytes");
    }
}

/// The number of members of a very large course.
const MEMBERS: usize = 200_000;

#[test]
fn names_are_compared_with_those_of_a_very_large_course_in_little_memory() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["ann"]);
    let database = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    conn.batch_execute(&format!(
        r"PRAGMA busy_timeout = 60000;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MEMBERS})
        INSERT INTO members (course_id, username, role)
            SELECT (SELECT id FROM courses), printf('%06d-{}', i), 1 FROM n;",
        "n".repeat(240)
    ))
    .unwrap();
    let Fresh { server, idle } = Fresh::again(server);
    let last = format!("{MEMBERS:06}-{}", "N".repeat(240));
    let people =
        json!([{ "username": "Ann", "role": "student" }, { "username": last, "role": "student" }]);
    let (bytes, reply) = taken(&server, idle, &roster(&server, &people.to_string()));
    eprintln!("{} KiB", bytes / 1024);
    let warnings = reply.ok().json()["warnings"].clone();
    assert_eq!(warnings.as_array().map(Vec::len), Some(2), "{warnings}");
    assert!(bytes <= MOST, "it took {bytes} bytes");
}

fn roster(server: &Server, people: &str) -> Call {
    let call = server.call("PUT", "v1/courses/algebra/roster?user=root");
    call.body("application/json", format!("{{\"people\":{people}}}"))
}

fn students(server: &Server, people: &str) -> Call {
    let form = Form::new().field("user", "root").field("students", people);
    server.call("POST", "students/algebra").form(&form)
}

fn make(server: &Server, course: &str, instructors: &str) -> Call {
    let form = Form::new()
        .field("user", "root")
        .field("instructors", instructors);
    server.call("POST", &format!("course/{course}")).form(&form)
}

#[test]
fn a_listing_of_the_same_tree_many_times_is_short() {
    let server = hostile();
    let target = "v1/courses/algebra/submissions?user=ann&files=true";
    let page = server.call("GET", target).send(server.port()).unwrap();
    let page = page.json();
    // The trees on one page have 20,000 files at most.
    assert!(page["submissions"].as_array().unwrap().len() >= TIMES - 1);
    assert_eq!(page["trees"].as_object().unwrap().len(), 2);
    let mut listed = 0;
    let mut cursor = String::new();
    loop {
        let call = server.call("GET", &format!("{target}&cursor={cursor}"));
        let page = call.send(server.port()).unwrap().json();
        listed += page["submissions"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else {
            break;
        };
        next.clone_into(&mut cursor);
    }
    assert_eq!(listed, TIMES + TREES - 1);
}
