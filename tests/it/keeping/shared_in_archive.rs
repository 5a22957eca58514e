//! The directories of a course in its archive.

use super::archive::{essence, manifest, refused_import, tar, unpacked};
use super::place::{LARGE, command, done, text};
use crate::directories::client::Directory;
use nbcourier_testkit::{Course, Server, Setup, hex_sha256, percent_encode};
use serde_json::{Value, json};
use std::fs;

/// Makes a course with directories, of which one has labelled versions. Returns the address of that one.
fn course_with_directories(server: &Server) -> String {
    Course::of(server, "algebra").make(&["ira"], &["ada"]);
    let (owner, name) = ("course:algebra", "materials: 2");
    Directory::make(server, owner, name, "ira");
    let materials = Directory::of(server, owner, &percent_encode(name), "ira");
    let (large, run) = ("x".repeat(LARGE), "#!/bin/sh\n");
    let put = |path: &str, bytes: &str| {
        let sum = hex_sha256(bytes.as_bytes());
        json!({ "op": "put", "path": path, "sha256": sum, "size": bytes.len(), "executable": path == "run" })
    };
    let all = [
        put("unit1/a:b.ipynb", "first"),
        put("large", &large),
        put("run", run),
    ];
    materials
        .change_with(&json!(all), &["first", &large, run])
        .ok();
    materials.put("unit1/a:b.ipynb", "second").ok();
    materials
        .send("PUT", "/versions/3/label", &json!({ "label": "as taught" }))
        .ok();
    materials
        .change(&json!([{ "op": "mkdir", "path": "empty/folder" }]))
        .ok();
    // A folder becomes a file.
    materials
        .change(&json!([{ "op": "remove", "path": "unit1", "recursive": true }]))
        .ok();
    materials.put("unit1", "third").ok();
    let facts =
        json!({ "description": "Notebooks", "deliver": "algebra", "deliver_at_start": true });
    materials.send("PATCH", "", &facts).ok();
    materials.grant(&json!([
        { "kind": "user", "name": "eve", "level": "write" },
        { "kind": "group", "name": "staff", "level": "admin" },
        { "kind": "course", "name": "algebra", "role": "assistant", "level": "write" },
        { "kind": "everybody", "level": "read" },
    ]));
    Directory::make(server, "course:algebra", "nothing", "ira");
    let deleted = Directory::make(server, "course:algebra", "deleted", "ira");
    deleted.put("gone", "gone").ok();
    assert_eq!(deleted.send("DELETE", "", &Value::Null).status, 204);
    materials.at
}

#[test]
fn an_archive_has_the_directories_of_its_course() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let server = Setup::standalone().start();
    let address = course_with_directories(&server);
    let [one, two] = [at("one.tar"), at("two.tar")];
    done(
        &server.data_dir(),
        &["export", "algebra", "--output", text(&one)],
    );
    let root = unpacked(&one, &at("one"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    assert_eq!(
        read("directories/materials%3A 2/3/unit1/a%3Ab.ipynb"),
        "second"
    );
    assert_eq!(read("directories/materials%3A 2/6/unit1"), "third");
    let made = manifest(&root);
    let directories = made["directories"].as_array().unwrap();
    assert_eq!(directories.len(), 2, "without the deleted one");
    let versions = directories[0]["versions"].as_array().unwrap();
    let numbers: Vec<&Value> = versions.iter().map(|version| &version["version"]).collect();
    assert_eq!(numbers, [3, 6], "the labelled and the current version");
    assert_eq!(versions[1]["empty_folders"], json!(["empty/folder"]));

    let fresh = Setup::standalone();
    let data = fresh.data_dir();
    let import = ["import", "archive", "--data-dir", text(&data), text(&one)];
    let (code, printed) = command(&import);
    assert!(
        code == 0 && printed.contains("Imported algebra"),
        "{printed}"
    );
    assert!(done(&data, &["fsck"]).contains("All is well"));
    done(&data, &["export", "algebra", "--output", text(&two)]);
    let again = manifest(&unpacked(&two, &at("two")));
    assert_eq!(essence(made), essence(again));
    let (code, printed) = command(&import);
    assert!(code == 0 && printed.contains("exists already"), "{printed}");

    let restored = fresh.start();
    let by = |server, user| Directory {
        server,
        at: address.clone(),
        user,
    };
    let queries = [
        "",
        "/grants",
        "/entries?version=3&depth=all",
        "/entries?depth=all",
    ];
    for query in queries {
        let [old, new] = [&server, &restored].map(|server| by(server, "ira").get(query));
        let [old, new] = [old, new].map(|reply| (reply.status, without_ids(reply.json())));
        assert_eq!(old, new, "{query}");
    }
    let eve = by(&restored, "eve");
    assert_eq!(
        eve.get("/files/unit1/a%3Ab.ipynb?version=3").ok().text(),
        "second"
    );
    assert_eq!(eve.put("new", "more").ok().json()["version"], 7);
    assert_eq!(by(&restored, "zoe").get("").ok().json()["may"], "read");
    assert!(done(&data, &["fsck"]).contains("All is well"));
}

/// Returns the reply without numbers of rows, and of versions that are not in the archive.
fn without_ids(mut reply: Value) -> Value {
    if let Some(object) = reply.as_object_mut() {
        object.remove("id");
    }
    for entry in reply["entries"].as_array_mut().into_iter().flatten() {
        entry["since"] = Value::Null;
    }
    reply
}

/// Returns changes of a manifest that no exchange could have made, with the words that their refusal contains.
fn impossible() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("1/name", json!("materials: 2"), "twice"),
        ("0/name", json!("a/b"), "no possible name of a directory"),
        ("0/deliver", json!("../up"), "not a relative path"),
        ("0/deliver", json!("a\u{0}b"), "not a relative path"),
        ("0/deliver", json!(".ssh"), "is a hidden folder"),
        ("0/description", json!("a\u{0}b"), "control character"),
        ("1/versions", json!([]), "has no version"),
        ("0/versions/1/version", json!(3), "not numbered upwards"),
        ("0/versions/0/version", json!(0), "not numbered upwards"),
        (
            "0/versions/1/version",
            json!(i64::MAX),
            "not numbered upwards",
        ),
        ("0/versions/0/label", json!("a\nb"), "A label is one line"),
        ("0/versions/0/made_by", json!(""), "no possible user"),
        ("0/versions/0/made_at", json!("today"), "no possible time"),
        ("0/versions/0/message", json!("\u{0}"), "control characters"),
        (
            "0/versions/0/empty_folders",
            json!(["large"]),
            "is a file and a folder",
        ),
        (
            "0/versions/0/empty_folders",
            json!(["large/x"]),
            "is a file and a folder",
        ),
        (
            "0/versions/0/empty_folders",
            json!(["../x"]),
            "no possible path",
        ),
        (
            "0/grants/0/name",
            json!("operator:root"),
            "cannot be the name of a user",
        ),
        ("0/grants/0/kind", json!("planet"), "has no receiver"),
        ("0/grants/0/level", json!("all"), "no possible level"),
        (
            "0/grants/3/level",
            json!("admin"),
            "Nobody can make everybody",
        ),
        ("0/grants/2/role", json!("king"), "no possible role"),
    ]
}

#[test]
fn impossible_directories_in_an_archive_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let server = Setup::standalone().start();
    course_with_directories(&server);
    let archive = place.path().join("good.tar");
    done(
        &server.data_dir(),
        &["export", "algebra", "--output", text(&archive)],
    );
    let root = unpacked(&archive, &place.path().join("unpacked"));
    let good = super::archive::manifest(&root);
    for (number, (pointer, value, says)) in impossible().into_iter().enumerate() {
        let mut manifest = good.clone();
        let pointer = format!("/directories/{pointer}");
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = manifest.pointer_mut(parent).unwrap();
        match member.parse::<usize>() {
            Ok(index) => parent[index] = value,
            Err(_) => parent[member] = value,
        }
        fs::write(root.join("manifest.json"), manifest.to_string()).unwrap();
        let name = format!("changed{number}.tar");
        tar(
            &["cf", &format!("../{name}"), "algebra"],
            &place.path().join("unpacked"),
        );
        let printed = refused_import(place.path(), &name, &[]);
        assert!(printed.contains(says), "{pointer}: {printed}");
    }
}
