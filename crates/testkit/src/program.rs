//! The built program, its environment, and its runs to the end.

use crate::patience::Finish as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::thread;

/// Returns the program under test: the one in `NBCOURIER_BIN`, or the one that cargo built beside this test.
pub fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("NBCOURIER_BIN") {
        return program.into();
    }
    let test = std::env::current_exe().expect("the path of this test");
    // Cargo puts tests into `deps` below the directory of the program.
    let directory = test.parent().and_then(Path::parent);
    directory.expect("a directory of cargo").join("nbcourier")
}

/// Runs a subcommand to its end, without a server, and without the settings of the person who runs the tests.
pub fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new(program());
    isolate(&mut command, home.path());
    name_places(&mut command, arguments);
    command
        .args(arguments)
        .finish()
        .expect("the program starts")
}

/// Starts a command and kills it after that time. Returns its exit code if it had ended by then.
pub fn run_and_kill(mut command: Command, after: std::time::Duration) -> Option<i32> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    thread::sleep(after);
    child.kill().expect("it was running");
    child.wait().expect("it ends").code()
}

/// The variables that name databases and buckets, by the data directories that do not hold them.
static PLACES: Mutex<Vec<(String, [String; 2])>> = Mutex::new(Vec::new());

/// Names the database and the bucket to a command on a data directory, as the environment of an operator does.
pub fn name_places(command: &mut Command, arguments: &[&str]) {
    let known = PLACES.lock().expect("no panic while it is held");
    let named = known
        .iter()
        .filter(|(directory, _)| arguments.contains(&directory.as_str()));
    command.envs(named.map(|(_, [name, value])| (name, value)));
}

/// Gives the variable to commands on the data directory.
pub(crate) fn know(directory: &Path, name: &str, value: &str) {
    let directory = directory.display().to_string();
    let variable = [name.to_owned(), value.to_owned()];
    let mut known = PLACES.lock().expect("no panic while it is held");
    known.push((directory, variable));
}

/// Removes everything but the search path from the environment, so that no setting of the user has an effect.
pub fn isolate(command: &mut Command, home: &Path) {
    command.env_clear().current_dir(home).env("HOME", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
}

/// Returns a port that was free a moment ago.
pub fn free_port() -> u16 {
    // Below the ports that Linux gives to outgoing connections, which might take it before the server does.
    const FIRST: u16 = 20_000;
    const PORTS: u64 = 12_000;
    loop {
        let random = RandomState::new().build_hasher().finish() % PORTS;
        let port = FIRST + u16::try_from(random).expect("a small number");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
