//! A refused change leaves nothing behind: nothing in any counter, and no bytes.

use super::{algebra, bytes, count, first_of_ada, refused, send_tar, v1};
use crate::sql::Sql;
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::browser::PageTokens;
use nbcourier_testkit::http::Connection;
use nbcourier_testkit::{
    Call, Form, Reply, Sent, Server, Setup, eventually, files_json, hex_sha256, tar,
};
use serde_json::{Value, json};

const SUBMISSIONS: &str = "assignments/challenge/submissions";
const WITH_BYTES: &str = "application/vnd.nbcourier.manifest+x-tar";

fn manifest(files: &[Sent]) -> Value {
    let line = |file: &Sent| json!({ "path": file.path, "sha256": hex_sha256(&file.bytes), "size": file.bytes.len() });
    json!({ "files": files.iter().map(line).collect::<Vec<_>>() })
}

fn claim(
    server: &Server,
    method: &str,
    target: &str,
    user: &str,
    size: usize,
    seed: &str,
) -> Reply {
    let unknown =
        json!({ "files": [{ "path": "x", "sha256": hex_sha256(seed.as_bytes()), "size": size }] });
    let call = v1(server, method, target, user);
    server.send(&call.body("application/json", unknown.to_string()))
}

#[test]
fn a_claim_that_is_refused_takes_nothing_of_any_quota() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "200000", "--max-user-size", "150000"])
        .start();
    let course = algebra(&server, &[Sent::new("task", bytes("task", 20_000))]);
    course
        .submit(
            "challenge",
            "ada",
            &[Sent::new("work", bytes("first", 1000))],
        )
        .ok();
    let (submission, _) = first_of_ada(&course);
    let feedback = format!("submissions/{submission}/feedback");
    let release = "assignments/challenge/tree";
    for round in 0..5 {
        for (method, target, user) in [
            ("POST", SUBMISSIONS, "ada"),
            ("PUT", release, "kevin"),
            ("POST", feedback.as_str(), "kevin"),
        ] {
            for size in [149_000, 120_000, 100_000] {
                let seed = format!("{round} {target} {size}");
                let reply = claim(&server, method, target, user, size, &seed);
                refused(&reply, 409, &["bytes of 1 file are missing"]);
            }
        }
        // Space that a refused claim had used up would be missing here.
        let work = [Sent::new("work", bytes(&format!("round {round}"), 20_000))];
        course.submit("challenge", "bob", &work).ok();
    }
    let last = [Sent::new("last", bytes("last", 70_000))];
    course.submit("challenge", "ada", &last).ok();
    refused(
        &course.submit(
            "challenge",
            "ada",
            &[Sent::new("more", bytes("more", 20_000))],
        ),
        413,
        &[
            "The course takes 186.5 KiB of the 195.3 KiB",
            "would add 19.5 KiB",
        ],
    );
}

#[test]
fn a_refused_batch_and_a_refused_release_take_nothing_of_the_course() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "200000"])
        .start();
    let course = algebra(&server, &[]);
    course
        .submit(
            "challenge",
            "ada",
            &[Sent::new("work", bytes("first", 1000))],
        )
        .ok();
    let (submission, _) = first_of_ada(&course);
    let fits = bytes("batch", 180_000);
    let foreign = [
        Sent::new(&format!("{submission}/a"), fits.clone()),
        Sent::new("4711/a", "of no submission"),
    ];
    let batch = send_tar(
        &server,
        "POST",
        "assignments/challenge/feedback",
        "kevin",
        &foreign,
    );
    refused(&batch, 404, &["Submission 4711 not found"]);
    let again = course.release("challenge", "kevin", &[Sent::new("task", fits)]);
    refused(&again, 409, &["Assignment already exists"]);
    let work = [Sent::new("work", bytes("work", 190_000))];
    course.submit("challenge", "bob", &work).ok();
}

/// The stored contents: rows in the database, files of blobs and files in staging.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Stored {
    rows: i64,
    files: usize,
    staged: usize,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

fn stored(server: &Server) -> Stored {
    Stored {
        rows: Sql::of(server).count("count(*)", "blobs"),
        files: server.large_files().len(),
        staged: server.unfinished_uploads(),
    }
}

/// Waits until no more than this is stored: the rest of a refused change is removed after the reply.
#[track_caller]
fn assert_only(server: &Server, expected: Stored, after: &str) {
    eventually(after, || stored(server) == expected);
}

/// Returns more than is held in memory, in small files and large ones.
fn much(seed: &str) -> Vec<Sent> {
    let small =
        (0..20).map(|n| Sent::new(&format!("s{n}"), bytes(&format!("{seed} {n} "), 60_000)));
    let large =
        (0..3).map(|n| Sent::new(&format!("l{n}"), bytes(&format!("{seed} l{n} "), 300_000)));
    small.chain(large).collect()
}

fn numbered(submission: i64, files: &[Sent]) -> Vec<Sent> {
    let numbered =
        |file: &Sent| Sent::new(&format!("{submission}/{}", file.path), file.bytes.clone());
    files.iter().map(numbered).collect()
}

/// Returns all requests that send files, each with its own files: its description, the request, and its user.
fn all_ways(
    server: &Server,
    submission: i64,
    time: &str,
    last: &Sent,
) -> Vec<(&'static str, Call)> {
    let with_last = |seed: &str| {
        let mut files = much(seed);
        files.push(last.clone());
        files
    };
    let form = |target: &str, user: &str, seed: &str| {
        let form = Form::new().field("user", user).field("timestamp", time);
        let form = form.field("files", &files_json(&with_last(seed)));
        (server.call("POST", target), form)
    };
    let archive = |method: &str, target: &str, user: &str, files: &[Sent]| {
        v1(server, method, target, user).body("application/x-tar", tar::archive(files))
    };
    let announced = |method: &str, target: &str, user: &str, seed: &str| {
        let files = with_last(seed);
        let mut entries = vec![Sent::new("manifest.json", manifest(&files).to_string())];
        entries.extend(
            files
                .iter()
                .map(|file| Sent::new(&hex_sha256(&file.bytes), file.bytes.clone())),
        );
        v1(server, method, target, user).body(WITH_BYTES, tar::archive(&entries))
    };
    let mut ways = Vec::new();
    for (what, target, user) in [
        ("a form that releases", "assignment/algebra/new", "kevin"),
        ("a form that submits", "submission/algebra/challenge", "ada"),
        (
            "a form with feedback",
            "feedback/algebra/challenge/ada",
            "kevin",
        ),
    ] {
        let (call, form) = form(target, user, what);
        ways.push((what, call.clone().form(&form)));
        ways.push((
            what,
            call.body(
                "multipart/form-data; boundary=between-the-parts",
                form.multipart(),
            ),
        ));
    }
    for (what, method, target, user) in [
        (
            "a release",
            "PUT",
            "assignments/challenge/tree".to_owned(),
            "kevin",
        ),
        ("a submission", "POST", SUBMISSIONS.to_owned(), "ada"),
        (
            "one for somebody",
            "POST",
            format!("{SUBMISSIONS}?student=ada"),
            "kevin",
        ),
        (
            "feedback",
            "POST",
            format!("submissions/{submission}/feedback"),
            "kevin",
        ),
    ] {
        ways.push((what, archive(method, &target, user, &with_last(what))));
        ways.push((
            what,
            announced(method, &target, user, &format!("{what} announced")),
        ));
    }
    let batch = numbered(submission, &with_last("a batch"));
    ways.push((
        "a batch",
        archive("POST", "assignments/challenge/feedback", "kevin", &batch),
    ));
    ways
}

/// Returns SQLite's counter of commits by other connections than this one.
fn commits(conn: &mut SqliteConnection) -> i64 {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = BigInt)]
        data_version: i64,
    }
    let version = diesel::sql_query("PRAGMA data_version").get_result::<Version>(conn);
    version.unwrap().data_version
}

/// Returns the numbers of rows that hold work or name it.
fn rows_of_work(conn: &mut SqliteConnection) -> [i64; 5] {
    let tables = [
        "blobs",
        "blob_contents",
        "trees",
        "tree_files",
        "submissions",
    ];
    tables.map(|table| {
        let rows = diesel::sql_query(format!("SELECT count(*) AS rows FROM {table}"));
        rows.get_result::<Rows>(conn).unwrap().rows
    })
}

#[test]
fn a_refused_change_writes_nothing_into_the_database() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "100000", "--max-user-size", "50000"])
        .start();
    let course = algebra(&server, &[Sent::new("task", "task")]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "work")])
        .ok();
    let path = server.data_dir().join("nbcourier.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // The clean-up at the start writes, too.
    eventually("the first clean-up", || {
        let ran = diesel::sql_query("SELECT count(*) AS rows FROM runs");
        ran.get_result::<Rows>(&mut conn).unwrap().rows > 0
    });
    let large = |seed: &str, round: i32| {
        let bytes = bytes(&format!("{seed} {round}"), 60_000);
        [Sent::new(seed, bytes)]
    };
    let stored = rows_of_work(&mut conn);
    for round in 0..3 {
        refused(
            &course.submit("challenge", "ada", &large("form", round)),
            413,
            &["would add"],
        );
        let work = large("archive", round);
        let archive = send_tar(&server, "POST", SUBMISSIONS, "ada", &work);
        refused(&archive, 413, &["would add"]);
    }
    // A refused submission is an event, which nobody waits for, and nothing else.
    assert_eq!(rows_of_work(&mut conn), stored);
    // This change is made after the event.
    course
        .submit("challenge", "ada", &[Sent::new("work", "small")])
        .ok();
    let before = commits(&mut conn);
    for round in 0..3 {
        refused(
            &course.release("challenge", "kevin", &large("release", round)),
            409,
            &["already exists"],
        );
        let seed = format!("claim {round}");
        let claimed = claim(&server, "POST", SUBMISSIONS, "ada", 100, &seed);
        refused(&claimed, 409, &["missing"]);
        let people = json!({ "people": [
            { "username": format!("new-{round}"), "role": "student" },
            { "username": "kevin", "role": "student" },
        ] });
        let call = v1(&server, "PUT", "roster", "kevin");
        let reply = server.send(&call.body("application/json", people.to_string()));
        refused(&reply, 409, &["Cannot add instructor as student"]);
    }
    assert_eq!(commits(&mut conn), before);
    course
        .submit("challenge", "ada", &[Sent::new("work", "more")])
        .ok();
    assert!(commits(&mut conn) > before, "an accepted change is written");
}

#[test]
fn an_upload_above_a_quota_leaves_no_bytes_whichever_way_it_came() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "1300 KB"])
        .start();
    let course = algebra(&server, &[]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "kept")])
        .ok();
    let (submission, time) = first_of_ada(&course);
    let before = stored(&server);
    for (what, call) in all_ways(&server, submission, &time, &Sent::new("last", "one more")) {
        refused(
            &server.send(&call),
            413,
            &["The course takes", "nothing was stored"],
        );
        assert_only(&server, before, what);
    }
    assert_eq!(count(&course, "ada"), 1);
}

#[test]
fn an_upload_with_a_fault_at_its_end_leaves_no_bytes_whichever_way_it_came() {
    let server = Setup::standalone()
        .args(&["--max-file-size", "400000"])
        .start();
    let course = algebra(&server, &[]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "kept")])
        .ok();
    let (submission, time) = first_of_ada(&course);
    let before = stored(&server);
    let too_large = Sent::new("last", bytes("too large", 500_000));
    for (what, call) in all_ways(&server, submission, &time, &too_large) {
        refused(
            &server.send(&call),
            413,
            &["A file is larger", "nothing was stored"],
        );
        assert_only(&server, before, what);
    }
}

#[test]
fn an_upload_that_breaks_off_leaves_no_bytes_whichever_way_it_came() {
    let server = Setup::standalone().start();
    let course = algebra(&server, &[]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "kept")])
        .ok();
    let (submission, time) = first_of_ada(&course);
    let before = stored(&server);
    for (what, call) in all_ways(&server, submission, &time, &Sent::new("last", "one more")) {
        let whole = call.to_bytes(false);
        if String::from_utf8_lossy(&whole[..1000]).contains("multipart/form-data") {
            // Stand-alone, the body is read to its end for the caller's name before any of it is stored.
            continue;
        }
        let mut connection = Connection::open(server.port()).unwrap();
        connection.write(&whole[..whole.len() - 700]).unwrap();
        eventually(what, || stored(&server).rows > before.rows);
        drop(connection);
        assert_only(&server, before, what);
    }
    assert_eq!(count(&course, "ada"), 1);
}

/// Returns all requests that send files to a directory of the course or share a page: its description, and the request.
/// The last file has that many bytes.
fn ways_of_directories(server: &Server, last: usize) -> Vec<(&'static str, Call)> {
    let directory = |method: &str, below: &str| {
        let target = format!("v1/directories/course:algebra/data/{below}?user=kevin");
        server.call(method, &target)
    };
    let page = |target: &str, fields: &str, file: (&str, &str, &[u8])| {
        let (name, kind, content) = file;
        let head = format!(
            "{fields}--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.html\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--b--\r\n"].concat();
        let call = server.call("POST", target).browser("kevin");
        call.body("multipart/form-data; boundary=b", body)
    };
    let token = PageTokens::of(&server.page("me", "kevin").ok()).writing;
    let token =
        format!("--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{token}\r\n");
    let mut files = much("directory");
    files.push(Sent::new("last", bytes("the last of many", last)));
    let put = |file: &Sent| json!({ "op": "put", "path": file.path, "sha256": hex_sha256(&file.bytes), "size": file.bytes.len() });
    let changes: Vec<Value> = files.iter().map(put).collect();
    let document = json!({ "changes": changes }).to_string();
    let mut entries = vec![Sent::new("changes.json", document)];
    let named = |file: &Sent| Sent::new(&hex_sha256(&file.bytes), file.bytes.clone());
    entries.extend(files.iter().map(named));
    let changes = directory("POST", "changes").body(
        "application/vnd.nbcourier.changes+x-tar",
        tar::archive(&entries),
    );
    let large = |seed: &str| bytes(seed, last.max(1_500_000));
    vec![
        ("changes of a directory", changes),
        (
            "a file of a directory",
            directory("PUT", "files/work").body("application/octet-stream", large("one file")),
        ),
        (
            "a form of a directory",
            page(
                "d/course:algebra/data/upload",
                &token,
                ("files", "text/plain", &large("a form")),
            ),
        ),
        (
            "a form that releases",
            page(
                "c/algebra/a/another/versions/add",
                &token,
                ("files", "text/plain", &large("a release")),
            ),
        ),
        (
            "a shared page",
            page(
                "v1/shares?user=kevin&course=algebra&title=Page",
                "",
                ("page", "text/html", &large("a page")),
            ),
        ),
    ]
}

/// Starts a server with a directory of the course, whose members may share pages.
fn with_directory(limits: &[&str]) -> Server {
    let server = Setup::standalone().args(limits).start();
    algebra(&server, &[]);
    let make = server.call("POST", "v1/directories?user=kevin");
    let make = make.body(
        "application/json",
        r#"{ "owner": "course:algebra", "name": "data" }"#,
    );
    assert_eq!(server.send(&make).status, 201);
    let settings = v1(&server, "PUT", "settings", "kevin");
    let settings = settings.body("application/json", r#"{ "sharing": "course" }"#);
    server.send(&settings).ok();
    server
}

#[test]
fn a_refused_upload_to_a_directory_or_a_link_leaves_no_bytes() {
    for (limits, last) in [
        (["--max-course-size=1300 KB", "--max-user-size=1300 KB"], 1),
        (["--max-file-size=400000", "--max-course-size=0"], 500_000),
    ] {
        let server = with_directory(&limits);
        let before = stored(&server);
        for (what, call) in ways_of_directories(&server, last) {
            let reply = server.send(&call);
            assert_eq!(reply.status, 413, "{what}: {}", reply.text());
            assert!(reply.text().contains("othing was stored"), "{what}");
            assert_only(&server, before, what);
        }
    }
}

#[test]
fn an_upload_to_a_directory_or_a_link_that_breaks_off_leaves_no_bytes() {
    let server = with_directory(&[]);
    let before = stored(&server);
    for (what, call) in ways_of_directories(&server, 1) {
        if what == "a shared page" {
            // Stand-alone, the body is read to its end for the caller's name before any of it is stored.
            continue;
        }
        let whole = call.to_bytes(false);
        let mut connection = Connection::open(server.port()).unwrap();
        connection.write(&whole[..whole.len() - 700]).unwrap();
        eventually(what, || stored(&server) != before);
        drop(connection);
        assert_only(&server, before, what);
    }
}

#[test]
fn an_upload_refused_when_all_of_it_is_there_leaves_no_bytes() {
    let server = Setup::standalone().start();
    let course = algebra(&server, &[]);
    course
        .submit("challenge", "ada", &[Sent::new("work", "kept")])
        .ok();
    let (submission, _) = first_of_ada(&course);
    let before = stored(&server);
    let files = much("announced");
    let mut claims = files.clone();
    claims.push(Sent::new("out of reach", "bytes that nobody has"));
    let mut entries = vec![Sent::new("manifest.json", manifest(&claims).to_string())];
    entries.extend(
        files
            .iter()
            .map(|file| Sent::new(&hex_sha256(&file.bytes), file.bytes.clone())),
    );
    for (method, target, user) in [
        ("POST", SUBMISSIONS.to_owned(), "ada"),
        ("PUT", "assignments/challenge/tree".to_owned(), "kevin"),
        (
            "POST",
            format!("submissions/{submission}/feedback"),
            "kevin",
        ),
    ] {
        let call = v1(&server, method, &target, user).body(WITH_BYTES, tar::archive(&entries));
        refused(
            &server.send(&call),
            409,
            &["The bytes of 1 file are missing"],
        );
        assert_only(&server, before, &target);
    }
    let mut batch = numbered(submission, &much("batch"));
    batch.push(Sent::new("4711/a", "of no submission"));
    let reply = send_tar(
        &server,
        "POST",
        "assignments/challenge/feedback",
        "kevin",
        &batch,
    );
    refused(&reply, 404, &["Submission 4711 not found"]);
    assert_only(&server, before, "a batch");

    // A change that was refused once is accepted later, and a repeated attempt stores nothing twice.
    let keyed = || {
        let call = v1(&server, "POST", SUBMISSIONS, "ada").header("Idempotency-Key", "one");
        call.body("application/x-tar", tar::archive(&files))
    };
    assert_eq!(server.send(&keyed()).status, 201);
    let after = stored(&server);
    assert_eq!(
        (after.rows, after.files),
        (before.rows + 23, before.files + 3)
    );
    let again = v1(&server, "POST", SUBMISSIONS, "ada").header("Idempotency-Key", "one");
    let again = again.body("application/x-tar", tar::archive(&much("another attempt")));
    assert_eq!(server.send(&again).status, 200);
    assert_only(&server, after, "an attempt repeated");
    assert_eq!(course.submitted("challenge", "ada", None), files);
}

#[test]
fn bytes_of_two_simultaneous_uploads_stay_for_the_accepted_one() {
    let server = Setup::standalone()
        .args(&["--max-file-size", "400000"])
        .start();
    let course = algebra(&server, &[]);
    let files = much("shared");
    let whole = v1(&server, "POST", SUBMISSIONS, "ada")
        .body("application/x-tar", tar::archive(&files))
        .to_bytes(true);
    let mut faulty = files.clone();
    faulty.push(Sent::new("last", bytes("too large", 500_000)));
    let before = stored(&server);

    let mut slow = Connection::open(server.port()).unwrap();
    slow.write(&whole[..whole.len() - 700]).unwrap();
    eventually("the first half", || {
        stored(&server).rows >= before.rows + 17
    });
    for _ in 0..3 {
        let reply = send_tar(&server, "POST", SUBMISSIONS, "bob", &faulty);
        refused(&reply, 413, &["A file is larger"]);
    }
    // After the removal of everything that bob's attempts had stored.
    course
        .submit("challenge", "bob", &[Sent::new("small", "small")])
        .ok();
    slow.write(&whole[whole.len() - 700..]).unwrap();
    assert_eq!(slow.read().unwrap().status, 201);
    assert_eq!(course.submitted("challenge", "ada", None), files);
    assert_only(
        &server,
        Stored {
            rows: before.rows + 24,
            files: before.files + 3,
            staged: 0,
        },
        "both",
    );
}

#[test]
fn bytes_that_a_refused_upload_shares_with_stored_files_stay() {
    let server = Setup::standalone()
        .args(&["--max-file-size", "400000"])
        .start();
    let course = algebra(&server, &[]);
    let files = much("kept");
    course.submit("challenge", "ada", &files).ok();
    let before = stored(&server);
    let mut faulty = files.clone();
    faulty.push(Sent::new("last", bytes("too large", 500_000)));
    for user in ["ada", "bob"] {
        refused(
            &send_tar(&server, "POST", SUBMISSIONS, user, &faulty),
            413,
            &["A file is larger"],
        );
        assert_only(&server, before, user);
    }
    assert_eq!(course.submitted("challenge", "ada", None), files);
}

#[test]
fn a_change_counts_also_when_its_client_is_gone() {
    let server = Setup::standalone()
        .args(&["--max-course-size", "100000"])
        .start();
    let course = algebra(&server, &[]);
    for round in 0..9 {
        // The client hangs up without waiting for the answer; the submission may be stored or not.
        let work = [Sent::new("work", bytes(&format!("{round} "), 30_000))];
        let call =
            v1(&server, "POST", SUBMISSIONS, "ada").body("application/x-tar", tar::archive(&work));
        let mut connection = Connection::open(server.port()).unwrap();
        connection.write(&call.to_bytes(false)).unwrap();
        drop(connection);
    }
    course.submit("challenge", "bob", &[]).ok();
    let is_in = count(&course, "ada");
    assert!(is_in <= 3, "{is_in} of 30 kB each in a course of 100 kB");
}
