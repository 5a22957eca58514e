//! Reading: entries, files with ranges, and archives.

use super::client::{Directory, put, refused};
use crate::v1::client::{files, tree_digest};
use nbcourier_testkit::{Sent, Setup, hex_sha256};
use serde_json::json;

#[test]
fn entries_are_listed_below_a_folder_flat_by_pattern_and_in_pages() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let changes = json!([
        put("a.csv", "1"),
        put("unit1/a.csv", "2"),
        put("unit1/b.ipynb", "3"),
        put("unit1/deep/c.csv", "4"),
        put("unit10/d.csv", "5"),
        { "op": "mkdir", "path": "empty" },
    ]);
    let done = directory
        .change_with(&changes, &["1", "2", "3", "4", "5"])
        .ok();
    assert_eq!(done.json(), json!({ "version": 2, "changed": true }));

    let all = [
        "a.csv",
        "empty/",
        "unit1/",
        "unit1/a.csv",
        "unit1/b.ipynb",
        "unit1/deep/",
        "unit1/deep/c.csv",
        "unit10/",
        "unit10/d.csv",
    ];
    assert_eq!(directory.paths(""), all);
    assert_eq!(
        directory.paths("depth=1"),
        ["a.csv", "empty/", "unit1/", "unit10/"]
    );
    let below = ["unit1/a.csv", "unit1/b.ipynb", "unit1/deep/"];
    assert_eq!(directory.paths("path=unit1&depth=1"), below);
    assert_eq!(directory.paths("path=unit1/deep/"), ["unit1/deep/c.csv"]);
    assert_eq!(directory.paths("path=a.csv"), ["a.csv"]);
    assert_eq!(directory.paths("glob=*.csv"), ["a.csv"]);
    assert_eq!(
        directory.paths("glob=*/*.csv"),
        ["unit1/a.csv", "unit10/d.csv"]
    );
    let anywhere = ["a.csv", "unit1/a.csv", "unit1/deep/c.csv", "unit10/d.csv"];
    assert_eq!(directory.paths("glob=**/*.csv"), anywhere);
    assert_eq!(directory.paths("version=1"), [""; 0]);

    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = directory
            .get(&format!("/entries?limit=2{cursor}"))
            .ok()
            .json();
        for entry in page["entries"].as_array().unwrap() {
            paged.push(entry["path"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let whole: Vec<_> = all.iter().map(|path| path.trim_end_matches('/')).collect();
    assert_eq!(paged, whole);
    for (query, status) in [
        ("depth=2", 400),
        ("version=x", 400),
        ("cursor=%FF", 400),
        ("path=../x", 400),
        ("glob=%5B", 400),
        ("path=unit2", 404),
        ("version=9", 404),
    ] {
        let reply = directory.get(&format!("/entries?{query}"));
        assert_eq!(refused(&reply).0, status, "{query}");
    }
}

#[test]
fn an_entry_has_the_checksums_of_its_file() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    directory.put("a.txt", "hello").ok();
    let entry = directory.get("/entries").ok().json()["entries"][0].clone();
    let expected = json!({
        "path": "a.txt", "kind": "file", "size": 5, "sha256": hex_sha256(b"hello"),
        "md5": "5d41402abc4b2a76b9719d911017c592", "executable": false, "since": 2,
    });
    assert_eq!(entry, expected);
}

#[test]
fn a_file_is_sent_whole_in_ranges_and_not_again() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    // Small contents are in the database, large ones in files.
    for bytes in ["0123456789".to_owned(), "0123456789".repeat(20_000)] {
        directory.put("n", &bytes).ok();
        let tag = format!("\"{}\"", hex_sha256(bytes.as_bytes()));
        let size = bytes.len();
        let whole = directory.get("/files/n").ok();
        assert_eq!(whole.text(), bytes);
        assert_eq!(whole.header("etag"), Some(tag.as_str()));
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        assert_eq!(
            whole.header("cross-origin-resource-policy"),
            Some("same-origin")
        );
        let policy = whole.header("content-security-policy");
        assert_eq!(policy, Some("sandbox; default-src 'none'"));
        let saved = whole.header("content-disposition").unwrap();
        assert!(saved.starts_with("attachment"), "{saved}");

        let with = |name: &str, value: &str| {
            server.send(&directory.call("GET", "/files/n").header(name, value))
        };
        for (range, from, to) in [
            ("bytes=2-5", 2, 5),
            ("bytes=7-", 7, size - 1),
            ("bytes=-3", size - 3, size - 1),
            ("bytes=5-999999999", 5, size - 1),
        ] {
            for _ in 0..2 {
                let part = with("Range", range);
                assert_eq!(
                    (part.status, part.text().as_str()),
                    (206, &bytes[from..=to])
                );
                let sent = format!("bytes {from}-{to}/{size}");
                assert_eq!(part.header("content-range"), Some(sent.as_str()), "{range}");
            }
        }
        let beyond = with("Range", "bytes=9999999-");
        assert_eq!(refused(&beyond).0, 416);
        let all = format!("bytes */{size}");
        assert_eq!(beyond.header("content-range"), Some(all.as_str()));
        for ignored in ["bytes=0-1,3-4", "lines=1-2", "bytes=x"] {
            assert_eq!(with("Range", ignored).ok().text(), bytes, "{ignored}");
        }
        assert_eq!(with("If-None-Match", &tag).status, 304);
        let call = directory
            .call("GET", "/files/n")
            .header("Range", "bytes=0-0");
        let same = server.send(&call.header("If-Range", &tag));
        assert_eq!(same.status, 206);
        let call = directory
            .call("GET", "/files/n")
            .header("Range", "bytes=0-0");
        assert_eq!(
            server.send(&call.header("If-Range", "\"other\"")).status,
            200
        );

        let head = server.send(&directory.call("HEAD", "/files/n"));
        assert_eq!(
            head.header("content-length"),
            Some(size.to_string().as_str())
        );
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}

#[test]
fn an_archive_has_the_files_of_a_version_or_of_a_folder() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let mut script = put("unit1/run.sh", "#!/bin/sh\n");
    script["executable"] = json!(true);
    let changes = json!([put("a", "1"), script, { "op": "mkdir", "path": "empty" }]);
    directory.change_with(&changes, &["1", "#!/bin/sh\n"]).ok();
    directory.put("b", "2").ok();

    let sent = |files: &[(&str, &str)]| -> Vec<Sent> {
        files
            .iter()
            .map(|(path, bytes)| Sent::new(path, *bytes))
            .collect()
    };
    let earlier = sent(&[("a", "1"), ("unit1/run.sh", "#!/bin/sh\n")]);
    let reply = directory.get("/tree?version=2");
    assert_eq!(files(&reply), earlier);
    assert_eq!(
        reply.header("x-tree-digest"),
        Some(tree_digest(&earlier).as_str())
    );
    assert_eq!(reply.header("x-directory-version"), Some("2"));
    let now = sent(&[("a", "1"), ("b", "2"), ("unit1/run.sh", "#!/bin/sh\n")]);
    let reply = directory.get("/tree");
    assert_eq!(files(&reply), now);
    let shown = directory.get("").ok().json();
    assert_eq!(shown["tree"], tree_digest(&now));
    // The mode is in the header of the last entry: 0000755.
    assert!(reply.text().contains("unit1/run.sh"));
    assert!(reply.body.windows(7).any(|mode| mode == b"0000755"));
    let reply = directory.get("/tree?path=unit1");
    assert_eq!(files(&reply), sent(&[("unit1/run.sh", "#!/bin/sh\n")]));
    assert_eq!(directory.get("/tree?path=a").status, 404);
    assert_eq!(directory.get("/tree?version=17").status, 404);
}

#[test]
fn a_large_directory_is_archived_in_portions() {
    let server = Setup::standalone().start();
    let directory = Directory::make(&server, "ada", "data", "ada");
    let paths: Vec<String> = (0..6000).map(|number| format!("f/{number:05}")).collect();
    let changes: Vec<_> = paths.iter().map(|path| put(path, "same")).collect();
    directory.change_with(&json!(changes), &["same"]).ok();
    let sent = files(&directory.get("/tree"));
    let found: Vec<_> = sent.iter().map(|file| file.path.clone()).collect();
    assert_eq!(found, paths);
    assert_eq!(directory.get("").ok().json()["files"], 6000);
}
