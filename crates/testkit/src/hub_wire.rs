//! Requests to the fake hub, and its replies.

use super::http::{read_headers, read_line};
use serde_json::Value;
use std::io::{self, BufReader, Read};
use std::net::TcpStream;

/// A request that the hub received.
#[derive(Clone, Debug)]
pub struct HubRequest {
    pub method: String,
    /// The path with its query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl HubRequest {
    pub fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// A reply of the hub.
pub struct HubReply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl HubReply {
    pub fn new(status: u16, body: &str) -> Self {
        Self::of_bytes(status, body.into())
    }

    pub fn of_bytes(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, &value.to_string()).header("Content-Type", "application/json")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Fake\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        [head.as_bytes(), &self.body].concat()
    }
}

/// Reads a request with its body.
pub fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<HubRequest> {
    let line = read_line(reader)?;
    let mut words = line.split(' ').map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let headers = read_headers(reader)?;
    let mut request = HubRequest {
        method,
        target,
        headers,
        body: String::new(),
    };
    let length = request.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(request)
}
