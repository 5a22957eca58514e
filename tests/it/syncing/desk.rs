//! A person with two machines, a folder on each, and one directory.

use crate::directories::client::Directory;
use nbcourier_testkit::machine::Machine;
use nbcourier_testkit::{Server, Setup};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

pub struct Desk {
    pub server: Server,
    pub school: Machine,
    pub home: Machine,
}

impl Desk {
    pub fn new() -> Self {
        Self::of(&Setup::standalone().unlimited())
    }

    pub fn with_metrics() -> Self {
        let setup = Setup::standalone().unlimited();
        Self::of(&setup.args(&["--metrics-address", "127.0.0.1:0"]))
    }

    pub fn of(setup: &Setup) -> Self {
        let server = setup.start();
        let machine = |name| Machine::at(&server, server.port(), name);
        Self {
            school: machine("school"),
            home: machine("home"),
            server,
        }
    }

    /// Returns the directory, as Ada sees it.
    pub fn directory(&self) -> Directory<'_> {
        Directory::of(&self.server, "ada", "thesis", "ada")
    }

    /// Both machines sync, one after the other, until all is the same.
    #[track_caller]
    pub fn all_sync(&self) {
        self.school.sync();
        self.home.sync();
        self.school.sync();
        assert_eq!(self.school.files(), self.home.files());
        assert_eq!(self.names(), self.school.names());
    }

    /// Both machines sync, and the directory has these files.
    #[track_caller]
    pub fn all_sync_of(&self, names: &[&str]) {
        self.school.sync();
        self.home.sync();
        self.school.sync();
        assert_eq!(self.names(), names);
    }

    /// Returns the names of the files in the directory.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let there = self.directory().paths("depth=all").into_iter();
        there.filter(|path| !path.ends_with('/')).collect()
    }
}

/// Whether the owner of a file may execute it.
pub fn is_executable(path: &Path) -> bool {
    fs::metadata(path).unwrap().permissions().mode() & 0o100 != 0
}
