//! Directories and processes of servers that tests start. They end with the process of the tests.

#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::process::{Child, Command};
use std::sync::{OnceLock, mpsc};
use tempfile::TempDir;

/// Creates a directory whose name begins with `prefix` and the ID of the process. Removes those of processes that have
/// ended, since nothing is dropped when a process ends.
pub fn new_directory(prefix: &str) -> TempDir {
    remove_abandoned(prefix);
    tempfile::Builder::new()
        .prefix(&format!("{prefix}{}.", std::process::id()))
        .tempdir()
        .expect("a temporary directory")
}

fn remove_abandoned(prefix: &str) {
    let entries = std::fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| {
            let (process, _) = name.strip_prefix(prefix)?.split_once('.')?;
            process.parse::<u32>().ok()
        });
        if let Some(process) = process
            && !Path::new(&format!("/proc/{process}")).exists()
        {
            // Another process may do the same at the same time.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Starts a command of `setpriv --pdeathsig` from a thread that never ends. It would end with the thread of a test.
pub fn spawn(command: Command) -> Child {
    static STARTER: OnceLock<mpsc::Sender<(Command, mpsc::Sender<Child>)>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, commands) = mpsc::channel::<(Command, mpsc::Sender<Child>)>();
        std::thread::spawn(move || {
            for (mut command, answer) in commands {
                let child = command.spawn().expect("setpriv of util-linux starts");
                let _ = answer.send(child);
            }
        });
        sender
    });
    let (answer, child) = mpsc::channel();
    starter.send((command, answer)).expect("the thread runs");
    child.recv().expect("the thread runs")
}
