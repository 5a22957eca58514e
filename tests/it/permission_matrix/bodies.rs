//! The bodies of the requests.

use super::DUE;
use super::prepared::Prepared;
use super::rows::{Role, Row};
use nbcourier_testkit::{Form, percent_encode};
use serde_json::json;

impl Prepared<'_> {
    /// Returns the body of a change of a directory.
    pub fn body_of_directory(&self, role: &Role, row: &Row) -> (&'static str, String) {
        let json = |body: serde_json::Value| ("application/json", body.to_string());
        let path = row.route.split(' ').nth(1).unwrap_or_default();
        match (row.route.split(' ').next().unwrap_or_default(), path) {
            ("POST", "v1/directories") => {
                let mut new = json!({ "name": format!("new-{}", self.id) });
                match row.about {
                    "of the course" => new["owner"] = json!(format!("course:{}", self.id)),
                    "of another" => new["owner"] = json!("other-student"),
                    _ => {}
                }
                json(new)
            }
            ("PATCH", _) => json(json!({ "description": "Notebooks" })),
            ("PUT", path) if path.ends_with("/grants") => {
                json(json!({ "grants": [{ "kind": "everybody", "level": "read" }] }))
            }
            ("PUT", path) if path.ends_with("/label") => json(json!({ "label": "as taught" })),
            ("POST", path) if path.ends_with("/copies") => {
                let name = format!("copy-{}-{}", self.id, role.head.replace(' ', "-"));
                json(json!({ "name": name }))
            }
            ("POST", path) if path.ends_with("/changes") => {
                json(json!({ "changes": [{ "op": "mkdir", "path": "new" }] }))
            }
            ("PUT", _) => ("application/octet-stream", "new".to_owned()),
            _ => ("application/octet-stream", String::new()),
        }
    }

    /// Returns the fields of a page about the roster or the trash.
    pub fn form_of_page(&self, role: &Role, row: &Row, user: &str) -> Option<Form> {
        let form = Form::new();
        Some(match row.route {
            "POST c/{course}/people" => {
                let role = row.about.rsplit(' ').next().unwrap_or_default();
                form.field("username", user).field("role", role)
            }
            "POST c/{course}/remove" => form.field("who", user),
            "POST admin/courses" => form.field("course", &format!("made-{}", self.id)),
            "POST admin/trash" => form.field("course", &self.deleted()),
            "POST c/{course}/trash" => {
                let number = self.number("v1/courses/{course}/trash/submissions/{id}", user);
                form.field("what", &format!("submission {number}"))
            }
            "POST c/{course}/a/{assignment}/versions/again" => {
                form.field("version", "1").field("was", "2")
            }
            "POST shared" | "POST c/{course}/shares" => {
                form.field("share", &self.share(user, "course").0)
            }
            "POST c/{course}/settings" => form.field("title", "Linear algebra"),
            route if route.starts_with("POST d/") => self.form_of_directory(role, row),
            "POST c/{course}/delete" => form.field("name", &self.id),
            "POST c/{course}/undo" => {
                let is_own = row.about.starts_with("one's own");
                let by = if is_own { role.token } else { Some("root") };
                form.field("deed", &self.done_by(by))
            }
            _ => return None,
        })
    }

    /// Returns the fields of a page about directories.
    fn form_of_directory(&self, role: &Role, row: &Row) -> Form {
        let form = Form::new();
        let (_, path) = row.route.rsplit_once('/').expect("a path");
        match path {
            "new" => {
                let of_course = format!("course:{}", self.id);
                let owner = if row.about == "of the course" {
                    of_course
                } else {
                    String::new()
                };
                let name = format!("new-{}-{}", self.id, role.head.replace(' ', "-"));
                form.field("owner", &owner).field("name", &name)
            }
            "trash" => {
                let (owner, name) = self.directory(role, row);
                let at = format!("v1/directories/{}/{name}", percent_encode(&owner));
                let call = self.course.server.call("GET", &at).token("root");
                let id = self.course.server.send(&call).ok().json()["id"].to_string();
                self.delete(&at);
                form.field("what", &id)
            }
            "folder" => form.field("name", "new"),
            "remove" => form.field("what", "task"),
            "copy" => {
                let name = format!("copied-{}-{}", self.id, role.head.replace(' ', "-"));
                form.field("name", &name)
            }
            "source" => form.field("url", "https://localhost:1/y"),
            "steps" => form.field("step", "remove"),
            "versions" => form
                .field("step", "label")
                .field("version", "1")
                .field("label", "as taught"),
            "sharing" => form
                .field("kind", "everybody")
                .field("name", "")
                .field("level", "read"),
            "settings" => {
                let name = format!("renamed-{}-{}", self.id, role.head.replace(' ', "-"));
                form.field("name", &name)
            }
            _ => form,
        }
    }

    /// Returns the body of a page's form with files or a list.
    pub fn parts_of_page(&self, path: &str, row: &Row, user: &str) -> Option<Vec<u8>> {
        Some(match path {
            _ if path.ends_with("/submit") => upload_of(row.user.unwrap_or_default()),
            "v1/shares" => page_to_share(),
            _ if path.ends_with("/upload") => parts(&[("files\"; filename=\"work", "new")]),
            _ if path.ends_with("/import") => self.list_of(user, row.about),
            _ if path.ends_with("/versions/add") => parts(&[
                ("base", "2"),
                ("was", "2"),
                ("files\"; filename=\"work", "new"),
            ]),
            _ => return None,
        })
    }
}

/// Returns what a `POST` of JSON sends, if it is always the same.
pub fn json_of(route: &str) -> Option<&'static str> {
    match route {
        "POST v1/receipts/verify" => Some(r#"{"receipt": {}, "signature": ""}"#),
        "POST v1/activity" => Some(r#"{"items": []}"#),
        "POST v1/courses/{course}/starts" => Some(r#"{"outcome": "updated", "millis": 1}"#),
        _ => None,
    }
}

/// Returns what a `PUT` about a course or an assignment sends.
pub fn replacement(path: &str) -> &'static str {
    if path.ends_with("/settings") {
        r#"{"title": "Linear algebra"}"#
    } else if path.ends_with("/allowances/{user}") {
        r#"{"hours": 48}"#
    } else if path.ends_with("/source") {
        r#"{"url": "https://localhost:1/y"}"#
    } else {
        DUE
    }
}

/// Returns a roster that gives this user the role that the row is about.
pub fn roster_of(user: &str, about: &str) -> String {
    let (_, becomes) = about.rsplit_once(" as ").unwrap_or(("", about));
    let roles = ["instructor", "assistant", "student"];
    let role = roles.into_iter().find(|role| becomes.contains(role));
    let role = role.expect("a role");
    let line =
        json!({"username": user, "role": role, "first_name": "New", "last_name": "", "email": ""});
    json!({ "people": [line] }).to_string()
}

/// Returns the body of a page's form with one file, for this student or for oneself.
pub fn upload_of(student: &str) -> Vec<u8> {
    parts(&[
        ("key", "a-key"),
        ("for", student),
        ("files\"; filename=\"work", "new"),
    ])
}

/// Returns the body of a form with a page to be shared.
pub fn page_to_share() -> Vec<u8> {
    let part = "page\"; filename=\"plot.html\"\r\nContent-Type: text/html\r\nX-Rest: \"";
    let source = "source\"; filename=\"plot.ipynb";
    parts(&[(part, "<p>42"), (source, "{}")])
}

/// Returns the body of a form with these parts.
pub fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let boundary = Form::BOUNDARY;
    let parts = parts.iter().map(|(name, value)| {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        format!("--{boundary}\r\n{head}\r\n\r\n{value}\r\n")
    });
    let parts: String = parts.collect();
    format!("{parts}--{boundary}--\r\n").into_bytes()
}

/// Returns the fields of a complete request of this kind.
pub fn fields_of(path: &str, user: &str, time: &str) -> Form {
    let students = r#"[{"username":"sam","first_name":"","last_name":"","email":""}]"#;
    let form = Form::new();
    if path.ends_with("/dates") {
        return form
            .field("opens-none", "on")
            .field("due-date", "2220-01-01")
            .field("due-time", "00:00")
            .field("cutoff-none", "on")
            .field("was", "- - -")
            .field("step", "set");
    }
    if path.contains("/allowance") {
        return form.field("hours", "48");
    }
    if path.contains("/more-time") {
        return form
            .field("who", user)
            .field("by", "date")
            .field("date", "2220-01-01")
            .field("time", "00:00");
    }
    match path.split('/').next().unwrap_or_default() {
        "course" => form.field("instructors", "[]"),
        "instructor" | "student" => form
            .field("first_name", "")
            .field("last_name", "")
            .field("email", ""),
        "students" => form.field("students", students),
        "feedback" => form.field("timestamp", time).field("files", "[]"),
        "me" => form.field("theme", "system"),
        _ => form.field("files", "[]"),
    }
}
