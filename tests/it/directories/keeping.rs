//! What is kept of directories and for how long: the thinned history, the trash, quotas, people, copies of all data.

use super::client::{Directory, put, refused};
use crate::keeping::place::done;
use crate::sql::Sql;
use nbcourier_testkit::{Course, Setup, hex_sha256};
use serde_json::{Value, json};

#[test]
fn history_is_thinned_by_the_clean_up_and_labels_stay() {
    let setup = Setup::standalone();
    let server = setup.start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    for save in 0..30 {
        directory.put("a", &save.to_string()).ok();
    }
    directory.put("b", "other").ok();
    directory
        .send("PUT", "/versions/7/label", &json!({ "label": "as taught" }))
        .ok();
    let mut sql = Sql::of(&server);
    // As if all were made in the same ten minutes, half an hour ago.
    let half_an_hour = 30 * 60 * 1_000_000_i64;
    sql.execute(&format!(
        "UPDATE directory_versions SET made_at = (SELECT max(made_at) FROM directory_versions) / 600000000 * 600000000 - {half_an_hour} + version"
    ));
    let report = done(&server.data_dir(), &["gc", "--grace", "0"]);
    assert!(report.contains("30 versions of directories"), "{report}");
    let listed = directory.get("/versions").ok().json();
    let numbers: Vec<_> = listed["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["version"].clone())
        .collect();
    assert_eq!(numbers, [32, 7]);
    assert_eq!(directory.get("/files/a?version=7").ok().text(), "5");
    assert_eq!(directory.text("a"), "29");
    assert_eq!(sql.count("count(*)", "directory_entries"), 3);
    assert_eq!(sql.count("count(*)", "blobs"), 3);
    // A client that knows a removed version lists everything.
    assert_eq!(directory.get("/changes?since=20").status, 410);
    let page = directory.get("/changes?since=7").ok().json();
    assert_eq!(page["changes"].as_array().unwrap().len(), 2);
    directory
        .send("PUT", "/versions/7/label", &json!({ "label": null }))
        .ok();
    assert_eq!(
        directory
            .send("PUT", "/versions/7/label", &json!({ "label": " " }))
            .status,
        400
    );
    assert_eq!(
        directory
            .send("PUT", "/versions/8/label", &json!({ "label": "x" }))
            .status,
        404
    );
}

#[test]
fn a_thousand_saves_in_a_directory_of_two_thousand_files_take_less_than_a_mebibyte() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    let many: Vec<_> = (0..2000)
        .map(|number| put(&format!("unit{}/f{number}", number % 20), "same"))
        .collect();
    directory.change_with(&json!(many), &["same"]).ok();
    let mut sql = Sql::of(&server);
    let mut pages = || {
        sql.count(
            "page_count * page_size",
            "pragma_page_count(), pragma_page_size()",
        ) - sql.count(
            "freelist_count * page_size",
            "pragma_freelist_count(), pragma_page_size()",
        )
    };
    let before = pages();
    for save in 0..1000 {
        // The bytes of two contents are there already, so only rows are counted.
        let bytes = if save % 2 == 0 { "even" } else { "odd" };
        directory.put("unit3/f3", bytes).ok();
    }
    let grown = pages() - before;
    assert!(grown < 1024 * 1024, "{grown} bytes");
    assert_eq!(directory.version(), 1002);
    assert_eq!(
        directory.get("/files/unit3/f3?version=600").ok().text(),
        "odd"
    );
}

#[test]
fn a_deleted_directory_comes_back_until_its_time_is_over() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    directory.put("a", "1").ok();
    assert_eq!(server.send(&directory.call("DELETE", "")).status, 204);
    assert_eq!(directory.get("").status, 404);
    let trash = |user: &str| {
        let listed = server.get("v1/trash/directories", user).ok().json();
        listed["directories"].as_array().unwrap().clone()
    };
    assert_eq!(
        (trash("ada").len(), trash("eve").len(), trash("root").len()),
        (1, 0, 1)
    );
    let id = trash("ada")[0]["id"].to_string();
    let restore = |user: &str| {
        let target = format!("v1/trash/directories/{id}");
        server.send(&crate::v1::client::call(&server, "POST", &target, user))
    };
    assert_eq!(restore("eve").status, 404);
    // The name is free at once, and then in the way.
    let other = Directory::make(&server, "ada", "thesis", "ada");
    assert_eq!(restore("ada").status, 409);
    other.send("PATCH", "", &json!({ "name": "other" })).ok();
    restore("ada").ok();
    assert_eq!(directory.text("a"), "1");
    assert_eq!(restore("ada").status, 404);

    server.send(&directory.call("DELETE", ""));
    let report = done(
        &server.data_dir(),
        &["gc", "--grace", "0", "--retention", "0"],
    );
    assert!(report.contains("1 deleted directory"), "{report}");
    assert_eq!(trash("root").len(), 0);
    assert_eq!(Sql::of(&server).count("count(*)", "blobs"), 0);
}

#[test]
fn bytes_that_only_a_directory_names_survive_the_clean_up_and_are_checked() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    let large = "0123456789".repeat(10_000);
    directory.put("small", "1").ok();
    directory.put("large", &large).ok();
    done(
        &server.data_dir(),
        &["gc", "--grace", "0", "--retention", "0"],
    );
    assert_eq!(directory.text("large"), large);
    let checked = done(&server.data_dir(), &["fsck"]);
    assert!(checked.contains("2 blobs"), "{checked}");
}

#[test]
fn a_backup_and_a_move_have_directories() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    let large = "0123456789".repeat(10_000);
    directory.put("unit/large", &large).ok();
    // Without a label, the clean-up of the restored server would thin it away.
    directory
        .send("PUT", "/versions/2/label", &json!({ "label": "first" }))
        .ok();
    directory.put("unit/large", "small").ok();
    directory.grant(&json!([{ "kind": "everybody", "level": "read" }]));
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    done(&server.data_dir(), &["backup", backup.to_str().unwrap()]);
    let restored = Setup::standalone();
    done(&restored.data_dir(), &["restore", backup.to_str().unwrap()]);
    let again = restored.start();
    let copy = Directory::of(&again, "ada", "thesis", "eve");
    assert_eq!(copy.text("unit/large"), "small");
    assert_eq!(copy.get("/files/unit/large?version=2").ok().text(), large);
}

#[test]
fn a_persons_directories_go_with_their_name() {
    let server = Setup::standalone().start();
    let thesis = Directory::make(&server, "ada", "thesis", "ada");
    thesis.put("a", "of ada").ok();
    Directory::make(&server, "lovelace", "thesis", "lovelace")
        .put("a", "other")
        .ok();
    let shared = Directory::make(&server, "ben", "shared", "ben");
    shared.grant(&json!([
        { "kind": "user", "name": "ada", "level": "write" },
        { "kind": "user", "name": "lovelace", "level": "read" },
    ]));
    let data = server.data_dir().display().to_string();
    let does = |arguments: &[&str]| {
        let place = ["--data-dir", &data];
        let arguments = [&["user", arguments[0]], &place[..], &arguments[1..]].concat();
        let output = nbcourier_testkit::run(&arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    does(&["merge", "ada", "lovelace", "--yes"]);
    let of_new = Directory::of(&server, "lovelace", "thesis-of-ada", "lovelace");
    assert_eq!(of_new.text("a"), "of ada");
    assert_eq!(
        Directory::of(&server, "lovelace", "thesis", "lovelace").text("a"),
        "other"
    );
    let grants = shared.get("/grants").ok().json();
    let told = (&grants["grants"][0]["name"], &grants["grants"][0]["level"]);
    assert_eq!(told, (&json!("lovelace"), &json!("write")));
    assert_eq!(grants["grants"].as_array().unwrap().len(), 1);
    does(&["rename", "lovelace", "king"]);
    Directory::of(&server, "king", "thesis", "king")
        .get("")
        .ok();
    does(&["purge", "king", "--yes"]);
    assert_eq!(
        Directory::of(&server, "king", "thesis", "root")
            .get("")
            .status,
        404
    );
    assert_eq!(shared.get("/grants").ok().json(), json!({ "grants": [] }));
}

#[test]
fn what_a_directory_holds_now_counts_for_the_quotas() {
    let server = Setup::standalone()
        .args(&["--max-user-size", "1000", "--max-course-size", "1000"])
        .start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let bytes = |number: usize, size: usize| number.to_string().repeat(size);
    directory.put("a", &bytes(1, 600)).ok();
    let refusal = directory.put("b", &bytes(2, 600));
    assert_eq!(refusal.status, 413);
    let (_, sentence) = refused(&refusal);
    assert!(
        sentence.starts_with("The submissions, directories and shared pages of ada take 600 bytes"),
        "{sentence}"
    );
    assert_eq!(directory.paths(""), ["a"]);
    // The same bytes elsewhere in it, and other bytes in their place.
    directory.put("same", &bytes(1, 600)).ok();
    let changes = json!([{ "op": "remove", "path": "same" }, put("a", &bytes(3, 900))]);
    directory.change_with(&changes, &[&bytes(3, 900)]).ok();
    assert_eq!(directory.put("b", &bytes(4, 200)).status, 413);
    server.send(&directory.call("DELETE", "/files/a")).ok();
    directory.put("b", &bytes(4, 200)).ok();

    Course::of(&server, "algebra").make(&["kevin"], &[]);
    let materials = Directory::make(&server, "course:algebra", "materials", "kevin");
    materials.put("a", &bytes(1, 600)).ok();
    let (status, sentence) = refused(&materials.put("b", &bytes(2, 600)));
    assert_eq!(status, 413);
    assert!(
        sentence.starts_with("The course takes 600 bytes"),
        "{sentence}"
    );
}

#[test]
fn directories_and_their_entries_are_bounded() {
    let server = Setup::standalone()
        .args(&["--max-directories", "2", "--max-entries", "3"])
        .start();
    let directory = Directory::make(&server, "ada", "one", "ada");
    Directory::make(&server, "ada", "two", "ada");
    let third = json!({ "name": "three" });
    let refusal = super::client::send_json(&server, "POST", "v1/directories", "ada", &third);
    let sentence = "ada has 2 directories, which is the limit. Delete one first";
    assert_eq!(refused(&refusal), (409, sentence.to_owned()));
    let copied = directory.send("POST", "/copies", &third);
    assert_eq!(copied.status, 409);
    directory.put("unit/a", "1").ok();
    directory.put("b", "1").ok();
    let (status, sentence) = refused(&directory.put("c", "1"));
    assert_eq!(status, 413);
    assert!(
        sentence.contains("more than 3 files and directories"),
        "{sentence}"
    );
    let moved: Value = json!([{ "op": "move", "from": "b", "to": "c" }]);
    directory.change(&moved).ok();
}

#[test]
fn a_range_of_a_changed_file_is_never_sent() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let bytes = "0123456789".repeat(20_000);
    directory.put("n", &bytes).ok();
    let range = || {
        let call = directory
            .call("GET", "/files/n")
            .header("Range", "bytes=2-5");
        server.send(&call)
    };
    assert_eq!(range().text(), "2345");
    let sum = hex_sha256(bytes.as_bytes());
    let blob = server.data_dir().join("blobs").join(&sum[..2]).join(&sum);
    let mut changed = bytes.into_bytes();
    changed[150_000] = b'x';
    std::fs::write(&blob, changed).unwrap();
    assert_eq!(range().status, 500);
}

#[test]
fn a_check_finds_rows_of_versions_that_do_not_agree() {
    let mut server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    directory.put("unit/a", "1").ok();
    directory.get("").ok();
    let data = server.data_dir();
    let checked = done(&data, &["fsck"]);
    assert!(checked.contains("Directories: 1 version."), "{checked}");
    let mut sql = Sql::of(&server);
    server.ask_to_stop();
    server.exit_code();
    sql.execute("UPDATE directory_versions SET files = 7, digest = NULL WHERE version = 2");
    let found = crate::keeping::place::refused(&data, &["fsck"]);
    assert!(
        found.contains("version 2 of directory 1 has other numbers of files"),
        "{found}"
    );
    let repaired = done(&data, &["fsck", "--repair"]);
    assert!(
        repaired.contains("repaired: the rows of 1 version of directories"),
        "{repaired}"
    );
    done(&data, &["fsck"]);
    sql.execute("INSERT INTO directory_entries (directory_id, path, blob_id, executable, since)
        SELECT directory_id, 'unit/a/b', blob_id, executable, since FROM directory_entries WHERE path = 'unit/a'");
    let found = crate::keeping::place::refused(&data, &["fsck"]);
    assert!(
        found.contains("version 2 of directory 1 has 1 path below a file"),
        "{found}"
    );
}

#[test]
fn a_person_who_has_only_a_directory_can_be_renamed() {
    let server = Setup::standalone().start();
    Directory::make(&server, "ada", "thesis", "ada");
    Sql::of(&server).execute("DELETE FROM events");
    let data = server.data_dir().display().to_string();
    let arguments = ["user", "rename", "--data-dir", &data, "ada", "king"];
    let output = nbcourier_testkit::run(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Directory::of(&server, "king", "thesis", "king")
        .get("")
        .ok();
}

#[test]
fn an_export_of_a_person_has_their_directories() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "thesis", "ada");
    directory.put("unit/a", "1").ok();
    Directory::make(&server, "eve", "other", "eve")
        .put("secret", "2")
        .ok();
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("ada.tar");
    let data = server.data_dir().display().to_string();
    let archive_name = archive.to_str().unwrap();
    let arguments = [
        "user",
        "export",
        "--data-dir",
        &data,
        "ada",
        "--output",
        archive_name,
    ];
    let output = nbcourier_testkit::run(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let entries = nbcourier_testkit::tar::files(&std::fs::read(&archive).unwrap());
    let text = |path: &str| {
        let entry = entries.iter().find(|entry| entry.path == path).unwrap();
        String::from_utf8(entry.bytes.clone()).unwrap()
    };
    assert_eq!(text("ada/directories/thesis/unit/a"), "1");
    let listed: Value = serde_json::from_str(&text("ada/directories.json")).unwrap();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["version"]),
        (&json!("thesis"), &json!(2))
    );
    assert!(!entries.iter().any(|entry| entry.path.contains("secret")));
}
