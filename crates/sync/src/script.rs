//! The script `start.sh` at the top of a folder that a course delivers. It runs as the owner of the home, with limits.

use super::report::{Outcome, Report};
use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use std::fs;
use std::io::{self, PipeReader, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The name of the script.
const NAME: &str = "start.sh";
/// The pause between two looks at a script that runs.
const LOOK: Duration = Duration::from_millis(50);
/// The time that the last output may take after the end of the script.
const LAST_OUTPUT: Duration = Duration::from_secs(1);
/// The maximum length of the output that is reported, in bytes.
const LONGEST_OUTPUT: usize = 4096;
/// Variables with tokens of the owner. The course that wrote the script has no use for them.
const TOKENS: [&str; 3] = [
    "JUPYTERHUB_API_TOKEN",
    "JPY_API_TOKEN",
    "NBCOURIER_TOKEN_FILE",
];

/// Runs the script of a folder, if it has one and is up to date. The output and a failure come into the report.
///
/// The script is killed after `limit`. So are the processes of its group that it leaves behind.
pub fn run(home: &Path, report: &mut Report, limit: Duration) {
    if !matches!(report.outcome, Outcome::Current | Outcome::Updated) {
        return;
    }
    let folder = home.join(&report.folder);
    // A link may lead anywhere.
    if !fs::symlink_metadata(folder.join(NAME)).is_ok_and(|facts| facts.is_file()) {
        return;
    }
    if geteuid().is_root() {
        let sentence = format!(
            "{NAME} was not run: this program runs as root, and scripts of courses never do"
        );
        report.failures.push(sentence);
        return;
    }
    let (ended, output) = match execute(&folder, limit) {
        Ok(ended) => ended,
        Err(error) => {
            report
                .failures
                .push(format!("{NAME} could not be run: {error}"));
            return;
        }
    };
    report.log = Some(output);
    report.failures.extend(failure(ended, limit));
}

/// Returns the sentence about a script that failed.
fn failure(ended: Option<ExitStatus>, limit: Duration) -> Option<String> {
    let Some(status) = ended else {
        return Some(format!("{NAME} was ended after {} s", limit.as_secs()));
    };
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("{NAME} ended with the code {code}")),
        (None, signal) => Some(format!(
            "{NAME} ended by the signal {}",
            signal.unwrap_or(0)
        )),
    }
}

/// Runs the script to its end. Returns its status, which is missing if it was killed at the limit, and its output.
fn execute(folder: &Path, limit: Duration) -> io::Result<(Option<ExitStatus>, String)> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new("bash");
    command
        .arg(format!("./{NAME}"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    for name in TOKENS {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    // It holds the ends of the pipe for the child.
    drop(command);
    let output = Arc::default();
    let end = gather(reader, Arc::clone(&output));
    let status = wait(&mut child, limit);
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = match status? {
        None => {
            child.wait()?;
            None
        }
        ended => ended,
    };
    // A process that left the group may hold the pipe for ever.
    let _ = end.recv_timeout(LAST_OUTPUT);
    let bytes = output.lock().unwrap_or_else(PoisonError::into_inner);
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

/// Waits until the script ends by itself, at most so long.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        let ended = child.try_wait()?;
        if ended.is_some() || Instant::now() >= end {
            return Ok(ended);
        }
        thread::sleep(LOOK);
    }
}

/// Reads the output on a thread of its own, and keeps its beginning. The channel closes at the end of the output.
fn gather(mut reader: PipeReader, output: Arc<Mutex<Vec<u8>>>) -> Receiver<()> {
    let (held, end) = channel();
    thread::spawn(move || {
        let _held = held;
        let mut block = [0; 4096];
        while let Ok(read @ 1..) = reader.read(&mut block) {
            let mut kept = output.lock().unwrap_or_else(PoisonError::into_inner);
            let room = LONGEST_OUTPUT - kept.len();
            // A script whose output nobody reads would stop.
            kept.extend_from_slice(&block[..read.min(room)]);
        }
    });
    end
}
