//! Large archives need only constant memory, whatever their content coding.

use super::client::{algebra, call, problem};
use flate2::Compression;
use flate2::write::GzEncoder;
use nbcourier_domain::Sha256Sum;
use nbcourier_testkit::{Random, Reply, Sent, Server, Setup, http, tar};
use sha2::{Digest, Sha256};
use std::io::{BufReader, Read as _, Write};
use std::net::TcpStream;

const MIB: usize = 1024 * 1024;
/// The maximum memory of the server, in bytes.
const PEAK: u64 = 64 * MIB as u64;
const SUBMISSIONS: &str = "v1/courses/algebra/assignments/challenge/submissions";

fn start() -> Server {
    let server = Setup::standalone()
        .args(&["--max-request-size", "1GiB"])
        .start();
    algebra(&server).release("challenge", "kevin", &[]).ok();
    server
}

/// A body that is sent while it is made.
struct Chunked(TcpStream);

impl Chunked {
    fn post(server: &Server, headers: &str) -> Self {
        let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        write!(
            line,
            "POST {}{SUBMISSIONS}?user=lawrence HTTP/1.1\r\nHost: localhost\r\n\
             Transfer-Encoding: chunked\r\n{headers}\r\n\r\n",
            server.prefix()
        )
        .unwrap();
        Self(line)
    }

    fn status(mut self) -> u16 {
        self.0.write_all(b"0\r\n\r\n").unwrap();
        let line = http::read_line(&mut BufReader::new(self.0)).unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Write for Chunked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        write!(self.0, "{:x}\r\n", bytes.len())?;
        self.0.write_all(bytes)?;
        self.0.write_all(b"\r\n")?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Returns a unique megabyte of data.
fn part(number: usize) -> Vec<u8> {
    Random::seeded(number as u64).bytes(MIB)
}

#[track_caller]
fn assert_little_memory(server: &Server) {
    assert!(
        server.peak_memory() < PEAK,
        "{} bytes",
        server.peak_memory()
    );
}

#[test]
fn a_large_archive_goes_up_and_down_in_constant_memory() {
    const PARTS: usize = 300;
    let server = start();
    let mut body = Chunked::post(&server, "Content-Type: application/x-tar");
    body.write_all(&tar::header(b'0', "big", PARTS * MIB))
        .unwrap();
    let mut sent = Sha256::new();
    for number in 0..PARTS {
        let part = part(number);
        sent.update(&part);
        body.write_all(&part).unwrap();
    }
    body.write_all(&[0; 1024]).unwrap();
    assert_eq!(body.status(), 201, "{}", server.log());
    assert_little_memory(&server);

    let target = "v1/courses/algebra/assignments/challenge/collect?user=kevin";
    for encoding in ["identity", "gzip"] {
        let mut line = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let call = server
            .call("GET", target)
            .header("Accept-Encoding", encoding);
        line.write_all(&call.to_bytes(false)).unwrap();
        let mut bytes = 0;
        let mut buffer = vec![0; MIB];
        loop {
            match line.read(&mut buffer).unwrap() {
                0 => break,
                read => bytes += read,
            }
        }
        assert!(bytes > PARTS * MIB, "random bytes pack badly");
        assert_little_memory(&server);
    }
    let reply = server.get(
        "submission/algebra/challenge/lawrence?list_only=true",
        "kevin",
    );
    assert_eq!(reply.ok().json()["files"][0]["path"], "big");
    let sum = Sha256Sum(sent.finalize().into()).to_string();
    assert_eq!(server.large_file(&sum).len(), PARTS * MIB);
}

fn send_packed(server: &Server, coding: &str, body: Vec<u8>) -> Reply {
    let call = call(server, "POST", SUBMISSIONS, "lawrence")
        .body("application/x-tar", body)
        .header("Content-Encoding", coding);
    server.send(&call)
}

/// Returns a compressed archive of one file with this many zeros.
fn bomb(coding: &str, megabytes: usize) -> Vec<u8> {
    if coding == "gzip" {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        fill(&mut packed, megabytes);
        packed.finish().unwrap()
    } else {
        let mut packed = zstd::Encoder::new(Vec::new(), 3).unwrap();
        fill(&mut packed, megabytes);
        packed.finish().unwrap()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn fill(archive: &mut impl Write, megabytes: usize) {
    let zeros = vec![0; MIB];
    let header = tar::header(b'0', "zeros", megabytes * MIB);
    archive.write_all(&header).unwrap();
    for _ in 0..megabytes {
        archive.write_all(&zeros).unwrap();
    }
    archive.write_all(&zeros[..1024]).unwrap();
}

#[test]
fn a_few_bytes_that_unpack_to_very_many_need_little_memory_and_are_limited() {
    let server = start();
    for coding in ["gzip", "zstd"] {
        let fits = bomb(coding, 200);
        assert!(fits.len() < 2 * MIB);
        // gzip cannot compress by more than a factor of about a thousand. For zstd, higher factors are refused.
        let expected = if coding == "gzip" { 201 } else { 413 };
        assert_eq!(
            send_packed(&server, coding, fits).status,
            expected,
            "{coding}"
        );
        assert_eq!(
            problem(&send_packed(&server, coding, bomb(coding, 1024))).0,
            413,
            "{coding}"
        );
        assert_little_memory(&server);
    }
    assert_eq!(server.unfinished_uploads(), 0);
}

#[test]
fn many_small_files_that_come_in_few_bytes_need_little_memory() {
    let server = start();
    let files: Vec<Sent> = (0..9000)
        .map(|n| Sent::new(&format!("{n}"), format!("{n} ").repeat(6000)))
        .collect();
    let archive = tar::archive(&files);
    assert!(archive.len() > 200 * MIB);
    let packed = gzip(&archive);
    drop((files, archive));
    assert_eq!(send_packed(&server, "gzip", packed).status, 201);
    assert!(
        server.peak_memory() < 2 * PEAK,
        "{} bytes",
        server.peak_memory()
    );
}

#[test]
fn a_million_directories_are_passed_over() {
    let server = start();
    let mut archive = tar::header(b'5', "directory/", 0).repeat(1_000_000);
    archive.resize(archive.len() + 1024, 0);
    let packed = gzip(&archive);
    drop(archive);
    assert_eq!(send_packed(&server, "gzip", packed).status, 201);
    assert_little_memory(&server);
}
