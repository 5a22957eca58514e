//! The number of SQL statements of requests about directories. It depends neither on the size of a directory nor on how
//! much of it changes.

use super::{assert_indexed, statements};
use crate::directories::client::{Directory, put};
use nbcourier_testkit::{Course, Server, Setup, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn start() -> Server {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    server
}

/// Makes a directory with that many files in its folder `unit`.
fn filled<'a>(server: &'a Server, name: &str, size: usize) -> Directory<'a> {
    let made = Directory::make(server, "course:algebra", name, "kevin");
    made.change_with(&json!(puts("unit", size)), &["same"]).ok();
    made
}

fn puts(folder: &str, count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| put(&format!("{folder}/f{number}"), "same"))
        .collect()
}

/// Returns a content that only the directory of that size gets.
fn own(size: usize) -> String {
    format!("only in {size}")
}

#[test]
fn a_commit_costs_as_many_statements_for_much_as_for_little() {
    let server = start();
    let sizes = [2, 400];
    let [few, many] = sizes.map(|size| filled(&server, &format!("d{size}"), size));
    let mut seen = BTreeSet::new();
    for (what, operations) in [
        ("a file", |size| vec![put("unit/f0", &own(size))]),
        ("files in reach", |size| puts("more", size)),
        ("a folder moved", |_| {
            vec![json!({ "op": "move", "from": "more", "to": "moved" })]
        }),
        ("a folder copied", |_| {
            vec![json!({ "op": "copy", "from": "moved", "to": "copied" })]
        }),
        ("a folder removed", |_| {
            vec![json!({ "op": "remove", "path": "copied", "recursive": true })]
        }),
    ] as [(&str, fn(usize) -> Vec<Value>); 5]
    {
        let cost = |directory: &Directory<'_>, size: usize| {
            let changes = json!(operations(size));
            let new = (what == "a file").then(|| own(size));
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            statements(&server, || {
                drop(directory.change_with(&changes, &new).ok());
            })
        };
        let [little, much] = [cost(&few, sizes[0]), cost(&many, sizes[1])];
        assert_eq!(little.len(), much.len(), "{what}: {little:#?} {much:#?}");
        assert!((1..=24).contains(&much.len()), "{what}: {much:#?}");
        seen.extend(much);
    }
    assert_indexed(&server, &seen);
}

#[test]
fn a_pull_costs_as_many_statements_for_much_as_for_little() {
    let server = start();
    let sizes = [2, 400];
    let [few, many] = sizes.map(|size| filled(&server, &format!("d{size}"), size));
    // The first listing stores the MD5 of the content, which all files have, after the reply.
    few.get("/entries").ok();
    eventually("the MD5 of the content is stored", || {
        server.log().contains("UPDATE `blobs` SET `md5`")
    });
    let mut seen = BTreeSet::new();
    for request in [
        "/entries",
        "/changes?since=1",
        "/tree",
        "/files/unit/f1",
        "",
    ] {
        let cost = |directory: &Directory<'_>| {
            let read = directory.by("lawrence");
            statements(&server, || drop(read.get(request).ok()))
        };
        let [little, much] = [cost(&few), cost(&many)];
        assert_eq!(little.len(), much.len(), "{request}: {little:#?} {much:#?}");
        assert!((1..=12).contains(&much.len()), "{request}: {much:#?}");
        seen.extend(much);
    }
    assert_indexed(&server, &seen);
}
