//! The part of HTTP/1.1 that a load client needs: one persistent connection, and replies with a known length.

use crate::Failure;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Timeout of a reply. It exceeds the slowest reply of any scenario.
const PATIENCE: Duration = Duration::from_secs(200);

/// A connection to the server.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

/// The status line and the headers of a reply.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Length of the body, in bytes.
    pub length: usize,
}

impl Connection {
    /// Connects to the server.
    pub fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::with_capacity(256 * 1024, stream),
            host: address.to_owned(),
        })
    }

    /// Sends the head of a request of this person. A POST announces a form of `length` bytes.
    pub fn begin(
        &mut self,
        method: &str,
        path: &str,
        person: &str,
        length: usize,
    ) -> Result<(), Failure> {
        // Only the benchmark's own hub checks the token. For it, the token is the name.
        let host = &self.host;
        let form = if method == "GET" {
            String::new()
        } else {
            format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            )
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: token {person}\r\n{form}\r\n"
        );
        self.send(head.as_bytes())
    }

    /// Sends bytes of the body.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stream.get_mut().write_all(bytes)?)
    }

    /// Waits for a reply. The caller must read its body with `read_body` or `body`.
    pub fn read_head(&mut self) -> Result<Head, Failure> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or("the server closed the connection")?;
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse()?);
            }
        }
        Ok(Head {
            status,
            length: length.ok_or("a reply without a length")?,
        })
    }

    /// Returns the body of a reply that fits into memory.
    pub fn read_body(&mut self, head: Head) -> Result<Vec<u8>, Failure> {
        let mut body = vec![0; head.length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    /// Returns a reader of the body of a reply. All of it must be read.
    pub fn body(&mut self, head: Head) -> impl BufRead + '_ {
        (&mut self.stream).take(head.length as u64)
    }

    /// Sends a GET and returns the whole reply.
    pub fn get(&mut self, path: &str, person: &str) -> Result<(u16, Vec<u8>), Failure> {
        self.begin("GET", path, person, 0)?;
        let head = self.read_head()?;
        Ok((head.status, self.read_body(head)?))
    }
}
