//! A person with a terminal: a home directory, a token, and the program.

use crate::patience::Finish as _;
use crate::program::{isolate, name_places, program};
use crate::server::Server;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

pub struct Person {
    home: TempDir,
    environment: Vec<(String, String)>,
}

/// The exit code and output of a command.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Person {
    /// Returns a person who knows the address of the exchange, and whose token is their name.
    pub fn at(server: &Server, name: &str) -> Self {
        let url = format!("http://127.0.0.1:{}{}", server.port(), server.prefix());
        Self::unconfigured()
            .env("NBCOURIER_URL", &url)
            .env("JUPYTERHUB_API_TOKEN", name)
    }

    /// Returns a person without an address or a token.
    pub fn unconfigured() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file to the home directory and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.home().join(name);
        std::fs::write(&path, content).unwrap();
        // Readable only by the person, as a file with a token should be.
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        path
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_as(&program(), arguments)
    }

    /// Runs the program by another name.
    pub fn run_as(&self, program: &Path, arguments: &[&str]) -> Ended {
        Self::end(self.prepared(Command::new(program), arguments))
    }

    /// Runs the program by a command that ends by replacing itself with the given command (`exec`).
    pub fn run_through(&self, through: &[&str], arguments: &[&str]) -> Ended {
        Self::end(self.command_through(through, arguments))
    }

    /// Returns the command that runs the program through another command, which may be empty.
    pub fn command_through(&self, through: &[&str], arguments: &[&str]) -> Command {
        let command = match through.split_first() {
            None => Command::new(program()),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program());
                command
            }
        };
        self.prepared(command, arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        isolate(&mut command, self.home());
        name_places(&mut command, arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(arguments);
        command
    }

    fn end(mut command: Command) -> Ended {
        let Output {
            status,
            stdout,
            stderr,
        } = command.finish().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let ended = Ended {
            code: status.code(),
            out: text(&stdout),
            err: text(&stderr),
        };
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        ended
    }

    /// Runs a command that must succeed, and returns its output.
    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(
            (ended.code, ended.err.as_str()),
            (Some(0), ""),
            "{arguments:?}: {}",
            ended.out
        );
        ended.out
    }

    /// Runs a command with `--json` that must succeed, and returns its output.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.does(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out}"))
    }

    /// Runs a command that must fail with exit code 1, and returns its one sentence.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
        let sentence = ended.err.trim_end();
        let sentence = sentence.split_once(": ").map(|(_, sentence)| sentence);
        sentence.expect("a sentence").to_owned()
    }
}
