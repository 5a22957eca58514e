//! The files in the repository and in the packages made from it: our own sources, and no file by accident.

use nbcourier_testkit::Finish as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The extensions of the text files that we write.
const TEXT: [&str; 17] = [
    "css", "ftl", "html", "in", "ini", "js", "json", "lock", "md", "py", "rs", "sh", "sql", "toml",
    "tpl", "txt", "yaml",
];
/// The text files without an extension.
const PLAIN: [&str; 8] = [
    ".ci/run",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "deploy/Dockerfile",
    "deploy/Dockerfile.dockerignore",
    "deploy/helm/nbcourier/.helmignore",
    "python/install/scripts/ngshare-course-management",
];
/// The icon that the server serves, and the pictures of the documents: the only binary files that we made.
const ICON: &str = "src/http/pages/static/favicon.ico";
const PICTURES: &str = "docs/pictures/";
/// The Debian packages, whose tools give files their names.
const DEBIAN: &str = "deploy/debian/";
/// `KaTeX` as its makers published it. It is the only work of others here.
const KATEX: &str = "src/http/pages/static/katex-0.19.1/";
/// The SHA-256 of its files one after the other, in the order of their names.
const KATEX_SHA256: &str = "aadd7077e060207fd5b8cbb3644d5cfdd675faad6a9cabe17819aff969c3b961";
/// The inputs of the fuzzers, which may contain anything but are small.
const CORPUS: &str = "tests/corpus/";
/// The tools of the tests.
const TESTKIT: &str = "crates/testkit/";
/// The object stores of the tests, whose programs are in the cache directory.
const TESTBUCKETS: &str = "crates/testbuckets/";
const LARGEST_INPUT: u64 = 64 * 1024;

/// The files that cargo adds to every package.
const BY_CARGO: [&str; 2] = [".cargo_vcs_info.json", "Cargo.toml.orig"];

#[test]
fn only_our_own_sources_are_tracked() {
    for path in tracked() {
        let Ok(content) = fs::read(root().join(&path)) else {
            // The file is removed, but not committed yet.
            continue;
        };
        if path.starts_with(CORPUS) {
            assert!(content.len() as u64 <= LARGEST_INPUT, "{path} is large");
            continue;
        }
        if path == ICON || path.starts_with(PICTURES) || path.starts_with(KATEX) {
            continue;
        }
        let ending = path
            .rsplit('/')
            .next()
            .and_then(|name| name.rsplit_once('.'));
        let is_known = ending.is_some_and(|(_, ending)| TEXT.contains(&ending));
        assert!(
            is_known || PLAIN.contains(&path.as_str()) || path.starts_with(DEBIAN),
            "{path} is of no kind that we write; remove it, or add its kind to this test"
        );
        let is_text = String::from_utf8(content).is_ok_and(|text| !text.contains('\0'));
        assert!(is_text, "{path} is binary");
    }
}

#[test]
fn katex_is_unchanged() {
    let files = tracked().into_iter().filter(|path| path.starts_with(KATEX));
    let contents = files.flat_map(|path| fs::read(root().join(path)).unwrap());
    let contents: Vec<u8> = contents.collect();
    assert_eq!(nbcourier_testkit::hex_sha256(&contents), KATEX_SHA256);
}

#[test]
fn the_packages_hold_what_building_needs_and_no_foreign_file() {
    let tracked = tracked();
    let mut packed = BTreeSet::new();
    for directory in packages(&tracked) {
        let manifest = format!("{directory}Cargo.toml");
        let list = ["package", "--list", "--allow-dirty", "--offline", "--quiet"];
        let arguments = [&list[..], &["--manifest-path", &manifest]].concat();
        for path in run(env!("CARGO"), &arguments) {
            // Cargo puts the lock file and the licence of the workspace into each package.
            let path = if directory.is_empty() || path == "Cargo.lock" {
                path
            } else {
                format!("{directory}{path}")
            };
            let is_ours = tracked.contains(&path)
                || BY_CARGO
                    .iter()
                    .any(|name| path == format!("{directory}{name}"));
            assert!(is_ours, "{path} is packed and not tracked");
            assert!(
                !path.starts_with("tests/") && !path.starts_with("scripts/"),
                "{path} is packed, and building does not need it"
            );
            packed.insert(path);
        }
    }
    for path in tracked {
        let is_needed = ["src/", "crates/", "migrations/", "python/"]
            .iter()
            .any(|directory| path.starts_with(directory));
        assert!(
            !is_needed || packed.contains(&path),
            "{path} is not packed: add it to `include` in Cargo.toml"
        );
    }
}

/// Returns the directories of the packages, relative to the root and with a `/` at the end; the program's is empty.
fn packages(tracked: &BTreeSet<String>) -> Vec<&str> {
    tracked
        .iter()
        .filter_map(|path| path.strip_suffix("Cargo.toml"))
        .collect()
}

/// The libraries that a crate must not link, directly or through others, though Cargo would allow it.
const NEVER_LINKED: [(&str, &[&str]); 4] = [
    (
        "nbcourier-api",
        &[
            "tokio",
            "actix-web",
            "diesel",
            "reqwest",
            "nbcourier-exchange",
        ],
    ),
    (
        "nbcourier-codec",
        &["tokio", "actix-web", "diesel", "schemars", "serde_derive"],
    ),
    (
        "nbcourier-exchange",
        &["actix-web", "actix-http", "reqwest"],
    ),
    (
        "nbcourier-storage",
        &["actix-web", "actix-http", "nbcourier-codec"],
    ),
];

#[test]
fn no_crate_links_what_it_must_not_know() {
    for (package, never) in NEVER_LINKED {
        let list = [
            "tree",
            "--offline",
            "--quiet",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ];
        // The HTTP client of object stores stays inside the blobs.
        let hidden = ["--prune", "nbcourier-blobs"];
        let of_blobs = if package == "nbcourier-exchange" {
            &hidden[..]
        } else {
            &[]
        };
        let format = ["--format", "{p}", "--package", package];
        let arguments = [&list[..], &format, of_blobs].concat();
        let linked = run(env!("CARGO"), &arguments);
        let names: BTreeSet<&str> = linked
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert!(names.contains(package), "cargo lists {names:?}");
        for name in never {
            assert!(!names.contains(name), "{package} links {name}");
        }
    }
}

/// Cargo starts the compiler again for each crate that may have such examples, so only crates with examples may.
#[test]
fn every_example_in_a_doc_comment_is_compiled() {
    let mut with_examples = 0;
    for package in packages_of_cargo() {
        let targets = package["targets"].as_array().expect("a list of targets");
        let Some(library) = targets.iter().find(|target| target["kind"][0] == "lib") else {
            continue;
        };
        let source = Path::new(library["src_path"].as_str().expect("a path"));
        let directory = source.parent().expect("a directory");
        let examples = tracked().into_iter().filter(|path| {
            let path = root().join(path);
            path.starts_with(directory)
                && path.extension().is_some_and(|it| it == "rs")
                && fs::read_to_string(path).is_ok_and(|text| has_example(&text))
        });
        let examples: Vec<String> = examples.collect();
        let is_compiled = library["doctest"] == true;
        let name = &package["name"];
        assert_eq!(
            !examples.is_empty(),
            is_compiled,
            "doctest of {name}: {examples:?}"
        );
        with_examples += examples.len();
    }
    assert!(with_examples > 0);
}

/// Whether the documentation in this source contains a block of code that is not marked as text.
fn has_example(source: &str) -> bool {
    let fences = source.lines().filter_map(|line| {
        let line = line.trim_start();
        let comment = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))?;
        comment.trim_start().strip_prefix("```")
    });
    // The first of each two begins a block.
    fences.step_by(2).any(|language| language != "text")
}

/// Returns the packages of the workspace, as cargo describes them.
fn packages_of_cargo() -> Vec<Value> {
    let metadata = [
        "metadata",
        "--offline",
        "--no-deps",
        "--format-version",
        "1",
    ];
    let metadata = run(env!("CARGO"), &metadata).concat();
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array();
    packages.expect("a list of packages").clone()
}

/// cargo-deny checks the same for the crates of the program (`deny.toml`). This also checks those of the tests.
#[test]
fn every_dependency_has_a_version() {
    let packages = packages_of_cargo();
    let dependencies = packages.iter().flat_map(|package| {
        let all = package["dependencies"].as_array();
        all.into_iter().flatten().map(move |each| (package, each))
    });
    let (own, foreign): (Vec<_>, Vec<_>) =
        dependencies.partition(|(_, dependency)| dependency["path"].is_string());
    assert!(!own.is_empty() && !foreign.is_empty());
    for (package, dependency) in foreign {
        let (package, name) = (&package["name"], &dependency["name"]);
        assert_ne!(dependency["req"], "*", "{package} takes any {name}");
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    for path in tracked() {
        let is_program =
            path.starts_with("src/") || path.starts_with("crates/") && !path.contains("/tests/");
        let is_tool = [TESTKIT, TESTBUCKETS]
            .iter()
            .any(|tool| path.starts_with(tool));
        let is_test = path.contains("/tests/");
        let is_program = is_program && !is_tool && !is_test;
        let is_rust = Path::new(&path).extension().is_some_and(|it| it == "rs");
        if !is_program || !is_rust || path.starts_with("src/config/") {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue;
        };
        for word in ["env::var", "env::vars", "env::var_os"] {
            assert!(
                !text.contains(word),
                "{path} has {word}: read it in src/config"
            );
        }
    }
}

/// Files with tests that may sleep, because they are about time, or because they limit the waiting themselves. All
/// others use `nbcourier_testkit::eventually`.
const MAY_SLEEP: [&str; 13] = [
    // Sleeps between two looks, with a limit.
    "crates/testkit/src/patience.rs",
    "crates/storage/src/writer.rs",
    // Kill the program after a random time.
    "tests/faults/kill.rs",
    "tests/faults/replicas.rs",
    "tests/faults/standby.rs",
    "crates/testkit/src/program.rs",
    // Lets a fault begin, and last, for a random time.
    "tests/faults/outages.rs",
    // Waits between two attempts, and ends with the whole load.
    "tests/faults/load.rs",
    // Lets the last connection to a replica arrive.
    "crates/testkit/src/server.rs",
    // Answer slowly on purpose.
    "crates/testkit/src/hub.rs",
    "tests/it/materials/git_server.rs",
    // Asks a limited number of times.
    "tests/faults/hub.rs",
    // Contains the words that it looks for.
    "tests/it/package.rs",
];
/// Files with tests that may let others run.
const MAY_YIELD: [&str; 3] = [
    // Yields while it finds nothing to do, and ends with the whole load.
    "tests/faults/load.rs",
    // Yields once.
    "crates/storage/src/turns.rs",
    // Contains the words that it looks for.
    "tests/it/package.rs",
];
/// Files with tests that may wait for a program.
const MAY_WAIT: [&str; 2] = [
    // `timeout` limits it. The crate has no tools for tests, so that it is built quickly.
    "crates/codec/src/tests/archives.rs",
    // Contains the words that it looks for.
    "tests/it/package.rs",
];

#[test]
fn files_that_may_sleep_are_there_and_do() {
    for path in MAY_SLEEP {
        let text = fs::read_to_string(root().join(path));
        let sleeps = text.is_ok_and(|text| text.contains("sleep("));
        assert!(sleeps, "{path} does not sleep: take it out of the list");
    }
}

#[test]
fn no_test_waits_without_a_limit_or_lets_time_pass() {
    for path in tracked() {
        if Path::new(&path).extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue;
        };
        // The tests of a module are at its end.
        let is_test = path.starts_with("tests/")
            || path.starts_with(TESTKIT)
            || path.contains("/tests/")
            || path.ends_with("/tests.rs");
        let begin = if is_test {
            Some(0)
        } else {
            text.find("#[cfg(test)]")
        };
        let Some(text) = begin.map(|begin| &text[begin..]) else {
            continue;
        };
        for (word, allowed, instead) in [
            ("sleep(", MAY_SLEEP.as_slice(), "eventually"),
            ("yield_now(", MAY_YIELD.as_slice(), "eventually"),
            (".output()", MAY_WAIT.as_slice(), "Finish"),
            (".wait_with_output()", MAY_WAIT.as_slice(), "Finish"),
            (
                ".recv()",
                MAY_WAIT.as_slice(),
                "eventually, or recv_timeout",
            ),
        ] {
            let is_allowed = allowed.contains(&path.as_str());
            assert!(
                is_allowed || !text.contains(word),
                "{path} has {word}: use nbcourier_testkit::{instead}, which has a limit"
            );
        }
    }
}

/// Returns the files of the repository.
fn tracked() -> BTreeSet<String> {
    let paths = run("git", &["ls-files", "-z"]);
    let paths = paths.iter().flat_map(|line| line.split('\0'));
    let paths: BTreeSet<String> = paths
        .filter(|path| !path.is_empty())
        .map(Into::into)
        .collect();
    assert!(paths.contains("Cargo.toml"), "git does not list our files");
    paths
}

/// Returns the lines that a program prints in the root of the repository.
fn run(program: &str, arguments: &[&str]) -> Vec<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .finish()
        .expect("the program can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} failed: {errors}");
    let text = String::from_utf8(output.stdout).expect("paths are UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
