//! A server of repositories over HTTPS: `git http-backend` behind a small server of our own, with a certificate of our own.

use nbcourier_testkit::Finish as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// What private repositories require: the name and the token in base64.
pub const TOKEN: &str = "glpat-s3cret-of-kevin";

/// A request, as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub target: String,
    pub authorization: Option<String>,
}

pub struct GitServer {
    pub port: u16,
    place: TempDir,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl GitServer {
    pub fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        certify(place.path());
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pem = |name: &str| place.path().join(name);
        let certificate = CertificateDer::from_pem_file(pem("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(pem("server.key")).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (root, log) = (place.path().to_owned(), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, root, log) = (Arc::clone(&config), root.clone(), Arc::clone(&log));
                thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    let _ = serve(StreamOwned::new(connection, stream), &root, &log);
                });
            }
        });
        Self { port, place, seen }
    }

    /// Returns the arguments with which an exchange may reach this server.
    pub fn arguments(&self) -> [String; 4] {
        let ca = self.place.path().join("ca.pem").display().to_string();
        let hosts = format!("localhost:{}", self.port);
        ["--git-hosts".to_owned(), hosts, "--git-ca".to_owned(), ca]
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }

    pub fn repository(&self, name: &str) -> Repo {
        let repo = Repo {
            directory: self.place.path().join(name),
        };
        let created = repo.directory.display().to_string();
        git(
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                &created,
            ],
            &[],
        );
        repo
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// A bare repository, filled with objects of any kind.
pub struct Repo {
    pub directory: PathBuf,
}

/// An entry of a tree.
pub enum Node {
    File(Vec<u8>),
    Script(&'static str),
    Link(&'static str),
    Submodule,
    Folder(Vec<(&'static str, Node)>),
    /// An object that is there already, with its mode.
    Object(&'static str, String),
}

pub fn file(text: &str) -> Node {
    Node::File(text.as_bytes().to_vec())
}

impl Repo {
    pub fn git(&self, arguments: &[&str], input: &[u8]) -> String {
        let directory = format!("--git-dir={}", self.directory.display());
        git(&[&[directory.as_str()], arguments].concat(), input)
    }

    /// Makes the branch end with a commit of these files, without any earlier one.
    pub fn commit(&self, nodes: Vec<(&str, Node)>) -> String {
        self.commit_to("main", nodes)
    }

    pub fn commit_to(&self, branch: &str, nodes: Vec<(&str, Node)>) -> String {
        let tree = self.tree(nodes);
        self.point(branch, &tree)
    }

    /// Makes the branch end with a commit of that tree.
    pub fn point(&self, branch: &str, tree: &str) -> String {
        self.point_with(branch, tree, "files")
    }

    /// The same for a commit with that message, so that two commits of one tree differ.
    pub fn point_with(&self, branch: &str, tree: &str, message: &str) -> String {
        let commit = self.git(&["commit-tree", tree, "-m", message], &[]);
        self.git(
            &["update-ref", &format!("refs/heads/{branch}"), &commit],
            &[],
        );
        commit
    }

    pub fn blob(&self, bytes: &[u8]) -> String {
        self.git(&["hash-object", "-w", "--stdin"], bytes)
    }

    pub fn tree(&self, nodes: Vec<(&str, Node)>) -> String {
        // As git itself would write it, so that no check of names stands in the way.
        let mut entries: Vec<(Vec<u8>, String, String)> = nodes
            .into_iter()
            .map(|(name, node)| {
                let (mode, object) = match node {
                    Node::File(bytes) => ("100644", self.blob(&bytes)),
                    Node::Script(text) => ("100755", self.blob(text.as_bytes())),
                    Node::Link(target) => ("120000", self.blob(target.as_bytes())),
                    Node::Submodule => ("160000", "1".repeat(40)),
                    Node::Folder(nodes) => ("40000", self.tree(nodes)),
                    Node::Object(mode, object) => (mode, object),
                };
                (name.as_bytes().to_vec(), mode.to_owned(), object)
            })
            .collect();
        entries.sort_by_key(|(name, mode, _)| {
            let slash: &[u8] = if mode == "40000" { b"/" } else { b"" };
            [name.as_slice(), slash].concat()
        });
        let mut bytes = Vec::new();
        for (name, mode, object) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(&name);
            bytes.push(0);
            let digits = |at: usize| u8::from_str_radix(&object[at..at + 2], 16).unwrap();
            bytes.extend((0..object.len()).step_by(2).map(digits));
        }
        self.git(
            &["hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            &bytes,
        )
    }
}

fn git(arguments: &[&str], input: &[u8]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([
            ("GIT_AUTHOR_NAME", "kevin"),
            ("GIT_AUTHOR_EMAIL", "kevin@example.org"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "kevin"),
            ("GIT_COMMITTER_EMAIL", "kevin@example.org"),
        ])
        .finish_with(input)
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Answers one request.
fn serve(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    root: &Path,
    log: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    let mut first = head.split(' ');
    let (method, target) = (
        first.next().unwrap_or_default(),
        first.next().unwrap_or_default(),
    );
    log.lock().unwrap().push(Seen {
        target: target.to_owned(),
        authorization: header("Authorization"),
    });
    let length = header("Content-Length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let plain = |status: &str, more: &str| {
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n{more}\r\n")
    };
    let kind = "Content-Type: application/x-git-upload-pack-advertisement\r\n\r\n";
    match path.split('/').nth(1).unwrap_or_default() {
        "elsewhere" => {
            let to = "Location: https://localhost:1/lecture/info/refs?service=git-upload-pack\r\n";
            stream.write_all(plain("302 Found", to).as_bytes())?;
        }
        "page" => {
            let reply = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
            stream.write_all(reply.as_bytes())?;
        }
        "broken" => stream.write_all(plain("500 Internal Server Error", "").as_bytes())?,
        "silent" => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n{kind}")?;
            stream.flush()?;
            thread::sleep(Duration::from_mins(10));
        }
        "endless" => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\n{kind}001e# service=git-upload-pack\n0000"
            )?;
            // Many lines at a time, so that git soon has too many.
            for block in 0_u64.. {
                let lines = (block * 1000..(block + 1) * 1000).map(|number| {
                    let line = format!("{number:040x} refs/heads/{number}\n");
                    format!("{:04x}{line}", line.len() + 4)
                });
                stream.write_all(lines.collect::<String>().as_bytes())?;
            }
        }
        "commands" => {
            // A message to the terminal of the person who fetches.
            let text = "ERR \u{1b}]0;owned\u{7}\u{1b}[2J no such repository";
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\n{kind}001e# service=git-upload-pack\n0000{:04x}{text}",
                text.len() + 4
            )?;
        }
        "private" if header("Authorization").is_none_or(|sent| !sent.ends_with(&encoded())) => {
            let more = "WWW-Authenticate: Basic realm=\"git\"\r\n";
            stream.write_all(plain("401 Unauthorized", more).as_bytes())?;
        }
        first => {
            let reply = backend(root, method, path, query, &header, &body);
            let mut reply = reply;
            if first == "damaged" && method == "POST" {
                let last = reply.len() - 40;
                reply[last] ^= 0x55;
            }
            stream.write_all(&reply)?;
        }
    }
    stream.flush()?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn encoded() -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(format!("oauth2:{TOKEN}"))
}

/// Returns the reply of `git http-backend`.
fn backend(
    root: &Path,
    method: &str,
    path: &str,
    query: &str,
    header: &dyn Fn(&str) -> Option<String>,
    body: &[u8],
) -> Vec<u8> {
    let path = path
        .trim_start_matches("/private")
        .trim_start_matches("/damaged");
    let output = Command::new("git")
        .arg("http-backend")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("CONTENT_TYPE", header("Content-Type").unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .env(
            "HTTP_CONTENT_ENCODING",
            header("Content-Encoding").unwrap_or_default(),
        )
        .env("GIT_PROTOCOL", header("Git-Protocol").unwrap_or_default())
        .finish_with(body)
        .unwrap()
        .stdout;
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.unwrap_or(output.len().saturating_sub(4));
    let (headers, content) = (
        String::from_utf8_lossy(&output[..end]).into_owned(),
        &output[end + 4..],
    );
    let status = headers
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))
        .unwrap_or("200 OK");
    let mut reply = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
        content.len()
    );
    for line in headers.lines().filter(|line| !line.starts_with("Status:")) {
        let _ = write!(reply, "{line}\r\n");
    }
    reply.push_str("\r\n");
    [reply.as_bytes(), content].concat()
}

/// Makes a certificate authority, and a certificate of it for `localhost`.
fn certify(place: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(place)
            .finish()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!(
        "req -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem {key}"
    ));
    openssl(&format!(
        "req -subj /CN=server -keyout server.key -out server.csr {key}"
    ));
    std::fs::write(place.join("names"), "subjectAltName=DNS:localhost").unwrap();
    openssl(
        "x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out server.pem",
    );
}
