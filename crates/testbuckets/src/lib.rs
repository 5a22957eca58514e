//! Object stores that speak S3, for tests. `scripts/setup-s3.sh` installs the programs.

#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on stops")]

use nbcourier_testprocess::{new_directory, spawn};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The time to wait for a server to start.
const PATIENCE: Duration = Duration::from_mins(2);
/// The user who may do everything: access key ID and secret access key.
pub const OWNER: [&str; 2] = ["nbcourier", "secret-of-the-owner"];
/// A user of the strict server who may only read.
pub const READER: [&str; 2] = ["reader", "secret-of-the-reader"];
/// The beginning of the names of data directories. The ID of the process follows.
const PREFIX: &str = "nbcourier-testbuckets.";

/// The kinds of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `SeaweedFS`, which checks signatures, checksums and conditions.
    Strict,
    /// `rclone serve s3`, which ignores checksums and conditions.
    Lax,
}

/// A server with a data directory of its own. It ends with the value, and at the latest with the process.
pub struct Buckets {
    kind: Kind,
    directory: TempDir,
    /// The port for S3, and those of the parts of the strict server.
    ports: [u16; 4],
    server: Mutex<Option<Child>>,
    created: AtomicUsize,
}

/// Returns the strict server that all tests of this process share.
pub fn shared() -> &'static Buckets {
    static SHARED: OnceLock<Buckets> = OnceLock::new();
    SHARED.get_or_init(|| Buckets::start(Kind::Strict))
}

/// An answer over HTTP: the status and the body.
pub type Answer = (u16, Vec<u8>);

impl Buckets {
    /// Starts a server.
    pub fn start(kind: Kind) -> Self {
        let directory = new_directory(PREFIX);
        let buckets = Self {
            kind,
            ports: std::array::from_fn(|_| free_port()),
            server: Mutex::default(),
            created: AtomicUsize::default(),
            directory,
        };
        let users = [(OWNER, "Admin"), (READER, "Read\",\"List")].map(|([id, secret], action)| {
            format!(
                r#"{{"name":"{id}","credentials":[{{"accessKey":"{id}","secretKey":"{secret}"}}],"actions":["{action}"]}}"#
            )
        });
        let users = format!(r#"{{"identities":[{}]}}"#, users.join(","));
        std::fs::write(buckets.users(), users).expect("a file");
        std::fs::create_dir(buckets.data()).expect("a directory");
        buckets.resume();
        buckets
    }

    fn users(&self) -> PathBuf {
        self.directory.path().join("users.json")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Returns the port for S3 on this machine.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// Returns the URL of the server.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Creates an empty bucket. Returns its name.
    pub fn create(&self) -> String {
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        let name = format!("exchange-{number}");
        match self.kind {
            Kind::Lax => std::fs::create_dir(self.data().join(&name)).expect("a directory"),
            Kind::Strict => {
                let (status, _) = self.filer("POST", &format!("{name}/"), b"");
                assert_eq!(status / 100, 2, "the bucket is created");
            }
        }
        name
    }

    /// Returns the names of the objects in a bucket, in their order.
    pub fn objects(&self, bucket: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![String::new()];
        while let Some(directory) = left.pop() {
            for (name, is_directory) in self.entries(bucket, &directory) {
                if is_directory {
                    left.push(format!("{directory}{name}/"));
                } else {
                    found.push(format!("{directory}{name}"));
                }
            }
        }
        found.sort();
        found
    }

    fn entries(&self, bucket: &str, directory: &str) -> Vec<(String, bool)> {
        if self.kind == Kind::Lax {
            let entries = std::fs::read_dir(self.data().join(bucket).join(directory));
            return entries
                .expect("a directory")
                .map(|entry| {
                    let entry = entry.expect("an entry");
                    let name = entry.file_name().to_string_lossy().into_owned();
                    (name, entry.path().is_dir())
                })
                .collect();
        }
        let (status, body) = self.filer("GET", &format!("{bucket}/{directory}?limit=100000"), b"");
        assert_eq!(status, 200, "{directory} is listed");
        let text = String::from_utf8(body).expect("text");
        // An entry begins with its path, and a directory has this bit (Go's os.ModeDir).
        let entries = text.split("\"FullPath\":").skip(1);
        entries
            .filter_map(|entry| {
                let path = entry.split('"').nth(1)?;
                let (_, mode) = entry.split_once("\"Mode\":")?;
                let mode = mode.split(',').next()?.trim().parse::<u64>().ok()?;
                let name = path.rsplit('/').next()?.to_owned();
                (!name.starts_with('.')).then_some((name, mode & (1 << 31) != 0))
            })
            .collect()
    }

    /// Returns the bytes of an object.
    pub fn read(&self, bucket: &str, name: &str) -> Vec<u8> {
        if self.kind == Kind::Lax {
            return std::fs::read(self.data().join(bucket).join(name)).expect("a file");
        }
        let (status, bytes) = self.filer("GET", &format!("{bucket}/{name}"), b"");
        assert_eq!(status, 200, "{name} is read");
        bytes
    }

    /// Replaces the bytes of an object behind the back of everybody, or adds one.
    pub fn overwrite(&self, bucket: &str, name: &str, bytes: &[u8]) {
        if self.kind == Kind::Lax {
            return std::fs::write(self.data().join(bucket).join(name), bytes).expect("a file");
        }
        let (status, _) = self.filer("PUT", &format!("{bucket}/{name}"), bytes);
        assert_eq!(status / 100, 2, "{name} is written");
    }

    /// Removes an object behind the back of everybody.
    pub fn remove(&self, bucket: &str, name: &str) {
        if self.kind == Kind::Lax {
            return std::fs::remove_file(self.data().join(bucket).join(name)).expect("a file");
        }
        let (status, _) = self.filer("DELETE", &format!("{bucket}/{name}"), b"");
        assert_eq!(status / 100, 2, "{name} is removed");
    }

    /// Sends a request to the part of the strict server that knows names.
    fn filer(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let answer = http(self.ports[3], method, &format!("/buckets/{path}"), body);
        answer.expect("the server answers")
    }

    /// Starts the server again.
    pub fn resume(&self) {
        let mut server = self.server.lock().expect("no panic while it is held");
        assert!(server.is_none(), "it is running");
        let data = self.data().display().to_string();
        let [s3, master, volume, filer] = self.ports.map(|port| port.to_string());
        let mut command = Command::new("setpriv");
        // It ends with the thread that starts it.
        command.args(["--pdeathsig", "KILL", "--"]);
        match self.kind {
            Kind::Strict => {
                command.arg(program("weed"));
                command.args([
                    "-logtostderr=true",
                    "server",
                    "-ip=127.0.0.1",
                    "-filer",
                    "-s3",
                ]);
                command.args([
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    "-volume.max=100000",
                ]);
                command.args([
                    "-s3.autoCreateBucket=false",
                    "-master.volumeSizeLimitMB=1024",
                ]);
                command.args(["-volume.minFreeSpace=0", "-master.telemetry=false"]);
                let settings = [
                    ("dir", &data),
                    ("s3.port", &s3),
                    ("master.port", &master),
                    ("volume.port", &volume),
                    ("filer.port", &filer),
                    ("s3.config", &self.users().display().to_string()),
                ];
                command.args(settings.map(|(name, value)| format!("-{name}={value}")));
            }
            Kind::Lax => {
                command.arg(program("rclone")).args(["serve", "s3"]);
                command.args(["--addr", &format!("127.0.0.1:{s3}")]);
                command.args(["--auth-key", &OWNER.join(","), &data]);
                // Otherwise it would show a file that was changed by hand as it was.
                command.args(["--config", "/dev/null", "--dir-cache-time", "0s"]);
            }
        }
        command.current_dir(self.directory.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        *server = Some(spawn(command));
        drop(server);
        let begun = Instant::now();
        while !self.is_ready() {
            assert!(begun.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether the server answers, and the strict one can also store.
    fn is_ready(&self) -> bool {
        let answers = |port, path| http(port, "GET", path, b"").is_ok();
        if !answers(self.port(), "/") {
            return false;
        }
        let probe = || {
            let (status, _) = http(self.ports[3], "PUT", "/probe", b"x").ok()?;
            Some(status / 100 == 2)
        };
        self.kind == Kind::Lax || probe() == Some(true)
    }

    /// Kills the server.
    pub fn kill(&self) {
        let mut server = self.server.lock().expect("no panic while it is held");
        let mut child = server.take().expect("it is running");
        child.kill().expect("it is running");
        child.wait().expect("it ends");
    }
}

impl Drop for Buckets {
    fn drop(&mut self) {
        if self.server.get_mut().is_ok_and(|server| server.is_some()) {
            self.kill();
        }
    }
}

/// Sends a request and reads the answer to its end.
fn http(port: u16, method: &str, path: &str, body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let head = String::from_utf8_lossy(&answer[..end.unwrap_or(answer.len())]).into_owned();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, answer.split_off(end.map_or(0, |end| end + 4))))
}

/// Returns a program from the directory of `scripts/setup-s3.sh`.
fn program(name: &str) -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("NBCOURIER_CACHE").or_else(|| {
        let caches = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        Some(caches?.join("nbcourier"))
    });
    let path = cache.unwrap_or_default().join("s3/bin").join(name);
    assert!(path.exists(), "{name} is missing: run scripts/setup-s3.sh");
    path
}

/// Returns a port that was free a moment ago. The strict server also uses the port 10,000 above each of its ports.
fn free_port() -> u16 {
    // Both are below the ports that Linux gives to outgoing connections.
    const FIRST: u16 = 10_100;
    const PORTS: u64 = 9_900;
    loop {
        let random = RandomState::new().build_hasher().finish() % PORTS;
        let port = FIRST + u16::try_from(random).expect("a small number");
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_changed_and_removed_by_hand_and_outlive_a_crash() {
        for kind in [Kind::Strict, Kind::Lax] {
            let buckets = Buckets::start(kind);
            let bucket = buckets.create();
            assert_eq!(buckets.objects(&bucket), [""; 0]);
            for name in ["one", "two"] {
                buckets.overwrite(&bucket, name, b"bytes");
            }
            assert_eq!(buckets.read(&bucket, "one"), b"bytes");
            buckets.remove(&bucket, "one");
            buckets.kill();
            buckets.resume();
            assert_eq!(buckets.objects(&bucket), ["two"], "{kind:?}");
        }
    }
}
