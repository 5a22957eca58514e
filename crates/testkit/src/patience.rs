//! Waiting for an expected event, always with a limit.

use std::io::{self, Read, Write as _};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The time limit of a test's wait. No correct program takes a fraction of it, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(5);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `is_so` returns true; fails with `what` after the time limit.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    eventually_some(what, || is_so().then_some(()));
}

/// Waits until `look` returns something, and returns that; fails with `what` after the time limit.
#[track_caller]
pub fn eventually_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(PAUSE);
    }
}

/// Running a program to its end, with a limit. A test that ran it by `Command::output` would wait for ever.
pub trait Finish {
    /// Returns the status and the output of the program. Kills it and fails after the time limit.
    fn finish(&mut self) -> io::Result<Output> {
        self.finish_with(&[])
    }

    /// The same for a program that reads this from its standard input.
    fn finish_with(&mut self, input: &[u8]) -> io::Result<Output>;
}

impl Finish for Command {
    #[track_caller]
    fn finish_with(&mut self, input: &[u8]) -> io::Result<Output> {
        let stdin = if input.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        };
        let mut child = self
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdin, input) = (child.stdin.take(), input.to_vec());
        // A program may end before it has read everything.
        thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let (stdout, stderr) = (whole(child.stdout.take()), whole(child.stderr.take()));
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begun.elapsed() >= PATIENCE {
                child.kill()?;
                child.wait()?;
                panic!("waited in vain for the end of {self:?}");
            }
            thread::sleep(PAUSE);
        };
        let read = |thread: thread::JoinHandle<Vec<u8>>| thread.join().expect("the output");
        Ok(Output {
            status,
            stdout: read(stdout),
            stderr: read(stderr),
        })
    }
}

/// Reads to the end on another thread, so that the program never waits for a reader.
fn whole(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}
