//! Versions, labels, the return of earlier ones, and the thinned history.

use super::client::{Directory, put, refused};
use nbcourier_testkit::Setup;
use serde_json::{Value, json};

#[test]
fn an_earlier_version_comes_back_as_the_next_one() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    let first = json!([put("a", "1"), put("unit/b", "2"), { "op": "mkdir", "path": "empty" }]);
    directory.change_with(&first, &["1", "2"]).ok();
    directory
        .change(&json!([{ "op": "remove", "path": "unit", "recursive": true }]))
        .ok();
    directory.put("a", "3").ok();
    directory.put("new", "4").ok();
    let before = directory.get("").ok().json();
    let restored = directory
        .send("POST", "/versions/2/restore", &json!({}))
        .ok();
    assert_eq!(restored.json(), json!({ "version": 6, "changed": true }));
    assert_eq!(directory.paths(""), ["a", "empty/", "unit/", "unit/b"]);
    assert_eq!(directory.text("a"), "1");
    assert_eq!(directory.paths("version=5"), ["a", "empty/", "new"]);
    let now = directory.get("").ok().json();
    assert_eq!((&now["files"], &now["bytes"]), (&json!(2), &json!(2)));
    let of_second = directory.get("/tree?version=2");
    assert_eq!(of_second.header("x-tree-digest"), now["tree"].as_str());
    assert_ne!(before["tree"], now["tree"]);
    let again = directory
        .send("POST", "/versions/2/restore", &json!({}))
        .ok();
    assert_eq!(again.json(), json!({ "version": 6, "changed": false }));
    assert_eq!(
        directory
            .send("POST", "/versions/7/restore", &json!({}))
            .status,
        404
    );
}

#[test]
fn versions_tell_who_made_them_and_the_history_of_a_path() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    directory.grant(&json!([{ "kind": "user", "name": "ben", "level": "write" }]));
    let mut changes = json!({ "changes": [put("a", "1")], "message": "first", "device": "laptop" });
    let missing = directory.send("POST", "/changes", &changes);
    assert_eq!(missing.status, 409);
    directory.put("a", "1").ok();
    changes["changes"] = json!([{ "op": "mkdir", "path": "x" }]);
    directory.by("ben").send("POST", "/changes", &changes).ok();
    directory.by("ben").put("b", "2").ok();
    directory.put("a", "3").ok();
    let listed = directory.get("/versions").ok().json();
    let rows = listed["versions"].as_array().unwrap();
    let told: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([
                row["version"],
                row["made_by"],
                row["message"],
                row["device"]
            ])
        })
        .collect();
    let expected = json!([
        [5, "ada", null, null],
        [4, "ben", null, null],
        [3, "ben", "first", "laptop"],
        [2, "ada", null, null],
        [1, "ada", null, null],
    ]);
    assert_eq!(json!(told), expected);
    let page = directory.get("/versions?limit=2").ok().json();
    assert_eq!(page["next"], "4");
    assert_eq!(
        directory.get("/versions?limit=2&cursor=4").ok().json()["versions"][0]["version"],
        3
    );
    let history = directory.get("/history?path=a").ok().json();
    let numbers: Vec<_> = history["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["version"].clone())
        .collect();
    assert_eq!(numbers, [5, 2]);
    directory.put("x/deep/b", "4").ok();
    let of_folder = directory.get("/history?path=x").ok().json();
    assert_eq!(of_folder["versions"][0]["version"], 6);
    assert_eq!(of_folder["versions"][1]["version"], 3);
    assert_eq!(
        refused(&directory.get("/history")),
        (400, "Please supply path".to_owned())
    );
    for device in ["", "a/b", "x\ny", &"x".repeat(65)] {
        let changes = json!({ "changes": [{ "op": "mkdir", "path": "y" }], "device": device });
        assert_eq!(
            directory.send("POST", "/changes", &changes).status,
            400,
            "{device:?}"
        );
    }
}
