//! Pages that people share by links.

mod keeping;
mod links;
mod pages;
mod refusals;

use nbcourier_testkit::{Course, Form, Reply, Server, Setup};
use serde_json::json;

const PAGE: &str = "<!doctype html><title>Plot</title><p>42";
const NOTEBOOK: &str = r#"{"cells": []}"#;

/// A file in a form: the part, the name of the file, its type and its contents.
pub type Part<'a> = (&'a str, &'a str, &'a str, &'a str);

const HTML: Part<'_> = ("page", "plot.html", "text/html", PAGE);
const SOURCE: Part<'_> = ("source", "plot.ipynb", "application/x-ipynb+json", NOTEBOOK);

/// Returns a server with a course of kevin in which ada and bob are students. Its members may share.
fn course(setup: &Setup, sharing: &str) -> Server {
    let server = setup.start();
    Course::of(&server, "algebra").make(&["kevin"], &["ada", "bob"]);
    allow(&server, sharing);
    server
}

/// Sets the widest audience for the pages of the course.
fn allow(server: &Server, sharing: &str) {
    let settings = json!({ "sharing": sharing }).to_string();
    let call = server.call("PUT", "v1/courses/algebra/settings?user=kevin");
    server.send(&call.body("application/json", settings)).ok();
}

/// Sends files to be shared.
pub fn send(server: &Server, user: &str, arguments: &str, parts: &[Part<'_>]) -> Reply {
    let boundary = Form::BOUNDARY;
    let mut body = String::new();
    for (part, name, kind, contents) in parts {
        body.extend([
            format!("--{boundary}\r\n"),
            format!("Content-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n"),
            format!("Content-Type: {kind}\r\n\r\n{contents}\r\n"),
        ]);
    }
    body.extend([format!("--{boundary}--\r\n")]);
    let call = server.call("POST", &format!("v1/shares?user={user}&{arguments}"));
    let kind = format!("multipart/form-data; boundary={boundary}");
    server.send(&call.body(&kind, body))
}

/// A link to a shared page.
struct Link {
    id: i64,
    token: String,
}

impl Link {
    /// Shares a page in the course, with its notebook.
    fn make(server: &Server, user: &str, arguments: &str) -> Self {
        let arguments = format!("course=algebra&title=A%20plot{arguments}");
        let reply = send(server, user, &arguments, &[HTML, SOURCE]);
        assert_eq!(reply.status, 201, "{}", reply.text());
        let made = reply.json();
        let url = made["url"].as_str().unwrap();
        let (before, token) = url.rsplit_once("/shared/").unwrap();
        assert!(before.starts_with("http://"), "{url}");
        assert_eq!(token.len(), 32, "{url}");
        Self {
            id: made["id"].as_i64().unwrap(),
            token: token.to_owned(),
        }
    }

    /// Opens the page around the shared one.
    fn open(&self, server: &Server, user: &str) -> Reply {
        server.get(&format!("shared/{}", self.token), user)
    }

    /// Returns the address of the contents, as the page around them has it.
    fn contents(&self, server: &Server, user: &str) -> String {
        let page = self.open(server, user).ok().text();
        let source = page.split("src=\"").find(|rest| rest.contains("?ticket="));
        let source = source.unwrap().split('"').next().unwrap();
        source.strip_prefix(server.prefix()).unwrap().to_owned()
    }

    #[track_caller]
    fn revoke_ok(&self, server: &Server, user: &str) {
        assert_eq!(self.revoke(server, user).status, 204);
    }

    fn revoke(&self, server: &Server, user: &str) -> Reply {
        server.delete(&format!("v1/shares/{}", self.id), user)
    }
}
