//! Forms of pages that are wrong: each comes back with its fields and the reason.

use super::client::Directory;
use super::pages::{post, upload};
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup};

/// Checks that a form came back with these fields, and with that part of the reason.
#[track_caller]
fn comes_back(reply: &Reply, reason: &str, fields: &[&str]) {
    let page = reply.text();
    assert_eq!(reply.status, 400, "{page}");
    let note = page.split("role=\"alert\" id=\"problem\"><p>").nth(1);
    let note = note.and_then(|rest| rest.split("</p>").next());
    assert!(note.is_some_and(|note| note.contains(reason)), "{page}");
    for field in fields {
        assert!(page.contains(field), "{field}\n{page}");
    }
}

/// A description with letters that HTML escapes, and its end on a page.
const DESCRIPTION: (&str, &str) = ("Rain & sun", "Rain &#38; sun</textarea>");

/// Returns the field for the name of a directory, as a page shows it.
fn named(name: &str) -> String {
    format!("name=\"name\" maxlength=\"255\" required autocomplete=\"off\" value=\"{name}\"")
}

/// Makes two directories of a course.
fn with_directories() -> Server {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    let data = Directory::make(&server, "course:algebra", "data", "kevin");
    data.put("unit/a.txt", "1").ok();
    Directory::make(&server, "course:algebra", "other", "kevin");
    server
}

/// Checks that no form has changed anything.
#[track_caller]
fn assert_unchanged(server: &Server) {
    let data = Directory::of(server, "course:algebra", "data", "kevin");
    assert_eq!(data.version(), 2);
    let listed = server.get("v1/directories", "kevin").ok().json();
    let names = listed["directories"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|each| each["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["data", "other"]);
}

/// Sends a form of the page of the first directory.
fn send(server: &Server, rest: &str, fields: &[(&str, &str)]) -> Reply {
    let target = format!("d/course:algebra/data/{rest}");
    post(server, &target, "kevin", fields)
}

#[test]
fn a_new_directory() {
    let server = with_directories();
    let (typed, kept) = DESCRIPTION;
    let make = |name: &str, description: &str, deliver: &str| {
        let fields = [
            ("owner", "course:algebra"),
            ("name", name),
            ("description", description),
            ("deliver", deliver),
            ("at-start", "on"),
        ];
        post(&server, "d/new", "kevin", &fields)
    };
    let at_start = "name=\"at-start\" checked";
    let reply = make("", typed, "week");
    comes_back(&reply, "needs a name", &[kept, at_start, "value=\"week\""]);
    let reply = make("data", typed, "week");
    comes_back(&reply, "exists already", &[&named("data"), kept]);
    let reply = make("a/b", typed, "");
    comes_back(&reply, "no slash", &[&named("a/b"), kept]);
    let reply = make("new", typed, "../up");
    comes_back(&reply, "folder in deliver", &["value=\"../up\"", kept]);
    let long = "x".repeat(1001);
    let reply = make("new", &long, "week");
    comes_back(&reply, "1000 bytes", &[&named("new"), &long]);
    let reply = make("new", typed, "");
    comes_back(&reply, "only with a folder", &[kept, at_start]);
    // It does not come back to a person who may not make one there.
    let fields = [("owner", "course:algebra"), ("name", "")];
    assert_eq!(post(&server, "d/new", "lawrence", &fields).status, 403);
    let fields = [("owner", "kevin"), ("name", "")];
    assert_eq!(post(&server, "d/new", "lawrence", &fields).status, 403);
    assert_unchanged(&server);
}

#[test]
fn the_settings_of_a_directory_and_the_label_of_a_version() {
    let server = with_directories();
    let (typed, kept) = DESCRIPTION;
    let set = |name| {
        let fields = [
            ("name", name),
            ("description", typed),
            ("deliver", "week"),
            ("at-start", "on"),
        ];
        send(&server, "settings", &fields)
    };
    let others = [kept, "value=\"week\"", "name=\"at-start\" checked"];
    comes_back(&set(""), "needs a name", &others);
    let reply = set("other");
    comes_back(&reply, "exists already", &others);
    comes_back(&reply, "", &[&named("other")]);
    let label = "y".repeat(201);
    let fields = [("step", "label"), ("version", "1"), ("label", &label)];
    let reply = send(&server, "versions", &fields);
    comes_back(&reply, "200 bytes", &[&format!("value=\"{label}\"")]);
    assert_unchanged(&server);
}

#[test]
fn a_grant() {
    let server = with_directories();
    let grant = |kind, name, level| {
        let fields = [("kind", kind), ("name", name), ("level", level)];
        send(&server, "sharing", &fields)
    };
    let write = "value=\"write\" selected";
    let group = "value=\"group\" selected";
    comes_back(
        &grant("group", "", "write"),
        "Give the name",
        &[group, write],
    );
    let reply = grant("user", "a/b", "write");
    comes_back(&reply, "user", &["value=\"a/b\"", write]);
    let reply = grant("user", "ben", "nonsense");
    comes_back(&reply, "Nothing was chosen", &["value=\"ben\""]);
    let reply = grant("everybody", "", "admin");
    let everybody = "value=\"everybody\" selected";
    comes_back(&reply, "", &[everybody, "value=\"admin\" selected"]);
    assert_unchanged(&server);
}

#[test]
fn the_files_of_a_directory() {
    let server = with_directories();
    let reply = send(&server, "folder", &[("name", "../x")]);
    comes_back(&reply, "no slash", &["value=\"../x\""]);
    let in_unit = "name=\"path\" value=\"unit\"";
    let reply = send(&server, "folder", &[("path", "unit"), ("name", "a.txt")]);
    comes_back(
        &reply,
        "a.txt cannot be both",
        &["value=\"a.txt\"", in_unit],
    );
    let reply = send(&server, "remove", &[("path", "unit")]);
    comes_back(&reply, "Nothing was chosen", &["value=\"unit/a.txt\""]);
    let reply = send(&server, "copy", &[("name", ""), ("version", "1")]);
    comes_back(&reply, "needs a name", &["the files of version 1"]);
    let reply = send(&server, "copy", &[("name", "a/b")]);
    comes_back(&reply, "no slash", &["value=\"a/b\""]);
    let parts = [
        ("path", "unit"),
        ("message", "First & last"),
        ("files\"; filename=\"..", "1"),
    ];
    let message = "value=\"First &#38; last\"";
    let target = "d/course:algebra/data/upload";
    let reply = upload(&server, target, "kevin", &parts);
    comes_back(&reply, "cannot be the name", &[message, in_unit]);
    let reply = upload(&server, target, "kevin", &parts[..2]);
    comes_back(&reply, "hoose", &[message, in_unit]);
    assert_unchanged(&server);
}

#[test]
fn people_and_files_of_a_course() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    course
        .release("ps1", "kevin", &[Sent::new("data", "1")])
        .ok();
    let person = [
        ("username", "mia"),
        ("role", "student"),
        ("first-name", &"x".repeat(10_000)),
        ("last-name", "O'Neil & sons"),
    ];
    let reply = post(&server, "c/algebra/people", "kevin", &person);
    comes_back(
        &reply,
        "Shorten it",
        &["value=\"mia\"", "O&#39;Neil &#38; sons"],
    );
    let teacher = [
        ("username", "kevin"),
        ("role", "student"),
        ("last-name", "Flynn & sons"),
    ];
    let reply = post(&server, "c/algebra/people", "kevin", &teacher);
    comes_back(&reply, "", &["value=\"kevin\"", "Flynn &#38; sons"]);
    let files = [("base", "1"), ("was", "1"), ("files\"; filename=\"..", "1")];
    let reply = upload(&server, "c/algebra/a/ps1/versions/add", "kevin", &files);
    comes_back(&reply, "cannot be the name", &["name=\"base\""]);
    let files = [
        ("base", "1"),
        ("was", "1"),
        ("folder\"; filename=\"all/data/deep", "1"),
    ];
    let reply = upload(&server, "c/algebra/a/ps1/versions/add", "kevin", &files);
    comes_back(&reply, "cannot be both", &["name=\"base\""]);
    let files = [("key", "key-1"), ("files\"; filename=\"..", "1")];
    let reply = upload(&server, "c/algebra/a/ps1/submit", "lawrence", &files);
    comes_back(&reply, "cannot be the name", &["value=\"key-1\""]);
}
