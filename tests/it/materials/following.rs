//! What a directory gets from its repository, and what it costs.

use super::course::{Algebra, SOURCE, settings};
use super::git_server::{GitServer, Node, file};
use crate::directories::client::{put, refused};
use crate::sql::Sql;
use nbcourier_testkit::eventually;
use serde_json::{Value, json};

#[test]
fn a_push_becomes_a_version_and_only_the_server_writes_it() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit(vec![
        ("README", file("read me")),
        (
            "unit1",
            Node::Folder(vec![
                ("a.ipynb", file("{}")),
                ("run.sh", Node::Script("echo")),
            ]),
        ),
    ]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    algebra.materials().put("own", "by hand").ok();
    let outcome = algebra.follow(&settings(&git.url("lecture")));
    assert_eq!(
        (outcome.word.as_str(), outcome.version),
        ("updated", Some(3)),
        "{outcome:?}"
    );
    let materials = algebra.materials();
    assert_eq!(
        materials.paths(""),
        ["README", "unit1/", "unit1/a.ipynb", "unit1/run.sh"]
    );
    let student = materials.by("lawrence");
    assert_eq!(student.text("unit1/a.ipynb"), "{}");
    let facts = student.get("").ok().json();
    assert_eq!(facts["source"]["url"], git.url("lecture"));
    assert_eq!(facts["changed_by"], "operator:the server");
    assert_eq!(facts["source"]["commit"].as_str().unwrap().len(), 40);
    let entries = student.get("/entries?path=unit1/run.sh").ok().json();
    assert_eq!(entries["entries"][0]["executable"], true);
    // Nobody else writes it, an administrator neither.
    for user in ["kevin", "root"] {
        let by = materials.by(user);
        for refusal in [
            by.put("b", "1"),
            by.change(&json!([put("b", "1")])),
            by.server.send(&by.call("DELETE", "/files/README")),
            by.send("POST", "/versions/1/restore", &Value::Null),
        ] {
            let (status, sentence) = refused(&refusal);
            assert_eq!(
                (status, &refusal.json()["type"]),
                (409, &json!("urn:nbcourier:from-source"))
            );
            assert!(sentence.contains("Push the change there"), "{sentence}");
        }
    }
    // A removal frees it.
    assert_eq!(
        algebra.send("DELETE", SOURCE, "kevin", &Value::Null).status,
        204
    );
    materials.put("b", "1").ok();
    assert_eq!(algebra.server.get(SOURCE, "kevin").status, 404);
}

#[test]
fn nothing_new_costs_one_look_and_makes_no_version() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    let tree = repo.tree(vec![("a", file("1"))]);
    repo.point("main", &tree);
    let algebra = Algebra::start(&Algebra::setup(&git));
    assert_eq!(
        algebra.follow(&settings(&git.url("lecture"))).word,
        "updated"
    );
    let before = git.seen().len();
    assert_eq!(algebra.pull().word, "unchanged");
    let targets: Vec<String> = git.seen()[before..]
        .iter()
        .map(|seen| seen.target.clone())
        .collect();
    assert!(targets.len() <= 2, "{targets:?}");
    // Another commit with the same files is fetched, and makes no version either.
    let version = algebra.materials().version();
    let commit = repo.point_with("main", &tree, "the same files");
    assert_eq!(algebra.pull().word, "unchanged");
    assert_eq!(algebra.materials().version(), version);
    assert_eq!(
        algebra.server.get(SOURCE, "kevin").ok().json()["commit"],
        commit
    );
}

#[test]
fn changes_removals_and_force_pushes_are_followed_and_bytes_are_stored_once() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    let large = "x".repeat(300_000);
    repo.commit(vec![
        ("a", file("1")),
        ("data.csv", file(&large)),
        (
            "old",
            Node::Folder(vec![("deep", Node::Folder(vec![("b", file("2"))]))]),
        ),
        ("swap", file("a file")),
    ]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    assert_eq!(
        algebra.follow(&settings(&git.url("lecture"))).word,
        "updated"
    );
    // A commit without a parent, as after a force push.
    repo.commit(vec![
        ("a", file("one")),
        ("copy.csv", file(&large)),
        ("data.csv", file(&large)),
        ("swap", Node::Folder(vec![("in", file("a folder"))])),
    ]);
    let outcome = algebra.pull();
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    let materials = algebra.materials();
    assert_eq!(
        materials.paths(""),
        ["a", "copy.csv", "data.csv", "swap/", "swap/in"]
    );
    assert_eq!(materials.text("a"), "one");
    assert_eq!(materials.get("/files/a?version=2").ok().text(), "1");
    let mut sql = Sql::of(&algebra.server);
    assert_eq!(sql.count("count(*)", "blobs WHERE size = 300000"), 1);
    let commits = materials.get("/versions").ok().json();
    assert!(
        commits["versions"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("Commit ")
    );
}

#[test]
fn a_folder_is_followed_without_what_is_excluded() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    let solution = "{\"source\": [\"// BEGIN SOLUTION\\n\"]}";
    repo.commit(vec![
        ("outside", file("0")),
        (
            "lecture",
            Node::Folder(vec![
                ("a.ipynb", file("{}")),
                (
                    ".solutions",
                    Node::Folder(vec![("a.ipynb", file(solution))]),
                ),
                ("link", Node::Link("a.ipynb")),
                ("out", Node::Link("../outside")),
                ("hidden", Node::Link(".solutions/a.ipynb")),
            ]),
        ),
    ]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let mut wanted = settings(&git.url("lecture"));
    wanted["folder"] = json!("lecture");
    let outcome = algebra.follow(&wanted);
    assert_eq!(outcome.word, "refused");
    for part in [
        ".solutions/a.ipynb has BEGIN SOLUTION",
        "--folder",
        "--exclude",
        "--allow-solutions",
    ] {
        assert!(outcome.report.contains(part), "{}", outcome.report);
    }
    assert_eq!(algebra.materials().version(), 1);
    wanted["exclude"] = json!([".solutions/"]);
    let outcome = algebra.follow(&wanted);
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    assert_eq!(algebra.materials().paths(""), ["a.ipynb", "link"]);
    assert!(
        outcome
            .report
            .contains("out: it is a link that does not lead"),
        "{}",
        outcome.report
    );
    assert!(
        outcome.report.contains("hidden: it is a link"),
        "{}",
        outcome.report
    );
    wanted["exclude"] = json!([]);
    wanted["allow_solutions"] = json!(true);
    assert_eq!(algebra.follow(&wanted).word, "updated");
    assert_eq!(algebra.materials().text(".solutions/a.ipynb"), solution);
}

#[test]
fn bytes_of_large_file_storage_come_from_the_course_or_are_named() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    let bytes = "weather".repeat(1000);
    let pointer = |bytes: &str| {
        let sum = nbcourier_testkit::hex_sha256(bytes.as_bytes());
        format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{sum}\nsize {}\n",
            bytes.len()
        )
    };
    repo.commit(vec![
        ("there.csv", file(&pointer(&bytes))),
        ("away.csv", file(&pointer("of another course"))),
    ]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let server = &algebra.server;
    let data =
        crate::directories::client::Directory::make(server, "course:algebra", "data", "kevin");
    data.put("weather.csv", &bytes).ok();
    // Bytes that the exchange has, and the course has not.
    nbcourier_testkit::Course::of(server, "biology").make(&["abigail"], &[]);
    let other =
        crate::directories::client::Directory::make(server, "course:biology", "data", "abigail");
    other.put("x", "of another course").ok();
    let outcome = algebra.follow(&settings(&git.url("lecture")));
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    assert_eq!(algebra.materials().paths(""), ["there.csv"]);
    assert_eq!(algebra.materials().text("there.csv"), bytes);
    assert!(
        outcome
            .report
            .contains("away.csv: it is a pointer of Git LFS"),
        "{}",
        outcome.report
    );
}

#[test]
fn a_repository_that_is_gone_leaves_the_last_version_and_is_asked_ever_less() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit(vec![("a", file("1"))]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    algebra.follow(&settings(&git.url("lecture")));
    std::fs::remove_dir_all(&repo.directory).unwrap();
    for failures in 1..=3 {
        let outcome = algebra.pull();
        assert_eq!(outcome.word, "failed");
        assert!(
            outcome.report.contains("was not found, or is private"),
            "{}",
            outcome.report
        );
        let source = algebra.server.get(SOURCE, "kevin").ok().json();
        assert_eq!(source["failures"], failures);
    }
    assert_eq!(algebra.materials().by("lawrence").text("a"), "1");
    let next: String = algebra.server.get(SOURCE, "kevin").ok().json()["next_at"].to_string();
    assert!(!next.is_empty());
}

#[test]
fn the_server_looks_again_by_itself_when_the_time_has_come() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit(vec![("a", file("1"))]);
    let setup = Algebra::setup(&git);
    let algebra = Algebra::start(&setup);
    let mut wanted = settings(&git.url("lecture"));
    wanted["every"] = json!("5m");
    assert_eq!(algebra.follow(&wanted).word, "updated");
    repo.commit(vec![("a", file("2"))]);
    // As if five minutes had passed. A server notices it at its start at the latest.
    Sql::of(&algebra.server).execute("UPDATE sources SET next_at = 1");
    algebra.server.kill();
    let algebra = Algebra {
        server: setup.start(),
    };
    let materials = algebra.materials();
    eventually("the push arrives", || materials.text("a") == "2");
    let last = algebra.runs()[0].clone();
    assert_eq!(
        (&last["cause"], &last["outcome"]),
        (&json!("schedule"), &json!("updated"))
    );
    // The next look is not due yet.
    let left = "next_at - checked_at BETWEEN 299000000 AND 330000000";
    let mut sql = Sql::of(&algebra.server);
    assert_eq!(sql.count("count(*)", &format!("sources WHERE {left}")), 1);
}

#[test]
fn a_branch_of_the_repositorys_choice_is_followed() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit_to("teaching", vec![("a", file("1"))]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/teaching"], &[]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let outcome = algebra.follow(&json!({ "url": git.url("lecture") }));
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    let outcome = algebra.follow(&settings(&git.url("lecture")));
    assert!(
        outcome.report.contains("has no branch main"),
        "{}",
        outcome.report
    );
}

#[test]
fn a_server_that_was_killed_goes_on() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit(vec![("a", file("1"))]);
    let setup = Algebra::setup(&git);
    let algebra = Algebra::start(&setup);
    assert_eq!(
        algebra.set(&settings(&git.url("silent/lecture"))).status,
        200
    );
    eventually("git asks the server", || !git.seen().is_empty());
    algebra.server.kill();
    let algebra = Algebra {
        server: setup.start(),
    };
    assert_eq!(
        algebra.follow(&settings(&git.url("lecture"))).word,
        "updated"
    );
    // The lost run has ended, either as lost or by the new settings.
    let runs = algebra.runs();
    assert!(runs.iter().all(|run| !run["outcome"].is_null()), "{runs:?}");
}
