//! The contents that people send, and how they are stored and served.

use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Reply, Sent, Server, Setup, percent_encode, tar};
use std::path::Path;

const SCRIPT: &str = "<script>alert(1)<script>";

fn file() -> Vec<Sent> {
    vec![Sent::new("a.ipynb", "{}")]
}

#[test]
fn hole_01_a_name_is_never_a_page() {
    let server = Setup::standalone().start();
    let id = percent_encode(SCRIPT);
    let course = Course::of(&server, &id);
    let made = course.post(
        &format!("course/{id}"),
        "root",
        &[("instructors", "[\"<b>kevin\"]")],
    );
    made.ok();
    let path = format!("{SCRIPT}.ipynb");
    course.release(&id, "root", &[Sent::new(&path, "{}")]).ok();
    for target in [
        "courses".to_owned(),
        format!("assignments/{id}"),
        format!("assignment/{id}/{id}"),
        format!("instructors/{id}"),
        format!("v1/courses/{id}/assignments"),
        format!("student/{id}/{id}"),
        format!("assignments/{}", percent_encode("<b>nowhere")),
        id.clone(),
    ] {
        let reply = server.get(&target, "root");
        assert_json(&reply, &target);
    }
    let page = server.get(server.prefix(), SCRIPT);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(!page.text().contains(SCRIPT), "{}", page.text());
    assert!(page.text().contains("&#60;script&#62;"), "{}", page.text());
}

#[track_caller]
fn assert_json(reply: &Reply, target: &str) {
    let kind = reply.header("content-type").unwrap_or_default();
    let is_json = matches!(kind, "application/json" | "application/problem+json");
    assert!(is_json, "{target}: {kind}");
    assert_eq!(
        reply.header("x-content-type-options"),
        Some("nosniff"),
        "{target}"
    );
}

#[test]
fn hole_10_a_path_that_another_system_would_take_apart_is_refused() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &[]);
    for path in [
        r"..\..\a.txt",
        r"a\b.txt",
        r"C:\a.txt",
        "../a.txt",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "./a",
    ] {
        let reply = course.release("ps1", "kevin", &[Sent::new(path, "x")]);
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        assert!(!reply.message().is_empty());
    }
    let listed = course.get("assignments/algebra", "kevin").ok().json();
    assert_eq!(listed["assignments"], serde_json::json!([]));
}

#[test]
fn hole_12_a_checksum_that_a_client_names_is_not_believed() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &[]);
    let before = everything_outside(&server);
    let files = r#"[{"path": "a.txt", "content": "eA==", "checksum": "../../../../../../tmp/written", "sha256": "../x"}]"#;
    let reply = course.post("assignment/algebra/ps1", "kevin", &[("files", files)]);
    reply.ok();
    let fetched = course.get("assignment/algebra/ps1", "kevin").ok().json();
    assert_eq!(
        fetched["files"][0]["checksum"],
        nbcourier_testkit::md5_hex(b"x")
    );
    assert_eq!(everything_outside(&server), before);
}

#[test]
fn hole_13_an_id_never_leads_out_of_the_data_directory() {
    let server = Setup::standalone().start();
    let before = everything_outside(&server);
    for id in [
        "/etc", "../../x", "..", ".", "/", "a/b", "\0", "~root", "-rf",
    ] {
        let id = percent_encode(id);
        let course = Course::of(&server, &id);
        let made = course.post(
            &format!("course/{id}"),
            "root",
            &[("instructors", "[\"kevin\"]")],
        );
        assert!(made.status < 500, "{id}: {}", made.text());
        let released = course.release(&id, "root", &[Sent::new("a.bin", vec![7; 100_000])]);
        assert!(released.status < 500, "{id}: {}", released.text());
    }
    assert_eq!(everything_outside(&server), before);
}

/// Returns everything beside the data directory, in the directory of the test.
fn everything_outside(server: &Server) -> Vec<String> {
    let data = server.data_dir();
    let parent = data.parent().unwrap();
    let mut found = names(parent);
    found.retain(|name| name != "data");
    found.extend(
        names(Path::new("/tmp"))
            .into_iter()
            .filter(|name| name == "written"),
    );
    let mut inside = names(&data);
    inside.retain(|name| {
        let ours = ["blobs", "spool", "session.key"];
        !name.starts_with("nbcourier.db") && !ours.contains(&name.as_str())
    });
    assert!(
        inside.iter().all(|name| name.contains("lock")),
        "{inside:?}"
    );
    found
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn hole_14_namesakes_in_two_courses_have_nothing_in_common() {
    let server = Setup::standalone().start();
    let (one, two) = (Course::of(&server, "one"), Course::of(&server, "two"));
    for course in [one, two] {
        course.make(&["kevin"], &["lawrence"]);
        course.release("ps1", "kevin", &file()).ok();
    }
    let time = timestamp_of(&one.submit("ps1", "lawrence", &file()));
    one.give_feedback("ps1", "lawrence", &time, &[Sent::new("a.html", "for one")])
        .ok();
    let target = format!(
        "ps1/lawrence?timestamp={}&list_only=false",
        percent_encode(&time)
    );
    let reply = two.get(&format!("feedback/two/{target}"), "lawrence");
    assert_eq!(
        (reply.status, reply.message()),
        (404, "Submission not found".into())
    );
    let reply = one.get(&format!("feedback/one/{target}"), "lawrence");
    assert_eq!(reply.ok().json()["files"][0]["path"], "a.html");
}

#[test]
fn hole_16_the_time_of_a_submission_is_the_exchanges() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    course.release("ps1", "kevin", &file()).ok();
    let long_ago = "2001-01-01 00:00:00.000000 UTC";
    let files = nbcourier_testkit::files_json(&[Sent::new("timestamp.txt", long_ago)]);
    let target = format!(
        "submission/algebra/ps1?timestamp={}",
        percent_encode(long_ago)
    );
    let reply = course.post(
        &target,
        "lawrence",
        &[("files", &files), ("timestamp", long_ago)],
    );
    let time = timestamp_of(&reply);
    assert!(time.as_str() > "2026-01-01", "{time}");
    let listed = course.get("submissions/algebra/ps1", "kevin").ok().json();
    assert_eq!(listed["submissions"].as_array().unwrap().len(), 1);
    assert_eq!(listed["submissions"][0]["timestamp"], time.as_str());
}

#[test]
fn hole_18_a_listing_has_what_was_asked_for_and_no_place_on_the_server() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    for assignment in ["ps1", "ps2"] {
        course.release(assignment, "kevin", &file()).ok();
    }
    course.submit("ps2", "lawrence", &file()).ok();
    let of_one = course.get("submissions/algebra/ps1", "kevin").ok().json();
    assert_eq!(of_one["submissions"], serde_json::json!([]));
    let of_one = course.get("v1/courses/algebra/submissions?assignment=ps1", "kevin");
    assert_eq!(of_one.ok().json()["submissions"], serde_json::json!([]));
    let data = server.data_dir().display().to_string();
    for target in [
        "courses",
        "assignment/algebra/ps1",
        "submission/algebra/ps2/lawrence",
        "submission/algebra/ps9/lawrence",
        "v1/courses/algebra/submissions",
        "v1/courses/algebra/assignments",
        "nowhere",
        "readyz",
    ] {
        let reply = course.get(target, "lawrence");
        assert!(!reply.text().contains(&data), "{target}: {}", reply.text());
    }
}

#[test]
fn hole_20_no_archive_is_unpacked_on_the_server_or_carries_more_than_files() {
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    course.release("ps1", "kevin", &file()).ok();
    let before = everything_outside(&server);
    let submissions = "v1/courses/algebra/assignments/ps1/submissions?user=lawrence";
    let send = |archive: Vec<u8>| {
        let call = server.call("POST", submissions);
        server.send(&call.body("application/x-tar", archive))
    };
    let through = tar::entry(&Sent::new("link/written", "x"));
    for entries in [
        [tar::header(b'2', "link", 0), through.clone()].concat(),
        [tar::header(b'1', "link", 0), through].concat(),
        tar::header(b'3', "device", 0),
        tar::header(b'6', "pipe", 0),
        tar::entry(&Sent::new("../../../../../../../../tmp/written", "x")),
        tar::entry(&Sent::new("/tmp/written", "x")),
    ] {
        let reply = send([entries, vec![0; 1024]].concat());
        assert_eq!(reply.status, 400, "{}", reply.text());
    }
    assert_eq!(everything_outside(&server), before);
    let work = [
        Sent::new("a/b.ipynb", "{}"),
        Sent::new("run.sh", "#!/bin/sh"),
    ];
    assert_eq!(send(tar::archive(&work)).status, 201);
    let collect = "v1/courses/algebra/assignments/ps1/collect";
    let collected = server.get(collect, "kevin").ok();
    // `files` accepts only regular files.
    let files = tar::files(&collected.body);
    let is_below = |path: &str| files.iter().any(|file| file.path.ends_with(path));
    assert!(is_below("/a/b.ipynb") && is_below("/run.sh"), "{files:?}");
    for file in &files {
        let parts: Vec<_> = file.path.split('/').collect();
        assert!(
            !parts.iter().any(|part| matches!(*part, "" | "." | "..")),
            "{}",
            file.path
        );
    }
}
