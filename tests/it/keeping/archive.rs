//! A course as an archive: readable without nbcourier, and importable again.

use super::place::{LARGE, blobs, done, files_below, refused, text};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{
    Course, Random, Sent, Server, Setup, eventually, hex_sha256, percent_encode,
};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const COURSE: &str = "Übung +1";
const STUDENTS: [&str; 4] = ["ada lovelace+1", "..bob", "c\\d", "-rf"];
const ASSIGNMENT: &str = "ps 1+ä (2)";

fn odd_files(random: &mut Random, own: &str) -> Vec<Sent> {
    vec![
        Sent::new("a b+c.ipynb", own),
        Sent::new("ü/..x/–.txt", random.bytes(3000)),
        Sent::new("12:30 \"?*.txt", "windows"),
        Sent::new("line\nbreak", own),
        Sent::new(
            &format!("{}/deep", "directory/".repeat(30).trim_end_matches('/')),
            own,
        ),
        Sent::new(&"long".repeat(60), own),
        Sent::new("the same for all", vec![7; LARGE]),
        Sent::new("empty", ""),
    ]
}

/// Makes a course with everything that a course can have, under odd names.
fn full(server: &Server) {
    let mut random = Random::seeded(1);
    let course = Course::of(server, COURSE);
    let id = percent_encode(COURSE);
    let course_at = Course { id: &id, ..course };
    course_at.make(&["ira"], &[]);
    for student in STUDENTS {
        course_at.enrol(&percent_encode(student)).ok();
    }
    let assignment = percent_encode(ASSIGNMENT);
    course_at
        .release(&assignment, "ira", &odd_files(&mut random, "first"))
        .ok();
    server
        .delete(&format!("assignment/{id}/{assignment}"), "ira")
        .ok();
    course_at
        .release(&assignment, "ira", &odd_files(&mut random, "second"))
        .ok();
    course_at
        .release("taken%20back", "ira", &[Sent::new("task", "x")])
        .ok();
    server
        .delete(&format!("assignment/{id}/taken%20back"), "ira")
        .ok();
    for student in STUDENTS {
        let work = odd_files(&mut random, student);
        let time = timestamp_of(&course_at.submit(&assignment, student, &work));
        for mark in ["good", "better"] {
            let files = [Sent::new("feedback.html", format!("{mark}, {student}"))];
            let target = percent_encode(student);
            course_at
                .give_feedback(&assignment, &target, &time, &files)
                .ok();
        }
    }
    let base = format!("v1/courses/{id}/assignments/{assignment}");
    let reader = STUDENTS[0];
    server.get(&format!("{base}/tree"), reader).ok();
    server
        .get(&format!("v1/courses/{id}/feedback"), reader)
        .ok();
    eventually("what the student has seen is noted", || {
        let listed = server.get(&format!("{base}/fetches"), "ira").ok().json();
        listed["fetches"] != json!([])
    });
    put(
        server,
        &format!("{base}/dates"),
        &json!({ "due_at": "2020-01-01T00:00:00Z" }),
    );
    let extension = format!("{base}/extensions/{}", percent_encode(STUDENTS[0]));
    put(
        server,
        &extension,
        &json!({ "due_at": "2220-01-01T00:00:00Z", "note": "was ill" }),
    );
    let allowance = percent_encode(STUDENTS[1]);
    put(
        server,
        &format!("v1/courses/{id}/allowances/{allowance}"),
        &json!({ "hours": 8760, "note": "always" }),
    );
    put(
        server,
        &format!("v1/courses/{id}/roster"),
        &json!({ "people": [{ "username": "tom", "role": "assistant" }] }),
    );
    put(
        server,
        &format!("v1/courses/{id}/settings"),
        &json!({ "title": "Lineare Algebra", "time_zone": "Europe/Berlin" }),
    );
}

fn put(server: &Server, target: &str, body: &Value) {
    let call = server.call("PUT", &format!("{target}?user=ira"));
    let reply = server.send(&call.body("application/json", body.to_string()));
    assert!(reply.status < 300, "{target}: {}", reply.text());
}

pub(super) fn tar(arguments: &[&str], directory: &Path) {
    let output = Command::new("tar")
        .args(arguments)
        .current_dir(directory)
        .env("LC_ALL", "C.UTF-8")
        .finish()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Unpacks an archive with the `tar` command; returns its directory.
pub(super) fn unpacked(archive: &Path, place: &Path) -> PathBuf {
    fs::create_dir_all(place).unwrap();
    tar(&["xf", text(archive)], place);
    let mut names = fs::read_dir(place).unwrap();
    let root = names.next().unwrap().unwrap().path();
    assert!(names.next().is_none(), "all is below one directory");
    root
}

pub(super) fn manifest(root: &Path) -> Value {
    serde_json::from_slice(&fs::read(root.join("manifest.json")).unwrap()).unwrap()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

/// Returns the trees of a manifest.
fn trees(manifest: &Value) -> Vec<Value> {
    let mut trees = Vec::new();
    for assignment in list(&manifest["assignments"]) {
        trees.extend(list(&assignment["versions"]).cloned());
        for submission in list(&assignment["submissions"]) {
            trees.push(submission.clone());
            trees.extend(list(&submission["feedback"]).cloned());
        }
    }
    trees
}

/// Returns the manifest without the parts that differ between two exchanges.
pub(super) fn essence(mut manifest: Value) -> Value {
    for key in ["made_at", "exchange"] {
        manifest[key] = Value::Null;
    }
    // The order of the roster has no meaning. An import adds instructors first.
    let roster = manifest["roster"].as_array_mut().unwrap();
    roster.sort_by_key(|person| person["username"].to_string());
    for assignment in manifest["assignments"].as_array_mut().unwrap() {
        for submission in assignment["submissions"].as_array_mut().unwrap() {
            submission["number"] = Value::Null;
        }
    }
    let events = manifest["events"].as_array_mut().unwrap();
    events.retain(|event| event["action"] != "imported");
    for event in events {
        event["submission"] = json!(event["submission"].is_number());
    }
    manifest
}

#[test]
fn an_archive_is_read_by_tar_and_sha256sum_and_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let server = Setup::standalone().start();
    full(&server);
    let archive = place.path().join("course.tar.gz");
    let data = server.data_dir();
    let printed = done(&data, &["export", COURSE, "--output", text(&archive)]);
    assert!(
        printed.contains("2 assignments and 4 submissions"),
        "{printed}"
    );
    let root = unpacked(&archive, &place.path().join("unpacked"));
    assert_eq!(root.file_name().unwrap(), COURSE);

    let manifest = manifest(&root);
    let mut sums = Vec::new();
    let mut count = 0;
    for tree in trees(&manifest) {
        for file in list(&tree["files"]) {
            let name = file["stored_as"]
                .as_str()
                .or(file["path"].as_str())
                .unwrap();
            let path = format!("{}/{name}", tree["directory"].as_str().unwrap());
            let bytes = fs::metadata(root.join(&path)).unwrap().len();
            assert_eq!(bytes, file["bytes"].as_u64().unwrap(), "{path}");
            sums.push(format!("{}  {path}\n", file["sha256"].as_str().unwrap()));
            count += 1;
        }
    }
    assert_eq!(
        count,
        files_below(&root).len() - 3,
        "all except the events about them"
    );
    fs::write(place.path().join("sums"), sums.concat()).unwrap();
    let checked = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet"])
        .arg(place.path().join("sums"))
        .current_dir(&root)
        .finish()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );

    let table = fs::read_to_string(root.join("submissions.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);
    assert_eq!(
        table.matches(",late,,").count(),
        3,
        "one has an extension: {table}"
    );
    assert!(table.contains("'-rf,"), "no formula: {table}");
    let readme = fs::read_to_string(root.join("README.txt")).unwrap();
    assert!(readme.contains(COURSE) && !readme.contains('{'));
    let actions: Vec<&str> = list(&manifest["events"])
        .filter_map(|event| event["action"].as_str())
        .collect();
    for action in [
        "course created",
        "released",
        "submitted",
        "feedback given",
        "dates set",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    // The same bytes are in the archive once.
    let packed = place.path().join("course.tar");
    done(&data, &["export", COURSE, "--output", text(&packed)]);
    let size = usize::try_from(fs::metadata(&packed).unwrap().len()).unwrap();
    assert!(size < 2 * LARGE, "{size}");
    let printed = refused(&data, &["export", COURSE, "--output", text(&packed)]);
    assert!(printed.contains("exists already"), "{printed}");
    let printed = refused(
        &data,
        &[
            "export",
            "nowhere",
            "--output",
            text(&place.path().join("x")),
        ],
    );
    assert!(
        printed.contains("There is no course \"nowhere\""),
        "{printed}"
    );
}

#[test]
fn an_archive_brought_in_elsewhere_is_the_course_again() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let server = Setup::standalone().start();
    full(&server);
    done(
        &server.data_dir(),
        &["export", COURSE, "--output", text(&at("one.tar.zst"))],
    );

    let fresh = Setup::standalone();
    let data = fresh.data_dir();
    let import = |file: &str| {
        let output = nbcourier_testkit::run(&[
            "import",
            "archive",
            "--data-dir",
            text(&data),
            text(&at(file)),
        ]);
        let printed = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(printed).unwrap(),
        )
    };
    let (code, printed) = import("one.tar.zst");
    assert!(
        code == 0 && printed.contains("with 4 submissions"),
        "{printed}"
    );
    assert!(done(&data, &["fsck"]).contains("All is well"));
    done(&data, &["export", COURSE, "--output", text(&at("two.tar"))]);
    let roots = [
        unpacked(&at("one.tar.zst"), &at("one")),
        unpacked(&at("two.tar"), &at("two")),
    ];
    let [one, two] = roots.each_ref().map(|root| essence(manifest(root)));
    assert_eq!(two["title"], "Lineare Algebra");
    assert_eq!(two["time_zone"], "Europe/Berlin");
    let mut roster = list(&two["roster"]);
    let tom = roster.find(|person| person["username"] == "tom").unwrap();
    assert_eq!(tom["role"], "assistant");
    let mut assignments = list(&two["assignments"]);
    let extended = assignments.find(|one| one["assignment"] == ASSIGNMENT);
    assert_eq!(extended.unwrap()["extensions"][0]["note"], "was ill");
    assert_eq!(
        two["allowances"],
        json!([{ "student": STUDENTS[1], "hours": 8760, "note": "always" }])
    );
    assert_eq!(one, two);
    let others = |root: &Path| {
        let mut files = files_below(root);
        files.retain(|(name, _)| {
            name != Path::new("manifest.json") && name != Path::new("README.txt")
        });
        files
    };
    assert!(others(&roots[0]) == others(&roots[1]));

    // The restored server gives the same answers as the original one.
    let restored = fresh.start();
    let (code, printed) = import("one.tar.zst");
    assert!(code == 0 && printed.contains("exists already"), "{printed}");
    let (course, assignment) = (percent_encode(COURSE), percent_encode(ASSIGNMENT));
    for student in STUDENTS.map(percent_encode) {
        let target = format!("submission/{course}/{assignment}/{student}");
        let [old, new] = [&server, &restored].map(|each| each.get(&target, "root").ok().json());
        assert!(old == new, "{target}");
    }
    // The archive is also accepted as other programs pack it, with directories and without links.
    tar(
        &[
            "cf",
            text(&at("again.tar")),
            "--hard-dereference",
            "-C",
            text(&roots[0]),
            ".",
        ],
        place.path(),
    );
    restored.delete(&format!("course/{course}"), "root").ok();
    let (code, printed) = import("again.tar");
    assert!(code == 0 && printed.contains("Imported"), "{printed}");

    let course = Course {
        id: &course,
        ..Course::of(&restored, COURSE)
    };
    course
        .submit(&assignment, STUDENTS[0], &[Sent::new("more", "work")])
        .ok();
    let (code, printed) = import("one.tar.zst");
    assert!(
        code == 1 && printed.contains("differs from the one in the archive"),
        "{printed}"
    );
    assert!(done(&data, &["fsck"]).contains("All is well"));
}

#[test]
fn an_archive_that_was_changed_brings_nothing() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["ira"], &["ada"]);
    course
        .release("ps1", "ira", &[Sent::new("task", "do it")])
        .ok();
    let work = [
        Sent::new("work", "of ada"),
        Sent::new("large", Random::seeded(1).bytes(LARGE)),
    ];
    course.submit("ps1", "ada", &work).ok();
    done(
        &server.data_dir(),
        &["export", "algebra", "--output", text(&at("good.tar"))],
    );
    let root = unpacked(&at("good.tar"), &at("unpacked"));
    let files = files_below(&root);
    let file = |name: &str| {
        let found = files
            .iter()
            .find(|(path, _)| path.file_name().unwrap() == name);
        root.join(&found.unwrap().0)
    };
    let attempt = |name: &str, says: &str| {
        let fresh = at(&format!("{name}-data"));
        let output = nbcourier_testkit::run(&[
            "import",
            "archive",
            "--data-dir",
            text(&fresh),
            text(&at(name)),
        ]);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {printed}");
        assert!(printed.contains(says), "{name}: {printed}");
        if fresh.exists() {
            let printed = refused(
                &fresh,
                &["export", "algebra", "--output", text(&at("none.tar"))],
            );
            assert!(printed.contains("There is no course"), "{printed}");
            assert!(blobs(&fresh).is_empty(), "{name}");
        }
    };
    let packed = |name: &str| tar(&["cf", text(&at(name)), "algebra"], &at("unpacked"));

    let whole = fs::read(at("good.tar")).unwrap();
    fs::write(at("cut.tar"), &whole[..whole.len() - 1024 - LARGE / 2]).unwrap();
    attempt("cut.tar", "The archive is incomplete");
    fs::write(
        at("text"),
        "no archive at all, but some text that is long enough for a look".repeat(20),
    )
    .unwrap();
    attempt("text", "no tar archive");
    let work = file("work");
    fs::write(&work, "of eve").unwrap();
    packed("changed.tar");
    attempt("changed.tar", "does not match its manifest");
    fs::remove_file(&work).unwrap();
    packed("missing.tar");
    attempt("missing.tar", "is not in the archive");
    fs::write(&work, "of ada").unwrap();
    fs::write(root.join("releases/more"), "more").unwrap();
    packed("more.tar");
    attempt("more.tar", "not in its manifest");
    fs::remove_file(root.join("releases/more")).unwrap();
    let printed = fs::read_to_string(root.join("manifest.json")).unwrap();
    let other = hex_sha256(b"of eve");
    fs::write(
        root.join("manifest.json"),
        printed.replace(&hex_sha256(b"of ada"), &other),
    )
    .unwrap();
    fs::write(&work, "of eve").unwrap();
    packed("forged.tar");
    attempt("forged.tar", "are not those it is named for");
    fs::remove_file(root.join("manifest.json")).unwrap();
    packed("blind.tar");
    attempt("blind.tar", "it contains no manifest.json");
}

/// Returns the message of an import into a new data directory, which must be refused and leave no course.
#[track_caller]
pub(super) fn refused_import(place: &Path, name: &str, more: &[&str]) -> String {
    let fresh = place.join(format!("{name}-data"));
    let file = place.join(name);
    let arguments = ["import", "archive", "--data-dir", text(&fresh), text(&file)];
    let (code, printed) = super::place::command(&[&arguments, more].concat());
    assert_eq!(code, 1, "{printed}");
    let none = place.join("none.tar");
    let exported = refused(&fresh, &["export", "algebra", "--output", text(&none)]);
    assert!(exported.contains("There is no course"), "{exported}");
    printed
}

#[test]
fn a_manifest_above_the_limit_is_refused_before_it_is_read() {
    let place = tempfile::tempdir().unwrap();
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["ira"], &["ada"]);
    let good = place.path().join("good.tar.gz");
    done(
        &server.data_dir(),
        &["export", "algebra", "--output", text(&good)],
    );
    // Only the headers of the manifests are sent, so the import must not wait for their contents.
    for (name, size) in [("some.tar", 33 << 20), ("much.tar", 700_000_000)] {
        for path in ["manifest.json", "algebra/manifest.json"] {
            let header = nbcourier_testkit::tar::header(b'0', path, size);
            fs::write(place.path().join(name), header).unwrap();
            let printed = refused_import(place.path(), name, &[]);
            assert!(printed.contains(&format!("has {size} bytes")), "{printed}");
            assert!(printed.contains("--max-manifest-size"), "{printed}");
        }
    }
    let printed = refused_import(place.path(), "good.tar.gz", &["--max-manifest-size", "100"]);
    assert!(printed.contains("at most 100 are read"), "{printed}");
    let data = place.path().join("fresh");
    let allowed = ["--max-manifest-size", "64MiB"];
    let arguments = ["import", "archive", "--data-dir", text(&data), text(&good)];
    let (code, printed) = super::place::command(&[&arguments, &allowed[..]].concat());
    assert!(
        code == 0 && printed.contains("Imported algebra"),
        "{printed}"
    );
}

#[test]
fn an_archive_with_an_operator_on_its_roster_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let server = Setup::standalone().start();
    let course = Course::of(&server, "algebra");
    course.make(&["ira"], &["ada"]);
    course.release("ps1", "ira", &[]).ok();
    course.submit("ps1", "ada", &[Sent::new("a", "x")]).ok();
    let data = server.data_dir();
    let retire = ["user", "retire", "--data-dir", text(&data), "ada"];
    assert_eq!(super::place::command(&retire).0, 0);
    let archive = place.path().join("with-former.tar");
    done(&data, &["export", "algebra", "--output", text(&archive)]);
    // A former user is on the roster because the exchange has put them there.
    let fresh = place.path().join("fresh");
    let (code, printed) = super::place::command(&[
        "import",
        "archive",
        "--data-dir",
        text(&fresh),
        text(&archive),
    ]);
    assert!(
        code == 0 && printed.contains("Imported algebra"),
        "{printed}"
    );
    let root = unpacked(&archive, &place.path().join("unpacked"));
    let mut changed = manifest(&root);
    for name in [
        "operator:root",
        "Operator:root",
        "Former:ada:2026-11-28",
        "Service:x",
    ] {
        changed["roster"][0]["username"] = name.into();
        fs::write(root.join("manifest.json"), changed.to_string()).unwrap();
        let unpacked = place.path().join("unpacked");
        tar(&["cf", "../changed.tar", "algebra"], &unpacked);
        let printed = refused_import(place.path(), "changed.tar", &[]);
        assert!(printed.contains(name), "{printed}");
    }
}
