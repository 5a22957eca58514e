//! Replays every data file of `tests/protocol/` against a fresh server.
//!
//! `NBCOURIER_REPLAY_ONLY=text` replays the files whose names contain the text. `NBCOURIER_REPLAY_ORIGINAL=PYTHON`
//! replays against the ngshare of this Python interpreter instead of nbcourier, which shows that the expectations for
//! both are those of the original.

use nbcourier_testkit::Setup;
use nbcourier_testkit::script::{Script, Target};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// The number of files replayed at the same time, each against a server of its own.
const AT_ONCE: usize = 4;

#[test]
fn every_request_of_the_protocol_is_answered_as_written_down() {
    let original = std::env::var("NBCOURIER_REPLAY_ORIGINAL").ok();
    let files = data_files();
    assert!(!files.is_empty(), "no data file was found");
    let next = AtomicUsize::new(0);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let differences = replay(file, original.as_deref());
                    wrong.lock().expect("the list").extend(differences);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("the list");
    // A stable sort keeps the steps of a file in their order.
    wrong.sort_by_key(|line| line.split(':').next().map(str::to_owned));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Returns the differences from the file, each prefixed with the file's name.
fn replay(file: &Path, original: Option<&str>) -> Vec<String> {
    let name = file.file_name().expect("a name").to_string_lossy();
    let text = std::fs::read_to_string(file).expect("a readable file");
    let script = Script::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!script.steps.is_empty(), "{name} has no steps");
    let differences = match original {
        None => replay_here(&script),
        Some(_) if script.server.only_here => Vec::new(),
        Some(python) => replay_against_original(&script, python),
    };
    let lines = differences.iter();
    lines.map(|line| format!("{name}: {line}")).collect()
}

fn data_files() -> Vec<PathBuf> {
    let only = std::env::var("NBCOURIER_REPLAY_ONLY").unwrap_or_default();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protocol");
    let entries = std::fs::read_dir(directory).expect("tests/protocol");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    files.sort();
    files
}

fn replay_here(script: &Script) -> Vec<String> {
    let args: Vec<&str> = script.server.args.iter().map(String::as_str).collect();
    let mut setup = Setup::standalone().args(&args);
    if let Some(admins) = &script.server.admins {
        setup = setup.admins(admins);
    }
    let server = setup.start();
    let mut wrong = script.replay(&Target {
        port: server.port(),
        prefix: server.prefix(),
        original: false,
    });
    if !server.is_healthy() {
        wrong.push("the server is dead".to_owned());
    }
    wrong
}

fn replay_against_original(script: &Script, python: &str) -> Vec<String> {
    let admins = script.server.admins.as_deref();
    let admins = admins.unwrap_or(nbcourier_testkit::ADMIN);
    let original = Original::start(python, admins, &script.server.args);
    script.replay(&Target {
        port: original.port,
        prefix: "/api/",
        original: true,
    })
}

/// ngshare's stand-alone mode as its own tests set it up. Its command line does not install the mock, so that
/// `--vngshare` alone refuses everybody.
const BELIEVING_THE_USER_ARGUMENT: &str = "
import sys
from ngshare.ngshare import MockAuth, MyRequestHandler, main
MyRequestHandler.get_current_token = MockAuth.get_current_token
MyRequestHandler.user_for_token = MockAuth.user_for_token
main(sys.argv[1:])
";

/// ngshare in its stand-alone mode.
struct Original {
    child: Child,
    port: u16,
    _directory: TempDir,
}

impl Original {
    fn start(python: &str, admins: &str, args: &[String]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = nbcourier_testkit::free_port();
        let at = directory.path().display();
        let child = Command::new(python)
            .args(["-c", BELIEVING_THE_USER_ARGUMENT, "--vngshare"])
            .args(["--admins", admins])
            .args(["--database", &format!("sqlite:///{at}/ngshare.db")])
            .args(["--storage", &format!("{at}/files/")])
            .args(["--port", &port.to_string()])
            .args(args)
            .envs([
                ("JUPYTERHUB_API_URL", "http://localhost/hub/api"),
                ("JUPYTERHUB_API_TOKEN", ""),
                ("JUPYTERHUB_CLIENT_ID", ""),
                ("JUPYTERHUB_SERVICE_PREFIX", "/api/"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        nbcourier_testkit::eventually("ngshare listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self {
            child,
            port,
            _directory: directory,
        }
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
