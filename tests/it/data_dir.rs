//! The data directory: checks, clean-ups, refusals, and a stop that loses nothing.

use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::sqlite::SqliteConnection;
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually, files_json, percent_encode, run};
use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Larger than the files that are kept in the database, in bytes.
const LARGE: usize = 200 * 1024;

fn course_with_work(server: &Server) {
    let course = Course::of(server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course
        .release("challenge", "kevin", &[Sent::new("task", "do it")])
        .ok();
    let work = [
        Sent::new("small", "work"),
        Sent::new("large", vec![7; LARGE]),
    ];
    course.submit("challenge", "lawrence", &work).ok();
}

fn command(name: &str, data: &Path, more: &[&str]) -> (Option<i32>, String) {
    let data = data.display().to_string();
    let output = run(&[&[name, "--data-dir", &data], more].concat());
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

fn blob_files(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for part in fs::read_dir(data.join("blobs")).unwrap() {
        let part = part.unwrap().path();
        found.extend(fs::read_dir(part).unwrap().map(|file| file.unwrap().path()));
    }
    found
}

#[test]
fn fsck_finds_all_well_and_then_names_what_was_damaged() {
    let server = Setup::standalone().start();
    course_with_work(&server);
    let data = server.data_dir();
    let (code, printed) = command("fsck", &data, &[]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("All is well: 3 blobs"), "{printed}");

    let blob = blob_files(&data).pop().unwrap();
    let mut bytes = fs::read(&blob).unwrap();
    bytes[LARGE / 2] ^= 1;
    fs::write(&blob, &bytes).unwrap();
    let (code, printed) = command("fsck", &data, &[]);
    assert_eq!(code, Some(1), "{printed}");
    let name = blob.file_name().unwrap().to_str().unwrap();
    assert!(
        printed.contains(name) && printed.contains("has changed bytes"),
        "{printed}"
    );

    fs::remove_file(&blob).unwrap();
    let (code, printed) = command("fsck", &data, &[]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("is missing"), "{printed}");
    let reply = server.get("submission/course1/challenge/lawrence", "kevin");
    assert_eq!(reply.status, 500);
    assert!(
        reply.message().contains("nbcourier fsck"),
        "{}",
        reply.message()
    );
    let whole = server.get("assignment/course1/challenge", "lawrence");
    assert_eq!(whole.status, 200, "what is not damaged is served");
}

#[test]
fn fsck_of_an_empty_place_says_that_nothing_is_there() {
    let place = tempfile::tempdir().unwrap();
    let (code, printed) = command("fsck", place.path(), &[]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("There is no database at"), "{printed}");
    assert_eq!(
        fs::read_dir(place.path()).unwrap().count(),
        0,
        "nothing was made"
    );
}

#[test]
fn a_deleted_course_can_be_restored_by_an_admin_until_its_bytes_are_collected() {
    let server = Setup::standalone().start();
    course_with_work(&server);
    let trash = |user| server.get("v1/trash", user);
    let number =
        |reply: nbcourier_testkit::Reply| reply.ok().json()["courses"][0]["id"].as_i64().unwrap();
    server.delete("course/course1", "root").ok();
    assert_eq!(trash("kevin").status, 403);
    let id = number(trash("root"));
    assert_eq!(
        server.post(&format!("v1/trash/{id}"), "kevin", &[]).status,
        403
    );

    // Neither the hourly clean-up nor one by hand removes anything within its retention time.
    let now = ["--grace", "0"];
    assert_eq!(command("gc", &server.data_dir(), &now).0, Some(0));
    server.post(&format!("v1/trash/{id}"), "root", &[]).ok();
    let course = Course::of(&server, "course1");
    assert_eq!(course.submitted("challenge", "lawrence", None).len(), 2);
    assert_eq!(
        server.get("students/course1", "kevin").ok().json()["students"][0]["username"],
        "lawrence"
    );
    assert_eq!(
        trash("root").ok().json()["courses"],
        Value::Array(Vec::new())
    );

    // The name is free at once. If it is used again, the deleted course cannot be restored under it.
    server.delete("course/course1", "root").ok();
    course.make(&["abigail"], &[]);
    let reply = server.post(&format!("v1/trash/{id}"), "root", &[]);
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (409, "Course already exists")
    );
    assert_eq!(
        server.post("v1/trash/999", "root", &[]).message(),
        "Course not found"
    );

    assert_eq!(blob_files(&server.data_dir()).len(), 1);
    let over = ["--grace", "0", "--retention", "0"];
    let (code, printed) = command("gc", &server.data_dir(), &over);
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("Removed 1 course, 0 assignments")
            && printed.contains("2 trees and 3 blobs"),
        "{printed}"
    );
    assert_eq!(blob_files(&server.data_dir()).len(), 0);
    assert_eq!(
        server
            .post(&format!("v1/trash/{id}"), "root", &[])
            .message(),
        "Course not found"
    );
    assert_eq!(command("fsck", &server.data_dir(), &[]).0, Some(0));
}

#[test]
fn bytes_that_another_course_names_stay() {
    let server = Setup::standalone().start();
    course_with_work(&server);
    let other = Course::of(&server, "course2");
    other.make(&["abigail"], &["eric"]);
    other
        .release("copy", "abigail", &[Sent::new("same", vec![7; LARGE])])
        .ok();
    assert_eq!(
        blob_files(&server.data_dir()).len(),
        1,
        "the same bytes are stored once"
    );
    server.delete("course/course1", "root").ok();
    let over = ["--grace", "0", "--retention", "0"];
    assert_eq!(command("gc", &server.data_dir(), &over).0, Some(0));
    let fetched = server.get("assignment/course2/copy", "eric").ok().json();
    assert_eq!(
        nbcourier_testkit::files::files_of_reply(&fetched)[0],
        Sent::new("same", vec![7; LARGE])
    );
}

#[test]
fn a_directory_that_the_server_makes_is_for_its_user_only() {
    let server = Setup::standalone().start();
    let mode = fs::metadata(server.data_dir())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Setup::standalone().start();
    let data = server.data_dir().display().to_string();
    let output = run(&["serve", "--standalone", "--port", "0", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(
        printed.contains("Another nbcourier is serving"),
        "{printed}"
    );
    assert!(server.is_healthy());
}

#[test]
fn ngshares_database_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("ngshare.db");
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32)); CREATE TABLE users (id TEXT PRIMARY KEY); \
         CREATE TABLE courses (_id INTEGER PRIMARY KEY, id TEXT)",
    )
    .unwrap();
    drop(conn);
    let before = fs::read(&path).unwrap();
    let url = format!("sqlite:///{}", path.display());
    let storage = place.path().display().to_string();
    let output = run(&[
        "serve",
        "--vngshare",
        "--port",
        "0",
        "--database",
        &url,
        "--storage",
        &storage,
    ]);
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(
        printed.contains("was made by ngshare") && printed.contains("--data-dir"),
        "{printed}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(
        fs::read_dir(place.path()).unwrap().count(),
        1,
        "nothing was put beside it"
    );
}

#[test]
fn a_stop_waits_for_the_submission_in_flight() {
    let mut server = Setup::standalone().start();
    course_with_work(&server);
    let body = format!(
        "user=lawrence&files={}",
        percent_encode(&files_json(&[Sent::new("late", "in time")]))
    );
    let (first, rest) = body.split_at(body.len() / 2);
    let mut line = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    write!(
        line,
        "POST /api/submission/course1/challenge HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The server asked the client to continue, so the request is in flight.
    let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    line.read_exact(&mut asked).unwrap();
    line.write_all(first.as_bytes()).unwrap();
    server.ask_to_stop();
    // The server stops accepting connections, which shows that it is stopping.
    eventually("nobody new is let in", || {
        std::net::TcpStream::connect(("127.0.0.1", server.port())).is_err()
    });
    line.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn readyz_says_when_nothing_could_be_stored() {
    let server = Setup::standalone().start();
    for target in ["readyz", "/readyz"] {
        server.send(&server.call("GET", target)).ok();
    }
    let incoming = server.data_dir().join("blobs/incoming");
    fs::remove_dir(&incoming).unwrap();
    // The last result is cached for a moment.
    let ask = || server.send(&server.call("GET", "readyz"));
    eventually("readyz looks again", || ask().status != 200);
    let reply = ask();
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_some());
    assert!(server.is_healthy(), "the process answers all the same");
}
