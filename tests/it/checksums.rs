//! The MD5 of files, which is computed when somebody first lists them.

use crate::sql::Sql;
use nbcourier_testkit::course::timestamp_of;
use nbcourier_testkit::{Course, Sent, Server, Setup, eventually, md5_hex};
use serde_json::{Value, json};

const LISTING: &str = "v1/courses/algebra/submissions?files=true";
const SUBMIT: &str = "v1/courses/algebra/assignments/ps1/submissions?user=lawrence";

/// A small file, which is stored in the database, and a large one.
fn work() -> [Sent; 2] {
    let large = Sent {
        path: "data.bin".to_owned(),
        bytes: b"0123456789abcdef".repeat(40_000),
    };
    [Sent::new("ps1.ipynb", "{}"), large]
}

fn with_assignment(server: &Server) -> Course<'_> {
    let course = Course::of(server, "algebra");
    course.make(&["kevin"], &["lawrence", "eric"]);
    course.release("ps1", "kevin", &[]).ok();
    course
}

/// Returns the number of contents that have an MD5 in the database.
fn stored(server: &Server) -> i64 {
    Sql::of(server).count("count(md5)", "blobs")
}

fn sums(files: &Value, key: &str) -> Vec<String> {
    let files = files.as_array().unwrap().iter();
    files
        .map(|file| file[key].as_str().unwrap().to_owned())
        .collect()
}

fn expected() -> Vec<String> {
    work().iter().map(|file| md5_hex(&file.bytes)).collect()
}

/// Returns the MD5 of the files of the only listed submission.
fn listed(server: &Server) -> Vec<String> {
    let page = server.get(LISTING, "kevin").ok().json();
    let tree = page["submissions"][0]["tree"].as_str().unwrap().to_owned();
    sums(&page["trees"][&tree], "md5")
}

#[test]
fn no_submission_waits_for_an_md5_and_every_listing_has_it() {
    let server = Setup::standalone().start();
    let course = with_assignment(&server);
    let archive = nbcourier_testkit::tar::archive(&work());
    let call = server.call("POST", SUBMIT);
    let call = call.body("application/x-tar", archive);
    assert_eq!(server.send(&call).status, 201);
    assert_eq!(stored(&server), 0);
    // The listing without files and the archives need none.
    server.get("v1/courses/algebra/submissions", "kevin").ok();
    server
        .get("v1/courses/algebra/assignments/ps1/collect", "kevin")
        .ok();
    assert_eq!(stored(&server), 0);
    assert_eq!(listed(&server), expected());
    eventually("the MD5 are stored", || stored(&server) == 2);
    assert_eq!(listed(&server), expected());
    // The protocol of ngshare has the same.
    let files = course.get("submission/algebra/ps1/lawrence", "kevin").ok();
    assert_eq!(sums(&files.json()["files"], "checksum"), expected());
}

#[test]
fn the_checksum_comes_before_the_content_of_files_that_nobody_has_listed() {
    let server = Setup::standalone().start();
    let course = with_assignment(&server);
    let time = timestamp_of(&course.submit("ps1", "lawrence", &work()).ok());
    let other = Sent::new("other", "only listed");
    course.submit("ps1", "eric", &[other]).ok();
    assert_eq!(stored(&server), 0);
    // This also compares the checksums with the contents.
    assert_eq!(course.submitted("ps1", "lawrence", Some(&time)), work());
    eventually("the MD5 are stored", || stored(&server) == 2);
    let target = "submission/algebra/ps1/eric?list_only=true";
    let files = course.get(target, "kevin").ok().json();
    assert_eq!(
        files["files"],
        json!([{ "path": "other", "checksum": md5_hex(b"only listed") }])
    );
    eventually("the MD5 is stored", || stored(&server) == 3);
}

#[test]
fn files_whose_bytes_are_damaged_before_anybody_lists_them_have_zeros_until_they_are_repaired() {
    let server = Setup::standalone().start();
    let course = with_assignment(&server);
    course.submit("ps1", "lawrence", &work()).ok();
    let damage = "UPDATE blob_contents SET content = (SELECT sha256 FROM blobs WHERE id = blob_id)";
    Sql::of(&server).execute(damage);
    let zeros = "0".repeat(32);
    let expected = expected();
    for _ in 0..2 {
        assert_eq!(listed(&server), [zeros.clone(), expected[1].clone()]);
        eventually("the other MD5 is stored", || stored(&server) == 1);
    }
    let target = "submission/algebra/ps1/lawrence";
    let files = course.get(&format!("{target}?list_only=true"), "kevin");
    assert_eq!(sums(&files.ok().json()["files"], "checksum")[0], zeros);
    assert_eq!(course.get(target, "kevin").status, 500);
    course.submit("ps1", "lawrence", &work()).ok();
    assert_eq!(listed(&server), expected);
}

#[test]
fn a_class_is_listed_although_its_files_have_no_md5_yet() {
    let server = Setup::standalone().start();
    let course = with_assignment(&server);
    // More files than are hashed together, and some contents several times.
    for round in 0..3 {
        let file = |n: usize| Sent::new(&format!("f{n}"), (n + round * 300).to_string());
        let files: Vec<Sent> = (0..800).map(file).collect();
        course.submit("ps1", "lawrence", &files).ok();
    }
    let page = server.get(LISTING, "kevin").ok().json();
    let trees = page["trees"].as_object().unwrap();
    assert_eq!(trees.len(), 3);
    for files in trees.values() {
        for file in files.as_array().unwrap() {
            let number = |text: &Value, before: &str| {
                let text = text.as_str().unwrap().strip_prefix(before).unwrap();
                text.parse::<usize>().unwrap()
            };
            let n = number(&file["path"], "f");
            let possible = (0..3).map(|round| (n + round * 300).to_string());
            let sum = file["md5"].as_str().unwrap();
            let sha256 = file["sha256"].as_str().unwrap();
            let is_right = |text: &String| {
                md5_hex(text.as_bytes()) == sum
                    && nbcourier_testkit::hex_sha256(text.as_bytes()) == sha256
            };
            assert_eq!(possible.filter(is_right).count(), 1, "{file}");
        }
    }
    eventually("all MD5 are stored", || stored(&server) == 1400);
}
