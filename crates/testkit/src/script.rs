//! A data file of `tests/protocol/`: reads it, sends its requests, and judges the answers.
//!
//! `tests/protocol/README.md` describes the files.

use super::pattern::{Captures, differences};
use super::{Call, Form, Reply, percent_encode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub about: String,
    #[serde(default)]
    pub server: Options,
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    #[serde(default)]
    pub args: Vec<String>,
    /// The administrators, if they are not only `root`.
    pub admins: Option<String>,
    /// Whether the original cannot be started like this, so that the file is not replayed against it.
    #[serde(default)]
    pub only_here: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    request: String,
    #[serde(rename = "as")]
    caller: Option<String>,
    #[serde(default)]
    by: By,
    form: Option<BTreeMap<String, String>>,
    files: Option<Vec<SentFile>>,
    #[serde(default)]
    encoding: Encoding,
    body: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    expect: String,
    reply: Option<String>,
    content_type: Option<String>,
    begins: Option<String>,
    #[serde(default)]
    answer_headers: BTreeMap<String, String>,
    original: Option<String>,
    original_reply: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentFile {
    path: String,
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum By {
    #[default]
    Argument,
    Query,
    Token,
    Bearer,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Urlencoded,
    Multipart,
}

/// The server that a script is replayed against.
pub struct Target<'a> {
    pub port: u16,
    pub prefix: &'a str,
    /// Whether it is ngshare itself, not nbcourier.
    pub original: bool,
}

impl Script {
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Sends every step and returns the differences from the expectation.
    pub fn replay(&self, target: &Target) -> Vec<String> {
        let mut kept = Captures::new();
        let mut wrong = Vec::new();
        for step in &self.steps {
            if target.original && step.original.as_deref() == Some("skip") {
                continue;
            }
            for difference in step.replay(target, &mut kept) {
                wrong.push(format!("{}\n    {difference}", step.name));
            }
        }
        wrong
    }
}

impl Step {
    fn replay(&self, target: &Target, kept: &mut Captures) -> Vec<String> {
        let call = self.call(target, kept);
        match call.send(target.port) {
            Ok(reply) => self.judge(&reply, target, kept),
            Err(error) => vec![format!("no answer: {error}")],
        }
    }

    fn call(&self, target: &Target, kept: &Captures) -> Call {
        let (method, path) = self.request.split_once(' ').expect("METHOD path");
        let mut path = fill_in(path, kept, percent_encode);
        if !path.starts_with('/') {
            path = format!("{}{path}", target.prefix);
        }
        if let (Some(caller), true) = (&self.caller, self.names_caller_in_query(method)) {
            let and = if path.contains('?') { '&' } else { '?' };
            path.push_str(&format!("{and}user={}", percent_encode(caller)));
        }
        let mut call = Call::new(method, &path);
        for (name, value) in &self.headers {
            call = call.header(name, value);
        }
        match (&self.caller, self.by) {
            (Some(caller), By::Token) => {
                call = call.header("Authorization", &format!("token {caller}"));
            }
            (Some(caller), By::Bearer) => {
                call = call.header("Authorization", &format!("Bearer {caller}"));
            }
            _ => {}
        }
        self.with_body(call, method, kept)
    }

    /// Whether the caller is in the query. The stock client puts `user` into the forms of POST and DELETE.
    fn names_caller_in_query(&self, method: &str) -> bool {
        match self.by {
            By::Query => true,
            By::Argument => self.body.is_some() || !matches!(method, "POST" | "DELETE" | "PUT"),
            By::Token | By::Bearer => false,
        }
    }

    fn with_body(&self, call: Call, method: &str, kept: &Captures) -> Call {
        if let Some(body) = &self.body {
            let has_type = self
                .headers
                .keys()
                .any(|name| name.eq_ignore_ascii_case("content-type"));
            let body = fill_in(body, kept, percent_encode);
            return if has_type {
                call.bare_body(body)
            } else {
                call.body("application/x-www-form-urlencoded", body)
            };
        }
        let mut form = Form::new();
        let mut is_empty = true;
        let is_in_form = self.by == By::Argument && !self.names_caller_in_query(method);
        if let Some(caller) = self.caller.as_ref().filter(|_| is_in_form) {
            form = form.field("user", caller);
            is_empty = false;
        }
        for (name, value) in self.form.iter().flatten() {
            form = form.field(name, &fill_in(value, kept, str::to_owned));
            is_empty = false;
        }
        if let Some(files) = &self.files {
            form = form.field("files", &files_argument(files));
            is_empty = false;
        }
        match self.encoding {
            _ if is_empty => call,
            Encoding::Urlencoded => call.form(&form),
            Encoding::Multipart => call.body(
                &format!("multipart/form-data; boundary={}", Form::BOUNDARY),
                form.multipart(),
            ),
        }
    }

    fn judge(&self, reply: &Reply, target: &Target, kept: &mut Captures) -> Vec<String> {
        let differs = target.original && self.original.is_some();
        let (expect, wanted) = if differs {
            (self.original.as_deref(), self.original_reply.as_deref())
        } else {
            (Some(self.expect.as_str()), self.reply.as_deref())
        };
        let (status, message) = split_expectation(expect.unwrap_or_default());
        let mut wrong = Vec::new();
        if reply.status != status {
            wrong.push(format!(
                "expected {status}, got {}: {}",
                reply.status,
                shortened(&reply.text())
            ));
            return wrong;
        }
        if !target.original {
            wrong.extend(self.judge_headers(reply));
        }
        if let Some(begins) = &self.begins {
            let start = reply.text().trim_start().to_lowercase();
            if !start.starts_with(begins) {
                let text = shortened(&reply.text());
                wrong.push(format!("expected to begin with {begins}, got {text}"));
            }
        }
        // A body of the original that is not JSON was never meant for clients, so only its status is compared.
        let spoken_to_machines = self.content_type.is_none()
            && !(target.original && (differs || message == Some("*")) && wanted.is_none());
        if spoken_to_machines {
            if self.is_answered_by_a_problem() {
                wrong.extend(judge_problem(status, message, reply));
            } else {
                wrong.extend(judge_json(
                    status,
                    message,
                    wanted,
                    self.is_of_v1(),
                    reply,
                    kept,
                ));
            }
        }
        wrong
    }

    /// Whether the request is below `v1/`, where the status alone shows success.
    fn is_of_v1(&self) -> bool {
        self.request.contains(" v1/")
    }

    /// Whether the answer is a problem document, the form of errors below `v1/`.
    fn is_answered_by_a_problem(&self) -> bool {
        self.is_of_v1() && split_expectation(&self.expect).0 >= 400
    }

    fn judge_headers(&self, reply: &Reply) -> Vec<String> {
        let mut wanted = self.answer_headers.clone();
        let usual = if self.is_answered_by_a_problem() {
            "application/problem+json"
        } else {
            "application/json"
        };
        let content_type = self.content_type.as_deref().unwrap_or(usual);
        wanted.insert("content-type".to_owned(), content_type.to_owned());
        wanted.insert("x-content-type-options".to_owned(), "nosniff".to_owned());
        wanted.insert("x-nbcourier".to_owned(), "exchange".to_owned());
        let wrong = wanted.into_iter().filter_map(|(name, wanted)| {
            let actual = reply.header(&name).unwrap_or_default();
            let fits = actual.to_lowercase().starts_with(&wanted.to_lowercase());
            (!fits).then(|| format!("{name}: expected {wanted:?}, got {actual:?}"))
        });
        wrong.collect()
    }
}

/// Splits `404 Course not found` into status and message; `*` stands for any message.
fn split_expectation(expect: &str) -> (u16, Option<&str>) {
    let (status, message) = match expect.split_once(' ') {
        Some((status, message)) => (status, Some(message)),
        None => (expect, None),
    };
    (status.parse().expect("a status"), message)
}

fn judge_problem(status: u16, message: Option<&str>, reply: &Reply) -> Vec<String> {
    let problem = reply.json();
    let is_right = problem["status"] == status
        && problem["type"] == "about:blank"
        && problem["title"].is_string()
        && message.is_none_or(|message| message == "*" || problem["detail"] == message);
    let wrong = (!is_right).then(|| format!("expected {status} {message:?}, got {problem}"));
    wrong.into_iter().collect()
}

fn judge_json(
    status: u16,
    message: Option<&str>,
    wanted: Option<&str>,
    is_of_v1: bool,
    reply: &Reply,
    kept: &mut Captures,
) -> Vec<String> {
    let Ok(actual) = serde_json::from_slice::<Value>(&reply.body) else {
        return vec![format!("not JSON: {}", shortened(&reply.text()))];
    };
    let mut expected = match wanted {
        Some(text) => {
            let text = fill_in(text, kept, str::to_owned);
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
        }
        None => json!({}),
    };
    if !is_of_v1 {
        expected["success"] = json!(status == 200);
    }
    match message {
        Some("*") => expected["message"] = json!("<text>"),
        Some(message) => expected["message"] = json!(message),
        None => {}
    }
    differences(&expected, &actual, kept)
}

/// Replaces `${name}` by kept values.
fn fill_in(text: &str, kept: &Captures, encode: impl Fn(&str) -> String) -> String {
    kept.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), &encode(value))
    })
}

fn files_argument(files: &[SentFile]) -> String {
    let items: Vec<Value> = files
        .iter()
        .map(|file| {
            let content = match (&file.text, &file.base64) {
                (Some(text), None) => STANDARD.encode(text),
                (None, Some(encoded)) => encoded.clone(),
                _ => panic!("{}: one of text and base64", file.path),
            };
            json!({"path": file.path, "content": content})
        })
        .collect();
    Value::Array(items).to_string()
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
