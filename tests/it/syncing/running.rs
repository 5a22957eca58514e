//! An agent that goes on.

use nbcourier_testkit::eventually;
use nbcourier_testkit::machine::Machine;
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};

/// A running agent. It is killed at the end of a test.
pub struct Running(pub Child);

impl Running {
    pub fn of(machine: &Machine) -> Self {
        Self::with(machine, &[], Stdio::null())
    }

    /// Starts it as a Jupyter server does.
    pub fn attached(machine: &Machine) -> Self {
        Self::with(machine, &["--attached"], Stdio::piped())
    }

    fn with(machine: &Machine, flags: &[&str], input: Stdio) -> Self {
        let mut command = machine.sync_through(&["env"], flags);
        let log = fs::File::create(machine.ada.home().join("said")).unwrap();
        command.stdin(input).stdout(log);
        Self(command.spawn().unwrap())
    }

    /// Tells it which notebooks are open, as a Jupyter server does.
    pub fn tell_open(&mut self, notebooks: &[&Path]) {
        let input = self.0.stdin.as_mut().unwrap();
        writeln!(input, "{}", json!({ "open": notebooks })).unwrap();
    }

    /// Asks it to end, and returns its exit code.
    pub fn end(mut self) -> Option<i32> {
        let id = i32::try_from(self.0.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let mut code = None;
        eventually("the agent ends", || {
            code = self.0.try_wait().unwrap();
            code.is_some()
        });
        code.and_then(|code| code.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns its output so far.
pub fn said(machine: &Machine) -> String {
    fs::read_to_string(machine.ada.home().join("said")).unwrap_or_default()
}

/// Whether a file of the folder has this text.
pub fn has(machine: &Machine, path: &str, text: &str) -> bool {
    fs::read_to_string(machine.at_path(path)).is_ok_and(|found| found == text)
}
