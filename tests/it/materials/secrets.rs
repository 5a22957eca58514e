//! Tokens of private repositories, which nobody reads.

use super::course::{Algebra, SOURCE, settings};
use super::git_server::{GitServer, TOKEN, file};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::run;
use serde_json::{Value, json};
use std::path::Path;

/// Whether a file below the directory has the text.
fn is_below(directory: &Path, text: &str) -> bool {
    let found = std::process::Command::new("grep")
        .args(["-rlaF", text])
        .arg(directory)
        .finish()
        .unwrap();
    !found.stdout.is_empty()
}

#[test]
fn a_token_opens_a_private_repository_and_is_nowhere_to_be_read() {
    let git = GitServer::start();
    git.repository("lecture").commit(vec![("a", file("1"))]);
    let setup = Algebra::setup(&git).env("RUST_LOG", "trace");
    let algebra = Algebra::start(&setup);
    let url = git.url("private/lecture");
    let mut wanted = settings(&url);
    wanted["token"] = json!(TOKEN);
    let set = algebra.set(&wanted);
    let reply = set.ok().json();
    assert_eq!(reply["token"], true);
    assert!(reply["hook_secret"].as_str().unwrap().len() == 64);
    let outcome = algebra.outcome(None);
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    // It stays with the same address, and does not go to another one.
    wanted.as_object_mut().unwrap().remove("token");
    wanted["branch"] = Value::Null;
    assert_eq!(algebra.set(&wanted).ok().json()["token"], true);
    assert_eq!(algebra.outcome(None).word, "unchanged");
    let elsewhere = algebra.set(&settings(&git.url("lecture"))).ok().json();
    assert_eq!(elsewhere["token"], false);
    algebra.outcome(None);
    let public = git
        .seen()
        .into_iter()
        .filter(|seen| !seen.target.starts_with("/private"));
    assert!(public.into_iter().all(|seen| seen.authorization.is_none()));
    let back = algebra.set(&wanted).ok().json();
    assert_eq!(back["token"], false);
    // Nobody reads it: not over the wire, not in the data directory, not in an export, not in the log.
    wanted["token"] = json!(TOKEN);
    algebra.set(&wanted).ok();
    algebra.outcome(None);
    for (user, target) in [
        ("root", SOURCE.to_owned()),
        ("kevin", format!("{SOURCE}/runs")),
        ("root", "v1/events".to_owned()),
        ("kevin", "v1/directories".to_owned()),
    ] {
        let text = algebra.server.get(&target, user).ok().text();
        assert!(
            !text.contains(TOKEN) && !text.contains("hook_secret"),
            "{target}"
        );
    }
    let data = algebra.server.data_dir();
    assert!(!is_below(&data, TOKEN));
    let archive = setup.beside("algebra.tar");
    let export = run(&[
        "export",
        "algebra",
        "--output",
        &archive.display().to_string(),
        "--data-dir",
        &data.display().to_string(),
    ]);
    assert!(
        export.status.success(),
        "{}",
        String::from_utf8_lossy(&export.stderr)
    );
    assert!(!is_below(&archive, TOKEN));
    assert!(!algebra.server.log().contains(TOKEN));
}

#[test]
fn a_backup_has_sources_and_tokens_and_no_fetched_repositories() {
    let git = GitServer::start();
    git.repository("lecture").commit(vec![("a", file("1"))]);
    let setup = Algebra::setup(&git);
    let algebra = Algebra::start(&setup);
    let mut wanted = settings(&git.url("private/lecture"));
    wanted["token"] = json!(TOKEN);
    assert_eq!(algebra.follow(&wanted).word, "updated");
    let (data, backup) = (
        algebra.server.data_dir().display().to_string(),
        setup.beside("backup"),
    );
    let target = backup.display().to_string();
    let made = run(&["backup", &target, "--data-dir", &data]);
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    assert!(!is_below(&backup, "refs/nbcourier"));
    drop(algebra);
    std::fs::remove_dir_all(&data).unwrap();
    let restored = run(&["restore", &target, "--data-dir", &data]);
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    let algebra = Algebra {
        server: setup.start(),
    };
    git.repository("lecture2");
    assert_eq!(
        algebra.server.get(SOURCE, "kevin").ok().json()["token"],
        true
    );
    assert_eq!(algebra.pull().word, "unchanged");
}
