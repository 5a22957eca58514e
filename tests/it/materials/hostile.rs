//! Hostile repositories and servers of repositories: each is answered by a sentence, and nothing is executed.

use super::course::{Algebra, settings};
use super::git_server::{GitServer, Node, Repo, file};
use nbcourier_testkit::{Finish as _, Setup};
use serde_json::json;
use std::path::Path;
use std::process::Command;

fn folder(nodes: Vec<(&'static str, Node)>) -> Node {
    Node::Folder(nodes)
}

/// What is odd, the entries of the repository, and words of the sentence about them.
type Odd = (&'static str, Vec<(&'static str, Node)>, &'static str);

/// Repositories whose odd parts are left out, with words of the sentence about each.
fn odd() -> Vec<Odd> {
    vec![
        (
            "data of a repository",
            vec![(
                ".git",
                folder(vec![("config", file("[core] fsmonitor = touch owned"))]),
            )],
            ".git/config: its path names the data",
        ),
        (
            "the same in another case",
            vec![(
                ".GiT",
                folder(vec![(
                    "hooks",
                    folder(vec![("post-checkout", Node::Script("touch owned"))]),
                )]),
            )],
            "names the data of a repository",
        ),
        (
            "the same for NTFS",
            vec![("git~1", folder(vec![("config", file("x"))]))],
            "names the data of a repository",
        ),
        (
            "the same for HFS",
            vec![(".g\u{200c}it", folder(vec![("config", file("x"))]))],
            "names the data of a repository",
        ),
        (
            "a folder above",
            vec![("..", folder(vec![("up", file("x"))]))],
            "../up: its path could leave a folder",
        ),
        (
            "a backslash",
            vec![("..\\up", file("x"))],
            "its path could leave a folder",
        ),
        (
            "a drive",
            vec![("C:x", file("x"))],
            "its path could leave a folder",
        ),
        (
            "control characters",
            vec![("a\u{1b}[2J", file("x"))],
            "control characters",
        ),
        (
            "a link to a file of the system",
            vec![("passwd", Node::Link("/etc/passwd"))],
            "passwd: it is a link that does not lead",
        ),
        (
            "a link out of the tree",
            vec![("up", Node::Link("../../../../etc/passwd"))],
            "up: it is a link",
        ),
        (
            "links in a circle",
            vec![("x", Node::Link("y")), ("y", Node::Link("x"))],
            "x: it is a link",
        ),
        (
            "a link to a folder",
            vec![("all", Node::Link("."))],
            "all: it is a link",
        ),
        (
            "a submodule",
            vec![
                ("sub", Node::Submodule),
                (
                    ".gitmodules",
                    file("[submodule \"s\"]\n\tpath = sub\n\turl = https://git.example.org/x\n"),
                ),
            ],
            "sub: it is a submodule",
        ),
        (
            "names that differ in case",
            vec![("Fine", file("other"))],
            "some computers cannot tell",
        ),
        (
            "a pointer to bytes elsewhere",
            vec![(
                "big",
                file(
                    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 5\n",
                ),
            )],
            "big: it is a pointer of Git LFS",
        ),
    ]
}

#[test]
fn what_is_dangerous_in_a_repository_is_left_out_with_a_sentence() {
    let git = GitServer::start();
    let algebra = Algebra::start(&Algebra::setup(&git));
    for (number, (what, nodes, sentence)) in odd().into_iter().enumerate() {
        let name = format!("odd-{number}");
        let mut nodes: Vec<(&str, Node)> = nodes;
        nodes.push(("fine", file(what)));
        git.repository(&name).commit(nodes);
        let outcome = algebra.follow(&settings(&git.url(&name)));
        assert!(outcome.report.contains(sentence), "{what}: {outcome:?}");
        assert!(!outcome.report.contains('\u{1b}'), "{what}");
        let kept = if what.contains("case") && sentence.contains("computers") {
            "Fine"
        } else {
            "fine"
        };
        assert!(
            algebra.materials().paths("").contains(&kept.to_owned()),
            "{what}"
        );
    }
    for data in algebra.server.data_dirs() {
        assert_eq!(found(&data, "owned"), "");
    }
}

#[test]
fn attributes_filters_and_hooks_of_a_repository_run_nothing() {
    let git = GitServer::start();
    let repo = git.repository("filters");
    let attributes =
        "* filter=evil diff=evil merge=evil export-subst ident working-tree-encoding=UTF-16\n";
    repo.commit(vec![
        (".gitattributes", file(attributes)),
        ("evil.sh", Node::Script("#!/bin/sh\ntouch owned\n")),
        (
            ".gitconfig",
            file("[filter \"evil\"]\n\tsmudge = ./evil.sh\n"),
        ),
    ]);
    repo.git(&["config", "filter.evil.smudge", "touch owned"], &[]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let outcome = algebra.follow(&settings(&git.url("filters")));
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    assert_eq!(algebra.materials().text(".gitattributes"), attributes);
    for data in algebra.server.data_dirs() {
        assert_eq!(found(&data, "owned*"), "");
        // The copy is bare: nothing of the repository is a file on the disk of the server.
        assert_eq!(found(&data, "evil*"), "");
    }
}

/// Returns the names of the files and directories below a directory that match.
fn found(directory: &Path, pattern: &str) -> String {
    assert!(directory.is_dir());
    let output = Command::new("find")
        .arg(directory)
        .args(["-name", pattern])
        .finish()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn refused_for(setup: &Setup, git: &GitServer, path: &str, sentence: &str) {
    let algebra = Algebra::start(setup);
    algebra.materials().put("kept", "1").ok();
    let outcome = algebra.follow(&settings(&git.url(path)));
    assert!(
        outcome.word == "refused" || outcome.word == "failed",
        "{outcome:?}"
    );
    assert!(
        outcome.report.contains(sentence),
        "{path}: {}",
        outcome.report
    );
    assert!(!outcome.report.contains('\u{1b}'), "{}", outcome.report);
    assert_eq!(
        algebra.materials().paths(""),
        ["kept"],
        "nothing is changed"
    );
    for data in algebra.server.data_dirs() {
        assert_eq!(found(&data, "tmp_*"), "");
    }
}

#[test]
fn servers_that_misbehave_are_answered_by_a_sentence() {
    let git = GitServer::start();
    git.repository("empty");
    git.repository("lecture")
        .commit(vec![("a", file(&"1".repeat(5000)))]);
    for (path, sentence) in [
        ("nowhere", "was not found, or is private"),
        ("private/lecture", "was not found, or is private"),
        ("elsewhere/lecture", "redirects to another address"),
        ("page/lecture", "has no branch main"),
        ("broken/lecture", "git refuses the repository"),
        ("commands/lecture", "no such repository"),
        ("damaged/lecture", "git refuses the repository"),
        ("empty", "has no branch main"),
    ] {
        refused_for(&Algebra::setup(&git), &git, path, sentence);
    }
}

#[test]
fn a_fault_that_git_finds_in_a_repository_is_named() {
    let git = GitServer::start();
    let twice = git.repository("twice");
    let blob = twice.blob(b"x");
    let entry = || ("a", Node::Object("100644", blob.clone()));
    let tree = twice.tree(vec![entry(), entry()]);
    twice.point("main", &tree);
    let slash = git.repository("slash");
    slash.commit(vec![("a/b", file("x"))]);
    let options = git.repository("options");
    let modules = "[submodule \"x\"]\n\tpath = x\n\turl = --upload-pack=touch\n";
    options.commit(vec![(".gitmodules", file(modules))]);
    for (path, sentence) in [
        ("twice", "duplicateEntries: contains duplicate file entries"),
        ("slash", "fullPathname: contains full pathnames"),
        ("options", "gitmodulesUrl: disallowed submodule url"),
    ] {
        refused_for(&Algebra::setup(&git), &git, path, sentence);
    }
}

#[test]
fn a_server_that_sends_without_end_is_given_up() {
    let git = GitServer::start();
    let setup = Algebra::setup(&git);
    refused_for(&setup, &git, "endless/lecture", "more memory than git gets");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let git = GitServer::start();
    let setup = Algebra::setup(&git);
    refused_for(&setup, &git, "silent/lecture", "stopped sending");
}

/// A tree of ten folders with the same folder ten times, and so on: 10 to the power of `depth` files in a few objects.
fn bomb(repo: &Repo, depth: usize) {
    const NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut below = ("100644", repo.blob(b"boom"));
    for _ in 0..depth {
        let nodes = NAMES
            .iter()
            .map(|name| (*name, Node::Object(below.0, below.1.clone())));
        below = ("40000", repo.tree(nodes.collect()));
    }
    repo.point("main", &below.1);
}

#[test]
fn bombs_are_refused_within_bounded_memory_time_and_disk() {
    let git = GitServer::start();
    bomb(&git.repository("trees"), 10);
    let repo = git.repository("deep");
    let mut below = Node::File(b"x".to_vec());
    for _ in 0..300 {
        below = Node::Object("40000", repo.tree(vec![("d", below)]));
    }
    repo.commit(vec![("d", below)]);
    // Zeros that a pack stores in a few kilobytes.
    git.repository("zeros")
        .commit(vec![("zeros", Node::File(vec![0; 40 << 20]))]);
    let random: Vec<u8> = (0..3_000_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    git.repository("large")
        .commit(vec![("noise", Node::File(random))]);
    let many = git.repository("many");
    let blob = many.blob(b"x");
    let names: Vec<String> = (0..300).map(|number| format!("f{number}")).collect();
    let tree = many.tree(
        names
            .iter()
            .map(|name| (name.as_str(), Node::Object("100644", blob.clone())))
            .collect(),
    );
    many.point("main", &tree);
    let limits = [
        "--max-file-size",
        "10MB",
        "--max-files",
        "100",
        "--max-repository",
        "4MB",
    ];
    for (path, sentence) in [
        ("trees", "more than 1000 files"),
        ("deep", "The branch has no files"),
        (
            "zeros",
            "zeros has 40.0 MiB, and the limit of a file is 9.5 MiB",
        ),
        ("large", "larger than the limit"),
        ("many", "has 300 files, and 100 is the limit"),
    ] {
        refused_for(&Algebra::setup(&git).args(&limits), &git, path, sentence);
    }
}

#[test]
fn addresses_that_are_no_repository_outside_are_refused_at_once() {
    let git = GitServer::start();
    git.repository("lecture").commit(vec![("a", file("1"))]);
    let algebra = Algebra::start(&Setup::standalone());
    let inside = format!("https://localhost:{}/lecture", git.port);
    for (url, sentence) in [
        ("http://169.254.169.254/latest", "begins with https://"),
        ("https://169.254.169.254/latest", "inside this network"),
        ("https://localhost:8081/hub", "inside this network"),
        (inside.as_str(), "--git-hosts localhost:"),
        ("https://[::1]/x", "inside this network"),
        ("https://[::ffff:127.0.0.1]/x", "inside this network"),
        ("https://10.0.0.1/x", "inside this network"),
        ("https://127.1/x", "has a host such as"),
        ("https://0x7f000001/x", "has a host such as"),
        ("file:///etc", "begins with https://"),
        ("/etc", "begins with https://"),
        ("ext::sh -c touch% /tmp/owned", "begins with https://"),
        ("--upload-pack=touch /tmp/owned", "begins with https://"),
        ("ssh://git@example.org/x", "begins with https://"),
        ("https://kevin:secret@example.org/x", "no user name"),
        ("https://example.org/x\n[core]", "ends with its path"),
    ] {
        let reply = algebra.set(&json!({ "url": url }));
        assert_eq!(reply.status, 400, "{url}");
        let told = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(told.contains(sentence), "{url}: {told}");
        assert!(!told.contains("secret"));
    }
    for wrong in [
        json!({ "url": "https://example.org/x", "branch": "--upload-pack=x" }),
        json!({ "url": "https://example.org/x", "branch": "a:b" }),
        json!({ "url": "https://example.org/x", "folder": "../x" }),
        json!({ "url": "https://example.org/x", "exclude": ["["] }),
        json!({ "url": "https://example.org/x", "every": "1m" }),
        json!({ "url": "https://example.org/x", "every": "soon" }),
        json!({ "url": "https://example.org/x", "token": "two words" }),
        json!({ "url": 7 }),
        json!({}),
    ] {
        assert_eq!(algebra.set(&wrong).status, 400, "{wrong}");
    }
    assert_eq!(
        algebra.server.get(super::course::SOURCE, "kevin").status,
        404
    );
}
