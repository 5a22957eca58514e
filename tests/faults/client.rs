//! Requests to a server that may die at any moment, and trees as they are sent and compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nbcourier_testkit::{
    Call, Form, Random, Reply, Sent, Server, files_json, hex_sha256, percent_encode, tar,
};
use serde_json::{Value, json};
use std::io;

pub const WITH_BYTES: &str = "application/vnd.nbcourier.manifest+x-tar";

/// A client of one server that may stop answering.
#[derive(Clone)]
pub struct Client {
    pub port: u16,
    pub prefix: String,
}

impl Client {
    pub fn of(server: &Server) -> Self {
        Self {
            port: server.port(),
            prefix: server.prefix().to_owned(),
        }
    }

    pub fn call(&self, method: &str, target: &str, user: &str) -> Call {
        let and = if target.contains('?') { '&' } else { '?' };
        let (prefix, user) = (&self.prefix, percent_encode(user));
        Call::new(method, &format!("{prefix}{target}{and}user={user}"))
    }

    /// Sends the request; returns an error if the transfer broke off in any way.
    pub fn send(&self, call: &Call) -> io::Result<Reply> {
        call.send(self.port)
    }

    pub fn get(&self, target: &str, user: &str) -> io::Result<Reply> {
        self.send(&self.call("GET", target, user))
    }

    /// Returns a request with a form whose files are fields of it.
    pub fn form(&self, target: &str, user: &str, fields: &[(&str, &str)], files: &[Sent]) -> Call {
        let form = fields
            .iter()
            .fold(Form::new(), |form, (name, value)| form.field(name, value))
            .field("files", &files_json(files));
        self.call("POST", target, user).form(&form)
    }

    pub fn multipart(&self, target: &str, user: &str, files: &[Sent]) -> Call {
        let form = Form::new().field("files", &files_json(files));
        let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
        self.call("POST", target, user)
            .body(&kind, form.multipart())
    }

    pub fn tar(&self, method: &str, target: &str, user: &str, files: &[Sent]) -> Call {
        self.call(method, target, user)
            .body("application/x-tar", tar::archive(files))
    }

    /// Returns a request with a manifest and the bytes of some of its files.
    pub fn manifest(&self, target: &str, user: &str, files: &[Sent], bytes: &[Sent]) -> Call {
        let manifest = manifest(files).to_string();
        let call = self.call("POST", target, user);
        if bytes.is_empty() {
            return call.body("application/json", manifest);
        }
        let mut entries = vec![Sent::new("manifest.json", manifest)];
        entries.extend(
            bytes
                .iter()
                .map(|file| Sent::new(&hex_sha256(&file.bytes), file.bytes.clone())),
        );
        call.body(WITH_BYTES, tar::archive(&entries))
    }
}

pub fn manifest(files: &[Sent]) -> Value {
    let line = |file: &Sent| {
        let sha256 = hex_sha256(&file.bytes);
        json!({ "path": file.path, "sha256": sha256, "size": file.bytes.len() })
    };
    json!({ "files": files.iter().map(line).collect::<Vec<_>>() })
}

/// Returns the files of a reply in the ngshare protocol; none if it has no list of files.
pub fn listed_files(reply: &Reply) -> Option<Vec<Sent>> {
    let value: Value = serde_json::from_slice(&reply.body).ok()?;
    let file = |item: &Value| {
        let content = item["content"].as_str()?.replace('\n', "");
        Some(Sent::new(
            item["path"].as_str()?,
            STANDARD.decode(content).ok()?,
        ))
    };
    value["files"].as_array()?.iter().map(file).collect()
}

/// Whether two trees are the same, in any order.
pub fn same(one: &[Sent], other: &[Sent]) -> bool {
    let sorted = |files: &[Sent]| {
        let mut files = files.to_vec();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    };
    sorted(one) == sorted(other)
}

/// Returns one to five random files from a byte to about ten KiB; one time in twelve one is large.
pub fn some_files(random: &mut Random) -> Vec<Sent> {
    let count = 1 + random.below(5);
    let mut files: Vec<Sent> = (0..count)
        .map(|number| {
            let limit = 1 + (30_000 >> random.below(14));
            let size = 8 + random.below(limit);
            let path = format!("part {}/file {number}.bin", number % 2);
            Sent::new(&path, random.bytes(size))
        })
        .collect();
    if random.below(12) == 0 {
        let size = 65_537 + random.below(400_000);
        files.push(Sent::new("large.bin", random.bytes(size)));
    }
    if random.below(2) == 0 {
        files.push(Sent::new("the same for all", vec![b'x'; 90_000]));
    }
    files.push(Sent::new("empty", ""));
    files
}
