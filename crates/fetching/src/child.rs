//! One command of git: its environment, its settings, and the watch over its time and its disk space.

use crate::access::{Access, Token};
use crate::failure::{Failure, quoted};
use crate::launch::Bounds;
use nbcourier_domain::{ByteSize, RepositoryUrl, Span};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Time between two looks of the watch.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Maximum address space of git in bytes.
const MEMORY: u64 = 1 << 30;
/// Bytes by which a file may exceed the limit on repositories.
const SPARE: u64 = 64 << 20;
/// Maximum number of open files of git.
const OPEN_FILES: u64 = 256;
/// Bytes of git's messages that are read.
const MESSAGES: u64 = 16 * 1024;

/// Settings of git for each command. Those of the system and of users are not read.
const SETTINGS: &[(&str, &str)] = &[
    // The address that was checked is the only one.
    ("http.followRedirects", "false"),
    ("http.proxy", ""),
    ("protocol.allow", "never"),
    ("protocol.https.allow", "always"),
    ("transfer.bundleURI", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    // A server that drips is given up.
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("credential.helper", ""),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    // All objects are checked. Paths that are left out later, and faults of old programs, are no reason to refuse all.
    ("fetch.fsckObjects", "true"),
    ("fetch.fsck.hasDotgit", "ignore"),
    ("fetch.fsck.hasDot", "ignore"),
    ("fetch.fsck.hasDotdot", "ignore"),
    ("fetch.fsck.zeroPaddedFilemode", "ignore"),
    ("fetch.fsck.badTimezone", "ignore"),
    ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
    // Bounded memory: large files are streamed, and packs are mapped piece by piece.
    ("fetch.unpackLimit", "1"),
    ("pack.threads", "1"),
    ("core.bigFileThreshold", "8m"),
    ("core.packedGitWindowSize", "16m"),
    ("core.packedGitLimit", "128m"),
    ("core.deltaBaseCacheLimit", "16m"),
];

/// The way to one repository.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    pub url: &'a RepositoryUrl,
    pub addresses: &'a [IpAddr],
    pub token: Option<&'a Token>,
}

/// A command of git to be run in a repository.
pub(crate) struct Git<'a> {
    pub access: &'a Access,
    /// The bare repository.
    pub directory: &'a Path,
    /// The repository that it reaches, if it reaches one.
    pub way: Option<Way<'a>>,
}

/// A command in progress. It is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    group: Option<Pid>,
    verdict: Arc<Mutex<Option<Failure>>>,
    stop: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
    messages: Option<JoinHandle<String>>,
    token: Option<Token>,
}

impl Git<'_> {
    /// Starts git with these arguments.
    pub fn start(&self, arguments: &[&str], stdin: Stdio) -> Result<Running, Failure> {
        let mut command = self.command(arguments)?;
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Its children belong to the same group, and are killed with it.
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| {
            Failure::failed(match error.kind() {
                io::ErrorKind::NotFound => NO_GIT.to_owned(),
                _ => format!("The program git could not be started: {error}"),
            })
        })?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let verdict: Arc<Mutex<Option<Failure>>> = Arc::default();
        let (stop, stopped) = channel();
        let watch = Watch {
            group,
            deadline: Instant::now() + self.access.time,
            time: self.access.time,
            directory: self.directory.to_owned(),
            max_repository: self.access.max_repository,
            verdict: Arc::clone(&verdict),
        };
        let watch = thread::spawn(move || {
            while stopped.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                if watch.look() {
                    return;
                }
            }
        });
        let messages = child.stderr.take().map(|mut stderr| {
            thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stderr.by_ref().take(MESSAGES).read_to_end(&mut text);
                // A child whose messages nobody reads would stop.
                let _ = io::copy(&mut stderr, &mut io::sink());
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        Ok(Running {
            child,
            group,
            verdict,
            stop: Some(stop),
            watch: Some(watch),
            messages,
            token: self.way.and_then(|way| way.token.cloned()),
        })
    }

    /// Runs git to its end. Returns its output, of which at most that many bytes are read.
    pub fn run(&self, arguments: &[&str], longest: u64) -> Result<Vec<u8>, Failure> {
        let mut running = self.start(arguments, Stdio::null())?;
        let mut output = Vec::new();
        if let Some(stdout) = running.stdout() {
            let read = stdout.take(longest + 1).read_to_end(&mut output);
            read.map_err(|error| Failure::failed(format!("git could not be read: {error}")))?;
        }
        if output.len() as u64 > longest {
            return Err(Failure::refused(
                "The server of the repository replies with more than a repository has",
            ));
        }
        running.end()?;
        Ok(output)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = match &self.access.launcher {
            Some(program) => {
                let bounds = Bounds {
                    // Somewhat more, so that the watch says why first.
                    file_size: self.access.max_repository.saturating_add(SPARE),
                    cpu: self.access.time.as_secs().max(1),
                    memory: MEMORY,
                    open_files: OPEN_FILES,
                };
                let mut command = Command::new(program);
                command.args(bounds.arguments());
                command
            }
            None => Command::new("git"),
        };
        command.arg(format!("--git-dir={}", self.directory.display()));
        command.args(arguments);
        let parent = self.directory.parent().unwrap_or(self.directory);
        command.current_dir(parent);
        command.env_clear();
        command.env("PATH", &self.access.search_path);
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ALLOW_PROTOCOL", "https"),
            ("GIT_LITERAL_PATHSPECS", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("HOME", "/dev/null"),
            ("LC_ALL", "C"),
        ] {
            command.env(name, value);
        }
        let settings = self.settings()?;
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (place, (name, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{place}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{place}"), value);
        }
        Ok(command)
    }

    fn settings(&self) -> Result<Vec<(String, String)>, Failure> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut settings: Vec<(String, String)> = SETTINGS.iter().map(owned).collect();
        if let Some(certificates) = &self.access.certificates {
            let path = certificates.to_str().ok_or_else(|| {
                Failure::failed("The path of --git-ca is not UTF-8. Name another file")
            })?;
            settings.push(("http.sslCAInfo".to_owned(), path.to_owned()));
        }
        let Some(way) = self.way else {
            return Ok(settings);
        };
        if way.url.ip().is_none() {
            let addresses: Vec<String> = way.addresses.iter().map(bracketed).collect();
            let (host, port) = (way.url.host(), way.url.port());
            let pinned = format!("{host}:{port}:{}", addresses.join(","));
            settings.push(("http.curloptResolve".to_owned(), pinned));
        }
        if let Some(token) = way.token {
            settings.push(("http.extraHeader".to_owned(), token.header()));
        }
        Ok(settings)
    }
}

/// The sentence about a machine without git.
pub const NO_GIT: &str = "The program git is not installed where the exchange runs. Ask its operator to install it, or \
                                 upload the files with `nbcourier dir put`";

fn bracketed(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

struct Watch {
    group: Option<Pid>,
    deadline: Instant,
    time: Duration,
    directory: PathBuf,
    max_repository: u64,
    verdict: Arc<Mutex<Option<Failure>>>,
}

impl Watch {
    /// Kills the group if it has used up its time or its space. Returns whether it has.
    fn look(&self) -> bool {
        let failure = if Instant::now() >= self.deadline {
            Failure::failed(format!(
                "The repository was not fetched within {}. Try a smaller one, or ask the operator why its server is slow",
                Span(self.time).rounded()
            ))
        } else if size_of(&self.directory) > self.max_repository {
            too_large(self.max_repository)
        } else {
            return false;
        };
        if let Ok(mut verdict) = self.verdict.lock() {
            verdict.get_or_insert(failure);
        }
        kill(self.group);
        true
    }
}

pub(crate) fn too_large(limit: u64) -> Failure {
    Failure::refused(format!(
        "The repository is larger than the limit of {}. Follow a smaller one, or ask the operator of the exchange for a \
         higher --max-repository",
        ByteSize(limit).rounded()
    ))
}

fn kill(group: Option<Pid>) {
    if let Some(group) = group {
        // It fails if the group has ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Returns the bytes of all files below a directory. Links are not followed.
pub(crate) fn size_of(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

impl Running {
    /// Returns the output of git.
    pub fn stdout(&mut self) -> Option<&mut ChildStdout> {
        self.child.stdout.as_mut()
    }

    /// Returns the input and the output of git.
    pub fn pipes(&mut self) -> Option<(ChildStdin, ChildStdout)> {
        self.child.stdin.take().zip(self.child.stdout.take())
    }

    /// Waits for the end of git. Fails with the reason if git failed or was killed.
    pub fn end(mut self) -> Result<(), Failure> {
        // Nothing more is read.
        drop(self.child.stdout.take());
        let status = self.child.wait();
        let verdict = self.finish();
        if let Some(failure) = verdict.0 {
            return Err(failure);
        }
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.said(status, &verdict.1)),
            Err(error) => Err(Failure::failed(format!(
                "git could not be waited for: {error}"
            ))),
        }
    }

    /// Kills git. Returns the verdict of the watch, or the failure.
    pub fn fail(mut self, failure: Failure) -> Failure {
        kill(self.group);
        let _ = self.child.wait();
        let (verdict, messages) = self.finish();
        if !messages.is_empty() {
            log::debug!("git said: {}", quoted(&self.hidden(&messages)));
        }
        verdict.unwrap_or(failure)
    }

    /// Ends the watch. Returns its verdict and git's messages.
    fn finish(&mut self) -> (Option<Failure>, String) {
        // Children that git left would keep the pipe of the messages open.
        kill(self.group);
        self.stop = None;
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
        let messages = self.messages.take().and_then(|reader| reader.join().ok());
        let verdict = self.verdict.lock().ok().and_then(|mut found| found.take());
        (verdict, messages.unwrap_or_default())
    }

    fn hidden(&self, text: &str) -> String {
        match &self.token {
            Some(token) => token.hidden_in(text),
            None => text.to_owned(),
        }
    }

    /// Returns the failure that git's messages name.
    fn said(&self, status: ExitStatus, messages: &str) -> Failure {
        use std::os::unix::process::ExitStatusExt as _;
        let messages = self.hidden(messages);
        let has = |words: &[&str]| words.iter().any(|word| messages.contains(word));
        if has(&[
            "could not read Username",
            "Authentication failed",
            "error: 401",
            "error: 403",
            "error: 404",
            "not found",
        ]) {
            return Failure::failed(
                "The repository was not found, or is private. Check its address and its branch, and set a token that may \
                 read it",
            );
        }
        if has(&[
            "unable to update url base from redirection",
            "error: 301",
            "error: 302",
            "error: 307",
            "error: 308",
        ]) {
            return Failure::refused(
                "The server redirects to another address, which is not followed. Give the address to which it redirects",
            );
        }
        if has(&[
            "SSL certificate",
            "certificate verify",
            "server verification failed",
            "self-signed certificate",
        ]) {
            return Failure::failed(
                "The certificate of the server is not trusted. Check the address, or ask the operator of the exchange to \
                 name its authority with --git-ca",
            );
        }
        if has(&[
            "File size limit exceeded",
            "file too large",
            "File too large",
            "signal 25",
        ]) || status.signal() == Some(25)
        {
            return Failure::refused(
                "The repository is larger than the limit. Follow a smaller one",
            );
        }
        if has(&[
            "out of memory",
            "Out of memory",
            "Cannot allocate memory",
            "mmap failed",
        ]) {
            return Failure::refused(
                "The repository needs more memory than git gets. Follow one with smaller files and folders",
            );
        }
        if has(&["Operation too slow", "Operation timed out"]) {
            return Failure::failed(
                "The server of the repository stopped sending. The exchange tries again later; if it never works, ask the \
                 operator of that server",
            );
        }
        if has(&[NO_GIT]) {
            return Failure::failed(NO_GIT);
        }
        // git names the fault before it says that something failed.
        let mut faults = messages
            .lines()
            .filter_map(|line| line.strip_prefix("error: object "));
        if let Some(fault) = faults.next().filter(|_| has(&["fsck error"])) {
            return Failure::refused(format!(
                "git finds a fault in the repository, so nothing was taken from it: object {}. Find it with git fsck, and \
                 push a history without it",
                quoted(fault.trim())
            ));
        }
        let told = messages
            .lines()
            .rfind(|line| line.starts_with("fatal:") || line.starts_with("error:"))
            .or(messages.lines().rfind(|line| !line.trim().is_empty()));
        match (told, status.signal()) {
            (Some(line), _) => {
                let line = line
                    .trim_start_matches("fatal: ")
                    .trim_start_matches("error: ");
                Failure::failed(format!(
                    "git refuses the repository: {}",
                    quoted(line.trim())
                ))
            }
            (None, Some(signal)) => Failure::failed(format!("git was stopped by signal {signal}")),
            (None, None) => Failure::failed(format!("git failed with {status}")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        kill(self.group);
        let _ = self.child.wait();
        let _ = self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    #[test]
    fn git_connects_to_the_checked_address_and_asks_no_name_service() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let place = listener.local_addr().unwrap();
        let greeting = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0; 2048];
            let length = stream.read(&mut bytes).unwrap();
            bytes[..length].to_vec()
        });
        let directory = tempfile::tempdir().unwrap();
        let access = Access {
            directory: directory.path().to_owned(),
            launcher: None,
            search_path: "/usr/local/bin:/usr/bin:/bin".into(),
            hosts: Vec::new(),
            own_hosts: Vec::new(),
            certificates: None,
            max_repository: 1 << 20,
            time: Duration::from_mins(1),
        };
        // No name service knows this host (RFC 6761).
        let host = "checked.invalid";
        let address = format!("https://{host}:{}/a", place.port());
        let url = RepositoryUrl::parse(&address).unwrap();
        let git = Git {
            access: &access,
            directory: directory.path(),
            way: Some(Way {
                url: &url,
                addresses: &[place.ip()],
                token: None,
            }),
        };
        assert!(git.run(&["ls-remote", "--", url.as_str()], 1024).is_err());
        // Ends the wait if git did not connect.
        let _ = TcpStream::connect(place);
        let greeting = greeting.join().unwrap();
        // The first message of TLS names the host.
        assert!(memchr::memmem::find(&greeting, host.as_bytes()).is_some());
    }
}
