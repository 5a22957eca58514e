//! Commands that write into homes. A file, its name and the state of its folder survive together: a folder without its state
//! would take old files for the owner's own.

use super::{Commanded, traced};
use crate::client::Client;
use crate::shared;
use nbcourier_testkit::{Call, Course, Server, Setup, program};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// The directory that is delivered to the folder `algebra`.
const CHANGES: &str = "v1/directories/course:algebra/materials/changes";

/// The changes that would take back others.
const UNDONE: [&str; 3] = [
    "version restored",
    "directory deleted",
    "directory restored",
];

/// Ada's home, and a server with material for her.
struct Home {
    root: PathBuf,
    server: Server,
    _place: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("home");
        fs::create_dir(&root).unwrap();
        let server = Setup::standalone().start();
        Course::of(&server, "algebra").make(&["ira"], &["ada"]);
        let home = Self {
            root,
            server,
            _place: place,
        };
        for (what, call) in shared::changes(&Client::of(&home.server), "ira", 1000) {
            // The rest leaves folders and files to receive.
            if !UNDONE.contains(&what) {
                home.send(what, &call);
            }
        }
        home
    }

    fn send(&self, what: &str, call: &Call) {
        let reply = self.server.send(call);
        assert!(reply.status < 300, "{what}: {}", reply.text());
    }

    fn change(&self, changes: &serde_json::Value) {
        let call = Client::of(&self.server).call("POST", CHANGES, "ira");
        let body = json!({ "changes": changes }).to_string();
        self.send("changes", &call.body("application/json", body));
    }

    /// Runs a command of Ada's to its end.
    #[track_caller]
    fn runs(&self, arguments: &[&str]) -> Commanded<'_> {
        let (port, prefix) = (self.server.port(), self.server.prefix());
        let mut command = traced(&self.root);
        command
            .arg(program())
            .args(arguments)
            .env("NBCOURIER_URL", format!("http://127.0.0.1:{port}{prefix}"))
            .env("JUPYTERHUB_API_TOKEN", "ada");
        Commanded::run(&self.root, command)
    }

    /// Runs a command that changes the home, and checks its system calls there.
    #[track_caller]
    fn does(&self, arguments: &[&str]) -> Commanded<'_> {
        let done = self.runs(arguments);
        done.assert_flushed(None);
        done
    }
}

#[test]
fn what_a_pull_replaces_is_flushed_before_it_is_reported() {
    let home = Home::new();
    let pulled = home.does(&["pull"]);
    let folder = home.root.join("algebra");
    assert!(folder.join("unit2/data.bin").exists());
    for path in [
        "/home>",
        "/home/.nbcourier>",
        "/home/.nbcourier/deliveries.json.",
        "/algebra>",
        "/algebra/.nbcourier>",
        "/algebra/.nbcourier/state.json.new>",
        "/algebra/unit2>",
        "/incoming/",
    ] {
        pulled.assert_needs_flush_of(path);
    }
    // Files that are replaced and removed, and folders that are new.
    home.change(&json!([
        { "op": "remove", "path": "unit1/lesson.bin" },
        { "op": "copy", "from": "unit2/data.bin", "to": "unit1/lesson.bin" },
        { "op": "remove", "path": "unit2/lesson.bin" },
        { "op": "move", "from": "unit2/data.bin", "to": "unit3/deep/data.bin" },
    ]));
    let pulled = home.does(&["pull"]);
    assert!(folder.join("unit3/deep/data.bin").exists());
    assert!(!folder.join("unit2/lesson.bin").exists());
    for path in [
        "/algebra/unit1>",
        "/algebra/unit3>",
        "/unit3/deep>",
        "/kept/",
    ] {
        pulled.assert_needs_flush_of(path);
    }
}

#[test]
fn nothing_is_flushed_where_nothing_is_new() {
    let home = Home::new();
    home.does(&["pull"]);
    let again = home.runs(&["pull"]);
    let flushes = again.trace.lines().filter(|line| line.contains("sync("));
    assert_eq!(flushes.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn an_original_and_what_it_replaces_are_flushed_before_they_are_reported() {
    let home = Home::new();
    home.does(&["pull"]);
    let lesson = home.root.join("algebra/unit1/lesson.bin");
    for (more, path) in [(None, "/algebra/unit1>"), (Some("--discard"), "/kept/")] {
        fs::write(&lesson, "mine").unwrap();
        let arguments = ["revert", "algebra/unit1/lesson.bin"];
        let arguments: Vec<&str> = arguments.into_iter().chain(more).collect();
        let reverted = home.does(&arguments);
        assert_eq!(fs::metadata(&lesson).unwrap().len(), 1000);
        for path in [path, "/incoming/", "/algebra/.nbcourier>"] {
            reverted.assert_needs_flush_of(path);
        }
    }
}

#[test]
fn what_the_agent_does_in_a_folder_is_flushed_before_it_is_reported() {
    let home = Home::new();
    let folder = home.root.join("work/materials").display().to_string();
    let added = home.does(&[
        "sync",
        "add",
        &folder,
        "--directory",
        "algebra:materials",
        "--mode",
        "pull",
    ]);
    for path in [
        "/home>",
        "/work>",
        "/materials/.nbcourier>",
        "/home/.nbcourier/pairs.json.new>",
    ] {
        added.assert_needs_flush_of(path);
    }
    let run = ["sync", "run", "--once", "--settle", "0s", "--agree", "0s"];
    let ran = home.does(&run);
    assert!(home.root.join("work/materials/unit2/data.bin").exists());
    for path in [
        "/materials>",
        "/materials/unit2>",
        "/incoming/",
        "/state.json.new>",
    ] {
        ran.assert_needs_flush_of(path);
    }
    home.change(&json!([
        { "op": "remove", "path": "unit1/lesson.bin" },
        { "op": "copy", "from": "unit2/data.bin", "to": "unit1/lesson.bin" },
        { "op": "remove", "path": "unit2/lesson.bin" },
    ]));
    let ran = home.does(&run);
    assert!(!home.root.join("work/materials/unit2/lesson.bin").exists());
    for path in ["/materials/unit1>", "/kept/"] {
        ran.assert_needs_flush_of(path);
    }
}

#[test]
fn a_download_is_flushed_before_it_is_reported() {
    let home = Home::new();
    let folder = home.root.join("new/materials").display().to_string();
    let got = home.does(&["dir", "get", "algebra:materials", &folder]);
    assert!(home.root.join("new/materials/unit2/data.bin").exists());
    for path in [
        "/home>",
        "/new>",
        "/new/materials>",
        "/materials/unit2>",
        "/.nbcourier-",
    ] {
        got.assert_needs_flush_of(path);
    }
}
