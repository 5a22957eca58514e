//! A course with a directory that is open to everybody, and a machine with a mirror of it.

use crate::directories::client::{Directory, send_json};
use nbcourier_testkit::person::{Ended, Person};
use nbcourier_testkit::{Course, Server, Setup};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The token of the mirror.
pub const TOKEN: &str = "mirror-3f9c41";

pub struct Machine {
    pub server: Server,
    pub operator: Person,
}

impl Machine {
    /// Returns a machine that asks the server itself. The directory `data` of the course algebra is open to everybody.
    pub fn new() -> Self {
        let server = Setup::standalone().unlimited().start();
        Course::of(&server, "algebra").make(&["kevin"], &["ada"]);
        let machine = Self {
            operator: Person::at(&server, TOKEN),
            server,
        };
        machine.make("data");
        machine.open("data");
        machine
    }

    /// Returns the same machine, which asks at this port from now on.
    pub fn through_port(mut self, port: u16) -> Self {
        let url = format!("http://127.0.0.1:{port}{}", self.server.prefix());
        self.operator = self.operator.env("NBCOURIER_URL", &url);
        self
    }

    /// Makes a directory of the course.
    #[track_caller]
    pub fn make(&self, name: &str) {
        let new = json!({ "owner": "course:algebra", "name": name });
        let made = send_json(&self.server, "POST", "v1/directories", "kevin", &new);
        assert_eq!(made.status, 201, "{}", made.text());
    }

    /// Returns a directory of the course, as the teacher sees it.
    pub fn directory(&self, name: &str) -> Directory<'_> {
        Directory::of(&self.server, "course:algebra", name, "kevin")
    }

    pub fn open(&self, name: &str) {
        let everybody = json!([{ "kind": "everybody", "level": "read" }]);
        self.directory(name).grant(&everybody);
    }

    pub fn close(&self, name: &str) {
        self.directory(name).grant(&json!([]));
    }

    /// The teacher puts a file into the directory `data`.
    #[track_caller]
    pub fn teach(&self, path: &str, text: &str) {
        self.directory("data").put(path, text).ok();
    }

    /// The teacher applies operations to it.
    #[track_caller]
    pub fn change(&self, changes: &Value) {
        self.directory("data").change(changes).ok();
    }

    /// Returns a path in the mirror.
    pub fn at(&self, path: &str) -> PathBuf {
        self.operator.home().join("courses").join(path)
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let path = self.at(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Returns the version that the link of `data` shows.
    #[track_caller]
    pub fn shown(&self) -> String {
        let target = fs::read_link(self.at("algebra/data")).unwrap();
        target.into_os_string().into_string().unwrap()
    }

    #[track_caller]
    pub fn inode(&self, path: &str) -> u64 {
        fs::metadata(self.at(path)).unwrap().ino()
    }

    /// Runs the mirror, which does all. Returns the reports.
    #[track_caller]
    pub fn mirror(&self, arguments: &[&str]) -> Vec<Value> {
        let (code, reports) = self.try_mirror(arguments);
        assert_eq!(code, Some(0), "{reports:?}");
        reports
    }

    /// Runs the mirror, which does not do something. Returns the reports.
    #[track_caller]
    pub fn mirror_fails(&self, arguments: &[&str]) -> Vec<Value> {
        let (code, reports) = self.try_mirror(arguments);
        assert_eq!(code, Some(1), "{reports:?}");
        reports
    }

    #[track_caller]
    fn try_mirror(&self, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
        let all = [&["mirror", "--to", "courses", "--json"], arguments].concat();
        let Ended { code, out, err } = self.operator.run(&all);
        assert_eq!(err, "", "{out}");
        let reports: Value = serde_json::from_str(&out).unwrap();
        (code, reports.as_array().unwrap().clone())
    }

    /// Returns a mirror through another command.
    pub fn mirror_through(&self, through: &[&str], arguments: &[&str]) -> Command {
        let arguments = [&["mirror", "--to", "courses"], arguments].concat();
        self.operator.command_through(through, &arguments)
    }

    /// Returns the names in the folder of the course.
    pub fn entries(&self) -> Vec<String> {
        names(&self.at("algebra"))
    }

    /// Returns the files below a path with their texts.
    pub fn texts(&self, path: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let root = self.at(path);
        for path in files(&root) {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
        found
    }

    /// Returns the facts of everything that others see: a change of any of them is seen.
    pub fn facts(&self) -> Vec<(PathBuf, u64, i64, i64, u32)> {
        let mut found = Vec::new();
        let mut pending = vec![self.at("algebra")];
        while let Some(path) = pending.pop() {
            let facts = fs::symlink_metadata(&path).unwrap();
            if facts.is_dir() {
                let entries = fs::read_dir(&path).unwrap();
                pending.extend(entries.map(|entry| entry.unwrap().path()));
            }
            let changed = (facts.mtime_nsec(), facts.ctime_nsec());
            found.push((path, facts.ino(), changed.0, changed.1, facts.mode()));
        }
        found.sort();
        found
    }
}

/// Returns the names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Returns all files below a folder. Links are not followed.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Returns the permissions of an entry.
#[track_caller]
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
