//! A machine of a person, with a folder that is kept equal with a directory.

use crate::person::{Ended, Person};
use crate::server::Server;
use crate::tcp_proxy::TcpProxy;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No time must pass before a change counts.
pub const AT_ONCE: [&str; 4] = ["--settle", "0s", "--agree", "0s"];

/// A machine of Ada's, with the folder `thesis` in her home.
pub struct Machine {
    pub ada: Person,
}

impl Machine {
    /// Returns a machine that asks the server at this port, which may be that of a proxy.
    pub fn at(server: &Server, port: u16, name: &str) -> Self {
        let url = format!("http://127.0.0.1:{port}{}", server.prefix());
        let ada = Person::unconfigured()
            .env("NBCOURIER_URL", &url)
            .env("JUPYTERHUB_API_TOKEN", "ada");
        let machine = Self { ada };
        machine
            .ada
            .does(&["sync", "add", "thesis", "--device", name]);
        machine
    }

    /// Returns a machine behind a proxy.
    pub fn behind(server: &Server, proxy: &TcpProxy, name: &str) -> Self {
        Self::at(server, proxy.port(), name)
    }

    /// Returns the path of a file in the folder.
    pub fn at_path(&self, path: &str) -> PathBuf {
        self.ada.home().join("thesis").join(path)
    }

    #[track_caller]
    pub fn write(&self, path: &str, text: &str) {
        let path = self.at_path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As editors do: a new file takes the place of the old one.
        let beside = path.with_extension("swp");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let path = self.at_path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn remove(&self, path: &str) {
        let path = self.at_path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at_path(from), self.at_path(to)).unwrap();
    }

    /// Brings both sides up to date, which succeeds.
    #[track_caller]
    pub fn sync(&self) -> Value {
        let (code, report) = self.try_sync(&AT_ONCE);
        assert_eq!(code, Some(0), "{report}");
        report
    }

    /// Tries to bring both sides up to date, which fails. Returns the report.
    #[track_caller]
    pub fn sync_fails(&self) -> Value {
        let (code, report) = self.try_sync(&AT_ONCE);
        assert_eq!(code, Some(1), "{report}");
        report
    }

    #[track_caller]
    pub fn try_sync(&self, flags: &[&str]) -> (Option<i32>, Value) {
        let arguments = [&["sync", "run", "--once", "--json"], flags].concat();
        let Ended { code, out, err } = self.ada.run(&arguments);
        assert_eq!(err, "", "{out}");
        let reports: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(reports.as_array().unwrap().len(), 1, "{reports}");
        (code, reports[0].clone())
    }

    /// Returns a command that brings both sides up to date through another one.
    pub fn sync_through(&self, through: &[&str], flags: &[&str]) -> Command {
        let arguments = [&["sync", "run"], flags].concat();
        let mut command = self.ada.command_through(through, &arguments);
        if !flags.contains(&"--settle") {
            command.args(AT_ONCE);
        }
        command
    }

    /// Returns the files of the folder with their texts, without the state.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        collect(&self.at_path(""), "", &mut found);
        found
    }

    /// Returns the names of the files.
    pub fn names(&self) -> Vec<String> {
        self.files().into_keys().collect()
    }

    /// Returns the texts of the kept files.
    pub fn kept(&self) -> Vec<String> {
        let mut found = BTreeMap::new();
        collect(&self.at_path(".nbcourier/kept"), "", &mut found);
        let mut texts: Vec<_> = found.into_values().collect();
        texts.sort();
        texts
    }
}

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && name != ".nbcourier" {
            collect(&entry.path(), &format!("{prefix}{name}/"), found);
        } else if kind.is_file() {
            let text = fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&text).into_owned();
            found.insert(format!("{prefix}{name}"), text);
        }
    }
}
