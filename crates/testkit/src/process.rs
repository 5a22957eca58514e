//! A process of the program that serves: its log, its end, and what it takes of the machine.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

/// A process of the program, which is killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts a server and waits until it listens. Returns it with its prefix. If it ends without listening, returns its log.
    pub(crate) fn listening(mut command: Command) -> Result<(Self, String), String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (found, address) = mpsc::channel();
        let stderr = child.stderr.take().expect("standard error");
        let kept = Arc::clone(&log);
        thread::spawn(move || keep_log(stderr, &kept, &found));
        let Ok((port, prefix)) = address.recv_timeout(crate::http::PATIENCE) else {
            child.kill().expect("it was started");
            child.wait().expect("it ends");
            let log = log.lock().expect("the log");
            return Err(format!("the server does not listen:\n{log}"));
        };
        Ok((Self { child, port, log }, prefix))
    }

    /// Returns the text written to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process with `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    pub(crate) fn ask_to_stop(&self) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is running");
    }

    /// Waits until the process has ended by itself.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        crate::eventually("the server ends", || {
            status = self.child.try_wait().expect("its state");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep_log(stderr: impl Read, log: &Mutex<String>, found: &mpsc::Sender<(u16, String)>) {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line).into_owned();
        if let Some(address) = address_in(&text) {
            let _ = found.send(address);
        }
        log.lock().expect("the log").push_str(&text);
        line.clear();
    }
}

/// Returns port and prefix from `… listening on http://127.0.0.1:PORT/prefix/ …`.
fn address_in(line: &str) -> Option<(u16, String)> {
    let (_, url) = line.split_once("listening on http://")?;
    let url = url.split([' ', '"', '\n']).next()?;
    let (authority, path) = url.split_once('/')?;
    let (_, port) = authority.rsplit_once(':')?;
    Some((port.parse().ok()?, format!("/{path}")))
}
