//! HTTP/1.1 by hand: tests send what a proper client would refuse to send, and see every byte of the answer.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The time limit of a reply. No test waits this long; a server that does not answer fails the test instead of hanging
/// it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A request, built step by step.
#[derive(Clone, Debug)]
pub struct Call {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call {
    /// Returns a request; `target` is the path with its query, percent-encoded already.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the path with its query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the length of the body in bytes.
    pub fn body_length(&self) -> usize {
        self.body.as_ref().map_or(0, Vec::len)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("token {token}"))
    }

    /// Adds the cookie of a user's browser, for a stand-alone server.
    pub fn browser(self, user: &str) -> Self {
        self.header("Cookie", &format!("nbcourier-trial={user}"))
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", content_type)
    }

    /// Sets a body whose type, if it has one, is among the headers already.
    pub fn bare_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub fn form(self, form: &super::Form) -> Self {
        self.body("application/x-www-form-urlencoded", form.urlencoded())
    }

    /// Returns the request as it is sent over the connection.
    pub fn to_bytes(&self, keep_alive: bool) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n",
            self.method, self.target
        );
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends the request on a connection of its own.
    pub fn send(&self, port: u16) -> io::Result<Reply> {
        send_bytes(port, &self.to_bytes(false))
    }
}

/// Connects, writes the bytes unchanged and reads one answer, even if the server answers and closes the connection
/// before it has read everything.
pub fn send_bytes(port: u16, bytes: &[u8]) -> io::Result<Reply> {
    let mut connection = Connection::open(port)?;
    let written = connection.write(bytes);
    match connection.read() {
        Ok(reply) => Ok(reply),
        Err(error) => Err(written.err().unwrap_or(error)),
    }
}

/// A connection that is kept between requests.
pub struct Connection {
    reader: BufReader<TcpStream>,
    /// Whether the last request was a HEAD request, whose reply has no body.
    is_head: bool,
}

impl Connection {
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            reader: BufReader::new(stream),
            is_head: false,
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let begins = bytes.windows(11).any(|part| part == b" HTTP/1.1\r\n");
        if begins {
            self.is_head = bytes.starts_with(b"HEAD ");
        }
        self.reader.get_mut().write_all(bytes)
    }

    /// Closes the sending side of the connection.
    pub fn finish_writing(&mut self) -> io::Result<()> {
        self.reader.get_ref().shutdown(std::net::Shutdown::Write)
    }

    pub fn read(&mut self) -> io::Result<Reply> {
        loop {
            let reply = Reply::read(&mut self.reader, self.is_head)?;
            if reply.status >= 200 {
                return Ok(reply);
            }
        }
    }

    /// Reads a reply that begins within this time; otherwise a part of it may be lost.
    pub fn read_within(&mut self, time: Duration) -> io::Result<Reply> {
        self.reader.get_ref().set_read_timeout(Some(time))?;
        let reply = self.read();
        self.reader.get_ref().set_read_timeout(Some(PATIENCE))?;
        reply
    }

    /// Whether a reply begins within this time. Leaves it unread.
    pub fn replies_within(&mut self, time: Duration) -> io::Result<bool> {
        self.reader.get_ref().set_read_timeout(Some(time))?;
        let begun = self.await_reply();
        self.reader.get_ref().set_read_timeout(Some(PATIENCE))?;
        match begun {
            Ok(()) => Ok(true),
            Err(error) if is_timeout(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until a reply begins, and leaves it unread.
    pub fn await_reply(&mut self) -> io::Result<()> {
        let beginning = self.reader.fill_buf()?;
        if beginning.is_empty() {
            return Err(invalid("the connection ended without a reply"));
        }
        Ok(())
    }

    pub fn ask(&mut self, call: &Call) -> io::Result<Reply> {
        self.write(&call.to_bytes(true))?;
        self.read()
    }
}

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// Returns the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }

    pub fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter();
        let named = named.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the text with every long word of a page that may be random, such as a nonce or a token, replaced.
    pub fn steady_text(&self) -> String {
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        let mut steady = String::new();
        let mut word = String::new();
        for character in self.text().chars().chain(['\n']) {
            if is_part(character) {
                word.push(character);
                continue;
            }
            steady.push_str(if word.len() >= 20 { "RANDOM" } else { &word });
            word.clear();
            steady.push(character);
        }
        steady
    }

    /// Returns the body as JSON; panics with the body if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {:?}", self.status, self.text()))
    }

    /// Returns the `message` of a failure, the `detail` of a problem, or the empty string.
    pub fn message(&self) -> String {
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let sentence = value["message"].as_str().or(value["detail"].as_str());
        sentence.unwrap_or_default().to_owned()
    }

    /// Panics unless this is a success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }

    fn read(reader: &mut impl BufRead, is_head: bool) -> io::Result<Self> {
        let status_line = read_line(reader)?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| invalid(&format!("no status line: {status_line:?}")))?;
        let mut reply = Self {
            status,
            headers: read_headers(reader)?,
            body: Vec::new(),
        };
        if is_head || status < 200 || status == 204 || status == 304 {
            return Ok(reply);
        }
        if reply.header("transfer-encoding") == Some("chunked") {
            reply.body = read_chunks(reader)?;
        } else if let Some(length) = reply.header("content-length") {
            let length = length.parse().map_err(|_| invalid("content-length"))?;
            reply.body = vec![0; length];
            reader.read_exact(&mut reply.body)?;
        } else {
            reader.read_to_end(&mut reply.body)?;
        }
        Ok(reply)
    }
}

/// Reads header lines up to the empty line.
pub fn read_headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid(&line))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// Reads a line without its end; returns an error at the end of the stream.
pub fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = read_line(reader)?;
        let size = usize::from_str_radix(&size, 16).map_err(|_| invalid(&size))?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        read_line(reader)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
