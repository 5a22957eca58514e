//! Requests about directories of a stand-alone server, as any user.

use crate::v1::client::call;
use nbcourier_testkit::{Call, Reply, Sent, Server, hex_sha256, tar};
use serde_json::{Value, json};

/// A directory of a server, as a user asks for it.
pub struct Directory<'a> {
    pub server: &'a Server,
    pub at: String,
    pub user: &'a str,
}

impl<'a> Directory<'a> {
    /// Makes the directory of that owner, which is a person or `course:COURSE`, as `user`.
    #[track_caller]
    pub fn make(server: &'a Server, owner: &str, name: &str, user: &'a str) -> Self {
        let new = json!({ "owner": owner, "name": name });
        let made = send_json(server, "POST", "v1/directories", user, &new);
        assert_eq!(made.status, 201, "{}", made.text());
        Self::of(server, owner, name, user)
    }

    pub fn of(server: &'a Server, owner: &str, name: &str, user: &'a str) -> Self {
        Self {
            server,
            at: format!("v1/directories/{owner}/{name}"),
            user,
        }
    }

    /// Returns the same directory, asked for by another user.
    pub fn by(&self, user: &'a str) -> Self {
        Self {
            server: self.server,
            at: self.at.clone(),
            user,
        }
    }

    pub fn call(&self, method: &str, rest: &str) -> Call {
        call(
            self.server,
            method,
            &format!("{}{rest}", self.at),
            self.user,
        )
    }

    #[track_caller]
    pub fn get(&self, rest: &str) -> Reply {
        self.server.send(&self.call("GET", rest))
    }

    #[track_caller]
    pub fn put(&self, path: &str, bytes: &str) -> Reply {
        let call = self.call("PUT", &format!("/files/{path}"));
        let call = call.body("application/octet-stream", bytes);
        self.server.send(&call)
    }

    #[track_caller]
    pub fn send(&self, method: &str, rest: &str, body: &Value) -> Reply {
        let target = format!("{}{rest}", self.at);
        send_json(self.server, method, &target, self.user, body)
    }

    /// Applies operations.
    #[track_caller]
    pub fn change(&self, changes: &Value) -> Reply {
        self.send("POST", "/changes", &json!({ "changes": changes }))
    }

    /// Applies operations with these bytes.
    #[track_caller]
    pub fn change_with(&self, changes: &Value, bytes: &[&str]) -> Reply {
        let document = json!({ "changes": changes }).to_string();
        let mut entries = vec![Sent::new("changes.json", document)];
        for bytes in bytes {
            entries.push(Sent::new(&hex_sha256(bytes.as_bytes()), *bytes));
        }
        let call = self.call("POST", "/changes");
        let kind = "application/vnd.nbcourier.changes+x-tar";
        self.server.send(&call.body(kind, tar::archive(&entries)))
    }

    /// Returns the paths of a version, folders with a slash.
    #[track_caller]
    pub fn paths(&self, query: &str) -> Vec<String> {
        let listed = self.get(&format!("/entries?{query}")).ok().json();
        let entries = listed["entries"].as_array().unwrap().iter();
        let shown = entries.map(|entry| {
            let slash = if entry["kind"] == "directory" {
                "/"
            } else {
                ""
            };
            format!("{}{slash}", entry["path"].as_str().unwrap())
        });
        shown.collect()
    }

    /// Returns the text of a file.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.get(&format!("/files/{path}")).ok().text()
    }

    #[track_caller]
    pub fn version(&self) -> i64 {
        self.get("").ok().json()["version"].as_i64().unwrap()
    }

    #[track_caller]
    pub fn grant(&self, grants: &Value) {
        self.send("PUT", "/grants", &json!({ "grants": grants }))
            .ok();
    }
}

#[track_caller]
pub fn send_json(server: &Server, method: &str, target: &str, user: &str, body: &Value) -> Reply {
    let call = call(server, method, target, user);
    server.send(&call.body("application/json", body.to_string()))
}

/// Returns a put of these bytes.
pub fn put(path: &str, bytes: &str) -> Value {
    json!({
        "op": "put", "path": path, "sha256": hex_sha256(bytes.as_bytes()), "size": bytes.len(),
    })
}

/// Returns the status and the sentence of a refusal.
#[track_caller]
pub fn refused(reply: &Reply) -> (u16, String) {
    let problem = reply.json();
    assert_eq!(problem["status"], reply.status);
    (reply.status, problem["detail"].as_str().unwrap().to_owned())
}
